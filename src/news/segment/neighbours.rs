//! What lines are in the light of the lines around them.

use super::credits;
use super::cut;
use super::datelines::Dateline;
use super::labels::Label;
use super::lines::Line;
use super::role::{self, MIN_TEASER_WORDS, Role};
use super::sentences::MAX_HEADLINE_CHARACTERS;
use super::vocabulary::{self, List};
use super::words::{FoldedWords, Shape};

/// In a row of pieces, what looks like prose is a headline that ends in a full stop, unless the row goes over into
/// an article: then its last pieces are all prose, and long.
pub fn sentences_of_ribbon(row: &mut [Line]) {
    let prose = |line: &&Line| line.role == Role::Prose;
    let last = row.iter().rev().take_while(prose).count();
    let characters: usize = row.iter().rev().take(last).map(|line| line.shape.characters).sum();
    let article = characters >= MIN_ROW_ARTICLE_CHARACTERS && characters >= 100 * last;
    let headlines = if article { row.len() - last } else { row.len() };
    for line in row.iter_mut().take(headlines).filter(|line| line.role == Role::Prose) {
        line.role = Role::Headline;
    }
}

/// Prose at the end of a row of headlines is an article from this length on.
const MIN_ROW_ARTICLE_CHARACTERS: usize = 240;

/// Numbers without a mark behind them are a list's from this many lines on, counted from one.
const MIN_COUNTED: usize = 3;

/// Times before lines are a list's marks where there are several; numbers where they count.
pub fn apply_labels(text: &str, lines: &mut [Line]) {
    let times = lines.iter().filter(|line| line.label == Label::Time).count();
    let numbered: Vec<(usize, Label)> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| matches!(line.label, Label::Number(..) | Label::Count(..)))
        .map(|(at, line)| (at, line.label))
        .collect();
    let goes_on = |first: &(usize, Label), second: &(usize, Label)| match (first.1, second.1) {
        (Label::Number(first, _), Label::Number(second, _)) => second == first + 1,
        (Label::Count(this, _), Label::Count(next, _)) => next == this + 1 && second.0 == first.0 + 1,
        _ => false,
    };
    for run in numbered.chunk_by(goes_on) {
        let listed = match run.first() {
            Some((_, Label::Number(..))) => run.len() >= 2,
            Some((_, Label::Count(first, _))) => *first == 1 && run.len() >= MIN_COUNTED,
            _ => false,
        };
        for (at, label) in run.iter().filter(|_| listed) {
            if let (Some(line), Label::Number(_, length) | Label::Count(_, length)) =
                (lines.get_mut(*at), label)
            {
                line.bullet = true;
                line.plain = false;
                line.range = cut::bare(text, line.range.start + length..line.range.end);
                line.shape = Shape::of(text.get(line.range.clone()).unwrap_or_default());
                line.role = role::role(text, &line.range, &line.shape);
            }
        }
    }
    for line in lines.iter_mut().filter(|line| times >= 2 && line.label == Label::Time) {
        line.bullet = true;
    }
}

/// Up to so many sentences in a row may be headlines of a list.
const MAX_LISTED_SENTENCES: usize = 3;

/// Sentences with two headlines right above and two right below are headlines that end in a full stop.
pub fn sentences_of_list(lines: &mut [Line]) {
    let headline = |line: &Line| line.is_free_headline() && line.shape.words >= MIN_TEASER_WORDS;
    let sentence = |line: &Line| {
        line.role == Role::Prose && !line.bullet && line.shape.characters <= MAX_HEADLINE_CHARACTERS
    };
    let mut at = 2;
    while at < lines.len() {
        let run = lines.iter().skip(at).take_while(|line| sentence(line)).count();
        let around = [at - 2, at - 1, at + run, at + run + 1];
        let listed = around.into_iter().all(|at| lines.get(at).is_some_and(headline));
        if (1..=MAX_LISTED_SENTENCES).contains(&run) && listed {
            lines.iter_mut().skip(at).take(run).for_each(|line| line.role = Role::Headline);
        }
        at += run.max(1);
    }
}

/// A reporter's line has at most so many words.
const MAX_PROFESSION_WORDS: usize = 7;

/// A reporter's name and what they are, in one line or in two, make a byline: "Ann Lee / Business reporter".
/// One line needs a date or another name beside it, for a headline may end in "editor" too.
pub fn bylines(text: &str, lines: &mut [Line]) {
    for at in 0..lines.len() {
        let Some(here) = lines.get(at).filter(|line| line.is_free_headline() && at > 0) else {
            continue;
        };
        let is_name = |place: Option<usize>| {
            place.and_then(|at| lines.get(at)).is_some_and(|line| {
                line.is_free_headline() && (2..=4).contains(&line.shape.words) && line.is_name(text)
            })
        };
        let is_dateline = |place: Option<usize>| {
            place
                .and_then(|at| lines.get(at))
                .is_some_and(|line| matches!(line.role, Role::Dateline(_)) && line.gap == 0)
        };
        if here.shape.words > MAX_PROFESSION_WORDS || !names_profession(text, here) {
            continue;
        }
        let below_name = here.gap == 0 && is_name(at.checked_sub(1));
        let below_dateline = here.gap == 0 && is_dateline(at.checked_sub(1));
        if !below_name && !below_dateline && !is_dateline(Some(at + 1)) {
            continue;
        }
        for line in lines.iter_mut().take(at + 1).skip(at - usize::from(below_name)) {
            line.role = Role::Dateline(Dateline { bare: !below_name, ..Dateline::default() });
        }
    }
}

/// Sections right below a dateline: "in World, Politics".
pub fn filed_under(lines: &mut [Line]) {
    for at in 1..lines.len() {
        let (before, here) = lines.split_at_mut(at);
        if let (Some(before), Some(here)) = (before.last(), here.first_mut())
            && matches!(before.role, Role::Dateline(_))
            && here.gap == 0
            && here.is_free_headline()
            && here.shape.starts_small
            && here.shape.words < MIN_TEASER_WORDS + 1
        {
            here.role = Role::Dateline(Dateline { bare: true, ..Dateline::default() });
        }
    }
}

/// Whether one of the first words of a line, or its last, is what people who write news call themselves.
fn names_profession(text: &str, line: &Line) -> bool {
    let words = FoldedWords::first(text.get(line.range.clone()).unwrap_or_default(), MAX_PROFESSION_WORDS);
    words.list().iter().any(|(word, _)| vocabulary::has(List::Profession, word))
}

/// Between a title and its article, a line that ends in an agency's name is the picture's caption.
pub fn name_captions(text: &str, lines: &mut [Line]) {
    for at in 1..lines.len().saturating_sub(1) {
        let (Some(before), Some(here), Some(below)) = (lines.get(at - 1), lines.get(at), lines.get(at + 1))
        else {
            continue;
        };
        if !here.is_free_headline() {
            continue;
        }
        let between = before.is_free_headline() || matches!(before.role, Role::Dateline(_));
        let above = matches!(below.role, Role::Prose | Role::Dateline(_)) || below.is_name(text);
        let inside = text.get(here.range.clone()).unwrap_or_default();
        let captioned = || {
            credits::ends_in_agency(inside)
                || (here.shape.words >= MIN_TEASER_WORDS && credits::ends_in_capitals(inside))
        };
        // The credit may stand above the caption, on a line of its own, below the title and the byline.
        let credited = before.role == Role::Caption
            && before.shape.words <= MAX_LONE_CREDIT_WORDS
            && here.gap == 0
            && below.role == Role::Prose
            && at
                .checked_sub(2)
                .and_then(|above| lines.get(above))
                .is_some_and(|above| above.is_free_headline() || matches!(above.role, Role::Dateline(_)));
        if above
            && (credited || (between && captioned()))
            && let Some(here) = lines.get_mut(at)
        {
            here.role = Role::Caption;
        }
    }
}

/// How many words a credit alone has at most.
const MAX_LONE_CREDIT_WORDS: usize = 3;

/// How long the lines of hard-wrapped text are, in characters.
const WRAPPED: std::ops::RangeInclusive<usize> = 50..=200;

/// Lines that a hard wrap broke are prose: what goes on with a small letter, what it goes on from, and what
/// follows a long line that ended in the middle of a sentence.
pub fn join_wrapped(lines: &mut [Line]) {
    let is_free =
        |line: &Line| !line.bullet && !line.parted && matches!(line.role, Role::Headline | Role::Prose);
    for at in 1..lines.len() {
        let (before, here) = lines.split_at_mut(at);
        let (Some(before), Some(here)) = (before.last_mut(), here.first_mut()) else {
            continue;
        };
        if here.gap > 0 || here.behind_furniture || !is_free(before) || !is_free(here) {
            continue;
        }
        if here.shape.starts_small && (before.shape.ends_in_word || before.shape.ends_open) {
            before.role = Role::Prose;
            here.role = Role::Prose;
        } else if before.role == Role::Prose
            && before.shape.ends_in_word
            && WRAPPED.contains(&before.shape.characters)
        {
            here.role = Role::Prose;
        }
    }
}
