//! What models say of headlines of sources that they have not seen, and how good that is.

use rayon::prelude::*;

use super::calibrate::{Calibration, calibrate};
use super::corpus::Split;
use super::evaluate::{Figures, Prediction, figures};
use crate::news::model::highest;

/// The scores of one held-out headline.
#[derive(Debug, Clone)]
pub struct HeldOut {
    pub split: Split,
    pub label: usize,
    pub also: Vec<usize>,
    pub scores: Vec<f64>,
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

impl UnseenSources {
    /// The figures of all folds together, the confidence of each calibrated on the others.
    pub fn of(labels: &[String], held_out: &[Vec<HeldOut>], by_source: bool) -> UnseenSources {
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
            figures(labels, &predictions, 0.0)
        };
        UnseenSources { by_source, train: of_split(Split::Train), dev: of_split(Split::Dev) }
    }
}

fn prediction(headline: &HeldOut, calibration: &Calibration) -> Prediction {
    let probabilities = calibration.probabilities(&headline.scores);
    let (chosen, _) = highest(&probabilities);
    Prediction { truth: headline.label, also: headline.also.clone(), chosen, probabilities }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folds_confidence_is_calibrated_on_the_others_alone() {
        // The same scores, right 70 times in a hundred in one fold and 95 times in the other.
        let fold = |right: usize| {
            let label = |n: usize| usize::from(n >= right);
            let scores = vec![2.0, 0.0];
            let headline = |n| HeldOut {
                split: Split::Train,
                label: label(n),
                also: Vec::new(),
                scores: scores.clone(),
            };
            (0..100).map(headline).collect()
        };
        let labels = ["economy".to_owned(), "other".to_owned()];
        let error = UnseenSources::of(&labels, &[fold(70), fold(95)], true).train.calibration_error;
        assert!(error > 0.2, "{error}: a fold that has seen itself is as sure as it is right");
    }
}
