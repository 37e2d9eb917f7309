//! What was counted and learned to the weights of a model file.

use super::bayes::BayesError;
use super::documents::{Counts, Vocabulary};
use super::fit;
use super::multinomials::{FamilyTotals, Multinomials};
use super::train::{Learned, TrainSettings};
use crate::news::lexicon::Lexicon;
use crate::news::model::{ATTRIBUTE_STEPS, FamilyWeights, TermWeights, Weights};
use crate::news::tokens::Family;

/// Has linfa fit the terms that are worth keeping, family by family.
pub fn assemble(
    vocabulary: &Vocabulary,
    counts: &Counts,
    learned: &Learned,
    lexicon: Lexicon,
    settings: &TrainSettings,
) -> Result<Weights, BayesError> {
    let labels = counts.labels;
    let kept = worth_keeping(vocabulary, counts, learned, settings);
    let mut families = Vec::new();
    let mut rows: Vec<(TermWeights, Vec<u16>, Vec<u8>)> = Vec::with_capacity(kept.len());
    for family in Family::ALL {
        let of_family = |term: &&u32| vocabulary.families.get(**term as usize) == Some(&family);
        let terms: Vec<u32> = kept.iter().filter(of_family).copied().collect();
        let columns: Vec<f32> = terms.iter().flat_map(|&term| counts.row(term)).copied().collect();
        let mut totals = vec![0.0; labels];
        for row in columns.chunks(labels) {
            totals.iter_mut().zip(row).for_each(|(total, count)| *total += count);
        }
        let fitted = fit::log_probabilities(&columns, labels, settings.alpha)?;
        for (&term, log_probabilities) in terms.iter().zip(fitted.chunks(labels)) {
            let key = vocabulary.keys.get(term as usize).copied().unwrap_or_default();
            let attributes = learned.attributes.weights.iter().skip(term as usize * labels).take(labels);
            let steps =
                attributes.map(|weight| (f64::from(*weight) * ATTRIBUTE_STEPS).round() as u8).collect();
            rows.push((TermWeights { key, family: family as u8 }, fit::surprise(log_probabilities), steps));
        }
        let weights = learned.weighting.weights.iter().skip(family as usize * labels).take(labels);
        families.push(FamilyWeights {
            weights: weights.map(|&weight| weight as f32).collect(),
            alpha: settings.alpha,
            totals,
            terms: terms.len() as u32,
        });
    }
    let bias = learned.attributes.bias.iter().map(|&bias| bias as f32).collect();
    Ok(Weights::new(families, bias, rows, lexicon))
}

/// The terms that move headlines most: by how often a term was seen times how far it moves a score.
fn worth_keeping(
    vocabulary: &Vocabulary,
    counts: &Counts,
    learned: &Learned,
    settings: &TrainSettings,
) -> Vec<u32> {
    let labels = counts.labels;
    let totals = FamilyTotals::of(counts, vocabulary);
    let multinomials = Multinomials::new((counts, &totals), &[], vocabulary, settings.alpha);
    let mut row = vec![0.0; labels];
    let mut ranked: Vec<(f64, u32)> = Vec::new();
    for term in 0..vocabulary.keys.len() as u32 {
        let Some(family) = multinomials.centred(term, &mut row) else {
            continue;
        };
        let weights = learned.weighting.weights.iter().skip(family as usize * labels);
        let attributes = learned.attributes.weights.iter().skip(term as usize * labels);
        let moved = row.iter().zip(weights).zip(attributes);
        let moved = moved.map(|((value, weight), own)| f64::from(value * own) * weight);
        let (least, most) = moved.fold((0.0f64, 0.0f64), |(low, high), one| (low.min(one), high.max(one)));
        let seen: f32 = counts.row(term).iter().sum();
        ranked.push((f64::from(seen) * (most - least), term));
    }
    ranked.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
    ranked.truncate(settings.most_terms);
    let moving = ranked.into_iter().filter(|(moved, _)| *moved > 0.0);
    let mut kept: Vec<u32> = moving.map(|(_, term)| term).collect();
    kept.sort_unstable();
    kept
}
