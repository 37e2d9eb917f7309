//! What the models know beforehand: names and terms with the topic they tell and the kind of thing they are.

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

/// A lexicon cannot have more different marks than a byte tells apart.
pub const MOST_MARKS: usize = 256;

/// Terms of a few words, by the hashes of their words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lexicon {
    marks: Vec<Mark>,
    keys: Vec<u64>,
    /// The hash of a term's words, or of the first words of a longer term, to the number of its set of marks;
    /// the first set is empty.
    terms: FxHashMap<u64, u16>,
    sets: Vec<Vec<u8>>,
}

impl Lexicon {
    /// Puts a lexicon together from terms with a mark each; a term may come again with another mark. Marks beyond
    /// [`MOST_MARKS`] are left out.
    pub fn new<'t>(terms: impl IntoIterator<Item = (&'t str, &'t Mark)>) -> Lexicon {
        let mut split = Terms::default();
        let mut marks: Vec<Mark> = Vec::new();
        let mut by_hash: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        for (term, mark) in terms {
            let known = marks.iter().position(|known| known == mark);
            if known.is_none() {
                marks.push(mark.clone());
            }
            let Ok(id) = u8::try_from(known.unwrap_or(marks.len() - 1)) else {
                continue;
            };
            let mut hash = 0;
            for &word in split.word_hashes(term) {
                hash = combine(hash, word);
                by_hash.entry(short(hash)).or_default();
            }
            if let Some(set) = by_hash.get_mut(&short(hash))
                && !set.contains(&id)
            {
                set.push(id);
            }
        }
        marks.truncate(MOST_MARKS);
        let mut sets: BTreeMap<Vec<u8>, u16> = BTreeMap::from([(Vec::new(), 0)]);
        let mut numbered = FxHashMap::default();
        for (hash, mut set) in by_hash {
            set.sort_unstable();
            let next = u16::try_from(sets.len()).unwrap_or(0);
            numbered.insert(hash, *sets.entry(set).or_insert(next));
        }
        let mut in_order = vec![Vec::new(); sets.len()];
        for (set, number) in sets {
            if let Some(place) = in_order.get_mut(number as usize) {
                *place = set;
            }
        }
        Lexicon { keys: keys(&marks), marks, terms: numbered, sets: in_order }
    }

    /// What stands for a mark in a term's key: the same in every lexicon that has a mark of that name.
    pub fn key(&self, mark: u8) -> u64 {
        self.keys.get(mark as usize).copied().unwrap_or_default()
    }

    pub fn mark(&self, mark: u8) -> Option<&Mark> {
        self.marks.get(mark as usize)
    }

    /// The longest term that `words` begin with: how many words it takes, and its marks.
    pub fn longest(&self, words: &[u64]) -> Option<(usize, &[u8])> {
        let mut found = None;
        let mut hash = 0;
        for (read, &word) in words.iter().enumerate() {
            hash = combine(hash, word);
            match self.terms.get(&short(hash)) {
                None => break,
                Some(0) => {}
                Some(&set) => found = self.sets.get(set as usize).map(|set| (read + 1, set.as_slice())),
            }
        }
        found
    }

    /// Appends the lexicon: the marks (name and family), the sets, then the terms by hash, each the hash less the
    /// hash before it and its set. Words themselves are not kept.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        push_varint(self.marks.len() as u64, bytes);
        for mark in &self.marks {
            bytes.push(mark.family as u8);
            push_varint(mark.name.len() as u64, bytes);
            bytes.extend(mark.name.as_bytes());
        }
        push_varint(self.sets.len() as u64, bytes);
        for set in &self.sets {
            push_varint(set.len() as u64, bytes);
            bytes.extend(set);
        }
        let mut terms: Vec<(u64, u16)> = self.terms.iter().map(|(&hash, &set)| (hash, set)).collect();
        terms.sort_unstable();
        push_varint(terms.len() as u64, bytes);
        let mut before = 0;
        for (hash, set) in terms {
            push_varint(hash - before, bytes);
            before = hash;
            push_varint(u64::from(set), bytes);
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
        let mut sets = Vec::new();
        for _ in 0..bytes.varint()? {
            let length = bytes.varint()? as usize;
            let set = bytes.take(length)?.to_vec();
            if set.iter().any(|&mark| mark as usize >= marks.len()) {
                return Err(broken("a mark that it does not name"));
            }
            sets.push(set);
        }
        let mut terms = FxHashMap::default();
        let mut hash = 0u64;
        for _ in 0..bytes.varint()? {
            hash = hash.saturating_add(bytes.varint()?);
            let set = bytes.varint()?;
            if set as usize >= sets.len() {
                return Err(broken("a set that it does not hold"));
            }
            terms.insert(hash, set as u16);
        }
        Ok(Lexicon { keys: keys(&marks), marks, terms, sets })
    }
}

/// The bits of a hash that tell terms apart: with 100,000 terms a stranger is taken for one of them once in ten
/// million.
fn short(hash: u64) -> u64 {
    hash >> 24
}

fn keys(marks: &[Mark]) -> Vec<u64> {
    marks.iter().map(|mark| hash_bytes(mark.name.as_bytes())).collect()
}
