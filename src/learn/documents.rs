//! Examples to rows of numbered terms, and how often each term stands under each topic.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::corpus::{Example, LabelledBy, Split};
use super::knowledge::Knowledge;
use super::labels::fingerprint;
use crate::news::language::Language;
use crate::news::lexicon::Lexicon;
use crate::news::model::KEY_BITS;
use crate::news::tokens::{Family, Terms};

/// A labelled headline as the fitting sees it.
#[derive(Debug, Clone)]
pub struct Document {
    pub language: Language,
    /// Where its topic stands among the labels.
    pub label: usize,
    /// Topics that a fair reader would accept too.
    pub also: Vec<usize>,
    pub labelled_by: LabelledBy,
    pub split: Split,
    /// Where its source stands among the sources.
    pub source: usize,
    /// Its number among the examples.
    pub example: usize,
    /// The numbers of its terms in the vocabulary.
    pub terms: Vec<u32>,
}

/// The numbered terms of all documents.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    pub keys: Vec<u64>,
    pub families: Vec<Family>,
}

/// Every labelled example with its terms.
#[derive(Debug, Clone)]
pub struct Documents {
    pub labels: Vec<String>,
    pub sources: Vec<String>,
    pub documents: Vec<Document>,
    pub vocabulary: Vocabulary,
    pub lexicons: BTreeMap<Language, Lexicon>,
}

/// A term that stands in fewer training headlines than this tells nothing that could be relied on.
const LEAST_HEADLINES: u32 = 2;

/// Takes labelled examples to numbered terms. Of headlines labelled by rubric, at most `rubric_cap` of one source
/// and topic are taken, those first whose fingerprint is lowest; one that somebody read and labelled is left out. A
/// headline that a corpus holds several times, as wire copy is, counts once: else a fold would teach what another is
/// judged by. Where one of them is held out, all are.
pub fn collect(examples: &[Example], knowledge: &Knowledge, rubric_cap: usize) -> Documents {
    let chosen = choose(examples, rubric_cap);
    let names = |name: fn(&Example) -> Option<&str>| -> Vec<String> {
        let names: std::collections::BTreeSet<&str> =
            chosen.iter().filter_map(|&number| name(examples.get(number)?)).collect();
        names.into_iter().map(str::to_owned).collect()
    };
    let labels = names(|example| example.topic.as_deref());
    let sources = names(|example| Some(&example.source));
    let languages: std::collections::BTreeSet<Language> =
        chosen.iter().filter_map(|&number| Some(examples.get(number)?.language)).collect();
    let lexicons: BTreeMap<Language, Lexicon> =
        languages.into_iter().map(|language| (language, knowledge.lexicon(language))).collect();
    let keyed: Vec<(Document, Vec<(u64, Family)>)> = chosen
        .par_iter()
        .map_init(Terms::default, |terms, &number| {
            let example = examples.get(number)?;
            let lexicon = lexicons.get(&example.language)?;
            let terms = terms.of(&example.title, lexicon).iter();
            let keys = terms.map(|term| (term.key & ((1 << KEY_BITS) - 1), term.family)).collect();
            let document = Document {
                language: example.language,
                label: labels.binary_search(example.topic.as_ref()?).ok()?,
                also: example.also.iter().filter_map(|topic| labels.binary_search(topic).ok()).collect(),
                labelled_by: example.labelled_by,
                split: example.split,
                source: sources.binary_search(&example.source).ok()?,
                example: number,
                terms: Vec::new(),
            };
            Some((document, keys))
        })
        .flatten()
        .collect();
    let (documents, vocabulary) = number_terms(keyed);
    Documents { labels, sources, documents, vocabulary, lexicons }
}

/// The numbers of the examples that are taken.
fn choose(examples: &[Example], rubric_cap: usize) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut read = FxHashSet::default();
    let key = |example: &Example| (example.language, fingerprint(&example.title));
    let is_held_out = |example: &&Example| example.topic.is_some() && example.split == Split::Dev;
    let held_out: FxHashSet<_> = examples.iter().filter(is_held_out).map(key).collect();
    let mut met = FxHashSet::default();
    // Hash and number of the examples of one language, source and topic.
    type OfOne<'e> = BTreeMap<(Language, &'e str, &'e str), Vec<(u64, usize)>>;
    let mut by_rubric: OfOne<'_> = BTreeMap::new();
    for (number, example) in examples.iter().enumerate().filter(|(_, example)| example.topic.is_some()) {
        if example.labelled_by == LabelledBy::Rubric {
            continue;
        }
        let key = key(example);
        read.insert(key.1);
        if example.split == Split::Train && held_out.contains(&key) {
            continue;
        }
        if example.labelled_by != LabelledBy::Hand || met.insert(key) {
            chosen.push(number);
        }
    }
    for (number, example) in examples.iter().enumerate() {
        let (Some(topic), LabelledBy::Rubric) = (&example.topic, example.labelled_by) else {
            continue;
        };
        let hash = fingerprint(&example.title);
        if !read.contains(&hash) {
            by_rubric.entry((example.language, &example.source, topic)).or_default().push((hash, number));
        }
    }
    for (_, mut rows) in by_rubric {
        rows.sort_unstable();
        chosen.extend(rows.into_iter().take(rubric_cap).map(|(_, number)| number));
    }
    chosen.sort_unstable();
    chosen
}

/// Numbers the terms that stand in enough training headlines, in the order of their keys.
fn number_terms(keyed: Vec<(Document, Vec<(u64, Family)>)>) -> (Vec<Document>, Vocabulary) {
    let mut headlines: FxHashMap<u64, (u32, Family)> = FxHashMap::default();
    for (_, terms) in keyed.iter().filter(|(document, _)| document.split == Split::Train) {
        for &(key, family) in terms {
            headlines.entry(key).or_insert((0, family)).0 += 1;
        }
    }
    let mut known: Vec<(u64, Family)> = headlines
        .into_iter()
        .filter(|(_, (count, _))| *count >= LEAST_HEADLINES)
        .map(|(key, (_, family))| (key, family))
        .collect();
    known.sort_unstable();
    let numbers: FxHashMap<u64, u32> = (0..).zip(&known).map(|(number, &(key, _))| (key, number)).collect();
    let documents = keyed.into_iter().map(|(mut document, terms)| {
        document.terms = terms.iter().filter_map(|(key, _)| numbers.get(key).copied()).collect();
        document
    });
    let documents = documents.collect();
    let (keys, families) = known.into_iter().unzip();
    (documents, Vocabulary { keys, families })
}

/// How much each term was seen under each topic: a row of topics for each term.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    pub labels: usize,
    pub rows: Vec<f32>,
}

impl Counts {
    pub fn none(labels: usize, terms: usize) -> Counts {
        Counts { labels, rows: vec![0.0; labels * terms] }
    }

    /// Adds a document `weight` times.
    pub fn add(&mut self, document: &Document, weight: f32) {
        for &term in &document.terms {
            if let Some(count) = self.rows.get_mut(term as usize * self.labels + document.label) {
                *count += weight;
            }
        }
    }

    /// One term's counts.
    pub fn row(&self, term: u32) -> &[f32] {
        self.rows.get(self.range(term)).unwrap_or_default()
    }

    fn range(&self, term: u32) -> Range<usize> {
        let start = term as usize * self.labels;
        start..start + self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_that_several_outlets_carry_counts_once_and_not_at_all_where_it_is_held_out() {
        let example = |source: &str, title: &str, split, labelled_by| Example {
            language: Language::new("en").expect("a code"),
            source: source.to_owned(),
            topic: Some("sport".to_owned()),
            also: Vec::new(),
            labelled_by,
            split,
            title: title.to_owned(),
            is_headline: true,
        };
        let examples = [
            example("one", "Home side wins the derby", Split::Train, LabelledBy::Hand),
            example("two", "Home side wins the derby", Split::Train, LabelledBy::Hand),
            example("two", "Keeper saves two penalties", Split::Train, LabelledBy::Hand),
            example("three", "Keeper saves two penalties", Split::Dev, LabelledBy::Hand),
            example("four", "Keeper saves two penalties", Split::Dev, LabelledBy::Hand),
            example("five", "Home side wins the derby", Split::Train, LabelledBy::Rubric),
            example("five", "Captain out for a month", Split::Train, LabelledBy::Rubric),
            example("six", "Keeper saves two penalties", Split::Train, LabelledBy::LabelsFile),
        ];
        assert_eq!(choose(&examples, 10), [0, 3, 6]);
    }
}
