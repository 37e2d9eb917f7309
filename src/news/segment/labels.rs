//! What stands before or behind a line without being the line's: a time, a number, a ribbon's label, a closer.

use std::ops::Range;

use super::cut;
use super::vocabulary::{self, Mark};
use super::words::{FoldedWords, is_blank};

/// What stood before a line, in it or on a line of its own: a list's marks, if the page has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    None,
    Time,
    /// A number, and how many bytes of the line it takes.
    Number(usize, usize),
    /// The same for a number without a mark behind it, which opens many headlines too.
    Count(usize, usize),
}

/// How many bytes a time of day takes at the start of a line ("14:32", "14h32 -", "[9:05 am]"); 0 for none.
pub fn time_length(inside: &str) -> usize {
    let rest = inside.trim_start_matches(['[', '(']);
    let opened = inside.len() - rest.len();
    let hours = rest.bytes().take_while(u8::is_ascii_digit).count();
    let Some(after) = rest.get(hours..).filter(|_| (1..=2).contains(&hours)) else {
        return 0;
    };
    let Some(after) = after.strip_prefix([':', 'h', 'H']) else {
        return 0;
    };
    let minutes = after.bytes().take_while(u8::is_ascii_digit).count();
    let number =
        |digits: Option<&str>| digits.and_then(|digits| digits.parse::<u8>().ok()).unwrap_or(u8::MAX);
    if minutes != 2 || number(rest.get(..hours)) > 24 || number(after.get(..2)) > 59 {
        return 0;
    }
    let mut after = after.get(2..).unwrap_or_default();
    for zone in [
        " am", " pm", " a.m.", " p.m.", "am", "pm", " AM", " PM", "AM", "PM", " h", "h", " hs", " GMT",
        " UTC",
    ] {
        let stripped = after.strip_prefix(zone).filter(|rest| !rest.starts_with(char::is_alphanumeric));
        if let Some(rest) = stripped {
            after = rest;
            break;
        }
    }
    if opened > 0 {
        after = after.trim_start_matches([']', ')']);
    }
    let ended = after
        .chars()
        .next()
        .is_none_or(|c| is_blank(c) || matches!(c, ':' | '-' | '–' | '—' | '|' | '•' | '·' | ','));
    let after = after
        .trim_start_matches(|c| is_blank(c) || matches!(c, ':' | '-' | '–' | '—' | '|' | '•' | '·' | ','));
    if ended { inside.len() - after.len() } else { 0 }
}

/// "3. Headline", "3) Headline", "3 Headline".
pub fn leading_number(inside: &str) -> Label {
    let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
    let (Some(number), Some(behind)) = (inside.get(..digits), inside.get(digits..)) else {
        return Label::None;
    };
    let marked = behind.trim_start_matches(['.', ')', '-', '°']);
    let rest = marked.trim_start_matches(is_blank);
    match number.parse() {
        Ok(value) if value < 1_000 && rest.len() < marked.len() => {
            let length = inside.len() - rest.len();
            if marked.len() < behind.len() {
                Label::Number(value, length)
            } else {
                Label::Count(value, length)
            }
        }
        _ => Label::None,
    }
}

/// No label is longer than this.
const MAX_LABEL_BYTES: usize = 80;

/// Cuts a ribbon's label off the headline behind it ("Flash info : ..."). `in_row`: other headlines follow in the
/// row, so that a label is one that opens single headlines too ("Latest: ...").
pub fn without_label(text: &str, range: Range<usize>, in_row: bool) -> (Range<usize>, bool) {
    let inside = text.get(range.clone()).unwrap_or_default();
    // The last bytes of `»` and `：` are enough of a hint.
    let marked = inside
        .bytes()
        .take(MAX_LABEL_BYTES)
        .any(|byte| matches!(byte, b':' | b'|' | b'>' | b']' | 0xbb | 0x9a));
    if !marked {
        return (range, false);
    }
    let words = FoldedWords::first(inside, 8);
    let words = words.list();
    let is_label = |mark| mark == Mark::RibbonHeading || (in_row && mark == Mark::RibbonHeadingAlone);
    for opening in vocabulary::openings(&words).filter(|opening| is_label(opening.mark)) {
        let Some((_, last)) = words.get(opening.words - 1).filter(|_| words.len() >= opening.words + 2)
        else {
            continue;
        };
        let behind = inside.get(last.end..).unwrap_or_default();
        let rest = behind.trim_start().trim_start_matches([':', '|', '»', '>', '：', ']']);
        if rest.len() < behind.trim_start().len() {
            return (cut::bare(text, range.end - rest.len()..range.end), true);
        }
    }
    (range, false)
}

/// Cuts a closer ("Read more »") off the end of a line.
pub fn without_closer(text: &str, range: Range<usize>) -> (Range<usize>, Option<Range<usize>>) {
    /// No closer is longer than this, in bytes.
    const TAIL: usize = 60;
    let mut from = range.end.saturating_sub(TAIL).max(range.start);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let tail = text.get(from..range.end).unwrap_or_default();
    let words = FoldedWords::of(tail);
    let words = words.list();
    for start in words.len().saturating_sub(5)..words.len() {
        let rest = words.get(start..).unwrap_or_default();
        let closes = vocabulary::openings(rest).any(|o| o.mark == Mark::Closer && o.words == rest.len());
        let Some((_, first)) = rest.first().filter(|_| closes) else {
            continue;
        };
        let before = text.get(range.start..from + first.start).unwrap_or_default();
        let large = tail.get(first.clone()).is_some_and(|word| word.starts_with(char::is_uppercase));
        let kept = before.trim_end_matches(|c: char| is_blank(c) || "[(>»→|-–".contains(c));
        if large && !kept.is_empty() && kept.len() < before.len() {
            let end = range.start + kept.len();
            return (range.start..end, Some(from + first.start..range.end));
        }
    }
    (range, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_time(line: &str, expected: &str) {
        assert_eq!(line.get(time_length(line)..), Some(expected));
    }

    #[test]
    fn times_are_cut_off() {
        check_time("14:32 Un titre", "Un titre");
        check_time("14h32 | Un titre", "Un titre");
        check_time("[9:05 am] A headline", "A headline");
        check_time("9:05 a.m. - A headline", "A headline");
        check_time("23:59", "");
        check_time("14h Un titre", "14h Un titre");
        check_time("3.50 euros le litre", "3.50 euros le litre");
        check_time("25:10 Un titre", "25:10 Un titre");
        check_time("10:30ème édition", "10:30ème édition");
    }

    #[track_caller]
    fn check_closer(line: &str, headline: &str, closer: Option<&str>) {
        let (kept, found) = without_closer(line, 0..line.len());
        assert_eq!((line.get(kept), found.and_then(|found| line.get(found))), (Some(headline), closer));
    }

    #[test]
    fn closers_are_cut_off() {
        check_closer(
            "Le port rouvre lundi. Lire la suite »",
            "Le port rouvre lundi.",
            Some("Lire la suite »"),
        );
        check_closer("The port opens… [Read more]", "The port opens…", Some("Read more]"));
        check_closer("Lire la suite", "Lire la suite", None);
        check_closer("Why children should read more", "Why children should read more", None);
    }
}
