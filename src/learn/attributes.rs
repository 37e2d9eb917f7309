//! What each term counts for each topic: class-specific attribute weights (Jiang et al. 2019, "Class-specific
//! attribute weighted naive Bayes"), found by gradient descent on the conditional likelihood with the weights held
//! to one.
//!
//! A family's weight is right for its terms on average; a name that says more than its family, or a word that
//! misleads on sources that it was not counted on, gets a weight of its own where there are headlines enough to
//! tell.

use rayon::prelude::*;

use super::descent::{AttributeDescent, Descent};
use super::weigh::{FamilyWeighting, importance};
use crate::news::model::soft_max;
use crate::news::tokens::Family;

/// One headline's terms with their centred log-probabilities.
#[derive(Debug, Clone)]
pub struct Row {
    pub label: usize,
    pub terms: Vec<(u32, Family)>,
    /// Topics of each term in turn.
    pub values: Vec<f32>,
}

/// A weight for each term and topic, topics of each term in turn, and the score that each topic starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributes {
    pub weights: Vec<f32>,
    pub bias: Vec<f64>,
}

/// How strongly a weight is held to one: chosen by cross-validation by source.
const RIDGE: f32 = 3.0;
const STEPS: i32 = 40;
const STEP_SIZE: f32 = 0.1;
/// A step of the bias is so much of a step of the weights.
const BIAS_STEP: f64 = 0.02;
/// No term may count more than this many times what its family does: what the file can hold.
const MOST: f32 = 255.0 / 64.0;

impl Attributes {
    /// The scores of a headline.
    pub fn scores(&self, row: &Row, weighting: &FamilyWeighting) -> Vec<f64> {
        let labels = weighting.labels;
        let mut scores = self.bias.clone();
        for (&(term, family), values) in row.terms.iter().zip(row.values.chunks(labels)) {
            let own = self.weights.get(term as usize * labels..).unwrap_or_default();
            let family = weighting.weights.get(family as usize * labels..).unwrap_or_default();
            for (((score, value), own), family) in scores.iter_mut().zip(values).zip(own).zip(family) {
                *score += family * f64::from(own * value);
            }
        }
        scores
    }
}

/// The attribute weights of `terms` terms that make the labels of `rows` most likely.
pub fn weigh_terms(rows: &[Row], weighting: &FamilyWeighting, terms: usize, balance: f64) -> Attributes {
    let labels = weighting.labels;
    let mut attributes = Attributes { weights: vec![1.0; terms * labels], bias: weighting.bias.clone() };
    let importance = importance(rows.iter().map(|row| row.label), labels, balance);
    let mut descent = AttributeDescent::new(terms * labels, STEP_SIZE, MOST);
    let mut bias_descent = Descent::new(labels);
    for step in 1..=STEPS {
        let errors: Vec<Vec<f64>> =
            rows.par_iter().map(|row| error(row, weighting, &attributes, &importance)).collect();
        let mut slopes = vec![0.0f32; terms * labels];
        let mut bias_slope = vec![0.0; labels];
        for (row, error) in rows.iter().zip(&errors) {
            bias_slope.iter_mut().zip(error).for_each(|(slope, error)| *slope += error);
            for (&(term, family), values) in row.terms.iter().zip(row.values.chunks(labels)) {
                let slopes = slopes.iter_mut().skip(term as usize * labels);
                let family = weighting.weights.get(family as usize * labels..).unwrap_or_default();
                for (((slope, value), error), family) in slopes.zip(values).zip(error).zip(family) {
                    *slope += (error * family) as f32 * value;
                }
            }
        }
        // A weight that no headline has moved stays one.
        slopes
            .iter_mut()
            .zip(&attributes.weights)
            .for_each(|(slope, weight)| *slope += RIDGE * (weight - 1.0));
        descent.step(&mut attributes.weights, &slopes, step);
        let moves = bias_descent.moves(&bias_slope, step, BIAS_STEP);
        attributes.bias.iter_mut().zip(moves).for_each(|(bias, step)| *bias -= step);
    }
    attributes
}

/// How far a headline's probabilities are from its label, weighted by how much it counts.
fn error(row: &Row, weighting: &FamilyWeighting, attributes: &Attributes, importance: &[f64]) -> Vec<f64> {
    let mut error = attributes.scores(row, weighting);
    soft_max(&mut error);
    if let Some(own) = error.get_mut(row.label) {
        *own -= 1.0;
    }
    let weight = importance.get(row.label).copied().unwrap_or(1.0);
    error.iter_mut().for_each(|error| *error *= weight);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_that_misleads_counts_less_and_one_that_tells_counts_more() {
        // Term 0 says label 0 and is right; term 1 says label 0 and is wrong half of the time.
        let row = |label, term| Row { label, terms: vec![(term, Family::Word)], values: vec![1.0, -1.0] };
        let rows: Vec<Row> = (0..200).flat_map(|n| [row(0, 0), row(n % 2, 1)]).collect();
        let mut weights = vec![0.0; Family::COUNT * 2];
        weights[..2].copy_from_slice(&[0.5, 0.5]);
        let weighting = FamilyWeighting { labels: 2, weights, bias: vec![0.0; 2] };
        let attributes = weigh_terms(&rows, &weighting, 3, 0.0);
        assert!(attributes.weights[0] > 1.5, "{attributes:?}");
        assert!(attributes.weights[2] < 0.7, "{attributes:?}");
        assert_eq!(attributes.weights[4], 1.0, "a term that never stood keeps its family's weight");
    }
}
