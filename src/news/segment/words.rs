//! Words and shapes: what can be told of a piece of text without knowing its language.

use std::ops::Range;

use crate::news::fold::push_folded;

/// A blank or a control character: what may part words.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}')
}

/// The words of `text`, each a run of letters and digits, as byte ranges.
pub fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut characters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = characters.find(|(_, c)| c.is_alphanumeric())?;
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = characters.next_if(|(_, c)| c.is_alphanumeric() || is_combining(*c)) {
            end = at + c.len_utf8();
        }
        Some(start..end)
    })
}

/// `text` in lower case and without accents.
pub fn folded(text: &str) -> String {
    let mut folded = Vec::with_capacity(text.len());
    text.chars().for_each(|c| push_folded(c, &mut folded));
    String::from_utf8(folded).unwrap_or_default()
}

/// A word, folded, and where it stands.
pub type FoldedWord<'f> = (&'f str, Range<usize>);

/// A word of digits.
pub fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

/// The words of a line, folded into one string.
pub struct FoldedWords {
    text: String,
    words: Vec<(Range<usize>, Range<usize>)>,
}

impl FoldedWords {
    pub fn of(line: &str) -> FoldedWords {
        FoldedWords::first(line, usize::MAX)
    }

    /// At most the first `most` words.
    pub fn first(line: &str, most: usize) -> FoldedWords {
        let mut folded = Vec::with_capacity(line.len().min(256));
        let mut places = Vec::new();
        for range in words(line).take(most) {
            let start = folded.len();
            let word = line.get(range.clone()).unwrap_or_default();
            word.chars().for_each(|c| push_folded(c, &mut folded));
            places.push((start..folded.len(), range));
        }
        FoldedWords { text: String::from_utf8(folded).unwrap_or_default(), words: places }
    }

    pub fn list(&self) -> Vec<FoldedWord<'_>> {
        let word = |place: &Range<usize>| self.text.get(place.clone()).unwrap_or_default();
        self.words.iter().map(|(place, range)| (word(place), range.clone())).collect()
    }
}

/// The range of `text[range]` without blanks at its ends.
pub fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inside = text.get(range.clone()).unwrap_or_default();
    let start = range.start + inside.len() - inside.trim_start_matches(is_blank).len();
    let end = range.start + inside.trim_end_matches(is_blank).len();
    start..end.max(start)
}

/// What a line looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    pub characters: usize,
    pub words: usize,
    /// Words that begin with a letter.
    pub named_words: usize,
    pub letters: usize,
    /// The first word begins with two small letters: the line goes on with a sentence ("iPhone" does not).
    pub starts_small: bool,
    /// The last thing is a full stop, be there quotes or brackets behind it.
    pub ends_sentence: bool,
    /// The last thing is a comma, a semicolon or a colon.
    pub ends_open: bool,
    /// The last thing is a letter or a digit.
    pub ends_in_word: bool,
}

impl Shape {
    pub fn of(text: &str) -> Shape {
        let mut shape = Shape::default();
        let mut in_word = false;
        let mut first_letters = [None; 2];
        for c in text.chars() {
            shape.characters += 1;
            let letter = c.is_alphabetic();
            shape.letters += usize::from(letter);
            if c.is_alphanumeric() {
                shape.words += usize::from(!in_word);
                shape.named_words += usize::from(!in_word && letter);
                if shape.words == 1 {
                    if first_letters[0].is_none() {
                        first_letters[0] = Some(c);
                    } else if first_letters[1].is_none() {
                        first_letters[1] = Some(c);
                    }
                }
                in_word = true;
            } else if !is_combining(c) {
                in_word = false;
            }
        }
        shape.starts_small = match first_letters {
            [Some(a), Some(b)] => a.is_lowercase() && b.is_lowercase(),
            [Some(a), None] => a.is_lowercase(),
            _ => false,
        };
        let end = text.trim_end_matches(|c| is_blank(c) || is_closing(c));
        shape.ends_sentence = end.ends_with(['.', '。', '۔']) && !end.ends_with("..");
        shape.ends_in_word = text.ends_with(char::is_alphanumeric);
        shape.ends_open = end.ends_with([',', ';', ':', '،']);
        shape
    }
}

/// A quote or bracket that closes.
pub fn is_closing(c: char) -> bool {
    matches!(c, '»' | '”' | '’' | '"' | '\'' | ')' | ']' | '›')
}
