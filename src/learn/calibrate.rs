//! Confidence that is a probability: one temperature for a model's scores (Guo et al. 2017, "On calibration of
//! modern neural networks"), fitted on headlines of sources that the scores have not seen.

use super::train::{HeldOut, Learned};
use crate::news::model::soft_max;

/// What scores are multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    pub factor: f64,
}

/// The factors that are tried.
const FACTORS: std::ops::RangeInclusive<u32> = 30..=300;

/// The factor under which the share of headlines that are right is nearest to the mean confidence, bin by bin.
pub fn calibrate(held_out: &[HeldOut]) -> Calibration {
    let mut best = (f64::INFINITY, 1.0);
    for hundredths in FACTORS {
        let factor = f64::from(hundredths) / 100.0;
        let loss = surprise(held_out, &Calibration { factor });
        if loss < best.0 {
            best = (loss, factor);
        }
    }
    Calibration { factor: best.1 }
}

/// The mean surprise at whether the most probable topic is the right one, in nats.
fn surprise(held_out: &[HeldOut], calibration: &Calibration) -> f64 {
    let of = |headline: &HeldOut| {
        let probabilities = calibration.probabilities(&headline.scores);
        let highest = probabilities.iter().copied().fold(0.0, f64::max);
        let right = probabilities.get(headline.label).is_some_and(|&own| own >= highest);
        let probability: f64 = if right { highest } else { 1.0 - highest };
        -probability.max(1e-12).ln()
    };
    held_out.iter().map(of).sum::<f64>() / held_out.len().max(1) as f64
}

impl Calibration {
    pub fn probabilities(&self, scores: &[f64]) -> Vec<f64> {
        let mut scaled: Vec<f64> = scores.iter().map(|score| score * self.factor).collect();
        soft_max(&mut scaled);
        scaled
    }

    /// What was learned, so that its scores need no further calibration.
    pub fn apply(&self, mut learned: Learned) -> Learned {
        learned.weighting.weights.iter_mut().for_each(|weight| *weight *= self.factor);
        learned.weighting.bias.iter_mut().for_each(|bias| *bias *= self.factor);
        learned.attributes.bias.iter_mut().for_each(|bias| *bias *= self.factor);
        learned
    }
}
