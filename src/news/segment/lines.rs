//! The page as a list of lines: what stands on a line of its own, or was parted from its neighbours by blanks,
//! bullets or bars. Furniture is left out here.

use std::ops::Range;

use super::cut;
use super::dates;
use super::labels::{self, Label};
use super::neighbours;
use super::role::{self, Role};
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
    /// Right below it stands what stands below titles: how long ago it was published, or buttons to share it.
    pub headed: bool,
    /// Which line of the page it is in.
    pub row: usize,
    /// It shares its row with other pieces.
    pub parted: bool,
    pub bullet: bool,
    /// It stands between dashes, as sub-headings do.
    pub dashed: bool,
    pub shape: Shape,
    pub role: Role,
    /// Nothing but blanks, bullets and bars was taken off it.
    pub plain: bool,
    pub label: Label,
}

impl Line {
    /// A short line whose every word but the smallest begins large: a site's name, a person's.
    pub fn is_name(&self, text: &str) -> bool {
        let inside = text.get(self.range.clone()).unwrap_or_default();
        let small = |word: &str| {
            let word = word.rsplit(['\'', '’']).next().unwrap_or(word);
            word.starts_with(char::is_lowercase) && word.chars().count() > 2 && word != "and"
        };
        self.shape.characters < 30 && !inside.split_whitespace().any(small)
    }

    /// A headline that is no part of a list.
    pub fn is_free_headline(&self) -> bool {
        self.role == Role::Headline && !self.bullet && !self.parted && !self.dashed
    }

    /// What may stand between a title and its article besides prose.
    pub fn stands_between(&self) -> bool {
        matches!(self.role, Role::Dateline(_) | Role::Caption | Role::Related(_) | Role::Pager | Role::Aside)
    }
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
    neighbours::apply_labels(text, &mut lines);
    neighbours::sentences_of_list(&mut lines);
    neighbours::bylines(text, &mut lines);
    neighbours::filed_under(&mut lines);
    neighbours::name_captions(text, &mut lines);
    let alone = lines.len() == 1;
    for line in &mut lines {
        if let Role::Dateline(dateline) = &line.role
            && dateline.unsure
            && (alone || line.parted || line.bullet)
        {
            line.role = Role::Headline;
        }
    }
    neighbours::join_wrapped(&mut lines);
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
            self.piece(row, range, true, false);
        } else {
            let pieces = cut::pieces(self.text, range);
            let several = pieces.len() > 1;
            for (place, piece) in pieces.into_iter().enumerate() {
                self.piece(row, piece, false, several && place == 0);
            }
        }
        let parted = self.lines.len() > first + 1;
        self.lines.iter_mut().skip(first).for_each(|line| line.parted |= parted);
        if parted {
            neighbours::sentences_of_ribbon(self.lines.get_mut(first..).unwrap_or_default());
        }
        (self.bullet, self.label) = (false, Label::None);
    }

    /// A line without a letter: a bullet, a number or a time for the next line, or a rule.
    fn wordless(&mut self, inside: &str) {
        let number =
            inside.trim_end_matches(['.', ')', '°', '-']).parse().ok().filter(|number| *number < 1_000);
        if let Some(number) = number {
            self.label = Label::Number(number, 0);
        } else if labels::time_length(inside) == inside.len() {
            self.label = Label::Time;
        } else if inside.chars().count() <= 2 && cut::leading_bullet(inside) > 0 {
            self.bullet = true;
        } else {
            self.gap += 1;
        }
    }

    /// `opens`: other pieces follow in the row.
    fn piece(&mut self, row: usize, piece: Range<usize>, dashed: bool, opens: bool) {
        let mut label = self.label;
        let mut range = piece.clone();
        let time = labels::time_length(self.text.get(range.clone()).unwrap_or_default());
        if time > 0 {
            label = Label::Time;
            range = cut::bare(self.text, range.start + time..range.end);
        }
        let (range, labelled) = labels::without_label(self.text, range, opens);
        let (range, closer) = labels::without_closer(self.text, range);
        let inside = self.text.get(range.clone()).unwrap_or_default();
        if label == Label::None {
            label = labels::leading_number(inside);
        }
        let plain = range == piece && closer.is_none() && !labelled && !dashed;
        let shape = Shape::of(inside);
        let role = if shape.letters == 0 && dates::find(inside).is_none() {
            Role::Furniture
        } else {
            role::role(self.text, &range, &shape)
        };
        if role == Role::Furniture {
            self.furniture = true;
            if let Some(above) =
                self.lines.last_mut().filter(|_| self.gap == 0 && role::stands_below_title(inside))
            {
                above.headed = true;
            }
        } else {
            let beside = matches!(role, Role::Aside | Role::Pager);
            let line = Line {
                range,
                gap: self.gap,
                behind_furniture: self.furniture,
                headed: false,
                row,
                parted: labelled,
                bullet: self.bullet,
                dashed,
                shape,
                role,
                plain,
                label,
            };
            self.lines.push(line);
            (self.gap, self.furniture) = (0, beside);
        }
        if let Some(closer) = closer {
            let line = Line {
                range: closer,
                gap: 0,
                behind_furniture: false,
                headed: false,
                row,
                parted: false,
                bullet: false,
                dashed: false,
                shape: Shape::default(),
                role: Role::Closer,
                plain: false,
                label: Label::None,
            };
            self.lines.push(line);
        }
    }
}

/// A line between dashes: `- "First priority" of the ministry -`.
fn is_dashed(inside: &str) -> bool {
    let dash = |c: char| matches!(c, '-' | '–' | '—' | '*');
    let mut ends = inside.chars();
    let (first, second, last, before) = (ends.next(), ends.next(), ends.next_back(), ends.next_back());
    first.is_some_and(dash) && last == first && second.is_some_and(is_blank) && before.is_some_and(is_blank)
}
