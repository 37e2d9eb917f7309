//! What one line of a page is, seen by itself: furniture, a dateline, a teaser, a headline, prose.

use std::ops::Range;

use time::Date;

use super::cut;
use super::dates;
use super::sentences::{self, MAX_HEADLINE_CHARACTERS};
use super::vocabulary::{self, List, Mark};
use super::words::{FoldedWord, FoldedWords, Shape};

/// Longer lines are no furniture, whatever they say.
const MAX_FURNITURE_CHARACTERS: usize = 260;

/// A teaser's line may hold a sentence or two behind its headline.
const MAX_TEASER_CHARACTERS: usize = 500;

/// The headline of a teaser in a list has at least so many words; sub-headings and key words have fewer.
pub const MIN_TEASER_WORDS: usize = 4;

/// A line that tells an outlet, an author or a date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dateline {
    pub date: Option<Date>,
    /// The date is one of a later change.
    pub updated: bool,
    pub outlet: Option<Range<usize>>,
    /// Nothing but a date and times stand in the line.
    pub bare: bool,
    /// Neither a word of publication nor of authorship says that it is a dateline: names and a date, which a
    /// headline can be too ("Press Briefing – June 22, 2022").
    pub unsure: bool,
}

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
        if is_bare_byline(inside, &words) {
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
        if let Some(dateline) = dateline(line, inside, words) {
            return Some(Role::Dateline(dateline));
        }
        if is_credited(inside, words) {
            return Some(Role::Caption);
        }
    }
    // "12 comments".
    let counted = words.iter().take_while(|(word, _)| is_number(word)).count();
    let behind_count = words.get(counted..).unwrap_or_default();
    if counted > 0 && is_aside(behind_count) {
        return Some(Role::Aside);
    }
    if is_dispatch_place(inside, words) {
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
    glued_teaser(text, line, inside)
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

/// A dateline: a date with a word of publication, or with next to nothing beside it.
fn dateline(line: &Range<usize>, inside: &str, words: &[FoldedWord<'_>]) -> Option<Dateline> {
    let opening = vocabulary::openings(words).find(|o| matches!(o.mark, Mark::Published | Mark::Updated));
    let found = dates::find(inside);
    let beside: Vec<&FoldedWord<'_>> = words
        .iter()
        .filter(|(_, range)| {
            found.as_ref().is_none_or(|date| range.end <= date.range.start || range.start >= date.range.end)
        })
        .filter(|(word, _)| {
            !vocabulary::has(List::Time, word) && !word.chars().all(|c| c.is_numeric() || c == 'h')
        })
        .collect();
    let starts_large = |range: &Range<usize>| {
        inside.get(range.clone()).is_some_and(|word| word.starts_with(char::is_uppercase))
    };
    let signed = is_byline(inside, words, 0);
    // "Interview by", "Texte et photos par".
    let byline = signed || is_byline(inside, words, 3);
    let Some(found) = found else {
        // "Publié par la rédaction", "Posted 2 hours ago": no date, but no news either.
        let opening = opening?;
        let names = beside
            .iter()
            .skip(opening.words)
            .all(|(word, range)| starts_large(range) || vocabulary::has(List::Between, word) || is_by(word));
        let next = words.get(opening.words).map_or("", |(word, _)| *word);
        let linked = is_by(next) || is_in(next) || vocabulary::has(List::Time, next);
        return (words.len() <= 9 && linked && names)
            .then(|| Dateline { bare: beside.is_empty(), ..Dateline::default() });
    };
    let names = beside.len() <= 4 && beside.iter().all(|(_, range)| starts_large(range));
    let marked = opening.is_some_and(|opening| opening.words < words.len());
    let is_dateline = marked || names || (byline && words.len() <= 18);
    is_dateline.then(|| Dateline {
        date: Some(found.date),
        updated: opening.is_some_and(|opening| opening.mark == Mark::Updated),
        outlet: opening.and_then(|_| outlet(line, inside, words, &found.range)),
        bare: beside.is_empty(),
        unsure: !marked && !signed && !beside.is_empty(),
    })
}

/// An agency's place and name alone in a line: "LIMA, 4 May (Reuters) -".
fn is_dispatch_place(inside: &str, words: &[FoldedWord<'_>]) -> bool {
    let placed = words.first().is_some_and(|(word, range)| {
        vocabulary::has(List::DispatchPlace, word)
            && inside.get(range.clone()).is_some_and(|word| word.chars().all(char::is_uppercase))
    });
    placed && words.len() <= MAX_DISPATCH_WORDS && inside.ends_with(')') && has_agency(words)
}

/// How many words a dispatch's place, day and agency have at most.
const MAX_DISPATCH_WORDS: usize = 9;

/// Whether one of the words names an agency.
fn has_agency(words: &[FoldedWord<'_>]) -> bool {
    let single = words.iter().any(|(word, _)| vocabulary::has(List::Agency, word));
    single || words.windows(2).any(|pair| vocabulary::has(List::Agency, &joined(pair)))
}

/// Whether a line is the heading of comments, of the author's box or of key words.
fn is_aside(words: &[FoldedWord<'_>]) -> bool {
    vocabulary::openings(words).any(|opening| opening.mark == Mark::Aside && opening.words == words.len())
}

fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

fn is_by(word: &str) -> bool {
    matches!(word, "par" | "by" | "por")
}

fn is_in(word: &str) -> bool {
    matches!(word, "dans" | "in" | "en")
}

/// The outlet of "Publié dans OUTLET le DATE", "Published on DATE in OUTLET".
fn outlet(
    line: &Range<usize>,
    inside: &str,
    words: &[FoldedWord<'_>],
    date: &Range<usize>,
) -> Option<Range<usize>> {
    let marker = words.iter().position(|(word, _)| is_in(word))?;
    let start = words.get(marker + 1)?.1.start;
    let before_date = start < date.start;
    let mut name: Vec<_> = words
        .iter()
        .skip(marker + 1)
        .take_while(|(word, range)| (!before_date || range.end <= date.start) && !is_by(word))
        .collect();
    // What links the name to the date is not the name's: "le", "el", "on", a week day.
    while let Some((word, _)) = name.last() {
        if !before_date || !(vocabulary::has(List::Time, word) || vocabulary::has(List::Between, word)) {
            break;
        }
        name.pop();
    }
    let end = name.last()?.1.end;
    let folded: Vec<_> = name.into_iter().cloned().collect();
    let large = inside.get(start..end)?.starts_with(|c: char| !c.is_lowercase());
    (large && !vocabulary::is_navigation(&folded)).then(|| line.start + start..line.start + end)
}

/// A caption with its credit, or a credit or source alone.
fn is_credited(inside: &str, words: &[FoldedWord<'_>]) -> bool {
    let bracket = inside.rfind(['(', '[']).and_then(|at| inside.get(at + 1..)).map(str::to_lowercase);
    let credits = ["photo", "foto", "image", "imagen", "crédit", "credit", "picture"];
    let bracketed = bracket.is_some_and(|inside| {
        inside.ends_with([')', ']'])
            && inside.contains([':', '/'])
            && credits.iter().any(|credit| inside.starts_with(credit))
    });
    if inside.contains('©') || bracketed {
        return true;
    }
    let last_two = words.get(words.len().saturating_sub(2)..).unwrap_or_default();
    let pictured = joined(last_two);
    if matches!(pictured.as_str(), "getty images" | "ap photo") {
        return true;
    }
    let credits = |words: &[FoldedWord<'_>], marks: &[char]| {
        vocabulary::openings(words).filter(|opening| opening.mark == Mark::Credit).any(|opening| {
            let Some((_, last)) = words.get(opening.words - 1) else {
                return false;
            };
            let behind = inside.get(last.end..).unwrap_or_default().trim_start();
            let rest = words.get(opening.words..).unwrap_or_default();
            let marked = behind.starts_with(marks) || rest.is_empty();
            marked && (rest.len() <= MAX_CREDIT_WORDS || has_agency(rest))
        })
    };
    // "The quay in May. Photo: Ann Lee": a credit's words stand behind what ends a sentence.
    let behind_sentence = |at: usize| {
        let before = words.get(at).and_then(|(_, range)| inside.get(..range.start)).unwrap_or_default();
        before.trim_end().ends_with(['.', '|', '–', '-', ')'])
            && credits(words.get(at..).unwrap_or_default(), &[':'])
    };
    credits(words, &[':', '/', '(', '|'])
        || (words.len().saturating_sub(MAX_CREDIT_WORDS)..words.len().saturating_sub(1)).any(behind_sentence)
}

/// How many words a credit behind a caption's sentence has at most.
const MAX_CREDIT_WORDS: usize = 8;

/// A line that ends in an agency's name, set apart: "... / Reuters", "... (EFE)".
pub fn ends_in_agency(inside: &str) -> bool {
    let words = FoldedWords::of(inside);
    let words = words.list();
    // A photographer's name may stand behind the agency's: "... AFP - ANN LEE".
    let names = words.iter().rev().take(MAX_CREDIT_WORDS).take_while(|(_, range)| {
        inside.get(range.clone()).is_some_and(|word| word.starts_with(char::is_uppercase))
    });
    let set_apart = |range: &Range<usize>| {
        let before = inside.get(..range.start).unwrap_or_default().trim_end();
        before.ends_with(['/', '|', '(', '[', '–', '—', '.', ':'])
    };
    let mut behind = inside.len();
    for (place, (word, range)) in names.enumerate() {
        let signed = place == 0
            || inside.get(range.end..behind).is_some_and(|between| between.contains(['-', '/', '–', '—']));
        if signed && vocabulary::has(List::Agency, word) && set_apart(range) {
            return true;
        }
        behind = range.start;
    }
    false
}

/// Whether a line ends in a photographer's name in capitals: "The north slope in May J. L. MARTIN".
pub fn ends_in_capitals(inside: &str) -> bool {
    let capitals = |word: &&str| word.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '-' | '/'));
    let name: Vec<&str> = inside.split_whitespace().rev().take_while(capitals).collect();
    let words = inside.split_whitespace().count();
    let long = |word: &&str| word.chars().filter(|c| c.is_uppercase()).count() >= MIN_NAME_LETTERS;
    (2..=4).contains(&name.len()) && name.len() < words && name.first().is_some_and(long)
}

/// A family name in capitals has at least so many letters; shorter words are abbreviations.
const MIN_NAME_LETTERS: usize = 5;

fn joined(words: &[FoldedWord<'_>]) -> String {
    words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ")
}

/// "Par Nadia Alaoui", "By Tom Reed in Oslo", "E.Rodriguez--AT". At most so many words stand before the "by".
fn is_byline(inside: &str, words: &[FoldedWord<'_>], before: usize) -> bool {
    let signed = inside
        .rfind("--")
        .and_then(|at| inside.get(at + 2..))
        .is_some_and(|agency| (2..=5).contains(&agency.len()) && agency.chars().all(char::is_uppercase));
    if signed && words.len() <= 5 {
        return true;
    }
    let by = words.iter().take(before + 1).position(|(word, _)| is_by(word));
    let name = by.and_then(|by| words.get(by + 1)).and_then(|(_, range)| inside.get(range.clone()));
    name.is_some_and(|name| name.starts_with(char::is_uppercase))
}

/// A line that is nothing but a byline.
fn is_bare_byline(inside: &str, words: &[FoldedWord<'_>]) -> bool {
    // "Texte par :" above the name.
    if words.len() <= 3 && inside.ends_with(':') && words.last().is_some_and(|(word, _)| is_by(word)) {
        return true;
    }
    if words.len() > 8 || !is_byline(inside, words, 0) {
        return false;
    }
    let names = words.iter().skip(1).all(|(word, range)| {
        inside.get(range.clone()).is_some_and(|word| word.starts_with(|c: char| c.is_uppercase()))
            || vocabulary::has(List::Between, word)
            || matches!(*word, "avec" | "with" | "con" | "pour" | "para")
    });
    names || inside.contains("--")
}

/// Furniture that is told by its shape or by its words all being of one kind.
fn is_furniture(inside: &str, words: &[FoldedWord<'_>], shape: &Shape) -> bool {
    let unspaced = inside.chars().filter(|c| is_unspaced(*c)).count();
    if unspaced >= 5 {
        return false;
    }
    if shape.words < 2 || (shape.words == 2 && shape.letters < 8 && !inside.ends_with('?')) {
        return true;
    }
    let hidden = ["http://", "https://", "www."].iter().any(|sign| inside.contains(sign));
    let address = inside.split_whitespace().any(|word| word.contains('@') && word.contains('.'));
    let tagged = inside.split_whitespace().all(|word| word.starts_with(['#', '@']));
    ((hidden || address) && words.len() <= 20)
        || tagged
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
