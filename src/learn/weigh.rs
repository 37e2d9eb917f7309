//! How much each family of terms counts: attribute-weighted naive Bayes (Zaidi et al. 2013, "Alleviating naive
//! Bayes attribute independence assumption by attribute weighting"), one weight a family and topic.
//!
//! The families overlap (a word, the pair it stands in, what the lexicon says of it), so counting each in full
//! counts the same evidence several times. The weights are those with the highest conditional likelihood on
//! headlines whose own source the probabilities have not seen, so that they also make the scores probabilities.

use rayon::prelude::*;

use super::descent::Descent;
use crate::news::tokens::Family;

/// A headline's log-probabilities, summed by family.
#[derive(Debug, Clone)]
pub struct Sums {
    pub label: usize,
    /// Topics of each family in turn.
    pub sums: Vec<f32>,
}

/// How much each family counts, and the score that each topic starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyWeighting {
    pub labels: usize,
    /// Topics of each family in turn; none is negative.
    pub weights: Vec<f64>,
    pub bias: Vec<f64>,
}

/// Steps of gradient descent; on the corpus nothing moves by more than a thousandth after them.
const STEPS: i32 = 150;
const STEP_SIZE: f64 = 0.02;
/// How strongly a family's weights are held to their mean over topics: chosen by cross-validation by source.
const RIDGE: f64 = 500.0;
const FIRST_WEIGHT: f64 = 0.1;

impl FamilyWeighting {
    /// A headline's scores.
    pub fn scores(&self, sums: &[f32]) -> Vec<f64> {
        let mut scores = self.bias.clone();
        for (weights, sums) in self.weights.chunks(self.labels).zip(sums.chunks(self.labels)) {
            for ((score, weight), &sum) in scores.iter_mut().zip(weights).zip(sums) {
                *score += weight * f64::from(sum);
            }
        }
        scores
    }

    /// A headline's probabilities.
    pub fn probabilities(&self, sums: &[f32]) -> Vec<f64> {
        let mut scores = self.scores(sums);
        crate::news::model::soft_max(&mut scores);
        scores
    }
}

/// The weights with the highest likelihood on `headlines`, where a headline counts by how rare its label is, to
/// the power of `balance` (0: all the same; 1: each label's headlines together weigh the same).
pub fn weigh(headlines: &[Sums], labels: usize, balance: f64) -> FamilyWeighting {
    let size = Family::COUNT * labels;
    let mut weighting =
        FamilyWeighting { labels, weights: vec![FIRST_WEIGHT; size], bias: vec![0.0; labels] };
    let importance = importance(headlines.iter().map(|headline| headline.label), labels, balance);
    let mut descent = Descent::new(size + labels);
    for step in 1..=STEPS {
        let mut gradient = gradient(headlines, &weighting, &importance);
        for (slope, weights) in gradient.chunks_mut(labels).zip(weighting.weights.chunks(labels)) {
            let mean = weights.iter().sum::<f64>() / labels as f64;
            slope.iter_mut().zip(weights).for_each(|(slope, weight)| *slope += RIDGE * (weight - mean));
        }
        let moves = descent.moves(&gradient, step, STEP_SIZE);
        let (weights, bias) = moves.split_at(size);
        weighting
            .weights
            .iter_mut()
            .zip(weights)
            .for_each(|(weight, step)| *weight = (*weight - step).max(0.0));
        // A bias is worth a few whole nats where a weight is worth a fraction.
        weighting.bias.iter_mut().zip(bias).for_each(|(bias, step)| *bias -= 3.0 * step);
    }
    weighting
}

/// How much a headline of each label counts.
pub fn importance(of: impl Iterator<Item = usize>, labels: usize, balance: f64) -> Vec<f64> {
    let mut headlines = vec![0usize; labels];
    for label in of {
        if let Some(count) = headlines.get_mut(label) {
            *count += 1;
        }
    }
    let even = headlines.iter().sum::<usize>() as f64 / labels as f64;
    headlines.into_iter().map(|count| (even / count.max(1) as f64).powf(balance)).collect()
}

/// The slope of the negative log-likelihood by each weight, then by each bias.
fn gradient(headlines: &[Sums], weighting: &FamilyWeighting, importance: &[f64]) -> Vec<f64> {
    let size = weighting.weights.len() + weighting.labels;
    // Chunks of one size, added up in order: the same sum on any number of cores.
    let parts: Vec<Vec<f64>> = headlines
        .par_chunks(1024)
        .map(|chunk| {
            let mut slope = vec![0.0; size];
            for headline in chunk {
                let mut error = weighting.probabilities(&headline.sums);
                if let Some(own) = error.get_mut(headline.label) {
                    *own -= 1.0;
                }
                let weight = importance.get(headline.label).copied().unwrap_or(1.0);
                error.iter_mut().for_each(|error| *error *= weight);
                let by_family =
                    slope.chunks_mut(weighting.labels).zip(headline.sums.chunks(weighting.labels));
                for (slope, sums) in by_family {
                    for ((slope, error), &sum) in slope.iter_mut().zip(&error).zip(sums) {
                        *slope += error * f64::from(sum);
                    }
                }
                let bias = slope.iter_mut().skip(weighting.weights.len());
                bias.zip(&error).for_each(|(slope, error)| *slope += error);
            }
            slope
        })
        .collect();
    let mut sum = vec![0.0; size];
    for part in parts {
        sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two labels; the first family tells them, the second says the opposite as often as not.
    fn headlines() -> Vec<Sums> {
        let row = |label: usize, telling: f32, noise: f32| {
            let mut sums = vec![0.0; Family::COUNT * 2];
            sums[..4].copy_from_slice(&[telling, -telling, noise, -noise]);
            Sums { label, sums }
        };
        let rows = |n: usize| {
            let noise = if n.is_multiple_of(4) { 1.0 } else { -1.0 };
            let telling = if n.is_multiple_of(10) { -1.0 } else { 1.0 };
            [row(0, telling, noise), row(1, -telling, noise)]
        };
        (0..500).flat_map(rows).collect()
    }

    #[test]
    fn a_family_that_tells_counts_and_one_that_does_not_does_not() {
        let weighting = weigh(&headlines(), 2, 0.0);
        assert!(weighting.weights[0] > 0.5, "{:?}", weighting.weights);
        assert!(weighting.weights[2] < 0.05, "{:?}", weighting.weights);
    }

    #[test]
    fn probabilities_are_as_often_right_as_they_say() {
        // The telling family is right nine times in ten.
        let weighting = weigh(&headlines(), 2, 0.0);
        let mut sums = vec![0.0; Family::COUNT * 2];
        sums[..2].copy_from_slice(&[1.0, -1.0]);
        let probability = weighting.probabilities(&sums)[0];
        assert!((probability - 0.9).abs() < 0.02, "{probability}");
    }
}
