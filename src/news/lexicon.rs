//! What the models know beforehand: names and terms with the topic they tell, the kind of thing they are and the
//! country they belong to.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::model_file::ModelFileError;
use super::model_weights::{Reader, push_varint};
use super::tokens::{Family, Terms, combine, hash_bytes};

/// What the lexicon says of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// `sport 3` (topic and strength) or `club` (kind), for a person.
    pub name: String,
    /// [`Family::Topic`] or [`Family::Kind`].
    pub family: Family,
}

/// A lexicon cannot have more different marks than a byte tells apart, nor more countries.
pub const MOST_MARKS: usize = 256;

/// How many different countries a headline names is a mark too, the first of every lexicon: a visit of one country's
/// minister to another is diplomacy, a verdict in one country is not.
pub const COUNTS: [&str; 3] = ["one country", "two countries", "three countries or more"];

/// Terms of a few words, by the hashes of their words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lexicon {
    marks: Vec<Mark>,
    keys: Vec<u64>,
    /// The hash of a term's words, or of the first words of a longer term, to the number of its entry; the first
    /// entry is empty.
    terms: FxHashMap<u64, u32>,
    entries: Vec<Entry>,
}

/// What the lexicon says of a term; many terms share one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub marks: Vec<u8>,
    /// The countries that the term tells, each by its number in this lexicon.
    pub countries: Vec<u8>,
}

impl Lexicon {
    /// Puts a lexicon together from terms with a mark each, and terms with the code of a country each; a term may
    /// come again with another. Where a longer term has no country of its own, those of the terms inside it count
    /// (`relations with kenya`). Marks and countries beyond [`MOST_MARKS`] are left out.
    pub fn new<'t>(
        marked: impl IntoIterator<Item = (&'t str, &'t Mark)>,
        countries: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Lexicon {
        let mut split = Terms::default();
        let mut words = |term: &str| split.word_hashes(term).to_vec();
        let count = |name: &&str| Mark { name: (*name).to_owned(), family: Family::Kind };
        let mut marks: Vec<Mark> = COUNTS.iter().map(count).collect();
        let mut codes: Vec<&str> = Vec::new();
        let mut by_words: BTreeMap<Vec<u64>, Entry> = BTreeMap::new();
        for (term, mark) in marked {
            if let Ok(id) = u8::try_from(number_of(&mut marks, mark.clone())) {
                insert(&mut by_words.entry(words(term)).or_default().marks, id);
            }
        }
        for (term, code) in countries {
            if let Ok(id) = u8::try_from(number_of(&mut codes, code)) {
                insert(&mut by_words.entry(words(term)).or_default().countries, id);
            }
        }
        marks.truncate(MOST_MARKS);
        let inside: Vec<(Vec<u64>, Vec<u8>)> = by_words
            .iter()
            .filter(|(words, entry)| words.len() > 1 && entry.countries.is_empty())
            .map(|(words, _)| (words.clone(), countries_inside(words, &by_words)))
            .collect();
        for (words, countries) in inside {
            by_words.entry(words).or_default().countries = countries;
        }
        Lexicon::numbered(marks, &by_words)
    }

    fn numbered(marks: Vec<Mark>, by_words: &BTreeMap<Vec<u64>, Entry>) -> Lexicon {
        let mut by_hash: BTreeMap<u64, Entry> = BTreeMap::new();
        for (words, entry) in by_words {
            let mut hash = 0;
            for &word in words {
                hash = combine(hash, word);
                by_hash.entry(short(hash)).or_default();
            }
            let known = by_hash.entry(short(hash)).or_default();
            entry.marks.iter().for_each(|&mark| insert(&mut known.marks, mark));
            entry.countries.iter().for_each(|&country| insert(&mut known.countries, country));
        }
        let mut entries: BTreeMap<Entry, u32> = BTreeMap::from([(Entry::default(), 0)]);
        let mut terms = FxHashMap::default();
        for (hash, entry) in by_hash {
            let next = entries.len() as u32;
            terms.insert(hash, *entries.entry(entry).or_insert(next));
        }
        let mut in_order = vec![Entry::default(); entries.len()];
        for (entry, number) in entries {
            if let Some(place) = in_order.get_mut(number as usize) {
                *place = entry;
            }
        }
        Lexicon { keys: keys(&marks), marks, terms, entries: in_order }
    }

    /// What stands for a mark in a term's key: the same in every lexicon that has a mark of that name.
    pub fn key(&self, mark: u8) -> u64 {
        self.keys.get(mark as usize).copied().unwrap_or_default()
    }

    pub fn mark(&self, mark: u8) -> Option<&Mark> {
        self.marks.get(mark as usize)
    }

    /// The mark of a headline that names so many different countries; one that names none has no such mark.
    pub fn count_mark(countries: usize) -> Option<u8> {
        Some(countries.checked_sub(1)?.min(COUNTS.len() - 1) as u8)
    }

    /// The longest term that `words` begin with: how many words it takes, and what is said of it.
    pub fn longest(&self, words: &[u64]) -> Option<(usize, &Entry)> {
        let mut found = None;
        let mut hash = 0;
        for (read, &word) in words.iter().enumerate() {
            hash = combine(hash, word);
            match self.terms.get(&short(hash)) {
                None => break,
                Some(0) => {}
                Some(&entry) => found = self.entries.get(entry as usize).map(|entry| (read + 1, entry)),
            }
        }
        found
    }

    /// Appends the lexicon: the marks (name and family), the entries (marks and countries), then the terms by hash,
    /// each the hash less the hash before it and its entry. Words themselves are not kept.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        push_varint(self.marks.len() as u64, bytes);
        for mark in &self.marks {
            bytes.push(mark.family as u8);
            push_varint(mark.name.len() as u64, bytes);
            bytes.extend(mark.name.as_bytes());
        }
        push_varint(self.entries.len() as u64, bytes);
        for entry in &self.entries {
            for ids in [&entry.marks, &entry.countries] {
                push_varint(ids.len() as u64, bytes);
                bytes.extend(ids);
            }
        }
        let mut terms: Vec<(u64, u32)> = self.terms.iter().map(|(&hash, &entry)| (hash, entry)).collect();
        terms.sort_unstable();
        push_varint(terms.len() as u64, bytes);
        let mut before = 0;
        for (hash, entry) in terms {
            push_varint(hash - before, bytes);
            before = hash;
            push_varint(u64::from(entry), bytes);
        }
    }

    /// Reads what [`Lexicon::write`] wrote.
    pub fn read(bytes: &mut Reader<'_>) -> Result<Lexicon, ModelFileError> {
        let broken = |what: &str| ModelFileError::Weights(format!("the lexicon has {what}"));
        let mut marks = Vec::new();
        for _ in 0..bytes.varint()? {
            let [family] = bytes.array()?;
            let family = Family::ALL.get(family as usize).ok_or_else(|| broken("a mark of no family"))?;
            let length = bytes.varint()? as usize;
            let name =
                std::str::from_utf8(bytes.take(length)?).map_err(|_| broken("a name that is not UTF-8"))?;
            marks.push(Mark { name: name.to_owned(), family: *family });
        }
        let mut entries = Vec::new();
        for _ in 0..bytes.varint()? {
            let length = bytes.varint()? as usize;
            let marked = bytes.take(length)?.to_vec();
            if marked.iter().any(|&mark| mark as usize >= marks.len()) {
                return Err(broken("a mark that it does not name"));
            }
            let length = bytes.varint()? as usize;
            entries.push(Entry { marks: marked, countries: bytes.take(length)?.to_vec() });
        }
        let mut terms = FxHashMap::default();
        let mut hash = 0u64;
        for _ in 0..bytes.varint()? {
            hash = hash.saturating_add(bytes.varint()?);
            let entry = bytes.varint()?;
            if entry as usize >= entries.len() {
                return Err(broken("an entry that it does not hold"));
            }
            terms.insert(hash, entry as u32);
        }
        Ok(Lexicon { keys: keys(&marks), marks, terms, entries })
    }
}

/// The number of `one` among those known, which it joins if it is new.
pub fn number_of<T: PartialEq>(known: &mut Vec<T>, one: T) -> usize {
    known.iter().position(|known| *known == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}

/// Keeps `set` sorted and each number in it once.
fn insert(set: &mut Vec<u8>, id: u8) {
    if let Err(place) = set.binary_search(&id) {
        set.insert(place, id);
    }
}

/// The countries of the terms inside a term, longest match first, from the left.
fn countries_inside(words: &[u64], terms: &BTreeMap<Vec<u64>, Entry>) -> Vec<u8> {
    let mut countries = Vec::new();
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        let told = (1..=rest.len()).rev().find_map(|length| {
            let entry = terms.get(rest.get(..length)?)?;
            (!entry.countries.is_empty()).then_some((length, &entry.countries))
        });
        if let Some((_, of_term)) = told {
            of_term.iter().for_each(|&country| insert(&mut countries, country));
        }
        at += told.map_or(1, |(length, _)| length);
    }
    countries
}

/// The bits of a hash that tell terms apart: with 100,000 terms a stranger is taken for one of them once in ten
/// million.
fn short(hash: u64) -> u64 {
    hash >> 24
}

fn keys(marks: &[Mark]) -> Vec<u64> {
    marks.iter().map(|mark| hash_bytes(mark.name.as_bytes())).collect()
}
