//! The n-grams that tell languages apart and what each says: a hash table laid out for speed.
//!
//! Naive Bayes adds up, at each position of a text, the weights of the one-, two-, three- and four-gram that end
//! there. The table keeps those sums: an n-gram's row holds its own weights plus those of its shorter endings, so
//! one look-up of the longest known n-gram at a position gives what four would.

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

/// An n-gram: up to four symbols of 16 bits, the last one lowest.
pub type Key = u64;

/// The ending of a packed four-gram that is `length` symbols long.
pub fn ending(four_gram: Key, length: usize) -> Key {
    four_gram & (Key::MAX >> (16 * (LONGEST - length)))
}

/// The four-gram that follows `four_gram` when `symbol` comes next.
pub fn shifted(four_gram: Key, symbol: Symbol) -> Key {
    (four_gram << 16) | Key::from(symbol)
}

/// Rows of summed weights by n-gram.
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

    /// Adds up what the n-grams of `symbols` say. A name's words are held apart and count
    /// [`NAME_WEIGHT`] of what they say; `quantum` is one step of the weights in nats.
    pub fn tally(&self, symbols: impl Iterator<Item = (Symbol, Word)>, quantum: f64) -> Tally {
        let mut sums = [[0i32; MOST_CLASSES]; 2];
        let mut four_gram: Key = 0;
        let (mut positions, mut letters, mut foreign, mut plain_letters) = (0, 0, 0, 0);
        symbols.for_each(|(symbol, word)| {
            positions += 1;
            letters += u32::from(symbol != BOUNDARY && word != Word::Mark);
            plain_letters += u32::from(symbol != BOUNDARY && word == Word::Plain);
            foreign += u32::from(symbol == FOREIGN_LATIN || symbol == FOREIGN_SCRIPT);
            four_gram = shifted(four_gram, symbol);
            let longest = (1..=LONGEST).rev().find_map(|length| self.find(ending(four_gram, length)));
            let start = longest.map(|row| row * self.stride);
            let weights = start.and_then(|start| self.weights.get(start..start + self.stride));
            let [plain, names] = &mut sums;
            let sums = if word == Word::Name { names } else { plain };
            let rows =
                sums.chunks_exact_mut(ROW_STEP).zip(weights.unwrap_or_default().chunks_exact(ROW_STEP));
            rows.for_each(|(sums, weights)| {
                sums.iter_mut().zip(weights).for_each(|(sum, &weight)| *sum += i32::from(weight));
            });
        });
        let [plain, names] = &sums;
        let mut scores = [0.0; MOST_CLASSES];
        for (score, (&plain, &name)) in scores.iter_mut().zip(plain.iter().zip(names)) {
            *score = ((f64::from(plain) + NAME_WEIGHT * f64::from(name)) * quantum) as f32;
        }
        Tally { scores, classes: self.classes, positions, letters, plain_letters, foreign }
    }
}

/// Fibonacci hashing after a fold; the low bits pick the slot, the high ones are the tag.
fn hashed(key: Key) -> u64 {
    let mixed = (key ^ (key >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}
