//! The texts that attribute weights are learned from.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::counts::without_accents;
use super::{Sample, folds};
use crate::news::language::Language;
use crate::news::language::letters::{Alphabet, Word, without_addresses};
use crate::news::language::table::{NAME_WEIGHT, NgramTable, OPENING_WEIGHT};

/// A text of a class that is known, as the rows of a table that it meets.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// The fold of its source.
    pub fold: usize,
    pub class: usize,
    /// How much the text counts.
    pub weight: f32,
    /// What its scores are divided by before they are made probabilities.
    pub temperature: f32,
    /// Rows, each with how much it counts here.
    pub met: Vec<(u32, f32)>,
}

/// A sample that may be learned from.
#[derive(Debug, Clone, Copy)]
pub struct Taught<'t> {
    pub sample: Sample<'t>,
    pub class: usize,
    pub fold: usize,
}

/// How many texts of one source are learned from at most.
const MOST_OF_A_SOURCE: usize = 2_000;
/// The strangers' part of the whole; the rest is the own languages'. Each class has an even part of either.
const STRANGERS_PART: f64 = 0.3;
/// What all texts together count: a hundred thousand, however many they are, so that the ridge is as strong for a
/// small corpus as for a large one.
const WHOLE: f64 = 100_000.0;
/// One text in so many is read without its accents, as it is counted (`counts.rs`).
const WITHOUT_ACCENTS: usize = 7;

/// The temperature of a text of so many positions: where the calibration's figures stand when they are fitted.
fn temperature(positions: u32) -> f32 {
    1.0 + 0.5 * (positions as f32).sqrt()
}

/// Lessons for a table: each sample as it stands, a few words out of it, and of strangers, whose texts are longer
/// than headlines, a headline's length. Samples of one source are in an order that does not matter.
pub fn collect(taught: &[Taught<'_>], table: &NgramTable, alphabet: &Alphabet, own: usize) -> Vec<Lesson> {
    let mut of_source: BTreeMap<(Language, &str), usize> = BTreeMap::new();
    let mut chosen: Vec<Taught<'_>> = Vec::new();
    for text in taught {
        let taken = of_source.entry((text.sample.language, text.sample.source)).or_default();
        if *taken < MOST_OF_A_SOURCE {
            *taken += 1;
            chosen.push(*text);
        }
    }
    let of_sample = |&Taught { sample, class, fold }: &Taught<'_>| {
        let texts = of_source.get(&(sample.language, sample.source)).copied().unwrap_or(1);
        // A large source counts more than a small one, but not by as much as it is larger.
        let weight = if class < own { (texts as f32).sqrt().recip() } else { 1.0 };
        let lesson = |text: &str| {
            let (met, temperature) = meet(text, table, alphabet);
            Lesson { fold, class, weight, temperature, met }
        };
        let mut lessons = Vec::with_capacity(3);
        if folds::is_one_in(WITHOUT_ACCENTS, sample.text) {
            lessons.push(lesson(&without_accents(sample.text)));
        } else {
            lessons.push(lesson(sample.text));
        }
        if class >= own {
            lessons.push(lesson(&folds::headline_length(sample.text)));
        }
        lessons.extend(folds::few_words(sample.text).map(|words| lesson(&words)));
        lessons
    };
    let mut lessons: Vec<Lesson> = chosen.par_iter().flat_map_iter(of_sample).collect();
    balance(&mut lessons, own, table.classes());
    lessons
}

/// The rows that a text meets, each with how much it counts, and its temperature.
fn meet(text: &str, table: &NgramTable, alphabet: &Alphabet) -> (Vec<(u32, f32)>, f32) {
    let text = without_addresses(text);
    let (mut positions, mut met) = (0, Vec::new());
    let symbols = alphabet.symbols(&text).inspect(|_| positions += 1);
    table.look_up(symbols, |row, word| {
        let times = match word {
            Word::Name => NAME_WEIGHT,
            Word::Opening => OPENING_WEIGHT,
            Word::Plain | Word::Mark => 1.0,
        };
        met.push((row as u32, times as f32));
    });
    (met, temperature(positions))
}

/// Gives each class its part of [`WHOLE`].
fn balance(lessons: &mut [Lesson], own: usize, classes: usize) {
    let mut sums = vec![0.0; classes];
    for lesson in lessons.iter() {
        if let Some(sum) = sums.get_mut(lesson.class) {
            *sum += f64::from(lesson.weight);
        }
    }
    for lesson in lessons {
        let part = if lesson.class < own {
            (1.0 - STRANGERS_PART) / own as f64
        } else {
            STRANGERS_PART / (classes - own) as f64
        };
        let sum = sums.get(lesson.class).copied().unwrap_or(1.0);
        lesson.weight = (f64::from(lesson.weight) / sum * part * WHOLE) as f32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::news::language::table::Key;

    #[test]
    fn every_class_has_its_part_however_many_texts_it_has() {
        let lesson = |class, weight| Lesson { fold: 0, class, weight, temperature: 1.0, met: Vec::new() };
        let mut lessons = vec![lesson(0, 1.0), lesson(1, 1.0), lesson(1, 3.0), lesson(2, 9.0)];
        balance(&mut lessons, 2, 3);
        let weights: Vec<f32> = lessons.iter().map(|lesson| lesson.weight).collect();
        assert_eq!(weights, [35_000.0, 8_750.0, 26_250.0, 30_000.0]);
    }

    #[test]
    fn names_count_less_and_longer_texts_are_cooler() {
        let alphabet = Alphabet::new("abcdefghijklmnopqrstuvwxyz".chars());
        let keys: BTreeSet<Key> = alphabet.symbols("a").map(|(symbol, _)| Key::from(symbol)).collect();
        let table = NgramTable::new(keys.into_iter().collect(), &[1, 1], 1);
        let times = |text: &str| -> Vec<f32> {
            meet(text, &table, &alphabet).0.iter().map(|&(_, times)| times).collect()
        };
        assert_eq!(times("o a"), [1.0, 1.0, 1.0, 1.0]);
        assert_eq!(times("o A"), [1.0, 1.0, NAME_WEIGHT as f32, NAME_WEIGHT as f32]);
        assert!(meet("a a a", &table, &alphabet).1 > meet("a", &table, &alphabet).1);
    }
}
