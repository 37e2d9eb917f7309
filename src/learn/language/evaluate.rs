//! A language model against texts whose language is known.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{LanguageTrainingError, Sample, folds, train};
use crate::news::language::{Language, LanguageModel, Verdict};

/// A headline of this many characters or fewer is short.
pub const SHORT_CHARACTERS: usize = 30;
const BINS: usize = 10;

/// What became of one group of texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub texts: usize,
    pub right: usize,
    /// Answered with `und` though the language is one of the model's own.
    pub lost: usize,
}

impl Outcome {
    fn count(&mut self, truth: Language, found: Language) {
        self.texts += 1;
        self.right += usize::from(truth == found);
        self.lost += usize::from(found.is_und() && !truth.is_und());
    }

    /// The share of right answers; of no text, zero.
    pub fn accuracy(&self) -> f64 {
        if self.texts == 0 { 0.0 } else { self.right as f64 / self.texts as f64 }
    }
}

/// How often answers of one confidence are right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ReliabilityBin {
    pub texts: usize,
    pub right: usize,
    pub confidence_sum: f64,
}

/// How a language model does on texts whose language is known. Strangers' truth is `und`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LanguageReport {
    /// The codes of the model's own languages.
    pub own: Vec<String>,
    /// Own languages and strangers, by code.
    pub languages: BTreeMap<String, Outcome>,
    /// The same, without the page's language and with it, for headlines of at most [`SHORT_CHARACTERS`].
    pub short: BTreeMap<String, Outcome>,
    pub short_on_page: BTreeMap<String, Outcome>,
    /// Own headlines by `language source`.
    pub sources: BTreeMap<String, Outcome>,
    /// Strangers' texts cut to a headline's length.
    pub strangers_cut: BTreeMap<String, Outcome>,
    /// Ten bins of confidence, over own headlines.
    pub reliability: Vec<ReliabilityBin>,
    /// Own headlines that went wrong, as `truth answer confidence text`; the surest first.
    #[serde(skip)]
    pub mistakes: Vec<(Language, Verdict, String)>,
}

impl LanguageReport {
    /// The mean distance between confidence and the share of right answers, over own headlines.
    pub fn calibration_error(&self) -> f64 {
        let texts: usize = self.reliability.iter().map(|bin| bin.texts).sum();
        let distances = self.reliability.iter().map(|bin| (bin.confidence_sum - bin.right as f64).abs());
        distances.sum::<f64>() / texts.max(1) as f64
    }

    fn take(&mut self, model: &LanguageModel, sample: &Sample<'_>) {
        if self.own.is_empty() {
            self.own = model.languages().iter().map(Language::to_string).collect();
        }
        let own = model.languages().contains(&sample.language);
        let truth = if own { sample.language } else { Language::UND };
        let verdict = model.identify(sample.text, None);
        let code = sample.language.as_str();
        entry(&mut self.languages, code).count(truth, verdict.language);
        if !own {
            let cut = folds::headline_length(sample.text);
            entry(&mut self.strangers_cut, code).count(truth, model.identify(&cut, None).language);
            return;
        }
        entry(&mut self.sources, &format!("{code} {}", sample.source)).count(truth, verdict.language);
        if sample.text.chars().count() <= SHORT_CHARACTERS {
            entry(&mut self.short, code).count(truth, verdict.language);
            let on_page = model.identify(sample.text, Some(truth));
            entry(&mut self.short_on_page, code).count(truth, on_page.language);
        }
        let right = verdict.language == truth;
        if !right {
            self.mistakes.push((truth, verdict, sample.text.to_owned()));
        }
        self.reliability.resize(BINS, ReliabilityBin::default());
        if let Some(bin) =
            self.reliability.get_mut(((verdict.confidence * BINS as f64) as usize).min(BINS - 1))
        {
            bin.texts += 1;
            bin.right += usize::from(right);
            bin.confidence_sum += verdict.confidence;
        }
    }

    fn finish(mut self) -> LanguageReport {
        self.mistakes
            .sort_by(|one, other| other.1.confidence.total_cmp(&one.1.confidence).then(one.2.cmp(&other.2)));
        self
    }
}

fn entry<'r>(outcomes: &'r mut BTreeMap<String, Outcome>, name: &str) -> &'r mut Outcome {
    outcomes.entry(name.to_owned()).or_default()
}

/// Asks `model` for the language of each sample. Sentences of own languages are left out: the model is for
/// headlines.
pub fn evaluate(model: &LanguageModel, samples: &[Sample<'_>]) -> LanguageReport {
    let mut report = LanguageReport::default();
    let own = |sample: &Sample<'_>| model.languages().contains(&sample.language);
    for sample in samples.iter().filter(|sample| sample.is_headline || !own(sample)) {
        report.take(model, sample);
    }
    report.finish()
}

/// Cross-validation: each source of an own language, and each part of a stranger's texts, is judged by a model
/// that has seen none of it. With `unseen_strangers` a stranger's language is judged by a model that has not met
/// that language at all.
pub fn cross_validate(
    samples: &[Sample<'_>],
    unseen_strangers: bool,
) -> Result<LanguageReport, LanguageTrainingError> {
    let headlines: Vec<Language> =
        samples.iter().filter(|sample| sample.is_headline).map(|sample| sample.language).collect();
    let is_own: std::collections::BTreeSet<Language> = headlines.into_iter().collect();
    let held_out = |sample: &Sample<'_>, fold: usize, at: usize| {
        if unseen_strangers && !is_own.contains(&sample.language) {
            folds::unseen_in(sample.language) == fold
        } else {
            at == fold
        }
    };
    let folds = folds::assign(samples);
    let mut report = LanguageReport::default();
    for fold in 0..folds::FOLDS {
        let part = |out: bool| -> Vec<Sample<'_>> {
            let chosen =
                samples.iter().zip(&folds).filter(|(sample, at)| held_out(sample, fold, **at) == out);
            chosen.map(|(sample, _)| *sample).collect()
        };
        let model = train(&part(false), "cross-validation")?;
        for sample in
            part(true).iter().filter(|sample| sample.is_headline || !is_own.contains(&sample.language))
        {
            report.take(&model, sample);
        }
    }
    Ok(report.finish())
}
