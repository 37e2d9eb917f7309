//! The scraper's title, and the line of the page that says the same.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::lines::Line;
use super::role::{MIN_TEASER_WORDS, Role};
use super::view::View;
use super::words::{self, is_blank};
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

/// A title that stands in the page's head a first time: in the browser's title ("Title | Site") or at the end of
/// the crumbs ("Home > News > Title").
pub struct Repeated {
    /// The lines that hold it beside other things.
    pub copies: Vec<usize>,
    pub title: Range<usize>,
    /// The site's name from the browser's title.
    pub site: Option<Range<usize>>,
}

/// The page's head has at most so many lines.
const MAX_HEAD_LINES: usize = 10;

/// The title that the page's head holds and a line below says alone.
pub fn repeated_title(text: &str, lines: &[Line]) -> Option<Repeated> {
    let told = |line: &Line| text.get(line.range.clone()).unwrap_or_default();
    let alone: FxHashMap<&str, usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.is_free_headline() && line.shape.words >= MIN_TEASER_WORDS)
        .map(|(at, line)| (told(line), at))
        .collect();
    let mut repeated: Option<Repeated> = None;
    for (at, line) in lines.iter().enumerate().take(MAX_HEAD_LINES) {
        let said_below = |part: &str| alone.get(part).is_some_and(|below| *below > at);
        let place =
            |start: usize, part: &str| line.range.start + start..line.range.start + start + part.len();
        // Crumbs that were cut: the title is what is left of its row.
        let last_crumb = line.parted && lines.iter().filter(|other| other.row == line.row).count() == 1;
        if last_crumb && line.role == Role::Headline && said_below(told(line)) {
            add(&mut repeated, at, line.range.clone(), None);
        } else if line.is_free_headline() {
            for (before, behind) in site_marks(told(line)) {
                let title = told(line).get(..before).unwrap_or_default();
                let rest = told(line).get(behind..).unwrap_or_default();
                if said_below(title) {
                    add(&mut repeated, at, place(0, title), Some(place(behind, rest)));
                    break;
                }
                if said_below(rest) {
                    add(&mut repeated, at, place(behind, rest), None);
                    break;
                }
            }
        }
    }
    repeated
}

fn add(repeated: &mut Option<Repeated>, at: usize, title: Range<usize>, site: Option<Range<usize>>) {
    let repeated = repeated.get_or_insert_with(|| Repeated { copies: Vec::new(), title, site: None });
    repeated.copies.push(at);
    repeated.site = repeated.site.take().or(site);
}

/// Where a mark between blanks parts a line: where what stands before it ends, and where what is behind it begins.
fn site_marks(line: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let is_mark = |c: char| "-–—|>»›/·•".contains(c);
    line.match_indices(is_mark).filter_map(move |(at, mark)| {
        let (before, behind) = (line.get(..at)?, line.get(at + mark.len()..)?);
        let (left, right) = (before.trim_end_matches(is_blank), behind.trim_start_matches(is_blank));
        (left.len() < before.len() && right.len() < behind.len())
            .then(|| (left.len(), line.len() - right.len()))
    })
}
