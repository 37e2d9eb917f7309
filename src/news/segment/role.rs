//! What one line of a page is, seen by itself: furniture, a dateline, a teaser, a headline, prose.

use std::ops::Range;

use super::credits;
use super::cut;
use super::datelines::{self, Dateline};
use super::sentences::{self, MAX_HEADLINE_CHARACTERS};
use super::vocabulary::{self, List, Mark};
use super::words::{self, FoldedWord, FoldedWords, Shape, is_number};

/// Longer lines are no furniture, whatever they say.
const MAX_FURNITURE_CHARACTERS: usize = 260;

/// A teaser's line may hold a sentence or two behind its headline.
const MAX_TEASER_CHARACTERS: usize = 500;

/// The headline of a teaser in a list has at least so many words; sub-headings and key words have fewer.
pub const MIN_TEASER_WORDS: usize = 4;

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Navigation, notices, buttons, counts, bylines: nothing of the news.
    Furniture,
    Dateline(Dateline),
    /// A photo's caption with its credit, or the credit alone.
    Caption,
    /// A teaser's headline, where in the page.
    Related(Range<usize>),
    RelatedHeading,
    RibbonHeading,
    /// "Next article": the heading of one teaser.
    Pager,
    /// Opens what is no news until the next heading: comments, the author's box, key words.
    Aside,
    /// "Read more" and the like, alone in its line.
    Closer,
    /// Looks like a headline.
    Headline,
    /// Looks like a paragraph.
    Prose,
}

/// What `text[line]` is by itself. The line is trimmed and has no bullet.
pub fn role(text: &str, line: &Range<usize>, shape: &Shape) -> Role {
    let inside = text.get(line.clone()).unwrap_or_default();
    if shape.characters <= MAX_TEASER_CHARACTERS {
        let words = FoldedWords::of(inside);
        let words = words.list();
        if let Some(role) = marked(text, line, inside, &words, shape) {
            return role;
        }
        if datelines::is_bare_byline(inside, &words) {
            let signature = inside.contains("--");
            return if signature { Role::Furniture } else { Role::Dateline(Dateline::default()) };
        }
        if shape.characters <= MAX_FURNITURE_CHARACTERS && is_furniture(inside, &words, shape) {
            return Role::Furniture;
        }
    }
    if is_prose(inside, shape) { Role::Prose } else { Role::Headline }
}

/// Roles that words tell.
fn marked(
    text: &str,
    line: &Range<usize>,
    inside: &str,
    words: &[FoldedWord<'_>],
    shape: &Shape,
) -> Option<Role> {
    let short = shape.characters <= MAX_FURNITURE_CHARACTERS;
    if short {
        if let Some(dateline) = datelines::dateline(line, inside, words) {
            return Some(Role::Dateline(dateline));
        }
        if credits::is_credited(inside, words) {
            return Some(Role::Caption);
        }
    }
    // "12 comments".
    let counted = words.iter().take_while(|(word, _)| is_number(word)).count();
    let behind_count = words.get(counted..).unwrap_or_default();
    if counted > 0 && is_aside(behind_count) {
        return Some(Role::Aside);
    }
    if datelines::is_dispatch_place(inside, words) {
        return Some(Role::Dateline(Dateline { bare: true, ..Dateline::default() }));
    }
    for opening in vocabulary::openings(words) {
        let Some((_, last)) = words.get(opening.words - 1) else {
            continue;
        };
        let rest = words.get(opening.words..).unwrap_or_default();
        let behind = inside.get(last.end..).unwrap_or_default();
        let colon = behind.trim_start().starts_with([':', '|', '»', '>', '→', '›', '：']);
        let role = match opening.mark {
            Mark::Notice if short => Some(Role::Furniture),
            Mark::NoticeAlone if short && (rest.len() <= 2 || colon) => Some(Role::Furniture),
            Mark::RelatedHeading if rest.is_empty() || shape.ends_sentence => Some(Role::RelatedHeading),
            Mark::Related | Mark::RelatedHeading if !rest.is_empty() => teaser(text, line, last.end, colon),
            Mark::Related if rest.is_empty() => Some(Role::RelatedHeading),
            Mark::RelatedWithColon if colon && !rest.is_empty() => teaser(text, line, last.end, true),
            Mark::Closer if rest.len() <= 2 && short => Some(Role::Closer),
            Mark::RelatedWithColon if rest.is_empty() => Some(Role::RelatedHeading),
            Mark::RibbonHeading if vocabulary::navigation_words(rest).1 == 0 => Some(Role::RibbonHeading),
            Mark::RibbonHeadingAlone if rest.is_empty() => Some(Role::RibbonHeading),
            Mark::Pager if rest.is_empty() => Some(Role::Pager),
            Mark::Pager if colon || (opening.words > 1 && rest.len() >= MIN_TEASER_WORDS) => {
                teaser(text, line, last.end, colon)
            }
            Mark::Aside if rest.iter().all(|(word, _)| is_number(word)) => Some(Role::Aside),
            Mark::Aside if opening.words > 1 && rest.len() <= 2 => Some(Role::Aside),
            _ => None,
        };
        if role.is_some() {
            return role;
        }
    }
    // A remark on the article: "(Updates with quotes)".
    let bracketed = short && inside.starts_with('(') && inside.find(')') == Some(inside.len() - 1);
    glued_teaser(text, line, inside).or_else(|| bracketed.then_some(Role::Caption))
}

/// A teaser's opening may be glued to the headline: "Lire aussiNiger : ...".
fn glued_teaser(text: &str, line: &Range<usize>, inside: &str) -> Option<Role> {
    /// No opening is longer than this, in characters.
    const MOST: usize = 40;
    let letters = inside.char_indices().take(MOST);
    let glues =
        letters.clone().zip(letters.skip(1)).filter(|((_, a), (_, b))| a.is_lowercase() && b.is_uppercase());
    for (_, (at, _)) in glues {
        let words = FoldedWords::of(inside.get(..at)?);
        let words = words.list();
        let opens = |mark| matches!(mark, Mark::Related | Mark::RelatedWithColon | Mark::Pager);
        if vocabulary::openings(&words).any(|opening| opens(opening.mark) && opening.words == words.len()) {
            return teaser(text, line, at, true);
        }
    }
    None
}

/// A teaser whose headline stands behind byte `from` of the line.
fn teaser(text: &str, line: &Range<usize>, from: usize, colon: bool) -> Option<Role> {
    let inside = text.get(line.clone())?;
    let bracketed = inside.starts_with(['(', '[']);
    let rest = inside.get(from..)?;
    let rest = if bracketed { rest.trim_end_matches([')', ']']) } else { rest };
    let start = rest.len()
        - rest.trim_start_matches(|c: char| c.is_whitespace() || ":|»>→›：-–—.…".contains(c)).len();
    let headline = cut::bare(text, line.start + from + start..line.start + from + rest.len());
    let headline = sentences::headline(text, headline);
    let inside = text.get(headline.clone())?;
    let shape = Shape::of(inside);
    if shape.starts_small && !colon {
        return Some(Role::Furniture);
    }
    match role(text, &headline, &shape) {
        Role::Headline | Role::Prose => Some(Role::Related(headline)),
        Role::Dateline(dateline) if dateline.unsure => Some(Role::Related(headline)),
        Role::Furniture | Role::RelatedHeading | Role::Related(_) => Some(Role::RelatedHeading),
        _ => Some(Role::Furniture),
    }
}

/// Whether a line is the heading of comments, of the author's box or of key words.
fn is_aside(words: &[FoldedWord<'_>]) -> bool {
    vocabulary::openings(words).any(|opening| opening.mark == Mark::Aside && opening.words == words.len())
}

/// Furniture that is told by its shape or by its words all being of one kind.
fn is_furniture(inside: &str, words: &[FoldedWord<'_>], shape: &Shape) -> bool {
    // Only letters of three bytes are of such a script.
    let three_bytes = inside.bytes().any(|byte| byte >= 0xe0);
    if three_bytes && inside.chars().filter(|c| is_unspaced(*c)).count() >= 5 {
        return false;
    }
    if shape.words < 2 || (shape.words == 2 && shape.letters < 8 && !inside.ends_with('?')) {
        return true;
    }
    let hidden = ["http://", "https://", "www."].iter().any(|sign| inside.contains(sign));
    let address = inside.contains('@')
        && inside.split_whitespace().any(|word| word.contains('@') && word.contains('.'));
    // An editors' signature: "rmp/scr".
    let signed = inside.contains('/') && !inside.contains(words::is_blank);
    let followed = inside.contains(" @") && words.len() <= MIN_TEASER_WORDS;
    let tagged =
        inside.starts_with(['#', '@']) && inside.split_whitespace().all(|word| word.starts_with(['#', '@']));
    ((hidden || address) && words.len() <= 20)
        || tagged
        || signed
        || followed
        || is_age(words)
        || vocabulary::is_navigation(words)
        || vocabulary::says_notice(words)
}

/// "3 hours ago", "mardi à 18h".
fn is_age(words: &[FoldedWord<'_>]) -> bool {
    words.len() <= 6 && words.iter().all(|(word, _)| vocabulary::has(List::Time, word) || is_number(word))
}

/// Whether furniture is of the kind that stands below titles: how long ago something was published, or a button
/// to share it.
pub fn stands_below_title(inside: &str) -> bool {
    let words = FoldedWords::first(inside, 7);
    let words = words.list();
    let shares = words.iter().any(|(word, _)| vocabulary::has(List::Share, word));
    shares || (is_age(&words) && words.iter().any(|(word, _)| is_number(word)))
}

/// Letters of scripts that put no blanks between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{1000}'..='\u{109f}')
}

/// A paragraph: long, or a sentence with its full stop, or several sentences.
fn is_prose(inside: &str, shape: &Shape) -> bool {
    shape.characters > MAX_HEADLINE_CHARACTERS
        || (shape.words >= 6
            && ((shape.ends_sentence && !sentences::ends_abbreviated(inside)) || shape.ends_open))
        || (shape.characters >= 140 && sentences::inner_ends(inside, 1) > 0)
}
