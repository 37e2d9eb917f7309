//! From counts to tables: the one that is kept, and those that have not seen a fold, to be calibrated on it.

use super::fit::{Class, choose, rows, table};
use super::folds::{self, FOLDS};
use super::lessons::{self, Taught};
use super::strangers::Group;
use super::{BayesError, Sample, attributes};
use crate::news::language::letters::Alphabet;
use crate::news::language::table::NgramTable;

/// Samples, and what was counted from them.
pub struct Counted<'c> {
    /// The languages of each class, own ones first.
    pub groups: &'c [&'c Group],
    pub own: usize,
    /// Each class, counted from all samples.
    pub whole: Vec<Class>,
    /// The same without the samples of each fold.
    pub without: Vec<Vec<Class>>,
    pub samples: &'c [Sample<'c>],
    /// Each sample's fold.
    pub folds: &'c [usize],
    pub alphabet: &'c Alphabet,
}

impl Counted<'_> {
    /// The table of all samples.
    pub fn table(&self) -> Result<NgramTable, BayesError> {
        let met: Vec<usize> = (0..self.groups.len()).collect();
        self.learned(&self.whole, &met, None)
    }

    /// The table that has not seen the samples of `fold`, nor the strangers that are [`folds::unseen_in`] it.
    pub fn table_without(&self, fold: usize) -> Result<NgramTable, BayesError> {
        let is_met = |&class: &usize| {
            let first = self.groups.get(class).and_then(|group| group.first());
            class < self.own || first.is_none_or(|&first| folds::unseen_in(first) != fold)
        };
        let met: Vec<usize> = (0..self.groups.len()).filter(is_met).collect();
        self.learned(self.without.get(fold).unwrap_or(&self.whole), &met, Some(fold))
    }

    /// Naive Bayes on the counts of the classes `met`, its rows weighted by what they count on samples that their
    /// counts have not seen.
    fn learned(
        &self,
        counted: &[Class],
        met: &[usize],
        left_out: Option<usize>,
    ) -> Result<NgramTable, BayesError> {
        let classes = of(counted, met);
        let kept = choose(&classes, self.own);
        let mut learned = rows(&kept, &classes)?;
        let unseen = self.without.iter().zip(0..FOLDS).map(|(without, fold)| match left_out {
            // None of its samples is learned from.
            Some(left_out) if left_out == fold => Ok(Vec::new()),
            _ => rows(&kept, &of(without, met)),
        });
        let unseen: Vec<Vec<f32>> = unseen.collect::<Result<_, _>>()?;
        let naive = table(&kept, &learned, classes.len());
        let lessons = lessons::collect(&self.taught(met, left_out), &naive, self.alphabet, self.own);
        let weights = attributes::weigh(&unseen, lessons, classes.len());
        learned.iter_mut().zip(weights).for_each(|(value, weight)| *value *= weight);
        Ok(table(&kept, &learned, classes.len()))
    }

    fn taught(&self, met: &[usize], left_out: Option<usize>) -> Vec<Taught<'_>> {
        let class = |sample: &Sample<'_>| {
            let holds =
                |&group: &usize| self.groups.get(group).is_some_and(|group| group.contains(&sample.language));
            met.iter().position(holds)
        };
        let seen = self.samples.iter().zip(self.folds).filter(|(_, fold)| Some(**fold) != left_out);
        seen.filter_map(|(sample, &fold)| Some(Taught { sample: *sample, class: class(sample)?, fold }))
            .collect()
    }
}

/// The classes that are `met`, in order.
fn of<'c>(classes: &'c [Class], met: &[usize]) -> Vec<&'c Class> {
    met.iter().filter_map(|&class| classes.get(class)).collect()
}
