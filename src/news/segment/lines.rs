//! The page as a list of lines: what stands on a line of its own, or was parted from its neighbours by blanks,
//! bullets or bars. Furniture is left out here.

use std::ops::Range;

use super::cut;
use super::dates;
use super::role::{self, Role};
use super::sentences::MAX_HEADLINE_CHARACTERS;
use super::vocabulary::{self, Mark};
use super::words::{self, Shape, is_blank};

/// A line, or a piece of one.
#[derive(Debug, Clone)]
pub struct Line {
    /// Trimmed, without bullet, time and number before it.
    pub range: Range<usize>,
    /// How many blank lines stand before it.
    pub gap: usize,
    /// Furniture stood between this line and the one before it.
    pub behind_furniture: bool,
    /// Which line of the page it is in.
    pub row: usize,
    /// It shares its row with other pieces.
    pub parted: bool,
    pub bullet: bool,
    /// It stands between dashes, as sub-headings do.
    pub dashed: bool,
    pub shape: Shape,
    pub role: Role,
    label: Label,
}

/// What stood before a line, in it or on a line of its own: a list's marks, if the page has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    None,
    Time,
    /// A number, and how many bytes of the line it takes.
    Number(usize, usize),
}

/// All lines of a page that are not furniture.
pub fn lines(text: &str) -> Vec<Line> {
    let mut reader =
        Reader { text, lines: Vec::new(), gap: 0, furniture: false, bullet: false, label: Label::None };
    let mut start = 0;
    let mut row = 0;
    let bytes = text.as_bytes();
    while start <= text.len() {
        let end = line_end(bytes, start);
        reader.row(row, start..end);
        row += 1;
        start = next_start(bytes, end);
    }
    let mut lines = reader.lines;
    apply_labels(text, &mut lines);
    sentences_of_list(&mut lines);
    name_captions(text, &mut lines);
    let alone = lines.len() == 1;
    for line in &mut lines {
        if let Role::Dateline(dateline) = &line.role
            && dateline.unsure
            && (alone || line.parted || line.bullet)
        {
            line.role = Role::Headline;
        }
    }
    join_wrapped(&mut lines);
    lines
}

/// Whether a line break opens at this byte: LF, VT, FF, CR, or the separators of Unicode (U+0085, U+2028, U+2029).
fn break_length(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | 0x0b | 0x0c | b'\r', ..] => 1,
        [0xc2, 0x85, ..] => 2,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    (start..bytes.len()).find(|at| break_length(bytes, *at) > 0).unwrap_or(bytes.len())
}

fn next_start(bytes: &[u8], end: usize) -> usize {
    end + break_length(bytes, end).max(1)
}

/// Reads the rows one by one and keeps what stood between the lines.
struct Reader<'t> {
    text: &'t str,
    lines: Vec<Line>,
    gap: usize,
    furniture: bool,
    bullet: bool,
    label: Label,
}

impl Reader<'_> {
    fn row(&mut self, row: usize, range: Range<usize>) {
        let range = words::trimmed(self.text, range);
        let inside = self.text.get(range.clone()).unwrap_or_default();
        if inside.is_empty() {
            self.gap += 1;
            return;
        }
        if !inside.chars().any(char::is_alphabetic) && dates::find(inside).is_none() {
            self.wordless(inside);
            return;
        }
        let dashed = is_dashed(inside);
        self.bullet |= cut::leading_bullet(inside) > 0 && !dashed;
        let first = self.lines.len();
        if dashed {
            self.piece(row, range, true);
        } else {
            cut::pieces(self.text, range).into_iter().for_each(|piece| self.piece(row, piece, false));
        }
        let parted = self.lines.len() > first + 1;
        self.lines.iter_mut().skip(first).for_each(|line| line.parted |= parted);
        if parted {
            sentences_of_ribbon(self.lines.get_mut(first..).unwrap_or_default());
        }
        (self.bullet, self.label) = (false, Label::None);
    }

    /// A line without a letter: a bullet, a number or a time for the next line, or a rule.
    fn wordless(&mut self, inside: &str) {
        let number =
            inside.trim_end_matches(['.', ')', '°', '-']).parse().ok().filter(|number| *number < 1_000);
        if let Some(number) = number {
            self.label = Label::Number(number, 0);
        } else if time_length(inside) == inside.len() {
            self.label = Label::Time;
        } else if inside.chars().count() <= 2 && cut::leading_bullet(inside) > 0 {
            self.bullet = true;
        } else {
            self.gap += 1;
        }
    }

    fn piece(&mut self, row: usize, piece: Range<usize>, dashed: bool) {
        let mut label = self.label;
        let mut range = piece.clone();
        let time = time_length(self.text.get(range.clone()).unwrap_or_default());
        if time > 0 {
            label = Label::Time;
            range = cut::bare(self.text, range.start + time..range.end);
        }
        let (range, labelled) = without_label(self.text, range);
        let (range, closer) = without_closer(self.text, range);
        let inside = self.text.get(range.clone()).unwrap_or_default();
        if label == Label::None {
            label = leading_number(inside);
        }
        let shape = Shape::of(inside);
        let role = if shape.letters == 0 && dates::find(inside).is_none() {
            Role::Furniture
        } else {
            role::role(self.text, &range, &shape)
        };
        if role == Role::Furniture {
            self.furniture = true;
        } else {
            let line = Line {
                range,
                gap: self.gap,
                behind_furniture: self.furniture,
                row,
                parted: labelled,
                bullet: self.bullet,
                dashed,
                shape,
                role,
                label,
            };
            self.lines.push(line);
            (self.gap, self.furniture) = (0, false);
        }
        if let Some(closer) = closer {
            let line = Line {
                range: closer,
                gap: 0,
                behind_furniture: false,
                row,
                parted: false,
                bullet: false,
                dashed: false,
                shape: Shape::default(),
                role: Role::Closer,
                label: Label::None,
            };
            self.lines.push(line);
        }
    }
}

/// In a row of pieces, what looks like prose is a headline that ends in a full stop, unless the row goes over into
/// an article: then its last pieces are all prose, and long.
fn sentences_of_ribbon(row: &mut [Line]) {
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

/// A line between dashes: `- "First priority" of the ministry -`.
fn is_dashed(inside: &str) -> bool {
    let dash = |c: char| matches!(c, '-' | '–' | '—' | '*');
    let mut ends = inside.chars();
    let (first, second, last, before) = (ends.next(), ends.next(), ends.next_back(), ends.next_back());
    first.is_some_and(dash) && last == first && second.is_some_and(is_blank) && before.is_some_and(is_blank)
}

/// How many bytes a time of day takes at the start of a line ("14:32", "14h32 -", "[9:05 am]"); 0 for none.
fn time_length(inside: &str) -> usize {
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

/// "3. Headline", "3) Headline".
fn leading_number(inside: &str) -> Label {
    let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
    let (Some(number), Some(behind)) = (inside.get(..digits), inside.get(digits..)) else {
        return Label::None;
    };
    let marked = behind.trim_start_matches(['.', ')', '-', '°']);
    let rest = marked.trim_start_matches(is_blank);
    match number.parse() {
        Ok(value) if value < 1_000 && marked.len() < behind.len() && rest.len() < marked.len() => {
            Label::Number(value, inside.len() - rest.len())
        }
        _ => Label::None,
    }
}

/// Cuts a ribbon's label off the headline behind it ("Flash info : ...").
fn without_label(text: &str, range: Range<usize>) -> (Range<usize>, bool) {
    let inside = text.get(range.clone()).unwrap_or_default();
    let words: Vec<_> = words::folded_words(inside).take(8).collect();
    for opening in vocabulary::openings(&words).filter(|opening| opening.mark == Mark::RibbonHeading) {
        let Some((_, last)) = words.get(opening.words - 1).filter(|_| words.len() >= opening.words + 2)
        else {
            continue;
        };
        let behind = inside.get(last.end..).unwrap_or_default();
        let rest = behind.trim_start().trim_start_matches([':', '|', '»', '>', '：']);
        if rest.len() < behind.trim_start().len() {
            return (cut::bare(text, range.end - rest.len()..range.end), true);
        }
    }
    (range, false)
}

/// Cuts a closer ("Read more »") off the end of a line.
fn without_closer(text: &str, range: Range<usize>) -> (Range<usize>, Option<Range<usize>>) {
    /// No closer is longer than this, in bytes.
    const TAIL: usize = 60;
    let mut from = range.end.saturating_sub(TAIL).max(range.start);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let tail = text.get(from..range.end).unwrap_or_default();
    let words: Vec<_> = words::folded_words(tail).collect();
    for start in words.len().saturating_sub(5)..words.len() {
        let rest = words.get(start..).unwrap_or_default();
        let closes = vocabulary::openings(rest).any(|o| o.mark == Mark::Closer && o.words == rest.len());
        let Some((_, first)) = rest.first().filter(|_| closes) else {
            continue;
        };
        let before = text.get(range.start..from + first.start).unwrap_or_default();
        let large = tail.get(first.clone()).is_some_and(|word| word.starts_with(char::is_uppercase));
        let kept = before.trim_end_matches(|c: char| is_blank(c) || "[(>»→…|-–".contains(c));
        if large && !kept.is_empty() && kept.len() < before.len() {
            let end = range.start + kept.len();
            return (range.start..end, Some(from + first.start..range.end));
        }
    }
    (range, None)
}

/// Times before lines are a list's marks where there are several; numbers where they count.
fn apply_labels(text: &str, lines: &mut [Line]) {
    let times = lines.iter().filter(|line| line.label == Label::Time).count();
    let number = |line: Option<&Line>| match line.map(|line| line.label) {
        Some(Label::Number(value, _)) => Some(value),
        _ => None,
    };
    let numbered: Vec<usize> = (0..lines.len()).filter(|at| number(lines.get(*at)).is_some()).collect();
    let counts = |at: usize, other: Option<&usize>, step: fn(usize, usize) -> bool| match (
        number(lines.get(at)),
        other.and_then(|other| number(lines.get(*other))),
    ) {
        (Some(this), Some(other)) => step(this, other),
        _ => false,
    };
    let listed: Vec<usize> = numbered
        .iter()
        .enumerate()
        .filter(|(place, at)| {
            counts(**at, numbered.get(place + 1), |this, next| next == this + 1)
                || counts(
                    **at,
                    place.checked_sub(1).and_then(|before| numbered.get(before)),
                    |this, before| this == before + 1,
                )
        })
        .map(|(_, at)| *at)
        .collect();
    for at in listed {
        if let Some(line) = lines.get_mut(at)
            && let Label::Number(_, length) = line.label
        {
            line.bullet = true;
            line.range = cut::bare(text, line.range.start + length..line.range.end);
            line.shape = Shape::of(text.get(line.range.clone()).unwrap_or_default());
            line.role = role::role(text, &line.range, &line.shape);
        }
    }
    for line in lines.iter_mut().filter(|line| times >= 2 && line.label == Label::Time) {
        line.bullet = true;
    }
}

/// A sentence with two headlines right above and two right below is a headline that ends in a full stop.
fn sentences_of_list(lines: &mut [Line]) {
    let listed = |line: Option<&Line>| {
        line.is_some_and(|line| line.role == Role::Headline && !line.bullet && !line.parted && !line.dashed)
    };
    for at in 2..lines.len() {
        let sentence = lines.get(at).is_some_and(|line| {
            line.role == Role::Prose && !line.bullet && line.shape.characters <= MAX_HEADLINE_CHARACTERS
        });
        let around = [at - 2, at - 1, at + 1, at + 2];
        if sentence && around.into_iter().all(|at| listed(lines.get(at))) {
            if let Some(line) = lines.get_mut(at) {
                line.role = Role::Headline;
            }
        }
    }
}

/// Between a title and its article, a line that ends in an agency's name is the picture's caption.
fn name_captions(text: &str, lines: &mut [Line]) {
    let is_free = |line: &Line| line.role == Role::Headline && !line.bullet && !line.parted;
    for at in 1..lines.len().saturating_sub(1) {
        let (Some(before), Some(here), Some(below)) = (lines.get(at - 1), lines.get(at), lines.get(at + 1))
        else {
            continue;
        };
        let between = is_free(before) || matches!(before.role, Role::Dateline(_));
        let above = matches!(below.role, Role::Prose | Role::Dateline(_));
        if between
            && above
            && is_free(here)
            && role::ends_in_agency(text.get(here.range.clone()).unwrap_or_default())
        {
            if let Some(here) = lines.get_mut(at) {
                here.role = Role::Caption;
            }
        }
    }
}

/// How long the lines of hard-wrapped text are, in characters.
const WRAPPED: std::ops::RangeInclusive<usize> = 50..=200;

/// Lines that a hard wrap broke are prose: what goes on with a small letter, what it goes on from, and what
/// follows a long line that ended in the middle of a sentence.
fn join_wrapped(lines: &mut [Line]) {
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
        if here.shape.starts_small {
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
