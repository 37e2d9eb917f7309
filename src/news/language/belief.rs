//! Scores to probabilities, and how the page and the second witness change them.

use super::table::MOST_CLASSES;

/// What the n-grams say of a text.
#[derive(Debug, Clone)]
pub struct Tally {
    /// The classes' scores in nats against the average language; those past `classes` are zero.
    pub scores: [f32; MOST_CLASSES],
    pub classes: usize,
    /// Letters and boundaries.
    pub positions: u32,
    pub letters: u32,
    /// Letters of words that neither open a sentence nor look like names.
    pub plain_letters: u32,
    /// Letters outside the alphabet.
    pub foreign: u32,
}

/// How many figures of a tally tell whether a text is in one of the model's own languages.
pub const FEATURES: usize = 7;

/// What training fits on texts that the n-grams were not counted from.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Own languages against one another: scores are divided by `temperature[0] + temperature[1] * sqrt(n)`,
    /// n being the positions, before they are made probabilities. Neighbouring n-grams repeat one another, so
    /// that naive Bayes is too sure, and the surer the longer the text.
    pub temperature: [f64; 2],
    /// The logistic regression that tells own languages from strangers: a weight for each figure.
    pub known: [f64; FEATURES],
    pub opinion: OpinionWeights,
}

/// How much whatlang's word counts, in nats: `[at no confidence, added at full confidence]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpinionWeights {
    /// For an own language that it names.
    pub own: [f64; 2],
    /// For `und`, where it names a language that is none of the model's own.
    pub stranger: [f64; 2],
}

/// Against another own language, an item is this much likelier to be in its page's language, in nats: of a
/// hundred and fifty items one is not.
const PAGE_AGAINST_OWN: f64 = 5.0;
/// Against all strangers, likewise.
const PAGE_AGAINST_STRANGERS: f64 = 4.0;
/// The margin before the nearest stranger is one figure as it is, up to this many nats.
const MARGIN_LIMIT: f64 = 25.0;

impl Tally {
    /// The figures that tell whether the text is in one of the first `own` classes' languages. They are scaled
    /// so that none is much above ten.
    pub fn features(&self, own: usize) -> [f64; FEATURES] {
        let (own_scores, strangers) = self.split(own);
        let (mut best, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for &score in own_scores {
            let score = f64::from(score);
            (best, second) = if score > best { (score, best) } else { (best, second.max(score)) };
        }
        let stranger = strangers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let stranger = if strangers.is_empty() { 0.0 } else { f64::from(stranger) };
        let positions = f64::from(self.positions) + 4.0;
        let root = positions.sqrt();
        let lead = if own > 1 { (best - second) / root } else { 0.0 };
        [
            (best - stranger) / root,
            (best - stranger).clamp(-MARGIN_LIMIT, MARGIN_LIMIT) / 5.0,
            best / positions * 4.0,
            lead,
            f64::from(self.foreign) / positions * 10.0,
            5.0 / root,
            1.0,
        ]
    }

    fn split(&self, own: usize) -> (&[f32], &[f32]) {
        self.scores.get(..self.classes).and_then(|scores| scores.split_at_checked(own)).unwrap_or_default()
    }
}

impl Calibration {
    /// The probabilities of a tally's `own` languages and of `und`, before any other witness is heard.
    pub fn believe(&self, tally: &Tally, own: usize) -> Belief {
        let [constant, by_root] = self.temperature;
        let temperature = constant + by_root * f64::from(tally.positions).sqrt();
        let (own_scores, _) = tally.split(own);
        let known: f64 =
            tally.features(own).iter().zip(&self.known).map(|(figure, weight)| figure * weight).sum();
        let mut logits = [0.0; MOST_CLASSES + 1];
        if let Some((_, rest)) = logits.split_first_mut() {
            for (logit, &score) in rest.iter_mut().zip(own_scores) {
                *logit = f64::from(score) / temperature;
            }
            let own_logits = rest.get_mut(..own).unwrap_or_default();
            let whole = log_sum_exp(own_logits);
            own_logits.iter_mut().for_each(|logit| *logit += known - whole);
        }
        Belief { logits, options: own + 1 }
    }
}

/// How likely each answer is: first `und`, then the own languages.
#[derive(Debug, Clone)]
pub struct Belief {
    logits: [f64; MOST_CLASSES + 1],
    options: usize,
}

impl Belief {
    /// Hears what the page speaks: an own language's class, or `None` for a language that is none of them.
    /// Of names alone (`names_only`) the page counts twice: they are the same in all languages.
    pub fn expect(&mut self, page: Option<usize>, names_only: bool) {
        let times = if names_only { 2.0 } else { 1.0 };
        match page {
            Some(class) => {
                self.add(Some(class), times * PAGE_AGAINST_OWN);
                self.add(None, times * (PAGE_AGAINST_OWN - PAGE_AGAINST_STRANGERS));
            }
            None => self.add(None, times * PAGE_AGAINST_STRANGERS),
        }
    }

    /// Hears whatlang: the class of the own language that it names, or `None` for any other language.
    pub fn hear(&mut self, class: Option<usize>, confidence: f64, weights: &OpinionWeights) {
        let [constant, by_confidence] = if class.is_some() { weights.own } else { weights.stranger };
        self.add(class, constant + by_confidence * confidence);
    }

    /// The likeliest answer (`None` is `und`) and its probability. On a tie the first in code order, `und` last.
    pub fn best(&self) -> (Option<usize>, f64) {
        let mut best = (Some(0), f64::NEG_INFINITY);
        for (answer, &logit) in self.answers().iter().enumerate().skip(1) {
            if logit > best.1 {
                best = (answer.checked_sub(1), logit);
            }
        }
        if let Some(&und) = self.answers().first()
            && und > best.1
        {
            best = (None, und);
        }
        (best.0, (best.1 - log_sum_exp(self.answers())).exp())
    }

    /// The probability of `und`, then of each own language.
    pub fn probabilities(&self) -> impl Iterator<Item = f64> {
        let whole = log_sum_exp(self.answers());
        self.answers().iter().map(move |logit| (logit - whole).exp())
    }

    fn add(&mut self, class: Option<usize>, nats: f64) {
        if let Some(logit) = self.logits.get_mut(class.map_or(0, |class| class + 1)) {
            *logit += nats;
        }
    }

    fn answers(&self) -> &[f64] {
        self.logits.get(..self.options).unwrap_or_default()
    }
}

/// The logarithm of the sum of exponentials, without overflow.
fn log_sum_exp(logits: &[f64]) -> f64 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln()
}
