//! The scraper's title, and the line of the page that says the same.

use std::ops::Range;

use super::lines::Line;
use super::view::View;
use super::words;
use crate::news::fold::push_folded;

/// A title's letters and digits, folded: what two ways of writing it share.
pub struct Title {
    letters: Vec<u8>,
}

/// A line that is the beginning of the title (which often ends in the site's name) has at least this share of it.
const MIN_SHARE_PERCENT: usize = 50;

/// A title of fewer bytes is no sign of a line that goes on behind it.
const MIN_BYTES: usize = 15;

impl Title {
    /// `None` where the title has no letter.
    pub fn new(title: &str) -> Option<Title> {
        let view = View::new(title);
        let mut letters = Vec::new();
        view.text.chars().filter(|c| c.is_alphanumeric()).for_each(|c| push_folded(c, &mut letters));
        view.text.contains(char::is_alphabetic).then_some(Title { letters })
    }

    /// How many bytes of a line say the title; `None` where it says something else.
    pub fn matched(&self, line: &str) -> Option<usize> {
        let mut rest = self.letters.as_slice();
        let mut end = 0;
        let mut letter = Vec::new();
        for (at, c) in line.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
            if rest.is_empty() {
                return (self.letters.len() >= MIN_BYTES).then_some(end);
            }
            letter.clear();
            push_folded(c, &mut letter);
            rest = rest.strip_prefix(letter.as_slice())?;
            end = at + c.len_utf8();
        }
        let shared = self.letters.len() - rest.len();
        let several = rest.is_empty() || words::words(line).nth(2).is_some();
        (several && shared * 100 >= self.letters.len() * MIN_SHARE_PERCENT).then_some(line.len())
    }
}

/// What stands between a page's title and the site's name in the browser's title line.
const SITE_MARKS: [&str; 7] = [" - ", " – ", " — ", " | ", " :: ", " » ", " · "];

/// The first line where it is the browser's title ("Title | Site"): a line below it says the title alone. Gives the
/// title's and the site's place.
pub fn browser_title(text: &str, lines: &[Line]) -> Option<(Range<usize>, Range<usize>)> {
    let first = lines.first().filter(|line| line.is_free_headline())?;
    let inside = text.get(first.range.clone())?;
    let (at, mark) = SITE_MARKS.iter().filter_map(|mark| Some((inside.rfind(mark)?, mark))).max()?;
    let (title, site) = (inside.get(..at)?.trim_end(), at + mark.len());
    let said = |line: &Line| line.is_free_headline() && text.get(line.range.clone()) == Some(title);
    lines.iter().skip(1).any(said).then(|| {
        let start = first.range.start;
        (start..start + title.len(), words::trimmed(text, start + site..first.range.end))
    })
}
