//! Lines that tell when, where and by whom an article was published.

use std::ops::Range;

use time::Date;

use super::credits;
use super::dates;
use super::vocabulary::{self, List, Mark};
use super::words::FoldedWord;

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

/// A dateline: a date with a word of publication, or with next to nothing beside it.
pub fn dateline(line: &Range<usize>, inside: &str, words: &[FoldedWord<'_>]) -> Option<Dateline> {
    let opening = vocabulary::openings(words).find(|o| matches!(o.mark, Mark::Published | Mark::Updated));
    let found = dates::find(inside);
    if opening.is_none() && found.is_none() {
        return None;
    }
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
    let names = beside.len() <= 4 && beside.iter().all(|(word, range)| starts_large(range) || is_by(word));
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
pub fn is_dispatch_place(inside: &str, words: &[FoldedWord<'_>]) -> bool {
    let placed = words.first().is_some_and(|(word, range)| {
        vocabulary::has(List::DispatchPlace, word)
            && inside.get(range.clone()).is_some_and(|word| word.chars().all(char::is_uppercase))
    });
    placed && words.len() <= MAX_DISPATCH_WORDS && inside.ends_with(')') && credits::has_agency(words)
}

/// How many words a dispatch's place, day and agency have at most.
const MAX_DISPATCH_WORDS: usize = 9;

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
pub fn is_bare_byline(inside: &str, words: &[FoldedWord<'_>]) -> bool {
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
