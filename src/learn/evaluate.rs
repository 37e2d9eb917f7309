//! How good a topic model is: a model and labelled headlines to figures.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::corpus::Example;
use crate::news::language::Language;
use crate::news::model::{OTHER, TopicModel};
use crate::news::record::ModelOrigin;
use crate::news::topic::Evidence;

/// All figures of one model on one set of headlines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub language: Language,
    pub model: ModelOrigin,
    /// `topic.threshold` while measuring.
    pub threshold: f64,
    pub figures: Figures,
    /// The terms that weighed most for each topic, over all these headlines.
    pub telling: Vec<TellingTerms>,
    /// The headlines that the model was wrong about and surest of, the surest first.
    pub mistakes: Vec<Mistake>,
}

/// What predictions alone tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub labels: Vec<String>,
    pub headlines: usize,
    pub accuracy: f64,
    /// Counting a topic right that a fair reader would accept too.
    pub accuracy_with_also: f64,
    /// The mean of the topics' F1, topics without headlines left out.
    pub macro_f1: f64,
    /// How far confidence is from the share that is right, on average: over ten bins, weighted by headlines.
    pub calibration_error: f64,
    /// The share of headlines whose best topic is at or above the threshold.
    pub coverage: f64,
    pub topics: Vec<TopicFigures>,
    /// Headlines by true topic (rows) and predicted topic (columns), in the order of the labels.
    pub confusion: Vec<Vec<usize>>,
    pub calibration: Vec<CalibrationBin>,
    /// Twenty thresholds from 0 to 0.95.
    pub curve: Vec<CoveragePoint>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicFigures {
    pub label: String,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// How many of the headlines have this topic.
    pub support: usize,
}

/// The headlines whose confidence lies in one tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    pub from: f64,
    pub to: f64,
    pub headlines: usize,
    /// The mean confidence; 0 in an empty bin.
    pub confidence: f64,
    /// The share that is right; 0 in an empty bin.
    pub accuracy: f64,
}

/// What a threshold leaves and how much of it is right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CoveragePoint {
    pub threshold: f64,
    /// The share of headlines whose best topic is at least that probable.
    pub coverage: f64,
    /// The share of those that is right; `None` where there are none.
    pub precision: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TellingTerms {
    pub label: String,
    /// The heaviest first.
    pub terms: Vec<TellingTerm>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TellingTerm {
    pub term: String,
    /// Its mean log-odds for the topic, in nats.
    pub log_odds: f64,
    /// In how many headlines it stood.
    pub headlines: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    pub title: String,
    pub source: String,
    pub truth: String,
    pub also: Vec<String>,
    pub topic: String,
    pub confidence: f64,
    /// The terms that weighed most for and against `topic`.
    pub evidence: Vec<Evidence>,
}

/// What a model said of one headline.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Where the true topic stands among the labels.
    pub truth: usize,
    /// Where the topics stand that a fair reader would accept too.
    pub also: Vec<usize>,
    /// What the model chose, the threshold applied.
    pub chosen: usize,
    pub probabilities: Vec<f64>,
}

const CALIBRATION_BINS: usize = 10;
const CURVE_POINTS: usize = 20;
const TELLING_TERMS: usize = 25;
/// A term that stood in fewer headlines is chance.
const TELLING_HEADLINES: usize = 3;
const WORST_MISTAKES: usize = 30;
const MISTAKE_EVIDENCE: usize = 8;

/// Measures `model` on the labelled headlines among `examples` that are in its language.
pub fn evaluate(model: &TopicModel, examples: &[&Example], threshold: f64) -> Evaluation {
    let mut labels: Vec<String> = model.labels().iter().map(|label| label.to_string()).collect();
    let mine: Vec<&Example> = examples
        .iter()
        .copied()
        .filter(|example| example.language == model.language() && example.topic.is_some())
        .collect();
    // A topic that the model does not know is a row of its own: it can only be wrong there.
    for topic in mine.iter().filter_map(|example| example.topic.as_ref()) {
        if !labels.contains(topic) {
            labels.push(topic.clone());
        }
    }
    let place = |topic: &str| labels.iter().position(|label| label == topic);
    let predictions: Vec<Prediction> = mine
        .par_iter()
        .filter_map(|example| {
            let verdict = model.classify(&example.title, threshold);
            let mut probabilities: Vec<f64> = verdict.scores.iter().map(|(_, score)| *score).collect();
            probabilities.resize(labels.len(), 0.0);
            Some(Prediction {
                truth: place(example.topic.as_deref()?)?,
                also: example.also.iter().filter_map(|topic| place(topic)).collect(),
                chosen: place(&verdict.topic)?,
                probabilities,
            })
        })
        .collect();
    Evaluation {
        language: model.language(),
        model: model.origin().clone(),
        threshold,
        telling: telling_terms(model, &mine),
        mistakes: worst_mistakes(model, &mine, &predictions, &labels),
        figures: figures(&labels, &predictions, threshold),
    }
}

/// The figures of `predictions`.
pub fn figures(labels: &[String], predictions: &[Prediction], threshold: f64) -> Figures {
    let mut confusion = vec![vec![0usize; labels.len()]; labels.len()];
    for prediction in predictions {
        if let Some(count) =
            confusion.get_mut(prediction.truth).and_then(|row| row.get_mut(prediction.chosen))
        {
            *count += 1;
        }
    }
    let topics = topic_figures(labels, &confusion);
    let told = |at: usize| confusion.iter().any(|row| row.get(at).is_some_and(|&count| count > 0));
    let with_headlines: Vec<f64> = topics
        .iter()
        .enumerate()
        .filter(|(at, topic)| topic.support > 0 || told(*at))
        .map(|(_, topic)| topic.f1)
        .collect();
    let right = predictions.iter().filter(|prediction| prediction.chosen == prediction.truth).count();
    let accepted = |prediction: &&Prediction| {
        prediction.chosen == prediction.truth || prediction.also.contains(&prediction.chosen)
    };
    let calibration = calibration(predictions);
    let off: f64 =
        calibration.iter().map(|bin| bin.headlines as f64 * (bin.confidence - bin.accuracy).abs()).sum();
    let curve = (0..CURVE_POINTS)
        .map(|point| coverage_point(predictions, point as f64 / CURVE_POINTS as f64))
        .collect();
    Figures {
        labels: labels.to_vec(),
        headlines: predictions.len(),
        accuracy: share(right, predictions.len()),
        accuracy_with_also: share(predictions.iter().filter(accepted).count(), predictions.len()),
        macro_f1: with_headlines.iter().sum::<f64>() / with_headlines.len().max(1) as f64,
        calibration_error: off / predictions.len().max(1) as f64,
        coverage: coverage_point(predictions, threshold).coverage,
        topics,
        confusion,
        calibration,
        curve,
    }
}

fn topic_figures(labels: &[String], confusion: &[Vec<usize>]) -> Vec<TopicFigures> {
    let figures = |(at, label): (usize, &String)| {
        let hits = confusion.get(at).and_then(|row| row.get(at)).copied().unwrap_or_default();
        let support: usize = confusion.get(at).map_or(0, |row| row.iter().sum());
        let predicted: usize = confusion.iter().filter_map(|row| row.get(at)).sum();
        TopicFigures {
            label: label.clone(),
            precision: share(hits, predicted),
            recall: share(hits, support),
            f1: share(2 * hits, support + predicted),
            support,
        }
    };
    labels.iter().enumerate().map(figures).collect()
}

/// The most probable topic's place and probability.
fn best(prediction: &Prediction) -> (usize, f64) {
    let probabilities = prediction.probabilities.iter().copied().enumerate();
    probabilities.fold(
        (0, 0.0),
        |best, (at, probability)| {
            if probability > best.1 { (at, probability) } else { best }
        },
    )
}

fn calibration(predictions: &[Prediction]) -> Vec<CalibrationBin> {
    let width = 1.0 / CALIBRATION_BINS as f64;
    let mut bins: Vec<(usize, f64, usize)> = vec![(0, 0.0, 0); CALIBRATION_BINS];
    for prediction in predictions {
        let (topic, confidence) = best(prediction);
        let bin = ((confidence / width) as usize).min(CALIBRATION_BINS - 1);
        if let Some(bin) = bins.get_mut(bin) {
            *bin = (bin.0 + 1, bin.1 + confidence, bin.2 + usize::from(topic == prediction.truth));
        }
    }
    let bins = bins.into_iter().enumerate();
    bins.map(|(at, (headlines, confidence, right))| CalibrationBin {
        from: at as f64 * width,
        to: (at + 1) as f64 * width,
        headlines,
        confidence: confidence / headlines.max(1) as f64,
        accuracy: share(right, headlines),
    })
    .collect()
}

fn coverage_point(predictions: &[Prediction], threshold: f64) -> CoveragePoint {
    let sure = predictions.iter().filter(|prediction| best(prediction).1 >= threshold);
    let right = sure.clone().filter(|prediction| best(prediction).0 == prediction.truth).count();
    let sure = sure.count();
    let precision = (sure > 0).then(|| share(right, sure));
    CoveragePoint { threshold, coverage: share(sure, predictions.len()), precision }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// For each topic the terms whose log-odds, added up over the headlines, are highest.
fn telling_terms(model: &TopicModel, examples: &[&Example]) -> Vec<TellingTerms> {
    let telling = |label: &str| {
        let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
        for example in examples {
            for evidence in model.evidence(&example.title, label, usize::MAX) {
                let sum = sums.entry(evidence.term.to_lowercase()).or_default();
                *sum = (sum.0 + evidence.log_odds, sum.1 + 1);
            }
        }
        let mut terms: Vec<(String, (f64, usize))> =
            sums.into_iter().filter(|(_, (_, headlines))| *headlines >= TELLING_HEADLINES).collect();
        terms.sort_by(|one, two| two.1.0.total_cmp(&one.1.0));
        let terms = terms.into_iter().take(TELLING_TERMS).map(|(term, (sum, headlines))| TellingTerm {
            term,
            log_odds: sum / headlines as f64,
            headlines,
        });
        TellingTerms { label: label.to_owned(), terms: terms.collect() }
    };
    model.labels().par_iter().map(|label| telling(label)).collect()
}

fn worst_mistakes(
    model: &TopicModel,
    examples: &[&Example],
    predictions: &[Prediction],
    labels: &[String],
) -> Vec<Mistake> {
    let wrong = |(_, prediction): &(&&Example, &Prediction)| {
        prediction.chosen != prediction.truth && !prediction.also.contains(&prediction.chosen)
    };
    let confidence = |prediction: &Prediction| {
        prediction.probabilities.get(prediction.chosen).copied().unwrap_or_default()
    };
    let mut mistakes: Vec<(&&Example, &Prediction)> =
        examples.iter().zip(predictions).filter(wrong).collect();
    mistakes.sort_by(|one, two| confidence(two.1).total_cmp(&confidence(one.1)));
    let name = |at: usize| labels.get(at).map_or(OTHER, String::as_str).to_owned();
    let mistakes = mistakes.into_iter().take(WORST_MISTAKES);
    mistakes
        .map(|(example, prediction)| Mistake {
            title: example.title.clone(),
            source: example.source.clone(),
            truth: name(prediction.truth),
            also: example.also.clone(),
            topic: name(prediction.chosen),
            confidence: confidence(prediction),
            evidence: model.evidence(&example.title, &name(prediction.chosen), MISTAKE_EVIDENCE),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(truth: usize, also: &[usize], probabilities: [f64; 2]) -> Prediction {
        let chosen = usize::from(probabilities[1] > probabilities[0]);
        Prediction { truth, also: also.to_vec(), chosen, probabilities: probabilities.to_vec() }
    }

    fn sample() -> Figures {
        let labels = ["a".to_owned(), "b".to_owned()];
        let predictions = [
            prediction(0, &[], [0.95, 0.05]),
            prediction(0, &[], [0.65, 0.35]),
            prediction(0, &[1], [0.35, 0.65]),
            prediction(1, &[], [0.05, 0.95]),
        ];
        figures(&labels, &predictions, 0.9)
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let figures = sample();
        assert_eq!(figures.confusion, [[2, 1], [0, 1]]);
        assert_eq!((figures.accuracy, figures.accuracy_with_also), (0.75, 1.0));
        // a: precision 2/2, recall 2/3, F1 0.8; b: precision 1/2, recall 1/1, F1 2/3.
        assert!((figures.topics[0].f1 - 0.8).abs() < 1e-12);
        assert!((figures.macro_f1 - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert_eq!((figures.topics[0].support, figures.coverage), (3, 0.5));
    }

    #[test]
    fn a_topic_that_is_said_but_never_true_counts_as_missed() {
        let labels = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let predictions = [prediction(0, &[], [0.9, 0.1]), prediction(0, &[], [0.1, 0.9])];
        // a: 2/3; b: said once, never true, 0; c: neither said nor true, no part of the mean.
        let macro_f1 = figures(&labels, &predictions, 0.0).macro_f1;
        assert!((macro_f1 - 1.0 / 3.0).abs() < 1e-12, "{macro_f1}");
    }

    #[test]
    fn calibration_error_is_the_mean_distance_of_confidence_from_truth() {
        // The bin at .6 holds two headlines of .65, one right: off by .15. The bin at .9: two of .95, both right.
        let expected = (2.0 * 0.15 + 2.0 * 0.05) / 4.0;
        let error = sample().calibration_error;
        assert!((error - expected).abs() < 1e-12, "{error} is not {expected}");
    }

    #[test]
    fn a_higher_threshold_covers_less() {
        let curve = sample().curve;
        assert_eq!(curve.len(), CURVE_POINTS);
        assert!(curve.windows(2).all(|pair| pair[0].coverage >= pair[1].coverage));
        assert_eq!((curve[0].coverage, curve[0].precision), (1.0, Some(0.75)));
        assert_eq!((curve[18].threshold, curve[18].coverage, curve[18].precision), (0.9, 0.5, Some(1.0)));
    }

    #[test]
    fn a_threshold_that_leaves_nothing_has_no_precision() {
        let labels = ["a".to_owned(), "b".to_owned()];
        let curve = figures(&labels, &[prediction(0, &[], [0.65, 0.35])], 0.0).curve;
        assert_eq!((curve[12].coverage, curve[12].precision), (1.0, Some(1.0)));
        assert_eq!((curve[14].coverage, curve[14].precision), (0.0, None));
    }

    #[test]
    fn no_headlines_give_zeros() {
        let figures = figures(&["a".to_owned()], &[], 0.0);
        assert_eq!((figures.headlines, figures.accuracy, figures.macro_f1), (0, 0.0, 0.0));
    }
}
