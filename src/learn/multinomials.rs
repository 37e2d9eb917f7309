//! Smoothed multinomials over counts, one for each family of terms, read term by term.
//!
//! log P(term | topic) = ln(count + alpha) - ln(total + alpha * terms), the totals being the family's own. This is
//! what linfa's `MultinomialNb` fits (`fit.rs` has it do so for the model that is written, and a test holds the
//! two together); here the counts of some folds can be left out without a table of their own.

use super::documents::{Counts, Vocabulary};
use crate::news::tokens::Family;

/// The counts of all training headlines less those of some folds.
#[derive(Debug)]
pub struct Multinomials<'c> {
    all: &'c Counts,
    without: Vec<&'c Counts>,
    vocabulary: &'c Vocabulary,
    alpha: f32,
    /// ln(total + alpha * terms), topics of each family in turn.
    denominators: Vec<f64>,
}

/// Totals and number of terms of each family.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyTotals {
    pub labels: usize,
    /// Topics of each family in turn.
    pub totals: Vec<f64>,
    /// A number of terms for each family.
    pub terms: Vec<u32>,
}

impl FamilyTotals {
    pub fn of(counts: &Counts, vocabulary: &Vocabulary) -> FamilyTotals {
        let labels = counts.labels;
        let mut totals = vec![0.0; labels * Family::COUNT];
        let mut terms = vec![0; Family::COUNT];
        for (row, &family) in counts.rows.chunks(labels).zip(&vocabulary.families) {
            let family = family as usize;
            if let Some(terms) = terms.get_mut(family) {
                *terms += 1;
            }
            for (total, &count) in totals.iter_mut().skip(family * labels).zip(row) {
                *total += f64::from(count);
            }
        }
        FamilyTotals { labels, totals, terms }
    }
}

impl<'c> Multinomials<'c> {
    /// `all` and each of `without` come with their totals.
    pub fn new(
        all: (&'c Counts, &FamilyTotals),
        without: &[(&'c Counts, &FamilyTotals)],
        vocabulary: &'c Vocabulary,
        alpha: f32,
    ) -> Multinomials<'c> {
        let (counts, totals) = all;
        let denominator = |(at, &total): (usize, &f64)| {
            let out: f64 = without.iter().filter_map(|(_, totals)| totals.totals.get(at)).sum();
            let terms = totals.terms.get(at / totals.labels).copied().unwrap_or_default();
            (total - out + f64::from(alpha) * f64::from(terms)).max(f64::MIN_POSITIVE).ln()
        };
        let denominators = totals.totals.iter().enumerate().map(denominator).collect();
        let without = without.iter().map(|(counts, _)| *counts).collect();
        Multinomials { all: counts, without, vocabulary, alpha, denominators }
    }

    /// A term's log-probabilities less their mean over topics, into `row`; its family; `None` for a term that the
    /// counts do not know.
    pub fn centred(&self, term: u32, row: &mut [f32]) -> Option<Family> {
        let family = *self.vocabulary.families.get(term as usize)?;
        let mut seen = 0.0;
        let mut mean = 0.0;
        for (label, (value, &count)) in row.iter_mut().zip(self.all.row(term)).enumerate() {
            let out: f32 = self.without.iter().filter_map(|counts| counts.row(term).get(label)).sum();
            let count = (count - out).max(0.0);
            seen += count;
            let denominator = self.denominators.get(family as usize * self.all.labels + label)?;
            *value = (f64::from(count + self.alpha).ln() - denominator) as f32;
            mean += *value / self.all.labels as f32;
        }
        row.iter_mut().for_each(|value| *value -= mean);
        // Counts are sums of weights of at least a tenth: anything less is what rounding left of nothing.
        (seen > 1e-2).then_some(family)
    }
}
