//! One line of a page to its pieces: what parts the headlines of a ribbon, by shape alone.

use std::ops::Range;

use super::vocabulary;
use super::words::{self, FoldedWords, Shape, is_blank};

/// Pieces are cut again, since a piece stands for itself; deeper nesting than this no page has.
const MAX_DEPTH: usize = 6;

/// Blanks of this width part headlines wherever they stand.
const WIDE: usize = 3;

/// The pieces of `text[line]`, trimmed, in order; one where nothing parts it. Blanks between, bullets, bars and
/// the like are in none of them.
pub fn pieces(text: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    cut(text, line, 0, &mut pieces);
    pieces
}

fn cut(text: &str, line: Range<usize>, depth: usize, pieces: &mut Vec<Range<usize>>) {
    let line = bare(text, line);
    if line.is_empty() {
        return;
    }
    let inside = text.get(line.clone()).unwrap_or_default();
    let cuts = (depth < MAX_DEPTH)
        .then(|| {
            let runs = blank_runs(inside);
            wide_cuts(&runs)
                .or_else(|| narrow_cuts(inside, &runs))
                .or_else(|| symbol_cuts(inside))
                .or_else(|| numbered_cuts(inside))
        })
        .flatten();
    let Some(cuts) = cuts else {
        pieces.push(line);
        return;
    };
    let mut start = 0;
    for gap in cuts {
        cut(text, line.start + start..line.start + gap.start, depth + 1, pieces);
        start = gap.end;
    }
    cut(text, line.start + start..line.end, depth + 1, pieces);
}

/// A piece without blanks, bullets and bars at its ends.
pub fn bare(text: &str, piece: Range<usize>) -> Range<usize> {
    let mut piece = words::trimmed(text, piece);
    let quotes = text.get(piece.clone()).unwrap_or_default().contains('«');
    loop {
        let inside = text.get(piece.clone()).unwrap_or_default();
        let from = leading_bullet(inside);
        let to = from + trailing_bullet(inside.get(from..).unwrap_or_default(), quotes);
        let next = words::trimmed(text, piece.start + from..piece.start + to);
        if next == piece {
            return piece;
        }
        piece = next;
    }
}

/// How many bytes of bullet a line opens with.
pub fn leading_bullet(inside: &str) -> usize {
    let Some(first) = inside.chars().next() else {
        return 0;
    };
    let run = inside.len() - inside.trim_start_matches(first).len();
    let behind = inside.get(run..).unwrap_or_default().chars().next();
    let before_blank = behind.is_none_or(is_blank);
    match symbol(first) {
        Some(Symbol::Bullet | Symbol::Bar) => run,
        Some(Symbol::Star) if first == '+' && run == 1 => 0,
        Some(Symbol::Dash | Symbol::Star | Symbol::Chevron | Symbol::Slash) if before_blank => run,
        // "-Headline", but not "-5 °C" and not "--AT".
        Some(Symbol::Dash | Symbol::Star | Symbol::Chevron)
            if run == first.len_utf8() && behind.is_some_and(char::is_alphabetic) =>
        {
            run
        }
        _ => 0,
    }
}

/// How many bytes of a line stand before the bullet that it ends with. `quotes`: the line opens French quotes, so
/// that a `»` at its end closes them.
fn trailing_bullet(inside: &str, quotes: bool) -> usize {
    let Some(last) = inside.chars().next_back() else {
        return 0;
    };
    let rest = inside.trim_end_matches(last);
    let behind_blank = rest.chars().next_back().is_none_or(is_blank);
    let cut = match symbol(last) {
        Some(Symbol::Bullet | Symbol::Bar) => true,
        Some(Symbol::Chevron) => behind_blank && !(last == '»' && quotes),
        Some(Symbol::Dash | Symbol::Star | Symbol::Slash) => behind_blank,
        None => false,
    };
    if cut { rest.len() } else { inside.len() }
}

/// Marks that can part headlines, by how far they can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Symbol {
    /// Parts headlines, and stands in none.
    Bullet,
    /// Parts headlines, but a headline may hold one ("... | VIDEO").
    Bar,
    Star,
    /// Parts navigation crumbs, and now and then headlines.
    Chevron,
    Slash,
    /// Stands in many headlines.
    Dash,
}

fn symbol(c: char) -> Option<Symbol> {
    if c.is_ascii_alphanumeric() || c == ' ' {
        return None;
    }
    match c {
        '•' | '●' | '▪' | '■' | '□' | '▫' | '◆' | '◇' | '▶' | '►' | '▸' | '▹' | '‣' | '◦' | '⁃' | '∙'
        | '○' | '➤' | '➜' | '➔' | '❖' | '◉' | '‖' | '¦' | '⚫' | '🔴' | '🔵' | '🔸' | '🔹' | '⚡' | '👉'
        | '✅' | '📌' => Some(Symbol::Bullet),
        '|' | '·' | '→' | '←' | '⇒' | '★' | '☆' | '✓' | '✔' | '~' | '¤' => Some(Symbol::Bar),
        '*' | '+' => Some(Symbol::Star),
        '>' | '›' | '»' => Some(Symbol::Chevron),
        '/' | '\\' => Some(Symbol::Slash),
        '-' | '–' | '—' | '―' | '−' => Some(Symbol::Dash),
        _ => None,
    }
}

/// A run of two or more blanks.
struct Blanks {
    range: Range<usize>,
    width: usize,
    /// What follows begins with a small letter: the run is a slip of the keyboard.
    before_small: bool,
}

/// The runs of blanks that may part pieces. One before a closing mark or behind an opening one is typography.
fn blank_runs(inside: &str) -> Vec<Blanks> {
    let mut runs = Vec::new();
    let mut characters = inside.char_indices().peekable();
    let mut before = None;
    while let Some((start, first)) = characters.next() {
        if !is_blank(first) {
            before = Some(first);
            continue;
        }
        let mut end = start + first.len_utf8();
        let mut width = blank_width(first);
        let mut hard = first == '\u{a0}';
        while let Some((at, c)) = characters.next_if(|(_, c)| is_blank(*c)) {
            end = at + c.len_utf8();
            width += blank_width(c);
            hard &= c == '\u{a0}';
        }
        if hard && width > 1 {
            width += 1; // Nobody types two no-break spaces by a slip.
        }
        let next = characters.peek().map(|(_, c)| *c);
        let typography = next
            .is_some_and(|c| matches!(c, ':' | ';' | '?' | '!' | '»' | ',' | '.' | ')' | '%' | '”'))
            || matches!(before, Some('«' | '(' | '“' | '¿' | '¡'));
        if width > 1 && !(typography && width <= WIDE) {
            let before_small = next.is_some_and(char::is_lowercase);
            runs.push(Blanks { range: start..end, width, before_small });
        }
    }
    runs
}

fn blank_width(c: char) -> usize {
    match c {
        '\t' => WIDE + 1,
        '\u{2001}' | '\u{2003}' | '\u{3000}' => 2,
        _ => 1,
    }
}

fn wide_cuts(runs: &[Blanks]) -> Option<Vec<Range<usize>>> {
    let sure = |run: &&Blanks| run.width > WIDE || (run.width == WIDE && !run.before_small);
    // A ribbon's headlines may begin with small letters; a lone run before one is a slip.
    let ribbon = runs.iter().filter(sure).count() >= 2;
    let cuts: Vec<_> = runs
        .iter()
        .filter(|run| sure(run) || (ribbon && run.width == WIDE))
        .map(|run| run.range.clone())
        .collect();
    (!cuts.is_empty()).then_some(cuts)
}

/// Runs of two blanks part a ribbon where most of what they part looks like headlines; in prose they follow full
/// stops.
fn narrow_cuts(inside: &str, runs: &[Blanks]) -> Option<Vec<Range<usize>>> {
    let cuts: Vec<_> = runs.iter().filter(|run| !run.before_small).map(|run| run.range.clone()).collect();
    if cuts.len() < 2 {
        return None;
    }
    let shapes: Vec<_> = parts(inside, &cuts).map(Shape::of).collect();
    let headlines = shapes.iter().filter(|shape| shape.words >= 4).count();
    let sentences = shapes.iter().filter(|shape| shape.ends_sentence).count();
    (headlines * 2 > shapes.len() && sentences * 2 < shapes.len()).then_some(cuts)
}

/// What stands between the cuts.
fn parts<'t>(inside: &'t str, cuts: &'t [Range<usize>]) -> impl Iterator<Item = &'t str> {
    let starts = std::iter::once(0).chain(cuts.iter().map(|cut| cut.end));
    let ends = cuts.iter().map(|cut| cut.start).chain(std::iter::once(inside.len()));
    starts.zip(ends).filter_map(|(start, end)| inside.get(start..end))
}

/// Cuts at the most trusted kind of mark that parts this line into headlines or crumbs.
fn symbol_cuts(inside: &str) -> Option<Vec<Range<usize>>> {
    let mut by_mark: Vec<(Symbol, char, Vec<Range<usize>>)> = Vec::new();
    for (kind, mark, range) in marks(inside) {
        match by_mark.iter_mut().find(|(_, known, _)| *known == mark) {
            Some((_, _, ranges)) => ranges.push(range),
            None => by_mark.push((kind, mark, vec![range])),
        }
    }
    by_mark.sort_by_key(|(kind, _, ranges)| (*kind, std::cmp::Reverse(ranges.len())));
    by_mark.into_iter().find(|(kind, _, cuts)| parts_headlines(inside, *kind, cuts)).map(|(_, _, cuts)| cuts)
}

/// The marks of a line that stand between blanks; a bullet or bar needs none.
fn marks(inside: &str) -> Vec<(Symbol, char, Range<usize>)> {
    let mut marks = Vec::new();
    let mut characters = inside.char_indices().peekable();
    let mut before_blank = true;
    while let Some((start, first)) = characters.next() {
        let kind = symbol(first);
        let mut end = start + first.len_utf8();
        let mut length = 1;
        if kind.is_some() {
            while let Some((at, c)) = characters.next_if(|(_, c)| *c == first || *c == '\u{fe0f}') {
                end = at + c.len_utf8();
                length += 1;
            }
        }
        let alone = before_blank && characters.peek().is_none_or(|(_, c)| is_blank(*c));
        match kind {
            Some(Symbol::Bullet) => marks.push((Symbol::Bullet, first, start..end)),
            Some(Symbol::Bar) if first == '|' || alone => {
                let doubled = if length > 1 { Symbol::Bullet } else { Symbol::Bar };
                marks.push((doubled, first, start..end));
            }
            Some(Symbol::Star | Symbol::Slash) if alone && length > 1 => {
                marks.push((Symbol::Bullet, first, start..end))
            }
            Some(kind) if alone && first != '+' => marks.push((kind, first, start..end)),
            _ => {}
        }
        before_blank = is_blank(first);
    }
    marks
}

/// Whether marks of this kind part a line into headlines, or into navigation crumbs.
fn parts_headlines(inside: &str, kind: Symbol, cuts: &[Range<usize>]) -> bool {
    let pieces: Vec<&str> =
        parts(inside, cuts).filter(|part| part.chars().any(char::is_alphabetic)).collect();
    let shapes: Vec<Shape> = pieces.iter().map(|part| Shape::of(part)).collect();
    let all = shapes.len();
    let long = shapes.iter().filter(|shape| shape.words >= 4).count();
    let short = shapes.iter().filter(|shape| shape.words <= 3).count();
    let small = shapes.iter().skip(1).filter(|shape| shape.starts_small).count();
    let sections = || pieces.iter().filter(|part| is_section(part)).count();
    let words: usize = shapes.iter().map(|shape| shape.words).sum();
    let crumbs = all >= 3 && short == all && (sections() > 0 || (all >= 4 && words <= 2 * all));
    match kind {
        Symbol::Bullet => true,
        Symbol::Bar => {
            // A single bar stands before a show's or a site's name.
            crumbs
                || (all >= 3 && long == all)
                || (all >= 3 && small == 0 && (long * 2 > all || long + sections() == all))
        }
        Symbol::Star => (all >= 2 && long == all && small == 0) || (all >= 4 && long * 4 >= all * 3),
        Symbol::Chevron => {
            let quotes =
                cuts.iter().any(|cut| inside.get(cut.clone()).is_some_and(|mark| mark.starts_with('»')))
                    && inside.contains('«');
            !quotes
                && (crumbs
                    || (all >= 2 && long == all)
                    || (all >= 2 && sections() + 1 >= all && short + 1 >= all))
        }
        Symbol::Slash => crumbs || (all >= 2 && sections() == all) || (all >= 3 && long == all && small == 0),
        Symbol::Dash => {
            (all >= 2 && sections() == all)
                || (all >= 3 && short == all && sections() * 2 >= all)
                || (small == 0 && all >= 4 && long * 5 >= all * 4)
                || (small == 0 && all == 3 && long == 3 && shapes.iter().all(|shape| shape.words >= 5))
        }
    }
}

fn is_section(part: &str) -> bool {
    let folded = FoldedWords::first(part, 5);
    let folded = folded.list();
    folded.len() < 5 && vocabulary::is_navigation(&folded)
}

/// "1. Headline 2. Headline 3. Headline": numbers that count from one part a ribbon.
fn numbered_cuts(inside: &str) -> Option<Vec<Range<usize>>> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for token in inside.split_inclusive(is_blank) {
        let number = token.trim_end_matches(is_blank).strip_suffix(['.', ')', '-', '°']);
        if number.and_then(|number| number.parse().ok()) == Some(cuts.len() + 1) {
            cuts.push(start..start + token.len());
        }
        start += token.len();
    }
    let opens = cuts.first().is_some_and(|first| first.start == 0);
    let headlines = parts(inside, &cuts).skip(1).all(|part| Shape::of(part).words >= 3);
    (cuts.len() >= 3 && opens && headlines).then_some(cuts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let found: Vec<_> =
            pieces(line, 0..line.len()).into_iter().filter_map(|piece| line.get(piece)).collect();
        assert_eq!(found, expected, "{line:?}");
    }

    #[test]
    fn wide_blanks_part() {
        check("Un titre    Un autre\tEncore un", &["Un titre", "Un autre", "Encore un"]);
        check("Un titre\u{a0}\u{a0}Un autre", &["Un titre", "Un autre"]);
        check("Un titre   un mot", &["Un titre   un mot"]);
        check("Maroc\u{a0} : le  «\u{a0} oui\u{a0} »", &["Maroc\u{a0} : le  «\u{a0} oui\u{a0} »"]);
    }

    #[test]
    fn double_blanks_part_ribbons_not_prose() {
        let ribbon = "Le port rouvre enfin lundi  La mairie change de mains  Le stade ferme pour travaux";
        check(
            ribbon,
            &["Le port rouvre enfin lundi", "La mairie change de mains", "Le stade ferme pour travaux"],
        );
        let prose = "Le port rouvre enfin lundi.  La mairie change de mains.  Le stade ferme pour travaux.";
        check(prose, &[prose]);
        check("Real Madrid  Barcelona", &["Real Madrid  Barcelona"]);
    }

    #[test]
    fn marks_part_where_headlines_stand_between_them() {
        check("• Un titre • Un autre titre", &["Un titre", "Un autre titre"]);
        check("+++ Un titre +++ Un autre +++", &["Un titre", "Un autre"]);
        check("Le port rouvre lundi matin | VIDEO", &["Le port rouvre lundi matin | VIDEO"]);
        check(
            "Le port rouvre lundi | La mairie change de mains | Le stade ferme tôt",
            &["Le port rouvre lundi", "La mairie change de mains", "Le stade ferme tôt"],
        );
        check("Liga / J33 : Benfica – Sporting, le choc", &["Liga / J33 : Benfica – Sporting, le choc"]);
        check("Le match - et la suite - de ce soir", &["Le match - et la suite - de ce soir"]);
        check("Accueil / Monde / Sport", &["Accueil", "Monde", "Sport"]);
        check("Accueil > Monde > Le port rouvre lundi", &["Accueil", "Monde", "Le port rouvre lundi"]);
        check(
            "1. Le port rouvre 2. La mairie change 3. Le stade ferme",
            &["Le port rouvre", "La mairie change", "Le stade ferme"],
        );
    }

    #[test]
    fn bullets_at_the_ends_are_no_part() {
        check("- Un titre", &["Un titre"]);
        check("►Un titre |", &["Un titre"]);
        check("-5 °C à Oslo", &["-5 °C à Oslo"]);
        check("« Un titre »", &["« Un titre »"]);
        check("Un titre »", &["Un titre"]);
        check("• | -", &[]);
    }
}
