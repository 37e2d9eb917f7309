//! Counts of n-grams and words to the weights of naive Bayes.
//!
//! One multinomial naive Bayes for each length of n-gram and one for whole words, whose weighted log-likelihoods
//! add up. Smoothing is a Dirichlet prior: each class starts with pseudo-counts shared out as the average language
//! shares its n-grams, so that what a class has not seen says nothing for or against it, and a stranger with a
//! thousand sentences stands beside a language with a hundred thousand headlines. Weights are against that average
//! language.

use ndarray::Array2;
use rustc_hash::{FxHashMap, FxHashSet};

use super::counts::Counts;
use crate::learn::bayes::{BayesError, feature_log_probabilities};
use crate::news::language::table::{FAMILIES, Key, NgramTable, ending, family};

/// How many n-grams and words are kept: those that tell most. With their weights learned (`attributes.rs`) 60,000 are
/// right more often than 32,768, and no slower: the longest known n-gram is found sooner.
const TABLE_SIZE: usize = 60_000;
/// The pseudo-counts of a class, by n-gram length, words last: how many n-grams of the average language it starts
/// with. Ten times fewer or more each cost 0.1 points of strangers told or of own headlines right.
const PSEUDO_COUNTS: [f64; FAMILIES] = [100.0, 500.0, 2_000.0, 5_000.0, 2_000.0];
/// What an n-gram's log-likelihood counts, by its length, words last: the short ones repeat what the long ones say,
/// and a function word tells most of all.
const FAMILY_WEIGHTS: [f64; FAMILIES] = [0.2, 0.5, 1.0, 1.5, 4.0];
/// An n-gram that an own language shows less often than this is left out, a typing error as often as not.
const LEAST_OWN_COUNT: f32 = 8.0;
/// The same for a stranger, whose text is shorter.
const LEAST_STRANGER_COUNT: f32 = 1.9;
/// One step of the weights in nats: a summed weight stays within ±127 steps, and rounding costs a tenth of a nat
/// on a whole headline.
pub const QUANTUM: f64 = 0.15;

/// A class's counts, and how many n-grams and words of each family they are.
#[derive(Debug)]
pub struct Class {
    counts: Counts,
    totals: [f64; FAMILIES],
}

impl Class {
    pub fn new(counts: Counts) -> Class {
        // Sorted, for a sum of floats depends on its order.
        let mut by_size: Vec<(f32, usize)> =
            counts.iter().map(|(&key, &count)| (count, family(key))).collect();
        by_size.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let mut totals = [0.0; FAMILIES];
        for (count, of) in by_size {
            if let Some(total) = totals.get_mut(of - 1) {
                *total += f64::from(count);
            }
        }
        Class { counts, totals }
    }

    fn count(&self, key: Key) -> f64 {
        f64::from(self.counts.get(&key).copied().unwrap_or_default())
    }

    fn total(&self, of: usize) -> f64 {
        figure_of(&self.totals, of)
    }
}

/// An n-gram that is kept, or may be.
#[derive(Debug)]
pub struct Candidate {
    key: Key,
    /// Its share of the n-grams of its length in the average language.
    share: f64,
    /// How much a position of a text tells by it, in nats: what its weights are, times how often it is met.
    tells: f64,
}

/// The n-grams and words that tell most, in the order of a table's rows; the first `own` classes are the model's own
/// languages.
pub fn choose(classes: &[&Class], own: usize) -> Vec<Candidate> {
    let mut kept = Vec::new();
    for of in 1..=FAMILIES {
        kept.extend(candidates(classes, own, of));
    }
    kept.sort_by(|one, other| other.tells.total_cmp(&one.tells).then(one.key.cmp(&other.key)));
    kept.truncate(TABLE_SIZE);
    // The most frequent first: their rows share cache lines.
    kept.sort_by(|one, other| other.share.total_cmp(&one.share).then(one.key.cmp(&other.key)));
    kept
}

/// The rows of what was kept, one weight a class in nats: an n-gram's own weights and those of its shorter endings;
/// a word's own alone.
pub fn rows(kept: &[Candidate], classes: &[&Class]) -> Result<Vec<f32>, BayesError> {
    let mut weights: FxHashMap<Key, Vec<f64>> = FxHashMap::default();
    for of in 1..=FAMILIES {
        let of_family: Vec<&Candidate> = kept.iter().filter(|n_gram| family(n_gram.key) == of).collect();
        fit_family(&of_family, classes, of, &mut weights)?;
    }
    Ok(summed(kept, &weights, classes.len()))
}

/// The table of what was kept, its rows in nats.
pub fn table(kept: &[Candidate], rows: &[f32], classes: usize) -> NgramTable {
    let step = |nats: &f32| (f64::from(*nats) / QUANTUM).round().clamp(-127.0, 127.0) as i8;
    let steps: Vec<i8> = rows.iter().map(step).collect();
    NgramTable::new(kept.iter().map(|n_gram| n_gram.key).collect(), &steps, classes)
}

/// A class's part in the average language: own languages together and strangers together are half of it each.
fn part(class: usize, own: usize, classes: usize) -> f64 {
    match (class < own, classes - own) {
        (true, 0) => 1.0 / own as f64,
        (true, _) => 0.5 / own as f64,
        (false, strangers) => 0.5 / strangers as f64,
    }
}

/// The n-grams or words of one family that are frequent enough, and how much each tells.
fn candidates(classes: &[&Class], own: usize, of: usize) -> Vec<Candidate> {
    let totals: Vec<f64> = classes.iter().map(|class| class.total(of).max(1.0)).collect();
    let mut keys: FxHashSet<Key> = FxHashSet::default();
    for (number, class) in classes.iter().enumerate() {
        let least = if number < own { LEAST_OWN_COUNT } else { LEAST_STRANGER_COUNT };
        let frequent = class.counts.iter().filter(|&(&key, &count)| count >= least && family(key) == of);
        keys.extend(frequent.map(|(&key, _)| key));
    }
    let pseudo = figure_of(&PSEUDO_COUNTS, of);
    let weight = figure_of(&FAMILY_WEIGHTS, of);
    let mut keys: Vec<Key> = keys.into_iter().collect();
    keys.sort_unstable();
    let candidate = |key: Key| {
        let counted = || classes.iter().zip(&totals).enumerate();
        let part = |number: usize| part(number, own, classes.len());
        let shares = counted().map(|(number, (class, total))| part(number) * class.count(key) / total);
        let share: f64 = shares.sum();
        let tells = counted().map(|(number, (class, total))| {
            let probability = (class.count(key) + pseudo * share) / (total + pseudo);
            part(number) * probability * (probability / share).ln().abs() * weight
        });
        Candidate { key, share, tells: tells.sum() }
    };
    keys.into_iter().map(candidate).collect()
}

fn figure_of(figures: &[f64; FAMILIES], of: usize) -> f64 {
    figures.get(of - 1).copied().unwrap_or_default()
}

/// Fits the n-grams or words of one family and puts their weights, one a class, into `weights`.
fn fit_family(
    kept: &[&Candidate],
    classes: &[&Class],
    of: usize,
    weights: &mut FxHashMap<Key, Vec<f64>>,
) -> Result<(), BayesError> {
    if kept.is_empty() {
        return Ok(());
    }
    let pseudo = figure_of(&PSEUDO_COUNTS, of);
    let kept_share: f64 = kept.iter().map(|n_gram| n_gram.share).sum();
    // The last column holds the counts of the n-grams that are left out.
    let mut sums = Array2::zeros((classes.len(), kept.len() + 1));
    for (class, mut row) in classes.iter().zip(sums.rows_mut()) {
        let mut left_out = class.total(of) + pseudo * (1.0 - kept_share).max(0.0);
        for (n_gram, cell) in kept.iter().zip(row.iter_mut()) {
            let count = class.count(n_gram.key);
            left_out -= count;
            *cell = count + pseudo * n_gram.share;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left_out.max(0.0);
        }
    }
    let fitted = feature_log_probabilities(&sums)?;
    let weight = figure_of(&FAMILY_WEIGHTS, of);
    for (n_gram, column) in kept.iter().zip(fitted.columns()) {
        let against_average = column.iter().map(|log| (log - n_gram.share.ln()) * weight);
        weights.insert(n_gram.key, against_average.collect());
    }
    Ok(())
}

fn summed(kept: &[Candidate], weights: &FxHashMap<Key, Vec<f64>>, classes: usize) -> Vec<f32> {
    let mut rows = Vec::with_capacity(kept.len() * classes);
    for n_gram in kept {
        let keys: Vec<Key> = match family(n_gram.key) {
            FAMILIES => vec![n_gram.key],
            length => (1..=length).map(|length| ending(n_gram.key, length)).collect(),
        };
        let endings = keys.iter().filter_map(|key| weights.get(key));
        let mut sum = vec![0.0; classes];
        endings.for_each(|weights| sum.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight));
        rows.extend(sum.iter().map(|&nats| nats as f32));
    }
    rows
}
