//! A page's text to its items: where each stands, and of what kind it is.
//!
//! Nothing here knows an outlet. The page is cut into lines (at line breaks, runs of blanks, bullets and bars), each
//! line gets a role from its shape and from a small vocabulary of what furniture says, and the order of the roles
//! tells ribbon, title, body and teasers apart. Every step is linear in the text's length.

mod view;

mod words;

mod vocabulary;

mod cut;
mod dates;
mod sentences;

mod credits;
mod datelines;

mod role;

mod labels;
mod lines;
mod neighbours;

mod title;

mod article;
mod body;
mod layout;

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What an item was on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A headline of the portal's ribbon.
    Ticker,
    /// The page's own article; its text is the title, or the first sentence where the page has no title.
    Article,
    /// A teaser for another article.
    Related,
}

/// Which of a page's fields an item's text is a slice of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Text,
    /// The title that the scraper kept apart, where it does not stand in the text.
    Title,
}

/// An item, as byte ranges into the page's text. Items stand in page order and do not overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    /// The field that `text` is a slice of. `body` is always of the text.
    pub field: Field,
    /// The headline. Trimmed, never empty, cut on character boundaries.
    pub text: Range<usize>,
    /// An article's body, or a teaser's own sentences, without furniture; in page order, often several ranges
    /// because furniture and teasers stand between.
    pub body: Vec<Range<usize>>,
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segments {
    pub items: Vec<Item>,
    /// The outlet's name, where a dateline tells it, or a browser's title that a line below repeats.
    pub outlet: Option<Range<usize>>,
    /// The day of publication, `YYYY-MM-DD`, where a dateline tells it.
    pub published: Option<String>,
}

/// Cuts a page's text into its items. `title` is the page's title where the scraper kept it apart: where it stands
/// in the text, the article's text is that line; else it is the title itself and the whole article is body.
/// Any text is accepted. Linear in the text's length. Segmenting an item's own text gives that one item.
pub fn segment(text: &str, title: Option<&str>) -> Segments {
    let view = view::View::new(text);
    let lines = lines::lines(&view.text);
    let known = title.and_then(title::Title::new);
    let title = title.unwrap_or_default();
    let layout = layout::layout(&view.text, &lines, known.as_ref());
    let items = layout.drafts.into_iter().filter_map(|draft| {
        let body: Vec<_> = draft.body.iter().map(|range| view.in_page(range)).collect();
        let Some(headline) = draft.text else {
            let text = words::trimmed(title, 0..title.len());
            return (!text.is_empty() && !body.is_empty()).then_some(Item {
                kind: draft.kind,
                field: Field::Title,
                text,
                body,
            });
        };
        let text = view.in_page(&headline);
        (draft.whole_line || stands_alone(view.text.get(headline)?)).then_some(Item {
            kind: draft.kind,
            field: Field::Text,
            text,
            body,
        })
    });
    let items = items.collect();
    let (outlet, published) = told(&lines, layout.own);
    Segments { items, outlet: outlet.or(layout.site).map(|range| view.in_page(&range)), published }
}

/// Whether a piece of a page, taken for a page, is one item: what no item may fail.
fn stands_alone(piece: &str) -> bool {
    let lines = lines::lines(piece);
    let drafts = layout::layout(piece, &lines, None).drafts;
    matches!(drafts.as_slice(), [only] if only.text == Some(0..piece.len()))
}

/// What the page's datelines tell: the outlet, and the day of publication rather than that of a later change. The
/// article's `own` lines come first, then what stands above them.
fn told(lines: &[lines::Line], own: Range<usize>) -> (Option<Range<usize>>, Option<String>) {
    let datelines = || {
        let (own, above) = (lines.get(own.clone()), lines.get(..own.start));
        let lines = [own, above].into_iter().flatten().flatten();
        lines.filter_map(|line| match &line.role {
            role::Role::Dateline(dateline) => Some(dateline),
            _ => None,
        })
    };
    let dated =
        |updated: bool| datelines().find(|dateline| dateline.updated == updated && dateline.date.is_some());
    let date = dated(false).or_else(|| dated(true)).and_then(|dateline| dateline.date);
    (datelines().find_map(|dateline| dateline.outlet.clone()), date.map(|date| date.to_string()))
}
