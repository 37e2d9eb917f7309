//! Dates in the shapes that datelines have.

use std::ops::Range;

use time::{Date, Month};

use super::words::folded;

/// A date, and the bytes that tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDate {
    pub date: Date,
    pub range: Range<usize>,
}

/// Month names and their short forms in French, Spanish and English, folded.
const MONTHS: &[(&str, Month)] = &[
    ("janvier", Month::January),
    ("janv", Month::January),
    ("jan", Month::January),
    ("january", Month::January),
    ("enero", Month::January),
    ("ene", Month::January),
    ("fevrier", Month::February),
    ("fevr", Month::February),
    ("fev", Month::February),
    ("february", Month::February),
    ("feb", Month::February),
    ("febrero", Month::February),
    ("mars", Month::March),
    ("march", Month::March),
    ("mar", Month::March),
    ("marzo", Month::March),
    ("avril", Month::April),
    ("avr", Month::April),
    ("april", Month::April),
    ("apr", Month::April),
    ("abril", Month::April),
    ("abr", Month::April),
    ("mai", Month::May),
    ("may", Month::May),
    ("mayo", Month::May),
    ("juin", Month::June),
    ("june", Month::June),
    ("jun", Month::June),
    ("junio", Month::June),
    ("juillet", Month::July),
    ("juil", Month::July),
    ("july", Month::July),
    ("jul", Month::July),
    ("julio", Month::July),
    ("aout", Month::August),
    ("august", Month::August),
    ("aug", Month::August),
    ("agosto", Month::August),
    ("ago", Month::August),
    ("septembre", Month::September),
    ("september", Month::September),
    ("sept", Month::September),
    ("sep", Month::September),
    ("septiembre", Month::September),
    ("setiembre", Month::September),
    ("set", Month::September),
    ("octobre", Month::October),
    ("october", Month::October),
    ("oct", Month::October),
    ("octubre", Month::October),
    ("novembre", Month::November),
    ("november", Month::November),
    ("nov", Month::November),
    ("noviembre", Month::November),
    ("decembre", Month::December),
    ("december", Month::December),
    ("dec", Month::December),
    ("diciembre", Month::December),
    ("dic", Month::December),
];

/// A run of digits or of letters.
struct Token {
    range: Range<usize>,
    what: What,
}

enum What {
    Number {
        value: u16,
        digits: usize,
    },
    Month(Month),
    /// A word that stands inside of dates: "de", "del", "of", "er", "th".
    Small,
    Word,
}

/// The first date of a line that names day, month and year.
pub fn find(line: &str) -> Option<FoundDate> {
    if !line.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let tokens = tokens(line);
    (0..tokens.len()).find_map(|at| {
        let rest = tokens.get(at..)?;
        let (date, used) = in_words(rest).or_else(|| in_numbers(line, rest))?;
        Some(FoundDate { date, range: rest.first()?.range.start..rest.get(used - 1)?.range.end })
    })
}

fn tokens(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = line.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        let digits = first.is_ascii_digit();
        let mut end = start + first.len_utf8();
        while let Some((at, c)) =
            characters.next_if(|(_, c)| c.is_alphanumeric() && c.is_ascii_digit() == digits)
        {
            end = at + c.len_utf8();
        }
        let word = line.get(start..end).unwrap_or_default();
        let what = match word.parse() {
            Ok(value) if digits => What::Number { value, digits: word.len() },
            _ => word_token(word),
        };
        tokens.push(Token { range: start..end, what });
    }
    tokens
}

fn word_token(word: &str) -> What {
    if word.len() > 12 {
        return What::Word;
    }
    let folded = folded(word);
    if let Some((_, month)) = MONTHS.iter().find(|(name, _)| *name == folded) {
        return What::Month(*month);
    }
    match folded.as_str() {
        "de" | "del" | "of" | "er" | "st" | "nd" | "rd" | "th" | "the" | "º" | "o" => What::Small,
        _ => What::Word,
    }
}

/// "le 3 mai 2024", "1er mai 2024", "3 de mayo de 2024", "May 3rd, 2024", "May 2024" not: it has no day.
fn in_words(tokens: &[Token]) -> Option<(Date, usize)> {
    let mut at = 0;
    let mut next = |tokens: &[Token]| {
        while matches!(tokens.get(at)?.what, What::Small) && at > 0 {
            at += 1;
        }
        at += 1;
        Some(at - 1)
    };
    let (first, second, third) = (next(tokens)?, next(tokens)?, next(tokens)?);
    let used = third + 1;
    let year = match tokens.get(third)?.what {
        What::Number { value, digits: 4 } => i32::from(value),
        _ => return None,
    };
    match (&tokens.get(first)?.what, &tokens.get(second)?.what) {
        (What::Number { value: day, digits: ..=2 }, What::Month(month))
        | (What::Month(month), What::Number { value: day, digits: ..=2 }) => {
            Some((date(year, *month as u16, *day)?, used))
        }
        _ => None,
    }
}

/// "13 - 09 - 2023", "13/09/2023", "13.09.23", "2024-05-03". Day first, unless only month first is a date.
fn in_numbers(line: &str, tokens: &[Token]) -> Option<(Date, usize)> {
    let [first, second, third, ..] = tokens else {
        return None;
    };
    let mark = |from: &Token, to: &Token| line.get(from.range.end..to.range.start).map(str::trim);
    let between = mark(first, second)?;
    if !matches!(between, "-" | "/" | "." | "–" | "‑") || mark(second, third)? != between {
        return None;
    }
    let number = |token: &Token| match token.what {
        What::Number { value, digits } => Some((value, digits)),
        _ => None,
    };
    let found = match (number(first)?, number(second)?, number(third)?) {
        ((year, 4), (month, 1..=2), (day, 1..=2)) => date(year.into(), month, day),
        ((day, 1..=2), (month, 1..=2), (year, digits @ (2 | 4))) => {
            let year = i32::from(year) + if digits == 2 { 2000 } else { 0 };
            date(year, month, day).or_else(|| date(year, day, month))
        }
        _ => None,
    };
    Some((found?, 3))
}

/// A day that the calendar has, in the years that news pages have.
fn date(year: i32, month: u16, day: u16) -> Option<Date> {
    if !(1900..=2100).contains(&year) {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        assert_eq!(find(line).map(|found| found.date.to_string()).as_deref(), expected, "{line:?}");
    }

    #[test]
    fn dates_in_words() {
        check("Publié le 3 mai 2024 à 10h12", Some("2024-05-03"));
        check("le 1er août 2025", Some("2025-08-01"));
        check("3 de mayo de 2024", Some("2024-05-03"));
        check("12 de septiembre del 2023", Some("2023-09-12"));
        check("May 3rd, 2024", Some("2024-05-03"));
        check("the 3rd of May, 2024", Some("2024-05-03"));
        check("14 Dec. 2025", Some("2025-12-14"));
        check("Mar 7, 2026 9:05 am", Some("2026-03-07"));
        check("juil. 2024", None);
        check("3 mai", None);
        check("mai 2024", None);
    }

    #[test]
    fn dates_in_numbers() {
        check("Publié dans Le Fil le 13 - 09 - 2023", Some("2023-09-13"));
        check("05/03/2024", Some("2024-03-05"));
        check("12/25/2024", Some("2024-12-25"));
        check("07.11.25", Some("2025-11-07"));
        check("2024-05-03T10:30:00Z", Some("2024-05-03"));
        check("2024/5/3", Some("2024-05-03"));
        check("Real Madrid 3-1-2024", Some("2024-01-03"));
        check("13/09 2023", None);
        check("192.168.10.24", None);
        check("10:30 - 12:45", None);
    }

    #[test]
    fn days_that_no_calendar_has() {
        check("31/02/2024", None);
        check("29 février 2023", None);
        check("29 février 2024", Some("2024-02-29"));
        check("13/13/2024", None);
        check("3 mai 1789", None);
        check("99999999999999999999/01/2024", None);
    }
}
