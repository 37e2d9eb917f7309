//! Where a sentence ends, and where a headline is glued to what follows it.

use std::ops::Range;

use super::vocabulary::{self, List};
use super::words::{self, is_blank, is_closing};

/// A line of its own that is no longer than this is a headline as a whole, be it one sentence or two. Of 34,497
/// real headlines the longest has 180 characters.
pub const MAX_HEADLINE_CHARACTERS: usize = 200;

/// A sentence without an end is cut behind this many characters, at a word's end.
const MAX_SENTENCE_CHARACTERS: usize = 1_000;

/// Longer words are not looked at to their end.
const MAX_WORD_CHARACTERS: usize = 40;

/// A headline has at least this many words before what is glued to it.
const MIN_GLUED_WORDS: usize = 3;

/// The headline of a line: the whole of a short one, the first sentence of a long one.
pub fn headline(text: &str, line: Range<usize>) -> Range<usize> {
    let inside = text.get(line.clone()).unwrap_or_default();
    if inside.chars().nth(MAX_HEADLINE_CHARACTERS).is_none() {
        return line;
    }
    first_sentence(text, line)
}

/// The first sentence of a paragraph; the paragraph itself where it is but one.
pub fn first_sentence(text: &str, line: Range<usize>) -> Range<usize> {
    let inside = text.get(line.clone()).unwrap_or_default();
    let mut last_word_end = None;
    let mut count = 0;
    for (at, c) in inside.char_indices() {
        count += 1;
        if count > MAX_SENTENCE_CHARACTERS {
            return line.start..line.start + last_word_end.unwrap_or(at);
        }
        if is_blank(c) && last_word_end != Some(at) {
            last_word_end = Some(inside.get(..at).unwrap_or_default().trim_end_matches(is_blank).len());
        }
        if !matches!(c, '.' | '!' | '?' | '…' | '。' | '؟') {
            continue;
        }
        if let Some(end) = sentence_end(inside, at, c) {
            let enough = words::words(inside.get(..end).unwrap_or_default()).nth(2).is_some();
            if enough {
                return line.start..line.start + end;
            }
        }
    }
    line
}

/// How many sentences end inside of `inside`, at most `most`: its last end does not count.
pub fn inner_ends(inside: &str, most: usize) -> usize {
    let ends = inside
        .char_indices()
        .filter(|(at, c)| matches!(c, '.' | '!' | '?' | '…') && sentence_end(inside, *at, *c).is_some());
    ends.take(most).count()
}

/// Where the sentence whose mark stands at `at` ends, closing quotes included; `None` where it goes on.
fn sentence_end(inside: &str, at: usize, mark: char) -> Option<usize> {
    let behind = inside.get(at + mark.len_utf8()..)?;
    let closed = behind.trim_start_matches(is_closing);
    // French quotes close behind a blank: "... ? » Puis".
    let mut rest = closed;
    for quote in ['»', '”'] {
        rest = rest.trim_start_matches(is_blank).strip_prefix(quote).unwrap_or(rest);
    }
    let end = inside.len() - rest.len();
    let next = rest.trim_start_matches(is_blank);
    if next.len() == rest.len() || next.is_empty() {
        return None;
    }
    let opens = next.chars().next().is_some_and(|c| {
        c.is_uppercase()
            || c.is_numeric()
            || matches!(c, '«' | '“' | '"' | '\'' | '‘' | '¿' | '¡' | '—' | '–' | '(' | '[')
            || (c.is_alphabetic() && !c.is_lowercase())
    });
    (opens && !(mark == '.' && is_abbreviation_at_end(inside.get(..at)?))).then_some(end)
}

/// Whether a line that ends in a full stop ends in an abbreviation: "... through M.B.S."
pub fn ends_abbreviated(line: &str) -> bool {
    line.strip_suffix('.').is_some_and(|before| before.contains('.') && is_abbreviation_at_end(before))
}

/// Whether the word before a full stop is an abbreviation: one letter, letters with dots, or a known one.
fn is_abbreviation_at_end(before: &str) -> bool {
    let start = before
        .rfind(|c: char| !c.is_alphanumeric() && c != '.')
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let word = before.get(start..).unwrap_or_default();
    let folded: String = word.chars().take(6).collect();
    let folded = words::folded(&folded);
    let one_letter = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let dotted = word.contains('.') && word.split('.').all(|part| part.chars().count() <= 2);
    one_letter || dotted || vocabulary::has(List::Abbreviation, &folded)
}

/// Where a headline is glued to its first sentence with no blank between: the end of the headline.
/// Looks for a small letter, a digit or a closing mark met by a capital, within a headline's length.
pub fn glue(inside: &str) -> Option<usize> {
    let mut previous: Option<char> = None;
    let mut word_start = 0;
    for (count, (at, c)) in inside.char_indices().enumerate() {
        if count > 2 * MAX_HEADLINE_CHARACTERS {
            return None;
        }
        if let Some(before) = previous
            && c.is_uppercase()
            && glued_here(inside, word_start, at, before)
            && words::words(inside.get(..at).unwrap_or_default()).nth(MIN_GLUED_WORDS - 1).is_some()
        {
            return Some(at);
        }
        if is_blank(c) {
            if let Some(end) = glued_capitals(inside, word_start, at) {
                return Some(end);
            }
            word_start = at + c.len_utf8();
        } else if !c.is_alphanumeric() && !is_closing(c) {
            word_start = at + c.len_utf8();
        }
        previous = Some(c);
    }
    None
}

/// Whether the capital at `at`, right behind `before`, opens a sentence.
fn glued_here(inside: &str, word_start: usize, at: usize, before: char) -> bool {
    let rest = inside.get(at..).unwrap_or_default();
    let right: String = rest.chars().take(MAX_WORD_CHARACTERS).take_while(|c| c.is_alphanumeric()).collect();
    let behind = rest.get(right.len()..).unwrap_or_default();
    let right_letters = right.chars().count();
    let capitals = right_letters >= 3 && right.chars().all(char::is_uppercase);
    let capitalised = right_letters >= 2 && right.chars().skip(1).all(char::is_lowercase);
    let folded = words::folded(&right);
    let elided = right_letters == 1 && behind.starts_with(['\'', '’']);
    let opener = (capitalised || elided || right == "A") && vocabulary::has(List::SentenceOpener, &folded);
    let dispatch = capitals && opens_dispatch(behind);
    if before.is_lowercase() {
        let left: Vec<char> =
            inside.get(word_start..at).unwrap_or_default().chars().take(MAX_WORD_CHARACTERS).collect();
        let left_small = left.first().is_some_and(|c| c.is_lowercase()) && left.len() >= 3;
        // "LinkedIn" is a name.
        let opener = opener && (left.first().is_some_and(|c| c.is_lowercase()) || folded != "in");
        return opener || dispatch || (left_small && capitalised && right_letters >= 3);
    }
    match before {
        '»' | '”' | '?' | '!' | '…' => capitalised || elided || capitals || opener,
        // A straight quote opens behind a blank.
        '"' => {
            let quoted = inside.get(..at).unwrap_or_default().trim_end_matches('"');
            !quoted.ends_with(|c: char| is_blank(c) || "(«“:".contains(c)) && (opener || dispatch)
        }
        ')' | '.' => opener || dispatch,
        c if c.is_numeric() => opener || dispatch,
        _ => false,
    }
}

/// Whether what stands behind a word in capitals makes it a dispatch's opening: "SEOUL - ", "INTERVIEW. ".
fn opens_dispatch(behind: &str) -> bool {
    let rest = behind.trim_start_matches(is_blank);
    (rest.len() < behind.len() && rest.starts_with(['-', '–', '—', '('])) || behind.starts_with(['.', ','])
}

/// A word in capitals that is a headline's last and a dispatch's place in one: where the place begins.
fn glued_capitals(inside: &str, start: usize, end: usize) -> Option<usize> {
    let word = inside.get(start..end)?;
    if !(6..=40).contains(&word.len())
        || !word.chars().all(char::is_uppercase)
        || !opens_dispatch(inside.get(end..)?)
    {
        return None;
    }
    let folded = words::folded(word);
    // A place has at least four letters, and so has what stands before it at least two.
    let letters = word.chars().count();
    let kept = (2..letters.saturating_sub(3)).find(|kept| {
        folded
            .char_indices()
            .nth(*kept)
            .and_then(|(at, _)| folded.get(at..))
            .is_some_and(|place| vocabulary::has(List::DispatchPlace, place))
    })?;
    let at = start + word.char_indices().nth(kept)?.0;
    words::words(inside.get(..at)?).nth(MIN_GLUED_WORDS - 1).map(|_| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_first(paragraph: &str, expected: &str) {
        let found = first_sentence(paragraph, 0..paragraph.len());
        assert_eq!(paragraph.get(found), Some(expected));
    }

    #[test]
    fn a_sentence_ends_where_the_next_one_begins() {
        check_first("Le port rouvre lundi. Il avait fermé en mai.", "Le port rouvre lundi.");
        check_first("Le port rouvre-t-il lundi ? Oui.", "Le port rouvre-t-il lundi ?");
        check_first("« Le port rouvre lundi. » Oui.", "« Le port rouvre lundi. »");
        check_first("\"The port opens.\" He smiled.", "\"The port opens.\"");
        check_first("El puerto abre hoy. ¿Y el muelle?", "El puerto abre hoy.");
        check_first("Le port rouvre lundi… Enfin.", "Le port rouvre lundi…");
    }

    #[test]
    fn abbreviations_and_numbers_end_no_sentence() {
        check_first("Le ministre M. Diop a signé. Puis il est parti.", "Le ministre M. Diop a signé.");
        check_first("The U.S. Senate voted on it. It passed.", "The U.S. Senate voted on it.");
        check_first("Para EE. UU. Cuba es un vecino. Nada más.", "Para EE. UU. Cuba es un vecino.");
        check_first("La hausse est de 3.5 points. Elle dure.", "La hausse est de 3.5 points.");
        check_first("Le groupe a dit. il verra", "Le groupe a dit. il verra");
    }

    #[test]
    fn a_word_or_two_are_no_sentence() {
        check_first(
            "INTERVIEW. Les deux pays parlent enfin. Oui.",
            "INTERVIEW. Les deux pays parlent enfin.",
        );
    }

    #[test]
    fn a_sentence_without_end_is_cut_at_a_word() {
        let endless = "mot ".repeat(400);
        let found = first_sentence(&endless, 0..endless.len());
        let cut = endless.get(found).expect("a sentence is cut on character boundaries");
        assert!(cut.len() <= MAX_SENTENCE_CHARACTERS && cut.ends_with("mot"), "{} bytes", cut.len());
    }

    #[track_caller]
    fn check_glue(line: &str, expected: Option<&str>) {
        assert_eq!(glue(line).and_then(|end| line.get(..end)), expected, "{line:?}");
    }

    #[test]
    fn headlines_are_parted_from_what_is_glued_to_them() {
        check_glue("Une savante mise en scèneLe président arrive", Some("Une savante mise en scène"));
        check_glue("Il est allé en Corée du NordLe président arrive", Some("Il est allé en Corée du Nord"));
        check_glue("« Un pays comme un autre »INTERVIEW. Oui", Some("« Un pays comme un autre »"));
        check_glue("Un accord selon la KCNASEOUL - Le dirigeant", Some("Un accord selon la KCNA"));
        check_glue("Una entente surcoreanaSEUL - El presidente", Some("Una entente surcoreana"));
        check_glue("Why do so many win?Altitude is one reason", Some("Why do so many win?"));
        check_glue("The deal was signed in 2019The minister said", Some("The deal was signed in 2019"));
        check_glue("Les taxis dans l'impasseL'accord a échoué", Some("Les taxis dans l'impasse"));
    }

    #[test]
    fn names_with_a_capital_inside_are_whole() {
        check_glue("La nouvelle saison de LaLiga débute", None);
        check_glue("How the firm bought LinkedIn and YouTube", None);
        check_glue("Le groupe TotalEnergies quitte le pays", None);
        check_glue("Con Messi: \"Esta vez tocó así\"", None);
        check_glue("Le PDG de McDonald s'en va", None);
    }
}
