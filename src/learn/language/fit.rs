//! N-gram counts to the weights of naive Bayes.
//!
//! One multinomial naive Bayes for each length of n-gram, whose weighted log-likelihoods add up. Smoothing is a
//! Dirichlet prior: each class starts with pseudo-counts shared out as the average language shares its n-grams, so
//! that what a class has not seen says nothing for or against it, and a stranger with a thousand sentences stands
//! beside a language with a hundred thousand headlines. Weights are against that average language.

use ndarray::Array2;
use rustc_hash::{FxHashMap, FxHashSet};

use super::counts::Counts;
use crate::learn::bayes::{BayesError, feature_log_probabilities};
use crate::news::language::table::{Key, LONGEST, NgramTable, ending};

/// How many n-grams are kept: those that tell most.
const TABLE_SIZE: usize = 60_000;
/// The pseudo-counts of a class, by n-gram length: how many n-grams of the average language it starts with. Ten
/// times fewer or more each cost 0.1 points of strangers told or of own headlines right.
const PSEUDO_COUNTS: [f64; LONGEST] = [100.0, 500.0, 2_000.0, 5_000.0];
/// What an n-gram's log-likelihood counts, by its length: the short ones repeat what the long ones say.
const LENGTH_WEIGHTS: [f64; LONGEST] = [0.2, 0.5, 1.0, 1.5];
/// An n-gram that an own language shows less often than this is left out, a typing error as often as not.
const LEAST_OWN_COUNT: f32 = 8.0;
/// The same for a stranger, whose text is shorter.
const LEAST_STRANGER_COUNT: f32 = 1.9;
/// One step of the weights in nats: a summed weight stays within ±127 steps, and rounding costs a tenth of a nat
/// on a whole headline.
pub const QUANTUM: f64 = 0.15;

/// An n-gram: its share in the average language, how much it tells, and its weights, one a class.
struct Kept {
    key: Key,
    share: f64,
    tells: f64,
    weights: Vec<f64>,
}

/// Makes the table from each class's counts; the first `own` classes are the model's own languages.
pub fn fit(classes: &[Counts], own: usize) -> Result<NgramTable, BayesError> {
    let mut kept = Vec::new();
    for length in 1..=LONGEST {
        kept.extend(fit_length(classes, own, length)?);
    }
    kept.sort_by(|one, other| other.tells.total_cmp(&one.tells).then(one.key.cmp(&other.key)));
    kept.truncate(TABLE_SIZE);
    kept.sort_by(|one, other| other.share.total_cmp(&one.share).then(one.key.cmp(&other.key)));
    Ok(summed(&kept, classes.len()))
}

/// A class's part in the average language: own languages together and strangers together are half of it each.
fn part(class: usize, own: usize, classes: usize) -> f64 {
    match (class < own, classes - own) {
        (true, 0) => 1.0 / own as f64,
        (true, _) => 0.5 / own as f64,
        (false, strangers) => 0.5 / strangers as f64,
    }
}

fn length_of(key: Key) -> usize {
    LONGEST - key.leading_zeros() as usize / 16
}

/// Fits the n-grams of one length.
fn fit_length(classes: &[Counts], own: usize, length: usize) -> Result<Vec<Kept>, BayesError> {
    let mut keys: FxHashSet<Key> = FxHashSet::default();
    for (class, counts) in classes.iter().enumerate() {
        let least = if class < own { LEAST_OWN_COUNT } else { LEAST_STRANGER_COUNT };
        let frequent = counts.iter().filter(|&(&key, &count)| count >= least && length_of(key) == length);
        keys.extend(frequent.map(|(&key, _)| key));
    }
    let mut keys: Vec<Key> = keys.into_iter().collect();
    keys.sort_unstable();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // The last column holds the counts of the n-grams that are left out.
    let mut sums = Array2::zeros((classes.len(), keys.len() + 1));
    let mut shares = vec![0.0; keys.len() + 1];
    for (class, (counts, mut row)) in classes.iter().zip(sums.rows_mut()).enumerate() {
        let mut of_length: Vec<(Key, f32)> = counts
            .iter()
            .filter(|&(&key, _)| length_of(key) == length)
            .map(|(&key, &count)| (key, count))
            .collect();
        of_length.sort_unstable_by_key(|&(key, _)| key);
        let total: f64 = of_length.iter().map(|&(_, count)| f64::from(count)).sum();
        let mut left_out = total;
        for (&key, cell) in keys.iter().zip(row.iter_mut()) {
            let count = f64::from(counts.get(&key).copied().unwrap_or_default());
            left_out -= count;
            *cell = count;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left_out.max(0.0);
        }
        let part = part(class, own, classes.len()) / total.max(1.0);
        shares.iter_mut().zip(&row).for_each(|(share, count)| *share += part * count);
    }
    let pseudo = PSEUDO_COUNTS.get(length - 1).copied().unwrap_or_default();
    for mut row in sums.rows_mut() {
        row.iter_mut().zip(&shares).for_each(|(cell, share)| *cell += pseudo * share);
    }
    let fitted = feature_log_probabilities(&sums)?;
    let weight = LENGTH_WEIGHTS.get(length - 1).copied().unwrap_or_default();
    let kept = keys.into_iter().zip(shares).zip(fitted.columns());
    Ok(kept
        .map(|((key, share), column)| {
            let weights: Vec<f64> = column.iter().map(|log| (log - share.ln()) * weight).collect();
            let probabilities = column.iter().enumerate();
            let parts = probabilities.map(|(class, log)| part(class, own, classes.len()) * log.exp());
            let tells = parts.zip(&weights).map(|(part, weight)| part * weight.abs()).sum();
            Kept { key, share, tells, weights }
        })
        .collect())
}

/// Rows of summed weights: an n-gram's own and those of its shorter endings.
fn summed(kept: &[Kept], classes: usize) -> NgramTable {
    let weights_of: FxHashMap<Key, &[f64]> =
        kept.iter().map(|n_gram| (n_gram.key, &*n_gram.weights)).collect();
    let mut rows = Vec::with_capacity(kept.len() * classes);
    for n_gram in kept {
        let endings =
            (1..=length_of(n_gram.key)).filter_map(|length| weights_of.get(&ending(n_gram.key, length)));
        let mut sum = vec![0.0; classes];
        endings.for_each(|weights| sum.iter_mut().zip(*weights).for_each(|(sum, weight)| *sum += weight));
        rows.extend(sum.iter().map(|nats| (nats / QUANTUM).round().clamp(-127.0, 127.0) as i8));
    }
    NgramTable::new(kept.iter().map(|n_gram| n_gram.key).collect(), &rows, classes)
}
