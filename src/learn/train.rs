//! Documents to a topic model, and how good such models are on sources that they have not seen.

use rayon::prelude::*;

use super::assemble::assemble;
use super::attributes::{Attributes, Row, weigh_terms};
use super::bayes::BayesError;
use super::calibrate::calibrate;
use super::corpus::{LabelledBy, Split};
use super::documents::{Counts, Document, Documents};
use super::folds::{Folds, folds_by_source};
use super::held_out::{HeldOut, UnseenSources};
use super::multinomials::{FamilyTotals, Multinomials};
use super::weigh::{FamilyWeighting, Sums, weigh};
use crate::news::language::Language;
use crate::news::model::{TopicModel, soft_max};
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
    /// A rubric's headline whose topic a first model gives less than this probability is left out.
    pub rubric_doubt: f64,
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
            rubric_doubt: 0.5,
            rubric_cap: 6000,
            balance: 0.3,
            most_terms: 200_000,
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
    #[error(
        "the corpus has one topic for language {0} where at least two are needed; add headlines of another, or take \
         \"topic\" off that language's rows, which then teach the language alone"
    )]
    OneTopic(Language),
    #[error(transparent)]
    Fit(#[from] BayesError),
}

/// A model and what cross-validation by source says of it.
#[derive(Debug, Clone)]
pub struct Trained {
    pub model: TopicModel,
    pub unseen: UnseenSources,
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
    let calibration = calibrate(held_out.iter().flatten());
    let unseen = workshop.figures(&held_out);
    let workshop = workshop.without_doubted(None);
    let learned = calibration.apply(workshop.learn(None));
    let lexicon = documents.lexicons.get(&language).cloned().unwrap_or_default();
    let weights = assemble(&documents.vocabulary, &workshop.all.0, &learned, lexicon, settings)?;
    let labels = documents.labels.clone();
    let header = Header::new(ModelKind::Topic, format!("topic-{language}"), vec![language], labels, made_by);
    Ok(Trained { model: TopicModel::new(header, weights), unseen })
}

/// What was learned of how much families and terms count.
#[derive(Debug, Clone)]
pub struct Learned {
    pub weighting: FamilyWeighting,
    pub attributes: Attributes,
}

/// How good models of one language are on sources that they have not seen: each fold's headlines judged by a model
/// made without that fold.
pub fn cross_validate(
    documents: &Documents,
    language: Language,
    settings: &TrainSettings,
) -> Result<UnseenSources, TrainError> {
    let workshop = Workshop::new(documents, language, settings)?;
    let held_out = workshop.cross_validate();
    Ok(workshop.figures(&held_out))
}

/// The counts that the models of one language are made from.
struct Workshop<'d> {
    documents: &'d Documents,
    language: Language,
    settings: TrainSettings,
    /// No fold holds the documents of sources without a hand-labelled headline of the language.
    folds: Folds,
    all: (Counts, FamilyTotals),
    by_fold: Vec<(Counts, FamilyTotals)>,
}

impl<'d> Workshop<'d> {
    fn new(
        documents: &'d Documents,
        language: Language,
        settings: &TrainSettings,
    ) -> Result<Workshop<'d>, TrainError> {
        let judged = |document: &&Document| is_trained_and_judged(document, language);
        let mut topics = documents.documents.iter().filter(judged).map(|document| document.label);
        let first = topics.next().ok_or(TrainError::NoHeadlines(language))?;
        if topics.all(|topic| topic == first) {
            return Err(TrainError::OneTopic(language));
        }
        let folds = folds_by_source(&documents.documents, judged, FOLDS);
        let none = vec![false; documents.documents.len()];
        Ok(Workshop::counted(documents, language, *settings, folds, &none))
    }

    /// Counts all documents but those that are `left_out`.
    fn counted(
        documents: &'d Documents,
        language: Language,
        settings: TrainSettings,
        folds: Folds,
        left_out: &[bool],
    ) -> Workshop<'d> {
        let count = |fold: Option<usize>| {
            let mut counts = Counts::none(documents.labels.len(), documents.vocabulary.keys.len());
            let of_fold = documents.documents.iter().zip(&folds.of).zip(left_out);
            for ((document, of), left_out) in of_fold {
                let chosen = fold.is_none() || *of == fold;
                if chosen && !left_out && document.split == Split::Train {
                    counts.add(document, importance(document, language, &settings));
                }
            }
            let totals = FamilyTotals::of(&counts, &documents.vocabulary);
            (counts, totals)
        };
        let all = count(None);
        let by_fold = (0..FOLDS).into_par_iter().map(|fold| count(Some(fold))).collect();
        Workshop { documents, language, settings, folds, all, by_fold }
    }

    /// The same without the headlines whose rubric is doubted: a model made of all headlines finds the rubric's
    /// topic improbable, as where a minister's visit stands under economy. That model has not counted the headline's
    /// own fold, nor has it seen anything of `test`.
    fn without_doubted(&self, test: Option<usize>) -> Workshop<'d> {
        let learned = self.learn(test);
        let labels = self.documents.labels.len();
        let mut left_out = vec![false; self.documents.documents.len()];
        let others = (0..FOLDS).filter(|&fold| Some(fold) != test);
        for fold in others.map(Some).chain([None]) {
            let without: Vec<usize> = [fold, test].into_iter().flatten().collect();
            let multinomials = self.multinomials(&without);
            let is_doubted = |document: &Document| {
                let row = row(document, &multinomials, labels);
                let mut probabilities = learned.attributes.scores(&row, &learned.weighting);
                soft_max(&mut probabilities);
                probabilities.get(document.label).is_some_and(|&own| own < self.settings.rubric_doubt)
            };
            let documents = self.documents.documents.par_iter().zip(&self.folds.of);
            left_out.par_iter_mut().zip(documents).for_each(|(left_out, (document, of))| {
                let by_rubric =
                    document.labelled_by == LabelledBy::Rubric && document.language == self.language;
                if *of == fold && by_rubric {
                    *left_out = is_doubted(document);
                }
            });
        }
        Workshop::counted(self.documents, self.language, self.settings, self.folds.clone(), &left_out)
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

    fn documents_in(&self, fold: usize) -> impl Iterator<Item = &Document> {
        let documents = self.documents.documents.iter().zip(&self.folds.of);
        documents.filter(move |(_, of)| **of == Some(fold)).map(|(document, _)| document)
    }

    /// What counts how much, from headlines whose own fold the probabilities have not seen. With `test`, as if that
    /// fold did not exist.
    fn learn(&self, test: Option<usize>) -> Learned {
        let labels = self.documents.labels.len();
        let folds = (0..FOLDS).filter(|fold| Some(*fold) != test);
        let rows: Vec<Row> = folds
            .flat_map(|fold| {
                let without: Vec<usize> = [Some(fold), test].into_iter().flatten().collect();
                let multinomials = self.multinomials(&without);
                let read: Vec<&Document> =
                    self.documents_in(fold).filter(|document| is_read(document, self.language)).collect();
                read.into_par_iter().map(|document| row(document, &multinomials, labels)).collect::<Vec<_>>()
            })
            .collect();
        let sums: Vec<Sums> = rows.par_iter().map(|row| sums(row, labels)).collect();
        let weighting = weigh(&sums, labels, self.settings.balance);
        let terms = self.documents.vocabulary.keys.len();
        let attributes = weigh_terms(&rows, &weighting, terms, self.settings.balance);
        Learned { weighting, attributes }
    }

    /// Scores of every fold's headlines by a model that was made without that fold.
    fn cross_validate(&self) -> Vec<Vec<HeldOut>> {
        let labels = self.documents.labels.len();
        let of_fold = |fold: usize| {
            let workshop = self.without_doubted(Some(fold));
            let learned = workshop.learn(Some(fold));
            let multinomials = workshop.multinomials(&[fold]);
            let judged = self.documents_in(fold).filter(|document| is_judged(document, self.language));
            let judged = judged.map(|document| {
                let row = row(document, &multinomials, labels);
                let scores = learned.attributes.scores(&row, &learned.weighting);
                HeldOut { split: document.split, label: document.label, also: document.also.clone(), scores }
            });
            judged.collect::<Vec<_>>()
        };
        (0..FOLDS).map(of_fold).collect()
    }

    fn figures(&self, held_out: &[Vec<HeldOut>]) -> UnseenSources {
        UnseenSources::of(&self.documents.labels, held_out, self.folds.by_source)
    }
}

/// A training headline of the language whose label somebody read it for: what weights are fitted to.
fn is_read(document: &Document, language: Language) -> bool {
    document.language == language
        && document.labelled_by != LabelledBy::Rubric
        && document.split == Split::Train
}

/// One of those that folds are dealt by.
fn is_trained_and_judged(document: &Document, language: Language) -> bool {
    is_judged(document, language) && document.split == Split::Train
}

/// A hand-labelled headline of the language: what cross-validation judges by.
fn is_judged(document: &Document, language: Language) -> bool {
    document.language == language && document.labelled_by == LabelledBy::Hand
}

/// How often a headline's terms are counted.
fn importance(document: &Document, language: Language, settings: &TrainSettings) -> f32 {
    match (document.language == language, document.labelled_by) {
        (true, LabelledBy::Hand | LabelledBy::LabelsFile) => settings.own_hand,
        (true, LabelledBy::Rubric) => settings.own_rubric,
        (false, LabelledBy::Hand | LabelledBy::LabelsFile) => settings.foreign_hand,
        (false, LabelledBy::Rubric) => settings.foreign_rubric,
    }
}

fn row(document: &Document, multinomials: &Multinomials<'_>, labels: usize) -> Row {
    let mut row = Row { label: document.label, terms: Vec::new(), values: Vec::new() };
    let mut values = vec![0.0; labels];
    for &term in &document.terms {
        if let Some(family) = multinomials.centred(term, &mut values) {
            row.terms.push((term, family));
            row.values.extend_from_slice(&values);
        }
    }
    row
}

fn sums(row: &Row, labels: usize) -> Sums {
    let mut sums = vec![0.0; Family::COUNT * labels];
    for (&(_, family), values) in row.terms.iter().zip(row.values.chunks(labels)) {
        let of_family = sums.iter_mut().skip(family as usize * labels);
        of_family.zip(values).for_each(|(sum, value)| *sum += value);
    }
    Sums { label: row.label, sums }
}

#[cfg(test)]
mod tests;
