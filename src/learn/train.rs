//! Documents to a topic model, and how good such models are on sources that they have not seen.

use rayon::prelude::*;

use super::bayes::BayesError;
use super::calibrate::{Calibration, calibrate};
use super::corpus::{LabelledBy, Split};
use super::documents::{Counts, Document, Documents};
use super::evaluate::{Figures, Prediction, figures};
use super::fit;
use super::folds::folds_by_source;
use super::multinomials::{FamilyTotals, Multinomials};
use super::weigh::{FamilyWeighting, Sums, weigh};
use crate::news::language::Language;
use crate::news::model::{ATTRIBUTE_STEPS, FamilyWeights, SURPRISE_STEPS, TermWeights, TopicModel, Weights};
use crate::news::model_file::{Header, ModelKind};
use crate::news::tokens::Family;

/// How models are made. The defaults are what cross-validation by source chose (`models/EXPERIMENTS.md`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainSettings {
    /// What smoothing adds to each count.
    pub alpha: f32,
    /// What a headline counts, by who labelled it and whether it is in the model's own language.
    pub own_hand: f32,
    pub own_rubric: f32,
    pub foreign_hand: f32,
    pub foreign_rubric: f32,
    /// At most this many headlines labelled by rubric are taken of one source and topic.
    pub rubric_cap: usize,
    /// How much rare topics count more while weighing families: see `weigh`.
    pub balance: f64,
    /// The model keeps this many terms, those that move most headlines most.
    pub most_terms: usize,
}

impl Default for TrainSettings {
    fn default() -> Self {
        TrainSettings {
            alpha: 0.1,
            own_hand: 3.0,
            own_rubric: 1.0,
            foreign_hand: 1.0,
            foreign_rubric: 0.3,
            rubric_cap: 3000,
            balance: 0.3,
            most_terms: 150_000,
        }
    }
}

/// Sources are dealt into this many folds.
pub const FOLDS: usize = 6;

/// Why no model was made.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error(
        "language {0} has no hand-labelled training headline in the corpus; label some (rows without \
         \"by\":\"rubric\")"
    )]
    NoHeadlines(Language),
    #[error("the corpus has one topic for language {0} where at least two are needed")]
    OneTopic(Language),
    #[error(transparent)]
    Fit(#[from] BayesError),
}

/// A model and what cross-validation by source says of it.
#[derive(Debug, Clone)]
pub struct Trained {
    pub model: TopicModel,
    /// The figures of models that were made without each fold's sources, on those sources.
    pub cross_validated: Figures,
}

/// Makes the topic model of one language.
pub fn train(
    documents: &Documents,
    language: Language,
    settings: &TrainSettings,
    made_by: &str,
) -> Result<Trained, TrainError> {
    let workshop = Workshop::new(documents, language, settings)?;
    let held_out = workshop.cross_validate();
    let calibration = calibrate(&held_out);
    let weighting = workshop.weighting(None);
    let cross_validated = workshop.figures(&held_out, &calibration);
    let weights = workshop.weights(&calibration.apply(&weighting))?;
    let labels = documents.labels.clone();
    let header = Header::new(ModelKind::Topic, format!("topic-{language}"), vec![language], labels, made_by);
    Ok(Trained { model: TopicModel::new(header, weights), cross_validated })
}

/// The scores of one held-out headline.
#[derive(Debug, Clone)]
pub struct HeldOut {
    pub label: usize,
    pub also: Vec<usize>,
    pub scores: Vec<f64>,
}

/// The counts that the models of one language are made from.
struct Workshop<'d> {
    documents: &'d Documents,
    language: Language,
    settings: TrainSettings,
    /// A fold for each document; `None` for those of sources that hold no hand-labelled headline of the language.
    folds: Vec<Option<usize>>,
    all: (Counts, FamilyTotals),
    by_fold: Vec<(Counts, FamilyTotals)>,
}

impl<'d> Workshop<'d> {
    fn new(
        documents: &'d Documents,
        language: Language,
        settings: &TrainSettings,
    ) -> Result<Workshop<'d>, TrainError> {
        let judged = |document: &&Document| is_judged(document, language);
        if !documents.documents.iter().any(|document| judged(&document)) {
            return Err(TrainError::NoHeadlines(language));
        }
        if documents.labels.len() < 2 {
            return Err(TrainError::OneTopic(language));
        }
        let folds = folds_by_source(&documents.documents, judged, FOLDS);
        let count = |fold: Option<usize>| {
            let mut counts = Counts::none(documents.labels.len(), documents.vocabulary.keys.len());
            let chosen = documents.documents.iter().zip(&folds);
            for (document, _) in chosen.filter(|(_, of)| fold.is_none() || **of == fold) {
                if document.split == Split::Train {
                    counts.add(document, importance(document, language, settings));
                }
            }
            let totals = FamilyTotals::of(&counts, &documents.vocabulary);
            (counts, totals)
        };
        let all = count(None);
        let by_fold = (0..FOLDS).into_par_iter().map(|fold| count(Some(fold))).collect();
        Ok(Workshop { documents, language, settings: *settings, folds, all, by_fold })
    }

    /// The probabilities that some folds have not been seen for.
    fn multinomials(&self, without: &[usize]) -> Multinomials<'_> {
        let without: Vec<(&Counts, &FamilyTotals)> = without
            .iter()
            .filter_map(|&fold| self.by_fold.get(fold))
            .map(|(counts, totals)| (counts, totals))
            .collect();
        let vocabulary = &self.documents.vocabulary;
        Multinomials::new((&self.all.0, &self.all.1), &without, vocabulary, self.settings.alpha)
    }

    fn judged_in(&self, fold: usize) -> impl Iterator<Item = &Document> {
        let documents = self.documents.documents.iter().zip(&self.folds);
        documents
            .filter(move |(document, of)| **of == Some(fold) && is_judged(document, self.language))
            .map(|(document, _)| document)
    }

    /// The family weights, from headlines whose own fold the probabilities have not seen. With `test`, as if that
    /// fold did not exist.
    fn weighting(&self, test: Option<usize>) -> FamilyWeighting {
        let labels = self.documents.labels.len();
        let folds = (0..FOLDS).filter(|fold| Some(*fold) != test);
        let headlines: Vec<Sums> = folds
            .flat_map(|fold| {
                let without: Vec<usize> = [Some(fold), test].into_iter().flatten().collect();
                let multinomials = self.multinomials(&without);
                let judged: Vec<&Document> = self.judged_in(fold).collect();
                judged
                    .into_par_iter()
                    .map(|document| sums(document, &multinomials, labels))
                    .collect::<Vec<_>>()
            })
            .collect();
        weigh(&headlines, labels, self.settings.balance)
    }

    /// Scores of every fold's headlines by a model that was made without that fold.
    fn cross_validate(&self) -> Vec<HeldOut> {
        let labels = self.documents.labels.len();
        let of_fold = |fold: usize| {
            let weighting = self.weighting(Some(fold));
            let multinomials = self.multinomials(&[fold]);
            let judged = self.judged_in(fold).map(|document| {
                let scores = weighting.scores(&sums(document, &multinomials, labels).sums);
                HeldOut { label: document.label, also: document.also.clone(), scores }
            });
            judged.collect::<Vec<_>>()
        };
        (0..FOLDS).flat_map(of_fold).collect()
    }

    fn figures(&self, held_out: &[HeldOut], calibration: &Calibration) -> Figures {
        let predictions: Vec<Prediction> = held_out
            .iter()
            .map(|headline| {
                let probabilities = calibration.probabilities(&headline.scores);
                let first_highest = |best: usize, at: usize| {
                    if probabilities.get(at) > probabilities.get(best) { at } else { best }
                };
                let chosen = (0..probabilities.len()).fold(0, first_highest);
                Prediction { truth: headline.label, also: headline.also.clone(), chosen, probabilities }
            })
            .collect();
        figures(&self.documents.labels, &predictions, 0.0)
    }

    /// Has linfa fit the terms that are worth keeping, family by family.
    fn weights(&self, weighting: &FamilyWeighting) -> Result<Weights, TrainError> {
        let labels = self.documents.labels.len();
        let mut weights = Weights {
            families: Vec::new(),
            bias: weighting.bias.iter().map(|&bias| bias as f32).collect(),
            terms: Vec::new(),
            surprise: Vec::new(),
            lexicon: self.documents.lexicons.get(&self.language).cloned().unwrap_or_default(),
        };
        let kept = self.worth_keeping(weighting);
        let mut rows: Vec<(TermWeights, Vec<u16>)> = Vec::with_capacity(kept.len());
        let (counts, _) = &self.all;
        for family in Family::ALL {
            let of_family =
                |term: &&u32| self.documents.vocabulary.families.get(**term as usize) == Some(&family);
            let terms: Vec<u32> = kept.iter().filter(of_family).copied().collect();
            let columns: Vec<f32> = terms.iter().flat_map(|&term| counts.row(term)).copied().collect();
            let mut totals = vec![0.0; labels];
            for row in columns.chunks(labels) {
                totals.iter_mut().zip(row).for_each(|(total, count)| *total += count);
            }
            let fitted = fit::log_probabilities(&columns, labels, self.settings.alpha)?;
            for (&term, log_probabilities) in terms.iter().zip(fitted.chunks(labels)) {
                let key = self.documents.vocabulary.keys.get(term as usize).copied().unwrap_or_default();
                let term = TermWeights { key, family: family as u8, attribute: ATTRIBUTE_STEPS as u8 };
                let surprise = log_probabilities.iter().map(|value| (-value * SURPRISE_STEPS).round() as u16);
                rows.push((term, surprise.collect()));
            }
            let start = family as usize * labels;
            let family_weights = weighting.weights.get(start..start + labels).unwrap_or_default();
            weights.families.push(FamilyWeights {
                weights: family_weights.iter().map(|&weight| weight as f32).collect(),
                alpha: self.settings.alpha,
                totals,
                terms: terms.len() as u32,
            });
        }
        rows.sort_by_key(|(term, _)| term.key);
        for (term, surprise) in rows {
            weights.terms.push(term);
            weights.surprise.extend(surprise);
        }
        Ok(weights)
    }

    /// The terms that move headlines most: by how often a term was seen times how far it moves a score.
    fn worth_keeping(&self, weighting: &FamilyWeighting) -> Vec<u32> {
        let labels = self.documents.labels.len();
        let multinomials = self.multinomials(&[]);
        let mut row = vec![0.0; labels];
        let mut ranked: Vec<(f64, u32)> = Vec::new();
        for term in 0..self.documents.vocabulary.keys.len() as u32 {
            let Some(family) = multinomials.centred(term, &mut row) else {
                continue;
            };
            let start = family as usize * labels;
            let weights = weighting.weights.get(start..start + labels).unwrap_or_default();
            let moved = row.iter().zip(weights).map(|(value, weight)| f64::from(*value) * weight);
            let (least, most) =
                moved.fold((0.0f64, 0.0f64), |(low, high), one| (low.min(one), high.max(one)));
            let seen: f32 = self.all.0.row(term).iter().sum();
            ranked.push((f64::from(seen) * (most - least), term));
        }
        ranked.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
        ranked.truncate(self.settings.most_terms);
        let mut kept: Vec<u32> =
            ranked.into_iter().filter(|(moved, _)| *moved > 0.0).map(|(_, term)| term).collect();
        kept.sort_unstable();
        kept
    }
}

/// A hand-labelled training headline of the language: what weights are fitted to.
fn is_judged(document: &Document, language: Language) -> bool {
    document.language == language
        && document.labelled_by == LabelledBy::Hand
        && document.split == Split::Train
}

/// How often a headline's terms are counted.
fn importance(document: &Document, language: Language, settings: &TrainSettings) -> f32 {
    match (document.language == language, document.labelled_by) {
        (true, LabelledBy::Hand) => settings.own_hand,
        (true, LabelledBy::Rubric) => settings.own_rubric,
        (false, LabelledBy::Hand) => settings.foreign_hand,
        (false, LabelledBy::Rubric) => settings.foreign_rubric,
    }
}

fn sums(document: &Document, multinomials: &Multinomials<'_>, labels: usize) -> Sums {
    let mut sums = vec![0.0; Family::COUNT * labels];
    let mut row = vec![0.0; labels];
    for &term in &document.terms {
        if let Some(family) = multinomials.centred(term, &mut row) {
            let of_family = sums.iter_mut().skip(family as usize * labels);
            of_family.zip(&row).for_each(|(sum, value)| *sum += value);
        }
    }
    Sums { label: document.label, sums }
}
