//! The n-grams and words that tell languages apart and what each says: a hash table laid out for speed.
//!
//! Naive Bayes adds up, at each position of a text, the weights of the one-, two-, three- and four-gram that end
//! there. The table keeps those sums: an n-gram's row holds its own weights plus those of its shorter endings, so
//! one look-up of the longest known n-gram at a position gives what four would. Whole words stand in the same table,
//! looked up where they end.

use super::belief::Tally;
use super::letters::{BOUNDARY, FOREIGN_LATIN, FOREIGN_SCRIPT, Symbol, Word};

/// The longest n-gram, in symbols.
pub const LONGEST: usize = 4;
/// A row's length is a multiple of this, so that it is added up in whole vector registers.
pub const ROW_STEP: usize = 16;

/// The most classes that a table can hold: own languages and strangers.
pub const MOST_CLASSES: usize = 32;
/// What a name's n-grams count against those of other words. Names are the same in all languages, so they tell
/// less: at 1 a French headline about an English singer is English. Of 1, 0.7, 0.5, 0.35 and 0.2, those around
/// 0.45 gave the fewest errors on headlines of unseen outlets.
pub const NAME_WEIGHT: f64 = 0.45;
/// The same for a word that opens a text or a sentence: its capital tells nothing, and it is a name more often than
/// others are.
pub const OPENING_WEIGHT: f64 = 0.8;

/// An n-gram, up to four symbols of 15 bits in 16 each, the last one lowest; or a whole word, its hash below
/// [`WORD_BIT`].
pub type Key = u64;

/// Tells a word's key from an n-gram's: no symbol has so high a bit.
const WORD_BIT: Key = 1 << 63;
/// How many families of features there are: n-grams by length, then words.
pub const FAMILIES: usize = LONGEST + 1;

/// The ending of a packed four-gram that is `length` symbols long.
pub fn ending(four_gram: Key, length: usize) -> Key {
    four_gram & (Key::MAX >> (16 * (LONGEST - length)))
}

/// The four-gram that follows `four_gram` when `symbol` comes next.
pub fn shifted(four_gram: Key, symbol: Symbol) -> Key {
    (four_gram << 16) | Key::from(symbol)
}

/// The family of a key: an n-gram's length, or [`FAMILIES`] for a word.
pub fn family(key: Key) -> usize {
    if key & WORD_BIT == 0 { LONGEST - key.leading_zeros() as usize / 16 } else { FAMILIES }
}

/// Reads symbols and gives the word that each may end. A word is what stands between boundaries; an elision ends one
/// too and belongs to it (`l'`, `qu'`), for it tells more than most.
#[derive(Debug, Default)]
pub struct WordReader {
    hash: u64,
    word: Option<Word>,
}

impl WordReader {
    /// Takes the next symbol; the key and the kind of the word that it ends.
    pub fn push(&mut self, symbol: Symbol, word: Word) -> Option<(Key, Word)> {
        if symbol != BOUNDARY {
            self.hash = (self.hash ^ u64::from(symbol)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
            if word != Word::Mark {
                self.word = Some(word);
                return None;
            }
        }
        let hash = std::mem::take(&mut self.hash);
        self.word.take().map(|word| (hash | WORD_BIT, word))
    }
}

/// Rows of summed weights by n-gram and word.
#[derive(Debug, Clone)]
pub struct NgramTable {
    /// Open addressing with linear probing: 40 bits of the key's hash above 24 bits of row number plus one.
    slots: Box<[u64]>,
    keys: Vec<Key>,
    /// The rows, one after another, in the order of `keys`.
    weights: Vec<i8>,
    classes: usize,
    stride: usize,
}

const ROW_BITS: u32 = 24;
const ROW_MASK: u64 = (1 << ROW_BITS) - 1;

impl NgramTable {
    /// `keys` in the order of their rows, the most frequent first (they share cache lines); `weights` holds
    /// `classes` values for each key.
    pub fn new(keys: Vec<Key>, weights: &[i8], classes: usize) -> NgramTable {
        let stride = classes.next_multiple_of(ROW_STEP);
        let mut rows = vec![0; keys.len() * stride];
        for (row, given) in rows.chunks_exact_mut(stride).zip(weights.chunks_exact(classes)) {
            for (weight, &value) in row.iter_mut().zip(given) {
                *weight = value;
            }
        }
        let size = (keys.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![0u64; size].into_boxed_slice();
        for (&key, row) in keys.iter().zip(1u64..) {
            let hash = hashed(key);
            let mut at = hash as usize & (size - 1);
            while slots.get(at).is_some_and(|&slot| slot != 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = (hash & !ROW_MASK) | row;
            }
        }
        NgramTable { slots, keys, weights: rows, classes, stride }
    }

    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The weights of the n-gram at `row`, one a class.
    pub fn row(&self, row: usize) -> &[i8] {
        self.weights.get(row * self.stride..row * self.stride + self.classes).unwrap_or_default()
    }

    /// The row of an n-gram, if the table holds it.
    pub fn find(&self, key: Key) -> Option<usize> {
        let hash = hashed(key);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if (slot ^ hash) & !ROW_MASK == 0 {
                return Some((slot & ROW_MASK) as usize - 1);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds up what the n-grams and words of `symbols` say. Names and opening words are held apart and count
    /// [`NAME_WEIGHT`] and [`OPENING_WEIGHT`] of what they say; `quantum` is one step of the weights in nats.
    pub fn tally(&self, symbols: impl Iterator<Item = (Symbol, Word)>, quantum: f64) -> Tally {
        let mut sums = [[0i32; MOST_CLASSES]; 3];
        let (mut positions, mut letters, mut foreign, mut plain_letters) = (0, 0, 0, 0);
        let counted = symbols.inspect(|&(symbol, word)| {
            positions += 1;
            letters += u32::from(symbol != BOUNDARY && word != Word::Mark);
            plain_letters += u32::from(symbol != BOUNDARY && word == Word::Plain);
            foreign += u32::from(symbol == FOREIGN_LATIN || symbol == FOREIGN_SCRIPT);
        });
        self.look_up(counted, |row, word| self.add(row, sums_of(&mut sums, word)));
        let [plain, opening, names] = &sums;
        let mut scores = [0.0; MOST_CLASSES];
        let parts = plain.iter().zip(opening).zip(names);
        for (score, ((&plain, &opening), &name)) in scores.iter_mut().zip(parts) {
            let sum = f64::from(plain) + OPENING_WEIGHT * f64::from(opening) + NAME_WEIGHT * f64::from(name);
            *score = (sum * quantum) as f32;
        }
        Tally { scores, classes: self.classes, positions, letters, plain_letters, foreign }
    }

    /// Gives `found` the rows that `symbols` meet, each with the kind of its word: at each position the longest known
    /// n-gram that ends there, and the word that ends there if it is known.
    pub fn look_up(&self, symbols: impl Iterator<Item = (Symbol, Word)>, mut found: impl FnMut(usize, Word)) {
        let mut four_gram: Key = 0;
        let mut words = WordReader::default();
        symbols.for_each(|(symbol, word)| {
            four_gram = shifted(four_gram, symbol);
            let longest = (1..=LONGEST).rev().find_map(|length| self.find(ending(four_gram, length)));
            if let Some(row) = longest {
                found(row, word);
            }
            if let Some((key, word)) = words.push(symbol, word)
                && let Some(row) = self.find(key)
            {
                found(row, word);
            }
        });
    }

    fn add(&self, row: usize, sums: &mut [i32; MOST_CLASSES]) {
        let weights = self.weights.get(row * self.stride..(row + 1) * self.stride).unwrap_or_default();
        for (sums, weights) in sums.chunks_exact_mut(ROW_STEP).zip(weights.chunks_exact(ROW_STEP)) {
            sums.iter_mut().zip(weights).for_each(|(sum, &weight)| *sum += i32::from(weight));
        }
    }
}

/// Where a word's weights are added up: names and opening words apart from all others.
fn sums_of(sums: &mut [[i32; MOST_CLASSES]; 3], word: Word) -> &mut [i32; MOST_CLASSES] {
    let [plain, opening, names] = sums;
    match word {
        Word::Name => names,
        Word::Opening => opening,
        Word::Plain | Word::Mark => plain,
    }
}

/// Fibonacci hashing after a fold; the low bits pick the slot, the high ones are the tag.
fn hashed(key: Key) -> u64 {
    let mixed = (key ^ (key >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads letters, `_` for a boundary and `'` for the apostrophe; gives how many words were told and how many of
    /// them are different.
    #[track_caller]
    fn check_words(text: &str, told: usize, different: usize) {
        let mut reader = WordReader::default();
        let symbol = |character: char| match character {
            '_' => (BOUNDARY, Word::Plain),
            '\'' => (9, Word::Mark),
            _ => (character as Symbol, Word::Plain),
        };
        let keys: Vec<Key> = text
            .chars()
            .map(symbol)
            .filter_map(|(symbol, word)| reader.push(symbol, word))
            .map(|(key, _)| key)
            .collect();
        assert!(keys.iter().all(|&key| family(key) == FAMILIES), "{text:?} {keys:?}");
        let distinct: std::collections::BTreeSet<Key> = keys.iter().copied().collect();
        assert_eq!((keys.len(), distinct.len()), (told, different), "{text:?}");
    }

    #[test]
    fn words_end_at_boundaries_and_elisions() {
        check_words("_", 0, 0);
        check_words("_els_dels_els_", 3, 2);
        check_words("_l'eau_l_", 3, 3);
        check_words("_''_a_", 1, 1);
        check_words("_ab_ba_", 2, 2);
        check_words("_cut", 0, 0);
    }

    #[test]
    fn a_key_tells_its_family() {
        assert_eq!(family(Key::from(BOUNDARY)), 1);
        assert_eq!(family(shifted(shifted(0, BOUNDARY), 4)), 2);
        assert_eq!(family((0..4).fold(0, |key, _| shifted(key, Symbol::MAX / 2))), 4);
    }
}
