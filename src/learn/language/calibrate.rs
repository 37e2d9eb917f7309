//! Probabilities that keep their word, fitted on texts that the n-grams were not counted from.

use crate::news::language::belief::{Belief, Calibration, FEATURES, OpinionWeights, Tally};
use crate::news::language::second_opinion::Opinion;

/// A text that the n-grams were not counted from, and what was heard of it.
#[derive(Debug, Clone)]
pub struct Heard {
    pub tally: Tally,
    /// The own language's class, or `None` for a stranger.
    pub truth: Option<usize>,
    /// How much the text counts.
    pub weight: f64,
    pub opinion: Option<(Option<usize>, Opinion)>,
}

/// How sure the n-grams are at most for whatlang's word to be fitted on a text: a little more than the doubt in
/// which it is asked, to have enough of them.
const FITTED_DOUBT: f64 = 0.97;
/// Keeps the regression's weights finite where the classes part without an error.
const RIDGE: f64 = 1e-6;

/// Fits all figures: temperature, then the regression for strangers, then whatlang's weight where there is doubt.
pub fn calibrate(heard: &[Heard], own: usize) -> Calibration {
    let known = fit_known(heard, own);
    let opinion = OpinionWeights { own: [0.0; 2], stranger: [0.0; 2] };
    let mut calibration = Calibration { temperature: [1.0, 0.5], known, opinion };
    let ours: Vec<&Heard> = heard.iter().filter(|text| text.truth.is_some()).collect();
    let with_temperature = |figures: &[f64]| Calibration {
        temperature: [
            figures.first().map_or(1.0, |x| x.abs()),
            figures.get(1).map_or(0.0, |x| x.abs()) + 1e-3,
        ],
        known: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 50.0],
        opinion,
    };
    let fitted = descend(&[1.0, 0.5], |figures| {
        let calibration = with_temperature(figures);
        ours.iter()
            .map(|text| text.weight * surprise(&calibration.believe(&text.tally, own), text.truth))
            .sum()
    });
    calibration.temperature = with_temperature(&fitted).temperature;
    let doubtful: Vec<(&Heard, Belief)> = heard
        .iter()
        .map(|text| (text, calibration.believe(&text.tally, own)))
        .filter(|(_, belief)| belief.best().1 < FITTED_DOUBT)
        .collect();
    let weights = |figures: &[f64]| {
        let at = |place: usize| figures.get(place).copied().unwrap_or_default();
        OpinionWeights { own: [at(0), at(1)], stranger: [at(2), at(3)] }
    };
    let fitted = descend(&[0.0, 1.0, 0.0, 1.0], |figures| {
        let weights = weights(figures);
        let surprises = doubtful.iter().map(|(text, belief)| {
            let mut belief = belief.clone();
            if let Some((class, opinion)) = text.opinion {
                belief.hear(class, opinion.confidence, &weights);
            }
            text.weight * surprise(&belief, text.truth)
        });
        surprises.sum()
    });
    calibration.opinion = weights(&fitted);
    calibration
}

/// The negative logarithm of the probability that a belief gave to the truth.
fn surprise(belief: &Belief, truth: Option<usize>) -> f64 {
    let answer = truth.map_or(0, |class| class + 1);
    -belief.probabilities().nth(answer).unwrap_or(0.0).max(1e-12).ln()
}

/// Logistic regression by Newton's method: own language against stranger.
fn fit_known(heard: &[Heard], own: usize) -> [f64; FEATURES] {
    let rows: Vec<([f64; FEATURES], f64, f64)> = heard
        .iter()
        .map(|text| (text.tally.features(own), f64::from(u8::from(text.truth.is_some())), text.weight))
        .collect();
    let ridge = RIDGE * rows.iter().map(|(_, _, weight)| weight).sum::<f64>().max(1.0);
    let mut weights = [0.0; FEATURES];
    for _ in 0..25 {
        let mut system = [[0.0; FEATURES + 1]; FEATURES];
        for (place, (equation, weight)) in system.iter_mut().zip(&weights).enumerate() {
            if let Some(diagonal) = equation.get_mut(place) {
                *diagonal = ridge;
            }
            if let Some(right) = equation.last_mut() {
                *right = -ridge * weight;
            }
        }
        for (figures, truth, weight) in &rows {
            let logit: f64 = figures.iter().zip(&weights).map(|(figure, weight)| figure * weight).sum();
            let probability = 1.0 / (1.0 + (-logit).exp());
            let slope = weight * probability * (1.0 - probability);
            let error = weight * (truth - probability);
            for (equation, figure) in system.iter_mut().zip(figures) {
                let terms = figures.iter().map(|other| slope * other).chain(std::iter::once(error));
                equation.iter_mut().zip(terms).for_each(|(cell, term)| *cell += figure * term);
            }
        }
        let step = solve(system);
        weights.iter_mut().zip(step).for_each(|(weight, step)| *weight += step);
    }
    weights
}

/// Solves a positive definite system, each equation with its right side last, by Gaussian elimination.
fn solve(mut system: [[f64; FEATURES + 1]; FEATURES]) -> [f64; FEATURES] {
    for pivot in 0..FEATURES {
        let Some(&leading) = system.get(pivot) else { continue };
        let Some(&divisor) = leading.get(pivot) else { continue };
        for (place, equation) in system.iter_mut().enumerate() {
            let factor =
                if place == pivot { 0.0 } else { equation.get(pivot).copied().unwrap_or(0.0) / divisor };
            equation.iter_mut().zip(&leading).for_each(|(cell, &above)| *cell -= factor * above);
        }
    }
    let mut solution = [0.0; FEATURES];
    for (place, (value, equation)) in solution.iter_mut().zip(&system).enumerate() {
        *value = equation.last().copied().unwrap_or(0.0) / equation.get(place).copied().unwrap_or(1.0);
    }
    solution
}

/// Minimises `cost` by pattern search (Hooke and Jeeves 1961, without its pattern moves): each figure in turn is
/// moved a step either way while that helps, and the steps are halved when nothing does.
fn descend(start: &[f64], cost: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut figures = start.to_vec();
    let mut least = cost(&figures);
    let mut step = 1.0;
    while step > 0.01 {
        let mut moved = false;
        for place in 0..figures.len() {
            for change in [step, -step] {
                let mut tried = figures.clone();
                if let Some(figure) = tried.get_mut(place) {
                    *figure += change;
                }
                let found = cost(&tried);
                if found < least {
                    (figures, least, moved) = (tried, found, true);
                    break;
                }
            }
        }
        if !moved {
            step /= 2.0;
        }
    }
    figures
}
