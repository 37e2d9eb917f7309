//! Who took a picture, who wired a dispatch: captions and their credits.

use std::ops::Range;

use super::vocabulary::{self, List, Mark};
use super::words::{FoldedWord, FoldedWords};

/// A caption with its credit, or a credit or source alone.
pub fn is_credited(inside: &str, words: &[FoldedWord<'_>]) -> bool {
    let bracket = inside.rfind(['(', '[']).and_then(|at| inside.get(at + 1..)).map(str::to_lowercase);
    let openings = ["photo", "foto", "image", "imagen", "crédit", "credit", "picture"];
    let bracketed = bracket.is_some_and(|inside| {
        inside.ends_with([')', ']'])
            && inside.contains([':', '/'])
            && openings.iter().any(|opening| inside.starts_with(opening))
    });
    if inside.contains('©') || bracketed {
        return true;
    }
    let last_two = words.get(words.len().saturating_sub(2)..).unwrap_or_default();
    let pictured = joined(last_two);
    if matches!(pictured.as_str(), "getty images" | "ap photo") {
        return true;
    }
    let credits = |words: &[FoldedWord<'_>], marks: &[char]| {
        vocabulary::openings(words).filter(|opening| opening.mark == Mark::Credit).any(|opening| {
            let Some((_, last)) = words.get(opening.words - 1) else {
                return false;
            };
            let behind = inside.get(last.end..).unwrap_or_default().trim_start();
            let rest = words.get(opening.words..).unwrap_or_default();
            let marked = behind.starts_with(marks) || rest.is_empty();
            // "Photos: Thousands march in the capital" is a headline.
            let plural = words.first().is_some_and(|(word, _)| word.ends_with('s'));
            let most = if plural { MAX_CREDIT_WORDS / 2 } else { MAX_CREDIT_WORDS };
            marked && (rest.len() <= most || has_agency(rest))
        })
    };
    // "The quay in May. Photo: Ann Lee": a credit's words stand behind what ends a sentence.
    let behind_sentence = |at: usize| {
        let before = words.get(at).and_then(|(_, range)| inside.get(..range.start)).unwrap_or_default();
        before.trim_end().ends_with(['.', '|', '–', '-', ')'])
            && credits(words.get(at..).unwrap_or_default(), &[':'])
    };
    if ends_in_names(inside) {
        return true;
    }
    credits(words, &[':', '/', '(', '|'])
        || (words.len().saturating_sub(MAX_CREDIT_WORDS)..words.len().saturating_sub(1)).any(behind_sentence)
}

/// A caption that ends in a photographer's name and an agency's: "The pier in May. Ann Lee/The Post".
fn ends_in_names(inside: &str) -> bool {
    let Some((_, names)) = inside.rsplit_once(". ").filter(|(_, names)| names.contains('/')) else {
        return false;
    };
    let large = |word: &str| word.starts_with(char::is_uppercase) || word.chars().count() <= 2;
    names.split_whitespace().count() <= MAX_CREDIT_WORDS
        && names.split([' ', '/']).filter(|word| !word.is_empty()).all(large)
}

/// How many words a credit behind a caption's sentence has at most.
const MAX_CREDIT_WORDS: usize = 8;

/// A line that ends in an agency's name, set apart: "... / Reuters", "... (EFE)".
pub fn ends_in_agency(inside: &str) -> bool {
    let words = FoldedWords::of(inside);
    let words = words.list();
    // A photographer's name may stand behind the agency's: "... AFP - ANN LEE".
    let names = words.iter().rev().take(MAX_CREDIT_WORDS).take_while(|(_, range)| {
        inside.get(range.clone()).is_some_and(|word| word.starts_with(char::is_uppercase))
    });
    let set_apart = |range: &Range<usize>| {
        let before = inside.get(..range.start).unwrap_or_default().trim_end();
        before.ends_with(['/', '|', '(', '[', '–', '—', '.', ':'])
    };
    let mut behind = inside.len();
    for (place, (word, range)) in names.enumerate() {
        let signed = place == 0
            || inside.get(range.end..behind).is_some_and(|between| between.contains(['-', '/', '–', '—']));
        if signed && vocabulary::has(List::Agency, word) && set_apart(range) {
            return true;
        }
        behind = range.start;
    }
    false
}

/// Whether a line ends in a photographer's name in capitals: "The north slope in May J. L. MARTIN".
pub fn ends_in_capitals(inside: &str) -> bool {
    let capitals = |word: &&str| word.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '-' | '/'));
    let name: Vec<&str> = inside.split_whitespace().rev().take_while(capitals).collect();
    let words = inside.split_whitespace().count();
    let long = |word: &&str| word.chars().filter(|c| c.is_uppercase()).count() >= MIN_NAME_LETTERS;
    (2..=4).contains(&name.len()) && name.len() < words && name.first().is_some_and(long)
}

/// A family name in capitals has at least so many letters; shorter words are abbreviations.
const MIN_NAME_LETTERS: usize = 5;

/// Whether one of the words names an agency.
pub fn has_agency(words: &[FoldedWord<'_>]) -> bool {
    let single = words.iter().any(|(word, _)| vocabulary::has(List::Agency, word));
    single || words.windows(2).any(|pair| vocabulary::has(List::Agency, &joined(pair)))
}

fn joined(words: &[FoldedWord<'_>]) -> String {
    words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ")
}
