//! Cross-validation by source: a source's headlines stand in one fold, so that a model is tested on outlets whose
//! style it has not learned.

use std::collections::BTreeMap;

use super::documents::Document;

/// Documents dealt into folds.
#[derive(Debug, Clone)]
pub struct Folds {
    /// The fold of each document; `None` for those that no fold holds.
    pub of: Vec<Option<usize>>,
    /// There were sources enough to deal whole ones.
    pub by_source: bool,
}

/// Deals documents into folds. Sources are dealt by how many `judged` documents they hold, the largest first, each
/// to the fold that holds fewest so far. A corpus of fewer sources than folds is dealt document by document.
pub fn folds_by_source(documents: &[Document], judged: impl Fn(&&Document) -> bool, folds: usize) -> Folds {
    let mut by_source: BTreeMap<usize, usize> = BTreeMap::new();
    for document in documents.iter().filter(&judged) {
        *by_source.entry(document.source).or_default() += 1;
    }
    if by_source.len() < folds {
        let deal = |(number, document): (usize, &Document)| judged(&document).then_some(number % folds);
        return Folds { of: documents.iter().enumerate().map(deal).collect(), by_source: false };
    }
    let mut sources: Vec<(usize, usize)> = by_source.into_iter().collect();
    sources.sort_by_key(|&(source, headlines)| (std::cmp::Reverse(headlines), source));
    let mut filled = vec![0; folds];
    let mut fold_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (source, headlines) in sources {
        let emptiest = (0..folds).min_by_key(|&fold| (filled.get(fold), fold)).unwrap_or_default();
        if let Some(filled) = filled.get_mut(emptiest) {
            *filled += headlines;
        }
        fold_of.insert(source, emptiest);
    }
    let of = documents.iter().map(|document| fold_of.get(&document.source).copied()).collect();
    Folds { of, by_source: true }
}
