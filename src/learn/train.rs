//! Documents to a topic model, and how good such models are on sources that they have not seen.

use rayon::prelude::*;

use super::assemble::assemble;
use super::attributes::{Attributes, Row, weigh_terms};
use super::bayes::BayesError;
use super::calibrate::{Calibration, calibrate};
use super::corpus::{LabelledBy, Split};
use super::documents::{Counts, Document, Documents};
use super::evaluate::{Figures, Prediction, figures};
use super::folds::{folds_by_source, sources};
use super::multinomials::{FamilyTotals, Multinomials};
use super::weigh::{FamilyWeighting, Sums, weigh};
use crate::news::language::Language;
use crate::news::model::{TopicModel, highest, soft_max};
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

/// How good models that were made without each fold's sources are on those sources.
#[derive(Debug, Clone, PartialEq)]
pub struct UnseenSources {
    /// There were sources enough; else headlines were dealt into folds one by one.
    pub by_source: bool,
    /// On the hand-labelled headlines of the training split, which models of the other folds are made from.
    pub train: Figures,
    /// On those of the dev split, which no model is made from.
    pub dev: Figures,
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

/// The scores of one held-out headline.
#[derive(Debug, Clone)]
pub struct HeldOut {
    pub split: Split,
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
        let judged = |document: &&Document| is_trained_and_judged(document, language);
        if !documents.documents.iter().any(|document| judged(&document)) {
            return Err(TrainError::NoHeadlines(language));
        }
        let mut topics = documents.documents.iter().filter(judged).map(|document| document.label);
        let first = topics.next();
        if topics.all(|topic| Some(topic) == first) {
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
        folds: Vec<Option<usize>>,
        left_out: &[bool],
    ) -> Workshop<'d> {
        let count = |fold: Option<usize>| {
            let mut counts = Counts::none(documents.labels.len(), documents.vocabulary.keys.len());
            let of_fold = documents.documents.iter().zip(&folds).zip(left_out);
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
            let documents = self.documents.documents.par_iter().zip(&self.folds);
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
        let documents = self.documents.documents.iter().zip(&self.folds);
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

    /// The figures of all folds together, the confidence of each calibrated on the others.
    fn figures(&self, held_out: &[Vec<HeldOut>]) -> UnseenSources {
        let of_fold = |(fold, headlines): (usize, &Vec<HeldOut>)| {
            let others = held_out.iter().enumerate().filter(|(other, _)| *other != fold);
            let calibration = calibrate(others.flat_map(|(_, headlines)| headlines));
            let prediction = |headline: &HeldOut| (headline.split, prediction(headline, &calibration));
            headlines.iter().map(prediction).collect::<Vec<_>>()
        };
        let predictions: Vec<(Split, Prediction)> =
            held_out.par_iter().enumerate().flat_map_iter(of_fold).collect();
        let of_split = |split: Split| {
            let of_split = predictions.iter().filter(|(of, _)| *of == split);
            let predictions: Vec<Prediction> = of_split.map(|(_, prediction)| prediction.clone()).collect();
            figures(&self.documents.labels, &predictions, 0.0)
        };
        let judged = |document: &&Document| is_trained_and_judged(document, self.language);
        let by_source = sources(&self.documents.documents, judged).len() >= FOLDS;
        UnseenSources { by_source, train: of_split(Split::Train), dev: of_split(Split::Dev) }
    }
}

fn prediction(headline: &HeldOut, calibration: &Calibration) -> Prediction {
    let probabilities = calibration.probabilities(&headline.scores);
    let (chosen, _) = highest(&probabilities);
    Prediction { truth: headline.label, also: headline.also.clone(), chosen, probabilities }
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
mod tests {
    use super::*;
    use crate::learn::documents::Vocabulary;

    /// Headlines of six sources, read and labelled: term 0 is of label 0, term 1 of label 1. A seventh, and one of
    /// the six, have headlines by rubric, every other of them under the wrong topic.
    fn documents() -> Documents {
        let document = |label: usize, term: u32, source: usize, labelled_by: LabelledBy| Document {
            language: french(),
            label,
            also: Vec::new(),
            labelled_by,
            split: Split::Train,
            source,
            example: 0,
            terms: vec![term],
        };
        let read = (0..240).map(|n| document(n % 2, (n % 2) as u32, n / 2 % 6, LabelledBy::Hand));
        let by_rubric =
            (0..40).map(|n| document(n / 2 % 2, (n % 2) as u32, 5 + n / 4 % 2, LabelledBy::Rubric));
        Documents {
            labels: vec!["economy".to_owned(), "other".to_owned()],
            sources: (0..7).map(|n| format!("source {n}")).collect(),
            documents: read.chain(by_rubric).collect(),
            vocabulary: Vocabulary { keys: vec![0, 1], families: vec![Family::Word; 2] },
            lexicons: Default::default(),
        }
    }

    fn french() -> Language {
        Language::new("fr").expect("a code")
    }

    fn workshop(documents: &Documents) -> Workshop<'_> {
        let settings = TrainSettings::default();
        Workshop::new(documents, french(), &settings).expect("there are headlines of two topics")
    }

    fn rubric_counts(workshop: &Workshop<'_>) -> Vec<f32> {
        // Each term's hand-labelled headlines, under their own label alone, aside.
        let by_hand = 120.0 * workshop.settings.own_hand;
        let counts = |term: u32| workshop.all.0.row(term).to_vec();
        let (first, second) = (counts(0), counts(1));
        vec![first[0] - by_hand, first[1], second[0], second[1] - by_hand]
    }

    #[test]
    fn headlines_whose_rubric_is_doubted_are_not_counted() {
        let documents = documents();
        let workshop = workshop(&documents);
        assert_eq!(rubric_counts(&workshop), [10.0; 4], "half of the rubrics are wrong");
        let trusted = workshop.without_doubted(None);
        assert_eq!(rubric_counts(&trusted), [10.0, 0.0, 0.0, 10.0]);
    }

    #[test]
    fn a_folds_confidence_is_calibrated_on_the_others_alone() {
        let documents = documents();
        let workshop = workshop(&documents);
        // The same scores, right 70 times in a hundred in one fold and 95 times in the other.
        let fold = |right: usize| {
            let label = |n: usize| usize::from(n >= right);
            let headline = |n| HeldOut {
                split: Split::Train,
                label: label(n),
                also: Vec::new(),
                scores: vec![2.0, 0.0],
            };
            (0..100).map(headline).collect()
        };
        let error = workshop.figures(&[fold(70), fold(95)]).train.calibration_error;
        assert!(error > 0.2, "{error}: a fold that has seen itself is as sure as it is right");
    }

    #[test]
    fn a_language_of_one_topic_is_refused_whatever_the_others_have() {
        let mut documents = documents();
        let spanish = Language::new("es").expect("a code");
        documents.documents.iter_mut().filter(|document| document.label == 0).for_each(|document| {
            document.language = spanish;
        });
        let refused = cross_validate(&documents, spanish, &TrainSettings::default());
        assert!(matches!(refused, Err(TrainError::OneTopic(language)) if language == spanish), "{refused:?}");
    }

    #[test]
    fn sources_are_unseen_where_there_are_enough_of_them() {
        let mut documents = documents();
        let by_source = |documents: &Documents| {
            let workshop = workshop(documents);
            workshop.figures(&workshop.cross_validate()).by_source
        };
        assert!(by_source(&documents));
        documents.documents.iter_mut().for_each(|document| document.source = 0);
        assert!(!by_source(&documents));
    }

    #[test]
    fn dev_headlines_are_judged_apart_and_teach_nothing() {
        let mut documents = documents();
        let without = workshop(&documents).cross_validate();
        // As many headlines again, all under the wrong label: as dev, they change no score of the others.
        let wrong: Vec<Document> = documents
            .documents
            .iter()
            .filter(|document| is_judged(document, french()))
            .map(|document| Document { label: 1 - document.label, split: Split::Dev, ..document.clone() })
            .collect();
        documents.documents.extend(wrong);
        let workshop = workshop(&documents);
        let held_out = workshop.cross_validate();
        let train = |folds: &[Vec<HeldOut>]| -> Vec<Vec<f64>> {
            let train = folds.iter().flatten().filter(|headline| headline.split == Split::Train);
            train.map(|headline| headline.scores.clone()).collect()
        };
        assert_eq!(train(&held_out), train(&without));
        assert_eq!(calibrate(held_out.iter().flatten()), calibrate(without.iter().flatten()));
        let unseen = workshop.figures(&held_out);
        assert_eq!((unseen.train.headlines, unseen.train.accuracy), (240, 1.0));
        assert_eq!((unseen.dev.headlines, unseen.dev.accuracy), (240, 0.0));
    }

    #[test]
    fn labels_of_a_file_teach_but_nothing_is_judged_by_them() {
        let mut documents = documents();
        documents
            .documents
            .iter_mut()
            .step_by(3)
            .for_each(|document| document.labelled_by = LabelledBy::LabelsFile);
        let by_hand = |document: &&Document| document.labelled_by == LabelledBy::Hand;
        let judged = documents.documents.iter().filter(by_hand).count();
        let workshop = workshop(&documents);
        assert_eq!(workshop.cross_validate().iter().flatten().count(), judged);
        let read = documents.documents.iter().filter(|document| is_read(document, french())).count();
        assert!(read > judged, "{read} {judged}");
        let counted: f32 = workshop.all.0.row(0).iter().sum();
        let expected: f32 = documents
            .documents
            .iter()
            .filter(|document| document.terms == [0])
            .map(|document| if document.labelled_by == LabelledBy::Rubric { 1.0 } else { 3.0 })
            .sum();
        assert_eq!(counted, expected);
    }
}
