//! What stands below an article's title: its paragraphs and sub-headings, teasers between them, and the lists
//! behind them.

use std::ops::Range;

use super::Kind;
use super::credits;
use super::layout::{Draft, MIN_UNMARKED_RIBBON, Page};
use super::lines::Line;
use super::role::{MIN_TEASER_WORDS, Role};
use super::sentences;
use super::vocabulary;
use super::words::{FoldedWords, Shape};

/// What the lines below a heading are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Body,
    /// Below "Read also" and the like; so many teasers have been read.
    Related(usize),
    /// Below "Latest news" and the like.
    Ribbon,
    /// Below "Next article": one teaser.
    Pager,
    /// Below "Comments" and the like: nothing of the article's.
    Aside,
}

/// A body's beginning is so many parts.
const MAX_FIRST_PARTS: usize = 16;

/// A byline stands no more lines than this from where the body begins.
const MAX_BYLINE_DISTANCE: usize = 4;

/// A standfirst is shorter than this.
const MIN_BODY_BYTES: usize = 300;

impl Page<'_> {
    /// Reads the lines from `from` to the page's end into the article's body and the items between and behind.
    pub fn read_body(&mut self, from: usize, article: &mut Draft) {
        let mut mode = Mode::Body;
        let mut at = from;
        while at < self.lines.len() {
            let Some(line) = self.line(at) else {
                at += 1;
                continue;
            };
            match &line.role {
                Role::Related(headline) => {
                    let draft = Draft::new(Kind::Related, headline.clone());
                    self.give(at, draft);
                }
                Role::RelatedHeading => mode = Mode::Related(0),
                Role::RibbonHeading => mode = Mode::Ribbon,
                Role::Pager if self.has_body(article) => mode = Mode::Pager,
                Role::Aside if self.has_body(article) && !self.is_dated_below(at) => mode = Mode::Aside,
                Role::Closer if self.is_opened_teaser(at) => mode = Mode::Related(0),
                Role::Headline if self.is_repeated(at, article) => {}
                Role::Headline if self.is_author(at, from) && self.has_body(article) => mode = Mode::Aside,
                Role::Headline | Role::Prose => {
                    at += self.content(at, &mut mode, article);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads one line of content, or a list of them; says how many.
    fn content(&mut self, at: usize, mode: &mut Mode, article: &mut Draft) -> usize {
        let Some(line) = self.lines.get(at) else {
            return 1;
        };
        // A heading's first teaser may be a sentence; further sentences are more likely the article's.
        let sentence = *mode == Mode::Related(0)
            && line.shape.characters <= sentences::MAX_HEADLINE_CHARACTERS
            && !self.is_prose(at + 1);
        let headline = line.role == Role::Headline || line.bullet || sentence;
        match *mode {
            _ if line.dashed => {}
            Mode::Related(read) if self.is_label(at) && (read == 0 || !self.is_prose(at + 1)) => return 1,
            Mode::Pager if headline && line.shape.words >= MIN_TEASER_WORDS => {
                if let Some(draft) = self.teaser(at..at + 1, Kind::Related) {
                    self.give(at, draft);
                }
                *mode = Mode::Aside;
                return 1;
            }
            Mode::Aside if line.role == Role::Headline && !line.bullet => return self.headlines(at, None),
            Mode::Aside => return 1,
            Mode::Related(read)
                if !self.is_subheading(at, read) && (headline || self.glued(at).is_some()) =>
            {
                let below = self.summary(at);
                if let Some(draft) = self.teaser(at..at + 1 + below, Kind::Related) {
                    self.give(at, draft);
                }
                *mode = Mode::Related(read + 1);
                return 1 + below;
            }
            Mode::Ribbon if headline => {
                let draft = Draft::new(Kind::Ticker, sentences::headline(self.text, line.range.clone()));
                self.give(at, draft);
                return 1;
            }
            _ => {}
        }
        *mode = Mode::Body;
        if line.bullet && !line.dashed {
            return self.list(at, article);
        }
        if line.role == Role::Headline && line.parted {
            let draft = Draft::new(Kind::Ticker, line.range.clone());
            self.give(at, draft);
            return 1;
        }
        if line.role == Role::Headline && !line.dashed && !self.is_short_sentence(at) {
            return self.headlines(at, Some(article));
        }
        if !(article.body.is_empty() && self.is_agency_caption(line)) {
            article.body.push(line.range.clone());
        }
        1
    }

    /// Whether an article's body is more than a standfirst: several sentences, or much text.
    fn has_body(&self, article: &Draft) -> bool {
        let is_sentence = |part: &&Range<usize>| {
            self.text.get((*part).clone()).is_some_and(|part| Shape::of(part).ends_sentence)
        };
        let parts = || article.body.iter().take(MAX_FIRST_PARTS);
        parts().any(|part| part.len() >= MIN_BODY_BYTES) || parts().filter(is_sentence).take(2).count() == 2
    }

    /// Whether a dateline stands right below: then so does the body.
    fn is_dated_below(&self, at: usize) -> bool {
        let below = self.lines.get(at + 1..self.lines.len().min(at + 1 + MAX_BYLINE_DISTANCE));
        below.unwrap_or_default().iter().any(|line| matches!(line.role, Role::Dateline(_)))
    }

    /// The title again, or the line above: a link's picture and its text say the same.
    fn is_repeated(&self, at: usize, article: &Draft) -> bool {
        let told = |range: &Range<usize>| self.text.get(range.clone());
        let above = at.checked_sub(1).and_then(|above| self.lines.get(above)).map(|line| &line.range);
        self.lines.get(at).is_some_and(|line| {
            let said_before = [article.text.as_ref(), above]
                .into_iter()
                .flatten()
                .any(|range| told(range) == told(&line.range));
            said_before && !line.bullet && !line.parted
        })
    }

    /// The author's name, known from the byline, opens the author's box behind the body.
    fn is_author(&self, at: usize, body: usize) -> bool {
        let Some(line) = self.lines.get(at).filter(|line| line.shape.words >= 2 && line.is_name(self.text))
        else {
            return false;
        };
        let name = self.text.get(line.range.clone()).unwrap_or_default();
        let beside = self
            .lines
            .get(body.saturating_sub(MAX_BYLINE_DISTANCE)..self.lines.len().min(body + MAX_BYLINE_DISTANCE));
        let bylines = beside.unwrap_or_default().iter().filter(|line| matches!(line.role, Role::Dateline(_)));
        bylines.filter_map(|byline| self.text.get(byline.range.clone())).any(|byline| byline.contains(name))
    }

    /// Key words, a section's or a person's name, rather than a teaser's headline.
    fn is_label(&self, at: usize) -> bool {
        self.lines.get(at).is_some_and(|line| {
            let words = line.shape.words;
            line.role == Role::Headline
                && (words + 1 < MIN_TEASER_WORDS || (words < MIN_TEASER_WORDS && line.is_name(self.text)))
        })
    }

    /// Below a teaser, a headline behind a gap that has prose below it is the article's own sub-heading.
    fn is_subheading(&self, at: usize, read: usize) -> bool {
        let gap = self.lines.get(at).map_or(0, |line| line.gap);
        let apart = self.gapless || gap > 0 || self.is_label(at);
        read > 0
            && apart
            && self.is_free_headline(at)
            && self.is_prose(at + 1)
            && self.glued(at + 1).is_none()
            && !self.more_teasers(at + 2)
    }

    /// How many lines of prose directly below a teaser's headline are its own: those that another teaser follows.
    fn summary(&self, at: usize) -> usize {
        let below = (at + 1..self.lines.len())
            .take_while(|below| {
                self.is_prose(*below)
                    && self.glued(*below).is_none()
                    && self
                        .lines
                        .get(*below)
                        .is_some_and(|line| line.gap == 0 && line.shape.characters <= 400)
            })
            .count();
        if below > 0 && below <= 2 && self.more_teasers(at + 1 + below) { below } else { 0 }
    }

    /// Whether the lines from here on are a teaser again: a headline with a sentence or with another below.
    fn more_teasers(&self, at: usize) -> bool {
        at >= self.lines.len()
            || self.line(at).is_some_and(|line| {
                line.bullet || (line.gap == 0 && line.role == Role::Headline && !self.is_label(at))
            })
            || self.glued(at).is_some()
    }

    /// A bulleted list: points of the article, or other news.
    fn list(&mut self, at: usize, article: &mut Draft) -> usize {
        let lines: Vec<&Line> = (at..self.lines.len())
            .map_while(|at| self.line(at))
            .take_while(|line| line.bullet && matches!(line.role, Role::Headline | Role::Prose))
            .collect();
        let count = lines.len().max(1);
        let introduced = article
            .body
            .last()
            .and_then(|last| self.text.get(last.clone()))
            .is_some_and(|last| last.ends_with(':'));
        let sentences = lines
            .iter()
            .filter(|line| line.shape.ends_sentence || line.shape.ends_open || line.shape.starts_small)
            .count();
        let inside = !article.body.is_empty() && self.is_prose(at + count);
        if introduced || inside || sentences * 2 > count {
            article.body.extend(lines.iter().map(|line| line.range.clone()));
            return count;
        }
        let drafts: Vec<_> = lines
            .iter()
            .map(|line| Draft::new(Kind::Ticker, sentences::headline(self.text, line.range.clone())))
            .collect();
        for (place, draft) in drafts.into_iter().enumerate() {
            self.give(at + place, draft);
        }
        count
    }

    /// Unmarked headlines in or behind the body: sub-headings where prose follows, a ribbon where there are enough
    /// of them at the end, else remains of the page's furniture.
    fn headlines(&mut self, at: usize, article: Option<&mut Draft>) -> usize {
        let behind_furniture = |row: usize| self.lines.get(row).is_some_and(|line| line.behind_furniture);
        let in_run = |row: &usize| {
            self.is_free_headline(*row)
                && (*row == at || !(behind_furniture(*row) || self.is_short_sentence(*row)))
        };
        let count = (at..self.lines.len()).take_while(in_run).count().max(1);
        let rows = at..at + count;
        let prose_follows = self.is_prose(at + count) || self.is_short_sentence(at + count);
        let apart = self.lines.get(at).is_some_and(|line| line.gap > 0 || line.behind_furniture);
        let worded = self
            .lines
            .get(rows.clone())
            .unwrap_or_default()
            .iter()
            .filter(|line| line.shape.words >= MIN_TEASER_WORDS)
            .count();
        if !prose_follows && worded >= MIN_UNMARKED_RIBBON && worded * 2 > count && (apart || self.gapless) {
            for row in rows {
                let range = self.lines.get(row).map(|line| line.range.clone()).unwrap_or_default();
                self.give(row, Draft::new(Kind::Ticker, range));
            }
            return count;
        }
        let Some(article) = article else {
            return count;
        };
        let first = article.body.is_empty();
        let belongs = |line: &&Line| {
            let credit =
                first && ((prose_follows && self.is_agency_caption(line)) || line.is_name(self.text));
            let furniture = self.is_tags(line) || credit;
            let worded = line.shape.words >= MIN_TEASER_WORDS;
            !furniture && (prose_follows || first || (worded && !apart))
        };
        let new = rows.filter(|row| !self.is_repeated(*row, article)).filter_map(|row| self.lines.get(row));
        let parts: Vec<_> = new.filter(belongs).map(|line| line.range.clone()).collect();
        article.body.extend(parts);
        count
    }

    /// A few words with a full stop behind them.
    fn is_short_sentence(&self, at: usize) -> bool {
        self.line(at).is_some_and(|line| {
            line.is_free_headline() && line.shape.ends_sentence && line.shape.words + 1 >= MIN_TEASER_WORDS
        })
    }

    /// A short line that ends in an agency's name: the caption of the picture above the body.
    fn is_agency_caption(&self, line: &Line) -> bool {
        line.shape.characters <= 260
            && credits::ends_in_agency(self.text.get(line.range.clone()).unwrap_or_default())
    }

    /// Key words rather than a sentence: mostly section names, or a list parted by commas.
    pub fn is_tags(&self, line: &Line) -> bool {
        let inside = self.text.get(line.range.clone()).unwrap_or_default();
        let words = FoldedWords::of(inside);
        let words = words.list();
        let (sections, others) = vocabulary::navigation_words(&words);
        let chunks: Vec<&str> = inside.split(',').collect();
        let short = chunks.iter().all(|chunk| chunk.split_whitespace().count() <= 3);
        (sections >= 2 && sections >= others) || (chunks.len() >= 3 && short)
    }
}
