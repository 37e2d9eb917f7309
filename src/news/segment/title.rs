//! The scraper's title, and the line of the page that says the same.

use super::view::View;
use super::words;

/// A title's letters and digits, folded: what two ways of writing it share.
pub struct Title {
    letters: Vec<char>,
}

/// A line that is the beginning of the title (which often ends in the site's name) has at least this share of it.
const MIN_SHARE_PERCENT: usize = 50;

/// A title of fewer letters is no sign of a line that goes on behind it.
const MIN_LETTERS: usize = 15;

impl Title {
    /// `None` where the title has no letter.
    pub fn new(title: &str) -> Option<Title> {
        let letters: Vec<char> = letters(&View::new(title).text).map(|(c, _)| c).collect();
        letters.iter().any(|c| c.is_alphabetic()).then_some(Title { letters })
    }

    /// How many bytes of a line say the title; `None` where it says something else.
    pub fn matched(&self, line: &str) -> Option<usize> {
        let mut shared = 0;
        let mut end = 0;
        let mut line_goes_on = false;
        for (c, after) in letters(line) {
            match self.letters.get(shared) {
                Some(wanted) if *wanted == c => (shared, end) = (shared + 1, after),
                Some(_) => return None,
                None => {
                    line_goes_on = true;
                    break;
                }
            }
        }
        if !line_goes_on && shared == self.letters.len() {
            return Some(line.len());
        }
        if line_goes_on {
            return (shared >= MIN_LETTERS).then_some(end);
        }
        let several = words::words(line).nth(2).is_some();
        (several && shared * 100 >= self.letters.len() * MIN_SHARE_PERCENT).then_some(line.len())
    }
}

/// Letters and digits, folded, each with the byte behind it.
fn letters(text: &str) -> impl Iterator<Item = (char, usize)> + '_ {
    let inside = text.char_indices().filter(|(_, c)| c.is_alphanumeric());
    inside.map(|(at, c)| (words::fold(c), at + c.len_utf8()))
}
