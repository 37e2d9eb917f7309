//! The fitting of one family's multinomial.

use ndarray::Array2;

use super::bayes::{BayesError, feature_log_probabilities};
use crate::news::model::SURPRISE_STEPS;

/// The log-probability of each term under each topic, term by term, topics of each in turn. `counts` has the same
/// shape; `alpha` is what smoothing adds to each.
pub fn log_probabilities(counts: &[f32], labels: usize, alpha: f32) -> Result<Vec<f64>, BayesError> {
    let terms = counts.len() / labels.max(1);
    if terms == 0 {
        return Ok(Vec::new());
    }
    let smoothed =
        |label, term: usize| counts.get(term * labels + label).copied().unwrap_or_default() + alpha;
    let rows = Array2::from_shape_fn((labels, terms), |(label, term)| f64::from(smoothed(label, term)));
    Ok(feature_log_probabilities(&rows)?.t().iter().copied().collect())
}

/// Log-probabilities in the model file's steps.
pub fn surprise(log_probabilities: &[f64]) -> Vec<u16> {
    log_probabilities.iter().map(|value| (-value * SURPRISE_STEPS).round() as u16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::bayes::joint_log_likelihoods;
    use crate::learn::documents::{Counts, Vocabulary};
    use crate::learn::multinomials::{FamilyTotals, Multinomials};
    use crate::news::tokens::Family;

    /// Headlines over seven terms of one family under three labels, from a small linear congruence.
    fn rows() -> Vec<(usize, [f64; 7])> {
        let mut state = 1u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        (0..60).map(|number| (number % 3, std::array::from_fn(|_| (draw() % 3) as f64))).collect()
    }

    fn summed(rows: &[(usize, [f64; 7])]) -> Vec<f32> {
        let mut counts = vec![0.0; 21];
        for (label, row) in rows {
            row.iter().enumerate().for_each(|(term, count)| counts[term * 3 + label] += *count as f32);
        }
        counts
    }

    #[test]
    fn summed_rows_score_as_linfa_scores_the_headlines() {
        let rows = rows();
        let log_probabilities = log_probabilities(&summed(&rows), 3, 0.3).expect("the counts can be fitted");
        let labels: Vec<usize> = rows.iter().map(|(label, _)| *label).collect();
        let records = Array2::from_shape_fn((rows.len(), 7), |(row, term)| rows[row].1[term]);
        let expected = joint_log_likelihoods(&records, &labels, 0.3).expect("the rows can be fitted");
        for (number, (_, row)) in rows.iter().enumerate() {
            for label in 0..3 {
                // Every label has twenty of the sixty headlines.
                let prior = (1.0f64 / 3.0).ln();
                let ours =
                    (0..7).map(|term| row[term] * log_probabilities[term * 3 + label]).sum::<f64>() + prior;
                let theirs = expected[(number, label)];
                assert!((ours - theirs).abs() < 1e-6, "{ours} is not linfa's {theirs}");
            }
        }
    }

    #[test]
    fn what_cross_validation_reads_is_what_linfa_fits() {
        let rows = rows();
        let summed = summed(&rows);
        let fitted = log_probabilities(&summed, 3, 0.3).expect("the counts can be fitted");
        let vocabulary = Vocabulary { keys: (0..7).collect(), families: vec![Family::Word; 7] };
        let counts = Counts { labels: 3, rows: summed };
        let totals = FamilyTotals::of(&counts, &vocabulary);
        let multinomials = Multinomials::new((&counts, &totals), &[], &vocabulary, 0.3);
        for (term, fitted) in (0..7).zip(fitted.chunks(3)) {
            let mut row = [0.0; 3];
            assert_eq!(multinomials.centred(term, &mut row), Some(Family::Word));
            let mean = fitted.iter().sum::<f64>() / 3.0;
            for (ours, theirs) in row.iter().zip(fitted) {
                assert!((f64::from(*ours) - (theirs - mean)).abs() < 1e-6);
            }
        }
    }
}
