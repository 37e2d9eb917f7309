//! A naive Bayes topic model of one language: read, write, score, explain.
//!
//! A headline's score for a topic is the topic's bias plus, for each of its terms that the model knows,
//!
//! ```text
//! family weight * attribute weight * (log P(term | topic) - mean over topics of log P(term | topic))
//! ```
//!
//! where P is a multinomial over the term's family. This is attribute-weighted naive Bayes (Zaidi et al. 2013). Terms
//! that the model does not know say nothing. Probabilities are the scores' soft maximum, computed with the largest
//! score taken off first.

use std::cell::RefCell;
use std::cmp::Ordering;

use super::language::Language;
use super::lexicon::Lexicon;
use super::model_file::{self, Header, ModelFileError, ModelKind};
use super::model_weights;
use super::record::ModelOrigin;
use super::tokens::{Family, Term, Terms};
use super::topic::{Evidence, Label, TopicVerdict};

/// The label that stands for "none of the others" where a model has it.
pub const OTHER: &str = "other";

/// One family's multinomial, apart from its terms.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyWeights {
    /// How much the family's log-probabilities count, a topic each.
    pub weights: Vec<f32>,
    /// What smoothing added to each count.
    pub alpha: f32,
    /// The sum of the counts, a topic each, before smoothing.
    pub totals: Vec<f32>,
    /// How many different terms the counts spread over.
    pub terms: u32,
}

/// What a term knows, in the file's own precision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermWeights {
    /// The low 40 bits of the term's key.
    pub key: u64,
    pub family: u8,
}

/// All that a model file holds behind its header.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// One for each of [`Family::ALL`].
    pub families: Vec<FamilyWeights>,
    /// The score that a topic starts from.
    pub bias: Vec<f32>,
    /// In the order of their keys.
    pub terms: Vec<TermWeights>,
    /// -log P(term | topic) in steps of 1/2048, term by term, topic by topic.
    pub surprise: Vec<u16>,
    /// The attribute weights in steps of 1/64, term by term, topic by topic.
    pub attributes: Vec<u8>,
    pub lexicon: Lexicon,
}

impl Weights {
    /// Puts weights together from each term's own, its surprise and its attribute weights, in any order.
    pub fn new(
        families: Vec<FamilyWeights>,
        bias: Vec<f32>,
        mut rows: Vec<(TermWeights, Vec<u16>, Vec<u8>)>,
        lexicon: Lexicon,
    ) -> Weights {
        rows.sort_by_key(|(term, _, _)| term.key);
        let cells = rows.len() * bias.len();
        let mut weights = Weights {
            families,
            bias,
            terms: Vec::with_capacity(rows.len()),
            surprise: Vec::with_capacity(cells),
            attributes: Vec::with_capacity(cells),
            lexicon,
        };
        for (term, surprise, attributes) in rows {
            weights.terms.push(term);
            weights.surprise.extend(surprise);
            weights.attributes.extend(attributes);
        }
        weights
    }
}

/// The steps that a nat of [`Weights::surprise`] is cut into.
pub const SURPRISE_STEPS: f64 = 2048.0;
/// The steps of [`Weights::attributes`] that make a weight of one.
pub const ATTRIBUTE_STEPS: f64 = 64.0;
/// How much of a term's key the model tells terms apart by. With 200,000 terms an unknown term is taken for a
/// known one once in five million.
pub const KEY_BITS: u32 = 40;
/// What is left beside a key in eight bytes, for the number of its row.
const ROW_BITS: u32 = 64 - KEY_BITS;
/// A model cannot hold more terms than this.
pub const MOST_TERMS: usize = (1 << ROW_BITS) - 1;

/// A topic model of one language.
#[derive(Debug, Clone)]
pub struct TopicModel {
    origin: ModelOrigin,
    header: Header,
    labels: Vec<Label>,
    other: Option<usize>,
    weights: Weights,
    table: Table,
}

thread_local! {
    /// A headline's terms are made in memory that is used again.
    static TERMS: RefCell<Terms> = RefCell::default();
}

impl TopicModel {
    /// Puts a model together; the header's labels are in the order of the weights.
    pub fn new(header: Header, weights: Weights) -> TopicModel {
        let (header, _) = model_file::write(header, &model_weights::write(&weights));
        TopicModel::assemble(header, weights)
    }

    /// Reads what [`TopicModel::write`] wrote.
    pub fn read(bytes: &[u8]) -> Result<TopicModel, ModelFileError> {
        let (header, weights) = model_file::read(bytes, ModelKind::Topic)?;
        if header.labels.is_empty() || header.languages.len() != 1 {
            return Err(ModelFileError::Header("a topic model has labels and exactly one language".into()));
        }
        let weights = model_weights::read(weights, header.labels.len())?;
        Ok(TopicModel::assemble(header, weights))
    }

    /// The model as a file's bytes; the same model gives the same bytes.
    pub fn write(&self) -> Vec<u8> {
        model_file::write(self.header.clone(), &model_weights::write(&self.weights)).1
    }

    fn assemble(header: Header, weights: Weights) -> TopicModel {
        let labels: Vec<Label> = header.labels.iter().map(|label| label.as_str().into()).collect();
        TopicModel {
            origin: ModelOrigin { name: header.name.clone(), hash: header.hash().to_owned() },
            other: labels.iter().position(|label| &**label == OTHER),
            table: Table::new(&weights, labels.len()),
            labels,
            header,
            weights,
        }
    }

    /// The model's name and hash, as records name it.
    pub fn origin(&self) -> &ModelOrigin {
        &self.origin
    }

    pub fn language(&self) -> Language {
        self.header.languages.first().copied().unwrap_or(Language::UND)
    }

    /// The topics, in the model's order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// What the model was made of, for training it further.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The score that each topic starts from, in [`TopicModel::labels`]' order.
    pub fn bias(&self) -> &[f32] {
        &self.weights.bias
    }

    /// The topic of a headline. Below `threshold` the topic is `other` where the model knows that label. A
    /// headline with no term that the model knows, an empty one included, is `other` too, and so is a tie for
    /// the highest score; a model without that label takes the first of its labels with the highest score.
    pub fn classify(&self, headline: &str, threshold: f64) -> TopicVerdict {
        let mut scores: Vec<f64> = self.weights.bias.iter().map(|&bias| f64::from(bias)).collect();
        let mut known = 0;
        TERMS.with_borrow_mut(|terms| {
            for term in terms.of(headline, &self.weights.lexicon) {
                if let Some(row) = self.table.row(term.key) {
                    known += 1;
                    scores.iter_mut().zip(row).for_each(|(score, &weight)| *score += f64::from(weight));
                }
            }
        });
        soft_max(&mut scores);
        let (best, tied) = highest(&scores);
        let doubtful = tied || known == 0 || scores.get(best).is_none_or(|&score| score < threshold);
        let chosen = if doubtful { self.other.unwrap_or(best) } else { best };
        TopicVerdict {
            topic: self.labels.get(chosen).cloned().unwrap_or_else(|| OTHER.into()),
            confidence: scores.get(chosen).copied().unwrap_or_default(),
            scores: self.labels.iter().cloned().zip(scores).collect(),
        }
    }

    /// The terms of `headline` that weighed most for and against `topic`, heaviest first, at most `most`. With no
    /// bound, their log-odds and those of the bias add up to the score of `topic` less the mean of the others'.
    pub fn evidence(&self, headline: &str, topic: &str, most: usize) -> Vec<Evidence> {
        let Some(topic) = self.labels.iter().position(|label| &**label == topic) else {
            return Vec::new();
        };
        let mut evidence: Vec<Evidence> = Vec::new();
        TERMS.with_borrow_mut(|terms| {
            for term in terms.of(headline, &self.weights.lexicon) {
                let Some(row) = self.table.row(term.key) else {
                    continue;
                };
                let row: Vec<f64> = row.iter().map(|&weight| f64::from(weight)).collect();
                let log_odds = log_odds(&row, topic);
                let name = self.term_name(headline, term);
                match evidence.iter_mut().find(|known| known.term == name) {
                    Some(known) => known.log_odds += log_odds,
                    None => evidence.push(Evidence { term: name, log_odds }),
                }
            }
        });
        let heaviest = |one: &Evidence, two: &Evidence| two.log_odds.abs().total_cmp(&one.log_odds.abs());
        evidence.sort_by(|one, two| heaviest(one, two).then_with(|| one.term.cmp(&two.term)));
        evidence.truncate(most);
        evidence
    }

    /// The bias of `topic` less the mean of the others': what a headline without a known term starts from.
    pub fn bias_log_odds(&self, topic: &str) -> Option<f64> {
        let topic = self.labels.iter().position(|label| &**label == topic)?;
        let bias: Vec<f64> = self.weights.bias.iter().map(|&bias| f64::from(bias)).collect();
        Some(log_odds(&bias, topic))
    }

    fn term_name(&self, headline: &str, term: &Term) -> String {
        let text = headline.get(term.from as usize..term.to as usize).unwrap_or_default();
        let mark = |mark: u8| self.weights.lexicon.mark(mark).map_or("", |mark| mark.name.as_str());
        match (term.family, term.marks) {
            (Family::Word | Family::Pair, _) => text.to_owned(),
            (Family::Stem, _) => {
                format!("{}…", text.chars().take(super::tokens::STEM_LETTERS).collect::<String>())
            }
            (Family::Shape, _) => format!("{text} (as written)"),
            (Family::Conjunction, (first, second)) => format!("{} + {}", mark(first), mark(second)),
            (_, (first, _)) => format!("{text} [{}]", mark(first)),
        }
    }
}

/// One topic's score less the mean of the others'.
fn log_odds(scores: &[f64], topic: usize) -> f64 {
    let own = scores.get(topic).copied().unwrap_or_default();
    let others = scores.len().saturating_sub(1).max(1) as f64;
    own - (scores.iter().sum::<f64>() - own) / others
}

/// Turns scores into probabilities that add up to one; the highest score is taken off first, so nothing overflows.
pub fn soft_max(scores: &mut [f64]) {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = (*score - highest).exp());
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

/// Where the highest score stands first, and whether another equals it.
pub fn highest(scores: &[f64]) -> (usize, bool) {
    let mut best = (0, f64::NEG_INFINITY);
    let mut tied = false;
    for (at, &score) in scores.iter().enumerate() {
        match score.total_cmp(&best.1) {
            Ordering::Greater => (best, tied) = ((at, score), false),
            Ordering::Equal => tied = true,
            Ordering::Less => {}
        }
    }
    (best.0, tied)
}

/// Known terms by key: open addressing with linear probing. A key and its row share eight bytes, so that what a
/// term costs is one look into the slots and, where it is known, one into the scores.
#[derive(Debug, Clone)]
struct Table {
    /// A key above, the number of its row counted from 1 below; 0: free.
    slots: Vec<u64>,
    labels: usize,
    scores: Vec<f32>,
}

impl Table {
    fn new(weights: &Weights, labels: usize) -> Table {
        let size = (weights.terms.len() * 3 / 2 + 1).next_power_of_two();
        let mut table = Table { slots: vec![0; size], labels, scores: Vec::new() };
        table.scores.reserve(weights.surprise.len());
        let rows = weights.surprise.chunks(labels).zip(weights.attributes.chunks(labels));
        for (number, (term, (surprise, attributes))) in weights.terms.iter().zip(rows).enumerate() {
            let family = weights.families.get(term.family as usize).map_or(&[][..], |family| &family.weights);
            let mean = surprise.iter().map(|&steps| f64::from(steps)).sum::<f64>() / labels as f64;
            for ((&steps, &attribute), &weight) in surprise.iter().zip(attributes).zip(family) {
                let weight = f64::from(weight) * f64::from(attribute) / ATTRIBUTE_STEPS;
                table.scores.push((weight * (mean - f64::from(steps)) / SURPRISE_STEPS) as f32);
            }
            let mut at = table.home(term.key);
            while table.slots.get(at).is_some_and(|&slot| slot != 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = table.slots.get_mut(at) {
                *slot = term.key << ROW_BITS | (number as u64 + 1);
            }
        }
        table
    }

    fn home(&self, key: u64) -> usize {
        key as usize & (self.slots.len() - 1)
    }

    /// What a term adds to each topic's score.
    #[inline]
    fn row(&self, key: u64) -> Option<&[f32]> {
        let wanted = key & ((1 << KEY_BITS) - 1);
        let mut at = self.home(key);
        loop {
            match *self.slots.get(at)? {
                0 => return None,
                slot if slot >> ROW_BITS == wanted => {
                    let number = (slot & ((1 << ROW_BITS) - 1)) as usize - 1;
                    return self.scores.get(number * self.labels..(number + 1) * self.labels);
                }
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests;
