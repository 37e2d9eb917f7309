//! Records as a person reads them in a terminal: coloured, aligned, wrapped. Scraped text is cleaned of control
//! characters first, so that no page can move the cursor or change the screen.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Color, Style};

use crate::news::record::LabelledRecord;
use crate::news::segment::Kind;
use crate::news::topic::Evidence;

/// The width where standard output is no terminal.
const PLAIN_WIDTH: usize = 100;

/// Narrower than this, the columns would leave no room for the text.
const LEAST_WIDTH: usize = 50;

/// Lines of text longer than this are hard to read, however wide the terminal is.
const MOST_WIDTH: usize = 140;

/// The columns before an item's text: kind, language, topic, confidence.
const TEXT_COLUMN: usize = 31;

/// Shown in place of the topic of an item that has none.
const NO_TOPIC: &str = "-";

pub const DIM: Style = Style::new().dimmed();
pub const BOLD: Style = Style::new().bold();
pub const BAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));

/// How many characters a line of standard output holds.
pub fn width() -> usize {
    let terminal = std::io::stdout().is_terminal();
    let columns = terminal.then(|| rustix::termios::tcgetwinsize(std::io::stdout()).ok()).flatten();
    match columns {
        Some(size) if size.ws_col > 0 => usize::from(size.ws_col).clamp(LEAST_WIDTH, MOST_WIDTH),
        _ => PLAIN_WIDTH,
    }
}

/// The colour of a topic: the shipped ones have their own, a user's take one by their name.
pub fn topic_style(topic: &str) -> Style {
    const OTHERS: [AnsiColor; 3] = [AnsiColor::Magenta, AnsiColor::BrightRed, AnsiColor::BrightCyan];
    let color = match topic {
        "diplomacy" => AnsiColor::BrightBlue,
        "sport" => AnsiColor::BrightGreen,
        "economy" => AnsiColor::BrightYellow,
        "other" | NO_TOPIC => return DIM,
        _ => {
            let sum: usize = topic.bytes().map(usize::from).sum();
            OTHERS.get(sum % OTHERS.len()).copied().unwrap_or(AnsiColor::White)
        }
    };
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// One record as lines of at most `width` characters: kind, language, topic, confidence, text; below it the
/// evidence and the body where the record holds them.
pub fn record_lines(record: &LabelledRecord, width: usize) -> String {
    let topic = record.topic.as_deref().unwrap_or(NO_TOPIC);
    let (kind, text_style) = match record.kind {
        Kind::Ticker => ("ticker", Style::new()),
        Kind::Article => ("article", BOLD),
        Kind::Related => ("related", Style::new()),
    };
    let confidence = record.confidence.map_or_else(String::new, percent);
    let (topic_style, language) = (topic_style(topic), record.language.as_str());
    let mut lines = format!(
        "{DIM}{kind:<7}{DIM:#}  {language:<3}  {topic_style}{:<10}{topic_style:#} {DIM}{confidence:>4}{DIM:#}  ",
        shortened(topic, 10)
    );
    let room = width.saturating_sub(TEXT_COLUMN).max(1);
    push_wrapped(&mut lines, &clean(&record.text), room, text_style);
    for evidence in evidence_lines(record.evidence.as_deref().unwrap_or_default(), room) {
        push_line(&mut lines, &evidence);
    }
    if let Some(body) = &record.body {
        for paragraph in body.lines().map(clean).filter(|paragraph| !paragraph.trim().is_empty()) {
            lines += &" ".repeat(TEXT_COLUMN);
            push_wrapped(&mut lines, &paragraph, room, DIM);
        }
    }
    lines
}

/// The line over a page's records: where it stands, its outlet and day, how many items it holds.
pub fn page_line(record: &LabelledRecord, place: &str) -> String {
    let page = &record.page;
    let plural = if page.items == 1 { "item" } else { "items" };
    let mut line = format!("{BOLD}{}{BOLD:#}{DIM}", clean(place));
    for known in [&page.source, &page.published].into_iter().flatten() {
        line += &format!("  {}", clean(known));
    }
    line += &format!("  {} {plural}{DIM:#}\n", page.items);
    line
}

/// A probability as a whole per cent; never 100 % where it is not one.
pub fn percent(probability: f64) -> String {
    let rounded = (probability * 100.0).round().min(if probability < 1.0 { 99.0 } else { 100.0 });
    format!("{rounded}%")
}

/// A bar of `width` characters for 1, in eighths of a character.
pub fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (width * 8) as f64).round() as usize;
    "█".repeat(eighths / 8) + EIGHTHS.get(eighths % 8).copied().unwrap_or_default()
}

/// Text without control characters and other marks that would change the screen; blanks become single spaces.
pub fn clean(text: &str) -> String {
    let visible = text.chars().filter(|&c| !is_invisible(c) || c.is_whitespace());
    let mut cleaned = String::with_capacity(text.len());
    for character in visible {
        // A no-break space before French punctuation keeps its place but shows as a plain one.
        if !character.is_whitespace() {
            cleaned.push(character);
        } else if !cleaned.ends_with(' ') {
            cleaned.push(' ');
        }
    }
    cleaned
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Breaks text into lines of at most `width` characters, at blanks where there are any.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        let blank = usize::from(used > 0);
        for character in " ".chars().take(blank).chain(word.chars()) {
            if used == width {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
            used += 1;
        }
    }
    lines
}

/// Text cut to `most` characters, the last one an ellipsis where something was cut.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn push_wrapped(lines: &mut String, text: &str, room: usize, style: Style) {
    for (number, part) in wrap(text, room).iter().enumerate() {
        if number > 0 {
            *lines += &" ".repeat(TEXT_COLUMN);
        }
        *lines += &format!("{style}{part}{style:#}\n");
    }
}

fn push_line(lines: &mut String, text: &str) {
    *lines += &format!("{:TEXT_COLUMN$}{text}\n", "");
}

/// Terms with their log-odds, as many on a line as there is room for.
fn evidence_lines(evidence: &[Evidence], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = room;
    for Evidence { term, log_odds } in evidence {
        let style = if *log_odds < 0.0 { BAD } else { GOOD };
        let term = shortened(&clean(term), room.saturating_sub(8).max(1));
        let figure = format!("{log_odds:+.2}");
        let length = figure.len() + 1 + term.chars().count();
        let piece = format!("{style}{figure}{style:#} {DIM}{term}{DIM:#}");
        match lines.last_mut() {
            Some(line) if used + 3 + length <= room => {
                *line += "   ";
                *line += &piece;
                used += 3 + length;
            }
            _ => {
                lines.push(piece);
                used = length;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_wrap(text: &str, width: usize, expected: &[&str]) {
        assert_eq!(wrap(text, width), expected);
    }

    #[test]
    fn text_wraps_at_blanks_and_within_words_that_are_too_long() {
        check_wrap("", 10, &[""]);
        check_wrap("le port rouvre", 10, &["le port", "rouvre"]);
        check_wrap("le port rouvre", 14, &["le port rouvre"]);
        check_wrap("été é", 3, &["été", "é"]);
        check_wrap("anticonstitutionnellement", 10, &["anticonsti", "tutionnell", "ement"]);
        check_wrap("a anticonstitution", 6, &["a", "antico", "nstitu", "tion"]);
    }

    #[test]
    fn no_page_can_change_the_screen() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}\tc\u{a0}: d\u{202e}e\r\nf"), "a[2Jb c : de f");
    }

    #[track_caller]
    fn check_percent(probability: f64, expected: &str) {
        assert_eq!(percent(probability), expected);
    }

    #[test]
    fn only_a_certainty_shows_as_one() {
        check_percent(1.0, "100%");
        check_percent(0.9999, "99%");
        check_percent(0.914, "91%");
        check_percent(0.0, "0%");
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(0.53125, 4), "██▏");
        assert_eq!(bar(2.0, 4), "████");
        assert_eq!(bar(0.0, 4), "");
    }
}
