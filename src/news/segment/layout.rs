//! The page's lines to its items: where the ribbon ends, which line is the title, what belongs to the body, which
//! lines tease other articles.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Kind;
use super::article::{Article, MAX_LINES_ABOVE};
use super::lines::Line;
use super::role::{MIN_TEASER_WORDS, Role};
use super::sentences;
use super::title::{self, Title};

/// An item as ranges of the view; `text` is `None` for an article whose title stands in the title field alone.
#[derive(Debug, Clone)]
pub struct Draft {
    pub kind: Kind,
    pub text: Option<Range<usize>>,
    pub body: Vec<Range<usize>>,
    /// The text is a line that was cut and read by itself: as a page it would be this one item.
    pub whole_line: bool,
}

impl Draft {
    pub fn new(kind: Kind, text: Range<usize>) -> Draft {
        Draft { kind, text: Some(text), body: Vec::new(), whole_line: false }
    }
}

/// Unmarked headlines in a row make a ribbon from this number on; fewer are a title's neighbours (a kicker, a
/// slogan, a subtitle).
pub const MIN_UNMARKED_RIBBON: usize = 3;

/// What stands below a teaser's headline is no longer than this.
const MAX_SUMMARY_CHARACTERS: usize = 250;

/// What a page holds.
#[derive(Debug, Default)]
pub struct Layout {
    /// In page order.
    pub drafts: Vec<Draft>,
    /// The site's name from the browser's title.
    pub site: Option<Range<usize>>,
    /// The lines that tell of the article itself.
    pub own: Range<usize>,
}

/// Cuts a page's lines into items.
pub fn layout(text: &str, lines: &[Line], title: Option<&Title>) -> Layout {
    let repeated = title::repeated_title(text, lines);
    let said = repeated.as_ref().and_then(|told| text.get(told.title.clone())).and_then(Title::new);
    let gapless = lines.iter().all(|line| line.gap == 0);
    let mut page =
        Page { text, lines, gapless, drafts: vec![None; lines.len()], taken: vec![false; lines.len()] };
    for copy in repeated.iter().flat_map(|told| &told.copies) {
        page.take(*copy..copy + 1);
    }
    page.closed_teasers();
    page.listed_teasers();
    let by_head = said.as_ref().and_then(|said| page.find_title(said)).map(Article::Titled);
    let article = by_head.filter(|_| title.is_none()).or_else(|| page.find_article(title));
    let before = article.as_ref().map_or(lines.len(), Article::start);
    let own = page.own_lines(article.as_ref());
    page.ribbon(0..before);
    if let Some(article) = article {
        page.article(&article, title);
    }
    let given = page.drafts.into_iter().zip(lines).filter_map(|(drafts, line)| Some((drafts?, line)));
    let drafts = given
        .flat_map(|(drafts, line)| {
            drafts.into_iter().map(|draft| {
                let whole_line = line.plain
                    && line.shape.characters <= sentences::MAX_HEADLINE_CHARACTERS
                    && draft.text.as_ref() == Some(&line.range);
                Draft { whole_line, ..draft }
            })
        })
        .collect();
    Layout { drafts, site: repeated.and_then(|told| told.site), own }
}

/// A page while its items are being found.
pub struct Page<'l> {
    pub text: &'l str,
    pub lines: &'l [Line],
    /// No blank line stands in the page.
    pub gapless: bool,
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
        self.line(at).is_some_and(Line::is_free_headline)
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
        if !many || closers.iter().all(|closer| self.is_opened_teaser(*closer)) {
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

    /// A page that is a list of teasers: blocks of a headline and a sentence or two right below it, each behind a
    /// gap, and no other prose.
    fn listed_teasers(&mut self) {
        let content: Vec<usize> = (0..self.lines.len())
            .filter(|at| self.line(*at).is_some_and(|line| matches!(line.role, Role::Headline | Role::Prose)))
            .collect();
        let gap = |at: usize| self.lines.get(at).map_or(0, |line| line.gap);
        let shape = |at: usize| self.lines.get(at).map(|line| line.shape).unwrap_or_default();
        let blocks: Vec<&[usize]> = content.chunk_by(|_, below| gap(*below) == 0).collect();
        let is_teaser = |block: &&[usize]| match block {
            [headline, below @ ..] => {
                self.is_free_headline(*headline)
                    && shape(*headline).words >= MIN_TEASER_WORDS
                    && (1..=2).contains(&below.len())
                    && below
                        .iter()
                        .all(|at| self.is_prose(*at) && shape(*at).characters <= MAX_SUMMARY_CHARACTERS)
            }
            [] => false,
        };
        // A label or two may stand alone; any other block is an article's.
        let teasers: Vec<Range<usize>> = blocks
            .iter()
            .filter(|block| is_teaser(block))
            .filter_map(|block| Some(*block.first()?..block.last()? + 1))
            .collect();
        let prose = blocks.iter().filter(|block| block.iter().any(|at| self.is_prose(*at))).count();
        // One date on the page is an article's; a list has one for each teaser or none.
        let dates = self.lines.iter().filter(|line| matches!(line.role, Role::Dateline(_))).count();
        if teasers.len() < MIN_UNMARKED_RIBBON || prose > teasers.len() || (1..=2).contains(&dates) {
            return;
        }
        for rows in teasers {
            if let Some(draft) = self.teaser(rows.clone(), Kind::Related) {
                self.give(rows.start, draft);
            }
            self.take(rows);
        }
    }

    /// The lines from right above the article to the first heading of other articles behind its body's beginning.
    fn own_lines(&self, article: Option<&Article>) -> Range<usize> {
        let Some(start) = article.map(Article::start) else {
            return 0..self.lines.len();
        };
        let prose = (start..self.lines.len()).find(|at| self.is_prose(*at)).unwrap_or(self.lines.len());
        let is_heading = |at: &usize| {
            self.line(*at).is_none_or(|line| {
                matches!(line.role, Role::RelatedHeading | Role::RibbonHeading | Role::Pager | Role::Aside)
            })
        };
        let end = (prose..self.lines.len()).find(is_heading).unwrap_or(self.lines.len());
        start.saturating_sub(MAX_LINES_ABOVE)..end
    }

    /// "Read more" may open its teaser instead of closing it: a headline stands right below.
    pub fn is_opened_teaser(&self, closer: usize) -> bool {
        self.is_free_headline(closer + 1) && self.lines.get(closer + 1).is_some_and(|below| below.gap == 0)
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

    /// The headlines of a list without marks: runs of free headlines whose gaps are no wider than most. Where the
    /// page is nothing but lists, two headlines are enough for one of them.
    fn unmarked_ribbon(&self, rows: Range<usize>) -> BTreeSet<usize> {
        let rows_end = rows.end;
        let free: Vec<usize> = rows.filter(|at| self.is_free_headline(*at)).collect();
        let gap = |at: &usize| self.lines.get(*at).map_or(0, |line| line.gap);
        let mut gaps: Vec<usize> = free.iter().skip(1).map(gap).collect();
        gaps.sort_unstable();
        let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
        let runs = || free.chunk_by(|_, below| gap(below) <= usual);
        let no_article = rows_end == self.lines.len();
        let least = if no_article && runs().any(|run| run.len() >= MIN_UNMARKED_RIBBON) {
            2
        } else {
            MIN_UNMARKED_RIBBON
        };
        // Section names and the like stand at a list's ends.
        let short =
            |at: &usize| self.lines.get(*at).is_none_or(|line| line.shape.named_words < MIN_TEASER_WORDS);
        let ends = |run: &[usize]| {
            let from = run.iter().take_while(|at| short(at)).count();
            from..run.len() - run.iter().skip(from).rev().take_while(|at| short(at)).count()
        };
        let lists = runs().filter_map(|run| run.get(ends(run)));
        lists.filter(|run| run.len() >= least).flatten().copied().collect()
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
        let mut draft = Draft { kind: Kind::Article, text: None, body: Vec::new(), whole_line: false };
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
