//! Which texts are held out together, and texts cut to a headline's length. All by hashes of the texts
//! themselves, so that a row more or less moves no other.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Sample;
use crate::news::language::Language;

/// How many parts the samples are divided into, each of which is held out in turn.
pub const FOLDS: usize = 3;

const THINNING: u64 = 1;
const FOLD: u64 = 2;
const UNSEEN: u64 = 3;
const LENGTH: u64 = 4;
const START: u64 = 5;
const WORDS: u64 = 6;
const CHOICE: u64 = 7;

fn hash(text: &str, purpose: u64) -> usize {
    // Any bits will do, so those that a small usize drops are not missed.
    xxh3_64_with_seed(text.as_bytes(), purpose) as usize
}

/// At most `most` texts of each source and language, no text twice, in a fixed order.
pub fn thinned<'t>(samples: &[Sample<'t>], most: usize) -> Vec<Sample<'t>> {
    let mut by_source: BTreeMap<(Language, &str), Vec<Sample<'t>>> = BTreeMap::new();
    for sample in samples {
        by_source.entry((sample.language, sample.source)).or_default().push(*sample);
    }
    let thin = |mut texts: Vec<Sample<'t>>| {
        texts.sort_by_cached_key(|sample| (hash(sample.text, THINNING), sample.text));
        texts.dedup();
        texts.truncate(most);
        texts
    };
    by_source.into_values().flat_map(thin).collect()
}

/// Each sample's fold. A language's sources are dealt out whole, the largest first to the fold that has least; a
/// language with fewer sources than folds is divided text by text.
pub fn assign(samples: &[Sample<'_>]) -> Vec<usize> {
    let mut sizes: BTreeMap<Language, BTreeMap<&str, usize>> = BTreeMap::new();
    for sample in samples {
        *sizes.entry(sample.language).or_default().entry(sample.source).or_default() += 1;
    }
    let mut fold_of: BTreeMap<(Language, &str), usize> = BTreeMap::new();
    for (&language, sources) in sizes.iter().filter(|(_, sources)| sources.len() >= FOLDS) {
        let mut largest_first: Vec<(&str, usize)> =
            sources.iter().map(|(&source, &size)| (source, size)).collect();
        largest_first.sort_by_key(|&(source, size)| (std::cmp::Reverse(size), source));
        let mut loads = [0; FOLDS];
        for (source, size) in largest_first {
            if let Some((fold, load)) =
                loads.iter_mut().enumerate().min_by_key(|(fold, load)| (**load, *fold))
            {
                *load += size;
                fold_of.insert((language, source), fold);
            }
        }
    }
    let of = |sample: &Sample<'_>| {
        fold_of
            .get(&(sample.language, sample.source))
            .copied()
            .unwrap_or_else(|| hash(sample.text, FOLD) % FOLDS)
    };
    samples.iter().map(of).collect()
}

/// The fold in which a stranger's language is not known at all, so that the calibration has met languages that no
/// n-gram was counted from.
pub fn unseen_in(stranger: Language) -> usize {
    hash(stranger.as_str(), UNSEEN) % FOLDS
}

/// Words from within `text`, 25 to 95 characters of them: a stranger's sentence cut to a headline's length.
pub fn headline_length(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let wanted = 25 + hash(text, LENGTH) % 70;
    let starts = if words.len() < 10 { 1 } else { words.len() / 2 };
    let mut cut = String::new();
    for word in words.iter().skip(hash(text, START) % starts) {
        if !cut.is_empty() && cut.chars().count() + word.chars().count() >= wanted {
            break;
        }
        if !cut.is_empty() {
            cut.push(' ');
        }
        cut.push_str(word);
    }
    cut
}

/// Two to five words from within `text`, if it has more: as short as headlines become.
pub fn few_words(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let wanted = 2 + hash(text, WORDS) % 4;
    let starts = words.len().checked_sub(wanted).filter(|&starts| starts > 0)?;
    Some(words.get(hash(text, START) % (starts + 1)..)?.get(..wanted)?.join(" "))
}

/// Whether `text` is one of the one in `many` texts that are chosen.
pub fn is_one_in(many: usize, text: &str) -> bool {
    hash(text, CHOICE).is_multiple_of(many)
}
