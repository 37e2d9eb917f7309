//! The page's lines to its items: where the ribbon ends, which line is the title, what belongs to the body, which
//! lines tease other articles.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Kind;
use super::lines::Line;
use super::role::Role;
use super::sentences;
use super::title::Title;

/// An item as ranges of the view; `text` is `None` for an article whose title stands in the title field alone.
#[derive(Debug, Clone)]
pub struct Draft {
    pub kind: Kind,
    pub text: Option<Range<usize>>,
    pub body: Vec<Range<usize>>,
}

impl Draft {
    pub fn new(kind: Kind, text: Range<usize>) -> Draft {
        Draft { kind, text: Some(text), body: Vec::new() }
    }
}

/// Unmarked headlines in a row make a ribbon from this number on; fewer are a title's neighbours (a kicker, a
/// slogan, a subtitle).
pub const MIN_UNMARKED_RIBBON: usize = 3;

/// Prose shorter than this, in characters, may be a notice rather than an article.
const MAX_NOTICE_CHARACTERS: usize = 200;

/// The items of a page, in page order, and the line numbers of its datelines that count.
pub fn layout(text: &str, lines: &[Line], title: Option<&Title>) -> Vec<Draft> {
    let mut page = Page { text, lines, drafts: vec![None; lines.len()], taken: vec![false; lines.len()] };
    page.closed_teasers();
    let article = page.find_article(title);
    let before = article.as_ref().map_or(lines.len(), Article::start);
    page.ribbon(0..before);
    if let Some(article) = article {
        page.article(&article, title);
    }
    page.drafts.into_iter().flatten().flatten().collect()
}

/// Where the page's own article stands.
#[derive(Debug, Clone, Copy)]
enum Article {
    /// Its title is this line.
    Titled(usize),
    /// It has no title in the text; its body begins with this line.
    Untitled(usize),
}

impl Article {
    fn start(&self) -> usize {
        match *self {
            Article::Titled(at) | Article::Untitled(at) => at,
        }
    }
}

/// A page while its items are being found.
pub struct Page<'l> {
    pub text: &'l str,
    pub lines: &'l [Line],
    /// What each line gives.
    drafts: Vec<Option<Vec<Draft>>>,
    /// Lines that closed teasers hold.
    taken: Vec<bool>,
}

impl Page<'_> {
    pub fn line(&self, at: usize) -> Option<&Line> {
        self.lines.get(at).filter(|_| self.taken.get(at) == Some(&false))
    }

    fn is(&self, at: usize, role: &Role) -> bool {
        self.line(at).is_some_and(|line| line.role == *role)
    }

    /// A headline that is no part of a list.
    pub fn is_free_headline(&self, at: usize) -> bool {
        self.line(at)
            .is_some_and(|line| line.role == Role::Headline && !line.bullet && !line.parted && !line.dashed)
    }

    pub fn is_prose(&self, at: usize) -> bool {
        self.line(at).is_some_and(|line| line.role == Role::Prose && !line.bullet)
    }

    pub fn give(&mut self, at: usize, draft: Draft) {
        if let Some(place) = self.drafts.get_mut(at) {
            place.get_or_insert_default().push(draft);
        }
    }

    fn take(&mut self, rows: Range<usize>) {
        self.taken.get_mut(rows).unwrap_or_default().fill(true);
    }

    /// A teaser's headline and what of its line stands behind it.
    pub fn glued(&self, at: usize) -> Option<(Range<usize>, Range<usize>)> {
        let range = self.lines.get(at)?.range.clone();
        let end = sentences::glue(self.text.get(range.clone())?)?;
        let (headline, rest) = (range.start..range.start + end, range.start + end..range.end);
        Some((super::cut::bare(self.text, headline), super::words::trimmed(self.text, rest)))
    }

    /// The draft of a teaser that stands in these lines: headline first, its own sentences behind.
    pub fn teaser(&self, rows: Range<usize>, kind: Kind) -> Option<Draft> {
        let first = self.lines.get(rows.start)?;
        let (text, rest) = match self.glued(rows.start) {
            Some((text, rest)) => (text, Some(rest)),
            None => {
                let text = match first.role {
                    Role::Prose if !first.bullet => sentences::first_sentence(self.text, first.range.clone()),
                    _ => sentences::headline(self.text, first.range.clone()),
                };
                let rest = super::words::trimmed(self.text, text.end..first.range.end);
                (text, Some(rest).filter(|rest| !rest.is_empty()))
            }
        };
        let mut draft = Draft::new(kind, text);
        draft.body.extend(rest);
        let behind = (rows.start + 1..rows.end).filter_map(|at| self.lines.get(at));
        let behind = behind.filter(|line| matches!(line.role, Role::Headline | Role::Prose));
        draft.body.extend(behind.map(|line| line.range.clone()));
        Some(draft)
    }

    /// Teasers that a "Read more" closes, where there are several or a heading announces them.
    fn closed_teasers(&mut self) {
        let closers: Vec<usize> = (0..self.lines.len()).filter(|at| self.is(*at, &Role::Closer)).collect();
        let announced = self.lines.iter().any(|line| line.role == Role::RelatedHeading);
        let glued_one = closers
            .first()
            .is_some_and(|at| at.checked_sub(1).is_some_and(|before| self.glued(before).is_some()));
        let many = closers.len() >= 2 || announced || glued_one;
        let mut floor = 0;
        if !many {
            return;
        }
        for closer in closers {
            if let Some(first) = self.teaser_start(floor..closer) {
                if let Some(draft) = self.teaser(first..closer, Kind::Related) {
                    self.give(first, draft);
                }
                self.take(first..closer);
            }
            self.take(closer..closer + 1);
            floor = closer + 1;
        }
    }

    /// Where the teaser begins that ends with these lines.
    fn teaser_start(&self, rows: Range<usize>) -> Option<usize> {
        let stops = |line: &Line| {
            !matches!(line.role, Role::Headline | Role::Prose | Role::Dateline(_) | Role::Caption)
        };
        let mut first = None;
        for at in rows.clone().rev().take(6) {
            let line = self.lines.get(at)?;
            if stops(line) {
                break;
            }
            if !matches!(line.role, Role::Headline | Role::Prose) {
                continue;
            }
            if line.role == Role::Headline || self.glued(at).is_some() {
                return Some(at);
            }
            // A sentence or two may stand below the headline; without one, the nearest line is all.
            first = first.or(Some(at));
        }
        first
    }

    fn find_article(&self, title: Option<&Title>) -> Option<Article> {
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
    fn find_title(&self, title: &Title) -> Option<usize> {
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
        let is_dateline = |at: &usize| {
            self.line(*at)
                .is_some_and(|line| matches!(&line.role, Role::Dateline(d) if d.date.is_some() || !d.bare))
        };
        let datelines: Vec<usize> = (0..self.lines.len()).filter(is_dateline).collect();
        // A date beside every headline makes a list, not an article.
        if datelines.len() > 3 {
            return None;
        }
        let at = *datelines.first()?;
        let below = (at + 1..self.lines.len()).find(|below| {
            !matches!(self.line(*below).map(|line| &line.role), Some(Role::Dateline(_) | Role::Caption))
        });
        let title_below =
            below.filter(|below| self.is_free_headline(*below) && self.followed_by_prose(*below));
        let above = self.headline_above(at);
        let line_gap = self.lines.get(at).map_or(0, |line| line.gap);
        let below_gap = title_below.and_then(|below| self.lines.get(below)).map_or(0, |line| line.gap);
        match (above, title_below) {
            (Some(_), Some(below)) if line_gap > below_gap => Some(Article::Titled(below)),
            (Some(above), _) => Some(Article::Titled(above)),
            (None, Some(below)) if !(0..below).any(|at| self.is_prose(at)) => Some(Article::Titled(below)),
            _ => None,
        }
    }

    /// The title above line `at`: captions and a short standfirst may stand between.
    fn headline_above(&self, at: usize) -> Option<usize> {
        let mut prose = 0;
        for above in (0..at).rev().take(8) {
            if self.is_free_headline(above) {
                return Some(self.title_of_run(above));
            }
            let line = self.line(above)?;
            match line.role {
                Role::Dateline(_) | Role::Caption => {}
                Role::Prose if !line.bullet && line.shape.characters <= 400 && prose < 2 => prose += 1,
                _ => return None,
            }
        }
        None
    }

    /// Of two headlines, one below the other, the first is the title where the second is a longer subtitle; else
    /// the last of them is.
    fn title_of_run(&self, last: usize) -> usize {
        let run =
            (0..=last).rev().take_while(|at| self.is_free_headline(*at)).take(MIN_UNMARKED_RIBBON).count();
        let pair = self.lines.get(last.saturating_sub(1)..=last).unwrap_or_default();
        let subtitled = run == 2
            && matches!(pair, [first, second] if first.shape.words >= 4
                && second.gap <= self.lines.get(last + 1).map_or(0, |below| below.gap).min(1)
                && !second.behind_furniture
                && second.shape.characters * 10 > first.shape.characters * 13);
        if subtitled { last - 1 } else { last }
    }

    fn followed_by_prose(&self, at: usize) -> bool {
        (at + 1..self.lines.len().min(at + 5))
            .find(|below| {
                !matches!(self.line(*below).map(|line| &line.role), Some(Role::Dateline(_) | Role::Caption))
            })
            .is_some_and(|below| self.is_prose(below))
    }

    /// The headline above the first paragraph, or that paragraph.
    fn by_prose(&self) -> Option<Article> {
        let mut first = (0..self.lines.len()).find(|at| self.is_prose(*at))?;
        if let Some(next) = self.behind_notice(first) {
            first = next;
        }
        let row = self.lines.get(first)?.row;
        for above in (0..first).rev().take(6) {
            let line = self.line(above)?;
            match line.role {
                Role::Headline if self.is_free_headline(above) => {
                    return Some(Article::Titled(self.title_of_run(above)));
                }
                // The whole page in one row: the headline before the first paragraph is its title.
                Role::Headline if line.row == row && !line.bullet => return Some(Article::Titled(above)),
                Role::Dateline(_) | Role::Caption => {}
                _ => break,
            }
        }
        Some(Article::Untitled(first))
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
            [only] => Some(Article::Titled(only)),
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

    /// The headlines of a list without marks: runs of free headlines whose gaps are no wider than most.
    fn unmarked_ribbon(&self, rows: Range<usize>) -> BTreeSet<usize> {
        let free: Vec<usize> = rows.filter(|at| self.is_free_headline(*at)).collect();
        let gap = |at: &usize| self.lines.get(*at).map_or(0, |line| line.gap);
        let mut gaps: Vec<usize> = free.iter().skip(1).map(gap).collect();
        gaps.sort_unstable();
        let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
        let runs = free.chunk_by(|_, below| gap(below) <= usual);
        runs.filter(|run| run.len() >= MIN_UNMARKED_RIBBON).flatten().copied().collect()
    }

    /// Tickers above the article: lists, and unmarked headlines where there are enough of them. Prose there is a
    /// notice.
    fn ribbon(&mut self, rows: Range<usize>) {
        let unmarked = self.unmarked_ribbon(rows.clone());
        for at in rows {
            let Some(line) = self.line(at) else {
                continue;
            };
            match &line.role {
                Role::Headline | Role::Prose if line.bullet || line.parted || unmarked.contains(&at) => {
                    let draft = Draft::new(Kind::Ticker, sentences::headline(self.text, line.range.clone()));
                    self.give(at, draft);
                }
                Role::Related(headline) => {
                    let draft = Draft::new(Kind::Related, headline.clone());
                    self.give(at, draft);
                }
                _ => {}
            }
        }
    }

    /// The article from its title to the page's end, and what stands between its paragraphs and behind them.
    fn article(&mut self, article: &Article, title: Option<&Title>) {
        let start = article.start();
        let Some(line) = self.lines.get(start) else {
            return;
        };
        let mut draft = Draft { kind: Kind::Article, text: None, body: Vec::new() };
        let mut next = start;
        match article {
            Article::Titled(_) => {
                let inside = self.text.get(line.range.clone()).unwrap_or_default();
                let end = title.and_then(|title| title.matched(inside)).unwrap_or(inside.len());
                let text = super::cut::bare(self.text, line.range.start..line.range.start + end);
                let text = sentences::headline(self.text, text);
                let rest = super::words::trimmed(self.text, text.end..line.range.end);
                draft.text = Some(text);
                draft.body.extend(Some(rest).filter(|rest| !rest.is_empty()));
                next += 1;
            }
            Article::Untitled(_) if title.is_some() => {}
            Article::Untitled(_) => {
                let alone = self.lines.len() == 1;
                let (text, rest) = match self.glued(start) {
                    Some(parts) if !alone || line.shape.characters > sentences::MAX_HEADLINE_CHARACTERS => {
                        parts
                    }
                    _ => {
                        let cut = if alone { sentences::headline } else { sentences::first_sentence };
                        let text = cut(self.text, line.range.clone());
                        let rest = super::words::trimmed(self.text, text.end..line.range.end);
                        (text, rest)
                    }
                };
                draft.text = Some(text);
                draft.body.extend(Some(rest).filter(|rest| !rest.is_empty()));
                next += 1;
            }
        }
        self.read_body(next, &mut draft);
        let place = self.drafts.get_mut(start);
        if let Some(place) = place {
            place.get_or_insert_default().insert(0, draft);
        }
    }
}
