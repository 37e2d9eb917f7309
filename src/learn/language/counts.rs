//! Texts to n-gram counts by class.

use rustc_hash::FxHashMap;

use crate::news::language::letters::{Alphabet, folded, is_letter, without_addresses};
use crate::news::language::table::{Key, LONGEST, WordReader, ending, shifted};

/// A text counts this much once more with its accents taken off: headlines are often written without.
const WITHOUT_ACCENTS_WEIGHT: f32 = 0.15;
/// A letter belongs to the alphabet when it is at least this share of a language's letters: every letter of a
/// language's own words is, most letters of foreign names are not.
const LETTER_SHARE: f64 = 2e-5;

/// The n-gram counts of one class, all lengths and whole words in one map (a key tells its family).
pub type Counts = FxHashMap<Key, f32>;

/// The letters that the given texts use, one iterator a language.
pub fn alphabet<'t, T: Iterator<Item = &'t str>>(languages: impl Iterator<Item = T>) -> Alphabet {
    let mut letters = Vec::new();
    for texts in languages {
        let mut seen: FxHashMap<char, u64> = FxHashMap::default();
        for character in texts.flat_map(str::chars).map(folded).filter(|&character| is_letter(character)) {
            *seen.entry(character).or_default() += 1;
        }
        let least = seen.values().sum::<u64>() as f64 * LETTER_SHARE;
        letters.push(crate::news::language::letters::SPACED_MARK);
        letters
            .extend(seen.into_iter().filter(|&(_, count)| count as f64 >= least).map(|(letter, _)| letter));
    }
    Alphabet::new(letters)
}

/// Counts the n-grams of `texts`, each as it stands and, more lightly, without its accents.
pub fn count<'t>(alphabet: &Alphabet, texts: impl Iterator<Item = &'t str>) -> Counts {
    let mut counts = Counts::default();
    for text in texts {
        let text = without_addresses(text);
        add(alphabet, &text, 1.0 - WITHOUT_ACCENTS_WEIGHT, &mut counts);
        add(alphabet, &without_accents(&text), WITHOUT_ACCENTS_WEIGHT, &mut counts);
    }
    counts
}

fn add(alphabet: &Alphabet, text: &str, weight: f32, counts: &mut Counts) {
    let mut four_gram: Key = 0;
    let mut words = WordReader::default();
    for ((symbol, word), position) in alphabet.symbols(text).zip(1..) {
        four_gram = shifted(four_gram, symbol);
        for length in 1..=LONGEST.min(position) {
            *counts.entry(ending(four_gram, length)).or_default() += weight;
        }
        if let Some((key, _)) = words.push(symbol, word) {
            *counts.entry(key).or_default() += weight;
        }
    }
}

/// A text with the accents of Latin letters taken off, as headlines in capitals are often written.
pub fn without_accents(text: &str) -> String {
    text.chars().map(|character| base_letter(character).unwrap_or(character)).collect()
}

fn base_letter(character: char) -> Option<char> {
    const BASES: [(&str, char); 20] = [
        ("àáâãäåāăą", 'a'),
        ("çćč", 'c'),
        ("ďđ", 'd'),
        ("èéêëēėęě", 'e'),
        ("ğģ", 'g'),
        ("ìíîïīį", 'i'),
        ("ķ", 'k'),
        ("ĺļľł", 'l'),
        ("ñńņň", 'n'),
        ("òóôõöøōő", 'o'),
        ("ŕř", 'r'),
        ("śşšș", 's'),
        ("ţťț", 't'),
        ("ùúûüūůű", 'u'),
        ("ýÿ", 'y'),
        ("źżž", 'z'),
        ("ÀÁÂÃÄÅ", 'A'),
        ("ÈÉÊË", 'E'),
        ("ÌÍÎÏ", 'I'),
        ("ÒÓÔÕÖ", 'O'),
    ];
    if character.is_ascii() {
        return None;
    }
    BASES.iter().find(|(accented, _)| accented.contains(character)).map(|&(_, base)| base)
}
