//! The page's text as a reader sees it: HTML entities decoded, marks without width left out; and the way back.

use std::borrow::Cow;
use std::ops::Range;

use crate::news::page::is_zero_width;

/// The longest entity that is looked for, in bytes: `&CounterClockwiseContourIntegral;` has 33.
const MAX_ENTITY_BYTES: usize = 40;

/// What a reader sees, and where each part of it stands in the page's text.
pub struct View<'t> {
    pub text: Cow<'t, str>,
    jumps: Vec<Jump>,
}

/// A place where the view and the page's text fall out of step.
struct Jump {
    /// The place in the view.
    view: usize,
    /// Where what stands before that place ends in the page's text.
    before: usize,
    /// Where what stands behind that place begins in the page's text.
    after: usize,
}

impl View<'_> {
    /// Takes any text. Linear; copies the text only where it holds an entity or a mark without width.
    pub fn new(page: &str) -> View<'_> {
        let mut copied = String::new();
        let mut jumps = Vec::new();
        // Everything before this place of the page is in `copied`.
        let mut done = 0;
        let mut at = 0;
        while let Some(character) = page.get(at..).and_then(|rest| rest.chars().next()) {
            let (seen, length) = match character {
                '&' => match entity(page, at) {
                    Some((seen, length)) => (Some(seen), length),
                    None => {
                        at += 1;
                        continue;
                    }
                },
                c if is_zero_width(c) => (None, c.len_utf8()),
                c => {
                    at += c.len_utf8();
                    continue;
                }
            };
            copied.push_str(page.get(done..at).unwrap_or_default());
            let gone = at + length;
            match seen {
                Some(seen) => {
                    copied.extend(seen.chars().filter(|c| !is_zero_width(*c)));
                    jumps.push(Jump { view: copied.len(), before: gone, after: gone });
                }
                None => jumps.push(Jump { view: copied.len(), before: at, after: gone }),
            }
            (done, at) = (gone, gone);
        }
        if jumps.is_empty() {
            return View { text: Cow::Borrowed(page), jumps };
        }
        copied.push_str(page.get(done..).unwrap_or_default());
        View { text: Cow::Owned(copied), jumps }
    }

    /// A range of the view as a range of the page's text.
    pub fn in_page(&self, range: &Range<usize>) -> Range<usize> {
        self.start_in_page(range.start)..self.end_in_page(range.end)
    }

    fn start_in_page(&self, at: usize) -> usize {
        match self.jumps.partition_point(|jump| jump.view <= at).checked_sub(1) {
            Some(last) => self.jumps.get(last).map_or(at, |jump| jump.after + (at - jump.view)),
            None => at,
        }
    }

    fn end_in_page(&self, at: usize) -> usize {
        let first_not_before = self.jumps.partition_point(|jump| jump.view < at);
        if let Some(jump) = self.jumps.get(first_not_before).filter(|jump| jump.view == at) {
            return jump.before;
        }
        match first_not_before.checked_sub(1).and_then(|last| self.jumps.get(last)) {
            Some(jump) => jump.after + (at - jump.view),
            None => at,
        }
    }
}

/// The entity that opens at byte `at`: what it stands for, and its length in bytes.
fn entity(page: &str, at: usize) -> Option<(String, usize)> {
    let bytes = page.as_bytes().get(at..)?;
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
    let name = bytes.iter().skip(1).take(MAX_ENTITY_BYTES).take_while(|byte| inside(byte)).count();
    let length = name + 2;
    let whole = page.get(at..at + length).filter(|whole| name > 0 && whole.ends_with(';'))?;
    match html_escape::decode_html_entities(whole) {
        Cow::Owned(seen) if seen != whole => Some((seen, length)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where `seen` stands in the view of `page`, and what stands there in the page.
    #[track_caller]
    fn check(page: &str, seen: &str, in_page: &str) {
        let view = View::new(page);
        let at = view.text.find(seen).expect("the view holds what is looked for");
        let range = view.in_page(&(at..at + seen.len()));
        assert_eq!(page.get(range), Some(in_page));
    }

    #[test]
    fn entities_are_read_and_found_again() {
        check("Marks &amp; Finch", "Marks & Finch", "Marks &amp; Finch");
        check("a &lt;b&gt; c", "<b>", "&lt;b&gt;");
        check("l&#039;été", "l'été", "l&#039;été");
        check("x&nbsp;&nbsp;y z", "y z", "y z");
        check("AT&T &unknown; &", "AT&T &unknown; &", "AT&T &unknown; &");
    }

    #[test]
    fn marks_without_width_are_left_out_at_the_ends() {
        check("\u{200b}Un titre\u{200b}", "Un titre", "Un titre");
        check("Un\u{ad} ti\u{200b}tre", "Un titre", "Un\u{ad} ti\u{200b}tre");
        check("&amp;\u{200b}\u{feff}b", "b", "b");
        check("a\u{200b}&amp;", "a", "a");
    }

    #[test]
    fn a_plain_page_is_not_copied() {
        assert!(matches!(View::new("Un titre, « comme ça ».").text, Cow::Borrowed(_)));
    }
}
