//! A user's few hundred headlines merged into a model that stands.
//!
//! A model keeps log-probabilities, totals and smoothing, from which its counts come back: count = P * (total +
//! alpha * terms) - alpha. Counts of naive Bayes add up, so the user's are added and the sum is fitted again. How
//! much one of the user's headlines weighs is chosen by how likely it makes their other headlines.

use std::collections::BTreeMap;

use super::bayes::BayesError;
use super::corpus::Example;
use super::fit;
use crate::news::lexicon::Lexicon;
use crate::news::model::{
    ATTRIBUTE_STEPS, FamilyWeights, KEY_BITS, SURPRISE_STEPS, TermWeights, TopicModel, Weights, soft_max,
};
use crate::news::model_file::{Header, ModelKind};
use crate::news::tokens::{Family, Terms};

/// Why headlines cannot be merged into a model.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(
        "topic {topic:?} is none of the model's ({known}); a model learns new topics only by training without --init"
    )]
    UnknownTopic { topic: String, known: String },
    #[error("no labelled training headline in language {0}; add some, or leave out --init for that language")]
    NoHeadlines(String),
    #[error(transparent)]
    Fit(#[from] BayesError),
}

/// What one of the user's headlines may weigh. A hand-labelled headline of the shipped models weighed 3.
const WEIGHTS: [f32; 5] = [1.0, 3.0, 10.0, 30.0, 100.0];
const FOLDS: usize = 5;

/// The model that `model` becomes with the labelled `examples`, all of its language, and what each of them weighs.
/// Terms are cut with `lexicon`, or with the model's own where none is given.
pub fn merge(
    model: &TopicModel,
    examples: &[&Example],
    lexicon: Option<&Lexicon>,
    made_by: &str,
) -> Result<(TopicModel, f32), MergeError> {
    if examples.is_empty() {
        return Err(MergeError::NoHeadlines(model.language().to_string()));
    }
    let lexicon = lexicon.unwrap_or(&model.weights().lexicon);
    let headlines = examples.iter().map(|example| headline(model, example, lexicon));
    let headlines: Vec<Headline> = headlines.collect::<Result<_, _>>()?;
    let counts = Counts::of(model);
    let mut best = (f64::NEG_INFINITY, WEIGHTS[0]);
    for weight in WEIGHTS {
        let likelihood = cross_validated(model, &counts, &headlines, weight);
        if likelihood > best.0 {
            best = (likelihood, weight);
        }
    }
    Ok((merged(model, counts, &headlines, best.1, lexicon, made_by)?, best.1))
}

/// A labelled headline: where its topic stands among the labels, and its terms.
struct Headline {
    label: usize,
    terms: Vec<(u64, Family)>,
}

fn headline(model: &TopicModel, example: &Example, lexicon: &Lexicon) -> Result<Headline, MergeError> {
    let topic = example.topic.as_deref().unwrap_or_default();
    let label = model.labels().iter().position(|label| &**label == topic).ok_or_else(|| {
        let known: Vec<&str> = model.labels().iter().map(|label| &**label).collect();
        MergeError::UnknownTopic { topic: topic.to_owned(), known: known.join(", ") }
    })?;
    let mut terms = Terms::default();
    let terms = terms.of(&example.title, lexicon).iter();
    Ok(Headline { label, terms: terms.map(|term| (term.key & ((1 << KEY_BITS) - 1), term.family)).collect() })
}

/// A term's counts and attribute weights, a topic each.
#[derive(Clone)]
struct Row {
    counts: Vec<f32>,
    attributes: Vec<u8>,
}

/// A model's counts, term by term, family by family.
struct Counts {
    by_family: Vec<BTreeMap<u64, Row>>,
}

impl Counts {
    fn of(model: &TopicModel) -> Counts {
        let weights = model.weights();
        let labels = model.labels().len();
        let mut by_family = vec![BTreeMap::new(); Family::COUNT];
        let rows = weights.surprise.chunks(labels).zip(weights.attributes.chunks(labels));
        for (term, (surprise, attributes)) in weights.terms.iter().zip(rows) {
            let at = term.family as usize;
            let (Some(family), Some(counts)) = (weights.families.get(at), by_family.get_mut(at)) else {
                continue;
            };
            let count = |(&steps, &total): (&u16, &f32)| {
                let share = (-f64::from(steps) / SURPRISE_STEPS).exp();
                let all = f64::from(total) + f64::from(family.alpha) * f64::from(family.terms);
                (share * all - f64::from(family.alpha)).max(0.0) as f32
            };
            let counted = surprise.iter().zip(&family.totals).map(count).collect();
            counts.insert(term.key, Row { counts: counted, attributes: attributes.to_vec() });
        }
        Counts { by_family }
    }

    fn none() -> Counts {
        Counts { by_family: vec![BTreeMap::new(); Family::COUNT] }
    }

    fn row(&self, family: Family, key: u64) -> Option<&Row> {
        self.by_family.get(family as usize)?.get(&key)
    }

    fn add(&mut self, headline: &Headline, weight: f32, labels: usize) {
        for &(key, family) in &headline.terms {
            let Some(counts) = self.by_family.get_mut(family as usize) else {
                continue;
            };
            let row = counts.entry(key).or_insert_with(|| Row {
                counts: vec![0.0; labels],
                attributes: vec![ATTRIBUTE_STEPS as u8; labels],
            });
            if let Some(count) = row.counts.get_mut(headline.label) {
                *count += weight;
            }
        }
    }
}

fn merged(
    model: &TopicModel,
    mut counts: Counts,
    headlines: &[Headline],
    weight: f32,
    lexicon: &Lexicon,
    made_by: &str,
) -> Result<TopicModel, MergeError> {
    let labels = model.labels().len();
    headlines.iter().for_each(|headline| counts.add(headline, weight, labels));
    let old = model.weights();
    let mut families = Vec::new();
    let mut rows: Vec<(TermWeights, Vec<u16>, Vec<u8>)> = Vec::new();
    for ((number, counts), family) in (0u8..).zip(&counts.by_family).zip(&old.families) {
        let columns: Vec<f32> = counts.values().flat_map(|row| &row.counts).copied().collect();
        let mut totals = vec![0.0; labels];
        for row in columns.chunks(labels) {
            totals.iter_mut().zip(row).for_each(|(total, count)| *total += count);
        }
        let fitted = fit::log_probabilities(&columns, labels, family.alpha)?;
        for ((&key, row), fitted) in counts.iter().zip(fitted.chunks(labels)) {
            rows.push((TermWeights { key, family: number }, fit::surprise(fitted), row.attributes.clone()));
        }
        let terms = counts.len() as u32;
        families.push(FamilyWeights { weights: family.weights.clone(), alpha: family.alpha, totals, terms });
    }
    let bias = old.bias.clone();
    let weights = Weights::new(families, bias, rows, lexicon.clone());
    let names = model.labels().iter().map(|label| label.to_string()).collect();
    let header = Header::new(ModelKind::Topic, &*model.origin().name, vec![model.language()], names, made_by);
    Ok(TopicModel::new(header, weights))
}

/// How likely the headlines' topics are under models merged without them: the mean logarithm.
fn cross_validated(model: &TopicModel, counts: &Counts, headlines: &[Headline], weight: f32) -> f64 {
    let labels = model.labels().len();
    let mut sum = 0.0;
    for fold in 0..FOLDS {
        let mut added = Counts::none();
        for (_, headline) in headlines.iter().enumerate().filter(|(number, _)| number % FOLDS != fold) {
            added.add(headline, weight, labels);
        }
        let denominators = denominators(model, counts, &added);
        for headline in headlines.iter().skip(fold).step_by(FOLDS) {
            let mut scores: Vec<f64> = model.bias().iter().map(|&bias| f64::from(bias)).collect();
            for &(key, family) in &headline.terms {
                let rows = [counts.row(family, key), added.row(family, key)];
                if rows.iter().all(Option::is_none) {
                    continue;
                }
                let Some(weights) = model.weights().families.get(family as usize) else {
                    continue;
                };
                let count =
                    |label: usize| rows.iter().flatten().filter_map(|row| row.counts.get(label)).sum::<f32>();
                let own = denominators.get(family as usize * labels..).unwrap_or_default();
                let row = own.iter().take(labels).enumerate();
                let row: Vec<f64> =
                    row.map(|(label, all)| f64::from(count(label) + weights.alpha).ln() - all).collect();
                let mean = row.iter().sum::<f64>() / labels as f64;
                let attribute = |label: usize| {
                    let known = counts.row(family, key).and_then(|row| row.attributes.get(label));
                    known.map_or(1.0, |&steps| f64::from(steps) / ATTRIBUTE_STEPS)
                };
                let weighted = row.iter().zip(&weights.weights).enumerate();
                for (score, (label, (value, &weight))) in scores.iter_mut().zip(weighted) {
                    *score += attribute(label) * f64::from(weight) * (value - mean);
                }
            }
            soft_max(&mut scores);
            sum += scores.get(headline.label).map_or(f64::NEG_INFINITY, |own| own.max(1e-9).ln());
        }
    }
    sum / headlines.len() as f64
}

/// ln(total + alpha * terms) of the two counts together, topics of each family in turn.
fn denominators(model: &TopicModel, counts: &Counts, added: &Counts) -> Vec<f64> {
    let labels = model.labels().len();
    let mut denominators = Vec::with_capacity(labels * Family::COUNT);
    for ((known, added), family) in
        counts.by_family.iter().zip(&added.by_family).zip(&model.weights().families)
    {
        let new = added.keys().filter(|key| !known.contains_key(key)).count();
        let smoothing = f64::from(family.alpha) * (known.len() + new) as f64;
        for (label, &total) in family.totals.iter().enumerate() {
            let more: f32 = added.values().filter_map(|row| row.counts.get(label)).sum();
            denominators.push((f64::from(total + more) + smoothing).ln());
        }
    }
    denominators
}

#[cfg(test)]
mod tests;
