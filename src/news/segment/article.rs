//! Which line is the title of the page's own article, or where its body begins.

use std::collections::BTreeSet;
use std::ops::Range;

use super::layout::{MIN_UNMARKED_RIBBON, Page};
use super::lines::Line;
use super::role::{MIN_TEASER_WORDS, Role};
use super::sentences;
use super::title::Title;
use super::words::FoldedWords;

/// So many lines (captions, a standfirst, main points) may stand between a title and its dateline or body.
pub const MAX_LINES_ABOVE: usize = 8;

/// Prose shorter than this, in characters, may be a notice rather than an article.
const MAX_NOTICE_CHARACTERS: usize = 200;

/// A title shares words with so many paragraphs of its body; at least so many of them where it is not the last
/// headline above; at least so long ones; and so many words of a line are looked at.
const MAX_TELLING_PARAGRAPHS: usize = 3;
const MIN_SHARED_WORDS: usize = 2;
const MIN_TELLING_BYTES: usize = 5;
const MAX_TELLING_WORDS: usize = 80;

/// Where the page's own article stands.
#[derive(Debug, Clone, Copy)]
pub enum Article {
    /// Its title is this line.
    Titled(usize),
    /// It has no title in the text; its body begins with this line.
    Untitled(usize),
}

impl Article {
    pub fn start(&self) -> usize {
        match *self {
            Article::Titled(at) | Article::Untitled(at) => at,
        }
    }
}

impl Page<'_> {
    pub fn find_article(&self, title: Option<&Title>) -> Option<Article> {
        if let Some(at) = title.and_then(|title| self.find_title(title)) {
            return Some(Article::Titled(at));
        }
        let article = self.by_dateline().or_else(|| self.by_prose()).or_else(|| self.by_headline());
        match article {
            // The scraper's title is the title; what looked like one is a sub-heading or the body.
            Some(Article::Titled(at)) if title.is_some() => Some(Article::Untitled(at)),
            article => article,
        }
    }

    /// The line that says what the title field says: the last one above the body's first paragraph, for a ribbon
    /// may hold the same headline.
    pub fn find_title(&self, title: &Title) -> Option<usize> {
        let matching = (0..self.lines.len()).filter(|at| {
            self.line(*at).is_some_and(|line| {
                matches!(line.role, Role::Headline | Role::Prose)
                    && !line.bullet
                    && !line.parted
                    && title.matched(self.text.get(line.range.clone()).unwrap_or_default()).is_some()
            })
        });
        let mut found = None;
        for at in matching {
            let prose_between = found.is_some_and(|found| (found..at).any(|between| self.is_prose(between)));
            if prose_between {
                break;
            }
            found = Some(at);
        }
        found
    }

    /// The headline above the first dateline, or below it where the dateline opens the article.
    fn by_dateline(&self) -> Option<Article> {
        // A byline without a date tells the title above it as well, but below prose it is a signature.
        let prose = (0..self.lines.len()).find(|at| self.is_prose(*at)).unwrap_or(self.lines.len());
        let is_dateline = |at: &usize| {
            self.line(*at).is_some_and(|line| {
                matches!(&line.role, Role::Dateline(d) if d.date.is_some() || (!d.bare && *at < prose))
            })
        };
        let datelines: Vec<usize> =
            (0..self.lines.len()).filter(|at| is_dateline(at) && self.heads_prose(*at, prose)).collect();
        // A date beside every headline makes a list, not an article.
        if datelines.len() > 3 {
            return None;
        }
        datelines.into_iter().find_map(|at| self.beside_dateline(at))
    }

    /// The title right above or below a dateline.
    fn beside_dateline(&self, at: usize) -> Option<Article> {
        let below =
            (at + 1..self.lines.len()).find(|below| !self.line(*below).is_some_and(Line::stands_between));
        let title_below =
            below.filter(|below| self.is_free_headline(*below) && self.followed_by_prose(*below));
        let above = self.headline_above(at);
        let line_gap = self.lines.get(at).map_or(0, |line| line.gap);
        let below_gap = title_below.and_then(|below| self.lines.get(below)).map_or(0, |line| line.gap);
        match (above, title_below) {
            (Some(_), Some(below)) if line_gap > below_gap => Some(Article::Titled(below)),
            // The site's name and the day stand at the head of the page.
            (Some(above), Some(below)) if self.is_name(above) => Some(Article::Titled(below)),
            (Some(above), _) if self.is_sentence_title(at) && self.in_list(above) => {
                Some(Article::Titled(at - 1))
            }
            (Some(above), _) => Some(Article::Titled(above)),
            (None, None) if self.is_sentence_title(at) => Some(Article::Titled(at - 1)),
            (None, Some(below)) if !(0..below).any(|at| self.is_prose(at)) => Some(Article::Titled(below)),
            _ => None,
        }
    }

    /// Whether a dateline stands above an article: prose follows before another heading, or none stands above it.
    fn heads_prose(&self, dateline: usize, first_prose: usize) -> bool {
        dateline < first_prose
            || (dateline + 1..self.lines.len())
                .take(MAX_LINES_ABOVE)
                .take_while(|at| {
                    self.line(*at)
                        .is_some_and(|line| !matches!(line.role, Role::RelatedHeading | Role::RibbonHeading))
                })
                .any(|at| self.is_prose(at))
    }

    /// Whether a headline is the last of a list without marks.
    fn in_list(&self, at: usize) -> bool {
        (at + 1)
            .checked_sub(MIN_UNMARKED_RIBBON)
            .is_some_and(|first| (first..at).all(|at| self.is_free_headline(at)))
    }

    /// Right above a dateline, a short sentence that opens its block is a title that ends in a full stop.
    fn is_sentence_title(&self, dateline: usize) -> bool {
        let Some(above) = dateline.checked_sub(1).filter(|above| self.is_prose(*above)) else {
            return false;
        };
        let (title, below) = (self.lines.get(above), self.lines.get(dateline));
        let opens = above == 0 || title.is_some_and(|title| title.gap > 0 || title.behind_furniture);
        opens
            && below.is_some_and(|below| below.gap == 0)
            && title.is_some_and(|title| title.shape.characters <= sentences::MAX_HEADLINE_CHARACTERS)
    }

    /// The title above line `at`: captions and a short standfirst may stand between.
    fn headline_above(&self, at: usize) -> Option<usize> {
        let mut prose = 0;
        for above in (0..at).rev().take(MAX_LINES_ABOVE) {
            if self.is_free_headline(above) && !self.is_below_title(above) {
                return Some(self.title_of_run(above));
            }
            let line = self.line(above)?;
            match line.role {
                _ if line.stands_between() || self.is_free_headline(above) => {}
                Role::Prose if !line.bullet && line.shape.characters <= 400 && prose < 2 => prose += 1,
                _ => return None,
            }
        }
        None
    }

    /// Of two headlines, one right below the other, the first is the title and the second its subtitle; where the
    /// first has few words or a blank line parts them, only if the second is the longer. Else the last of them is.
    /// Of more, the last is: the others are a ribbon's.
    fn title_of_run(&self, last: usize) -> usize {
        let line = |at: usize| self.lines.get(at);
        let name = |at: usize| self.is_name(at);
        // Authors' names below the title.
        let titled = (0..=last)
            .rev()
            .take(MIN_UNMARKED_RIBBON)
            .take_while(|at| self.is_free_headline(*at))
            .find(|at| !name(*at));
        let last = titled.unwrap_or(last);
        if let Some(title) = self.title_above_furniture(last) {
            return title;
        }
        // What stands behind furniture opens a block of its own, and so does what stands below a site's name.
        let mut first = last;
        while last - first < MIN_UNMARKED_RIBBON
            && !line(first).is_some_and(|line| line.behind_furniture)
            && first.checked_sub(1).is_some_and(|above| self.is_free_headline(above) && !name(above))
        {
            first -= 1;
        }
        let [Some(title), Some(subtitle)] = [line(first), line(last)] else {
            return last;
        };
        if last - first + 1 >= MIN_UNMARKED_RIBBON {
            return self.title_that_body_tells(first..last + 1);
        }
        let below = line(last + 1).map_or(0, |below| below.gap);
        let close = subtitle.gap <= below.min(1);
        let (titled, subtitled) = (title.shape.characters, subtitle.shape.characters);
        let is_subtitle = last - first == 1
            && close
            && ((title.shape.words >= 4 && subtitled * 10 > titled * 13)
                || (title.shape.words >= 5 && subtitle.gap == 0));
        if is_subtitle { first } else { last }
    }

    /// Furniture may stand between a title and its longer subtitle, if no other headline is above.
    fn title_above_furniture(&self, subtitle: usize) -> Option<usize> {
        let title = subtitle.checked_sub(1).filter(|title| self.is_free_headline(*title))?;
        let (above, below) = (self.lines.get(title)?, self.lines.get(subtitle)?);
        let alone = title.checked_sub(1).is_none_or(|before| !self.is_free_headline(before));
        let longer = below.shape.characters * 10 > above.shape.characters * 13;
        let titled = above.headed || (longer && above.behind_furniture);
        (below.behind_furniture && alone && titled && above.shape.words > MIN_TEASER_WORDS).then_some(title)
    }

    /// Of a run of headlines the last is the title, unless the body shares no word with it and several with one
    /// above: then main points stand below the title.
    fn title_that_body_tells(&self, run: Range<usize>) -> usize {
        let last = run.end - 1;
        let body = (run.end..self.lines.len()).filter(|at| self.is_prose(*at)).take(MAX_TELLING_PARAGRAPHS);
        let body: BTreeSet<String> = body.flat_map(|at| self.telling_words(at)).collect();
        let shared = |at: usize| self.telling_words(at).intersection(&body).count();
        if shared(last) > 0 {
            return last;
        }
        run.clone().find(|at| shared(*at) >= MIN_SHARED_WORDS).unwrap_or(last)
    }

    /// A line's longer words, folded.
    fn telling_words(&self, at: usize) -> BTreeSet<String> {
        let line = self.lines.get(at).and_then(|line| self.text.get(line.range.clone())).unwrap_or_default();
        let words = FoldedWords::first(line, MAX_TELLING_WORDS);
        let long = words.list().into_iter().filter(|(word, _)| word.len() >= MIN_TELLING_BYTES);
        long.map(|(word, _)| word.to_owned()).collect()
    }

    /// Key words, or an author's name that a caption or the like parts from the title.
    fn is_below_title(&self, at: usize) -> bool {
        let parted = at.checked_sub(1).and_then(|above| self.line(above)).is_some_and(Line::stands_between);
        let titled =
            at.checked_sub(2).is_some_and(|title| self.is_free_headline(title) && !self.is_name(title));
        parted && titled && (self.is_name(at) || self.lines.get(at).is_some_and(|line| self.is_tags(line)))
    }

    fn is_name(&self, at: usize) -> bool {
        self.lines.get(at).is_some_and(|line| line.is_name(self.text))
    }

    fn followed_by_prose(&self, at: usize) -> bool {
        (at + 1..self.lines.len().min(at + 5))
            .find(|below| !self.line(*below).is_some_and(Line::stands_between))
            .is_some_and(|below| self.is_prose(below))
    }

    /// The headline above the first paragraph, or that paragraph.
    fn by_prose(&self) -> Option<Article> {
        let mut first = (0..self.lines.len()).find(|at| self.is_prose(*at))?;
        if let Some(next) = self.behind_notice(first) {
            first = next;
        }
        let row = self.lines.get(first)?.row;
        if let Some(title) = self.headed_above(first) {
            return Some(Article::Titled(title));
        }
        for above in (0..first).rev().take(MAX_LINES_ABOVE) {
            let Some(line) = self.line(above) else {
                break;
            };
            match line.role {
                Role::Headline if self.is_free_headline(above) => {
                    return Some(Article::Titled(self.title_of_run(above)));
                }
                // The whole page in one row: the headline before the first paragraph is its title.
                Role::Headline if line.row == row && !line.bullet => return Some(Article::Titled(above)),
                _ if line.stands_between() => {}
                // The article's main points, each a sentence behind a bullet.
                Role::Prose if line.bullet => {}
                _ => break,
            }
        }
        Some(Article::Untitled(first))
    }

    /// The one headline above the body with an age or a button to share it right below.
    fn headed_above(&self, first: usize) -> Option<usize> {
        let mut headed = (0..first)
            .rev()
            .take(MAX_LINES_ABOVE)
            .filter(|at| self.is_free_headline(*at) && self.lines.get(*at).is_some_and(|line| line.headed));
        let title = headed.next()?;
        headed.next().is_none().then_some(title)
    }

    /// Where the article's prose begins if the page's first prose is a notice: little text, then a wider gap, a
    /// title and much text.
    fn behind_notice(&self, first: usize) -> Option<usize> {
        let title = (first + 1..self.lines.len())
            .find(|at| self.is_free_headline(*at) && self.followed_by_prose(*at))?;
        let characters = |rows: Range<usize>| -> usize {
            rows.filter(|at| self.is_prose(*at))
                .filter_map(|at| self.lines.get(at))
                .map(|line| line.shape.characters)
                .sum()
        };
        let (before, behind) = (characters(first..title), characters(title..self.lines.len()));
        let titled = first.checked_sub(1).is_some_and(|above| self.is_free_headline(above));
        let least_gap = if titled { 2 } else { 1 };
        let gap = self.lines.get(title)?.gap;
        let wider =
            (first..title).all(|at| self.lines.get(at).is_some_and(|line| line.gap < gap || at == first));
        let notice = before < MAX_NOTICE_CHARACTERS
            && behind >= 150
            && behind >= 4 * before
            && gap >= least_gap
            && wider;
        notice.then(|| (title + 1..self.lines.len()).find(|at| self.is_prose(*at))).flatten()
    }

    /// No prose and no dateline: one headline alone, or two lines of which the first is the title.
    fn by_headline(&self) -> Option<Article> {
        let free: Vec<usize> =
            (0..self.lines.len()).filter(|at| self.is_free_headline(*at)).take(MIN_UNMARKED_RIBBON).collect();
        match *free {
            // A list's own heading is no title.
            [only] => {
                let listed = self.lines.iter().filter(|line| line.bullet || line.parted).count();
                let short = self.lines.get(only)?.shape.words < MIN_TEASER_WORDS;
                (!short || listed < MIN_UNMARKED_RIBBON).then_some(Article::Titled(only))
            }
            [first, second] => {
                let (first_line, second_line) = (self.lines.get(first)?, self.lines.get(second)?);
                let apart =
                    (first..second).any(|at| self.line(at).is_some_and(|line| line.bullet || line.parted));
                Some(Article::Titled(if apart && first_line.shape.words < second_line.shape.words {
                    second
                } else {
                    first
                }))
            }
            _ => None,
        }
    }
}
