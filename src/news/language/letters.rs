//! Text to the symbols that n-grams are made of.
//!
//! A symbol is a lower-case letter of the alphabet, the boundary between words, or one of two stand-ins for
//! letters outside the alphabet: one for Latin letters, one for all other scripts. The alphabet is learnt: the
//! letters that the model's own languages use. So a script that no own language writes is one symbol, whichever
//! script it is, and a script never seen in training is told as a stranger all the same.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

/// One letter, boundary or stand-in. Zero is no symbol, so that a packed n-gram tells its own length.
pub type Symbol = u16;

/// The edge of a word: any run of blanks, digits and punctuation, and the text's two ends.
pub const BOUNDARY: Symbol = 1;
/// A Latin letter that is not in the alphabet.
pub const FOREIGN_LATIN: Symbol = 2;
/// A letter of another script that is not in the alphabet.
pub const FOREIGN_SCRIPT: Symbol = 3;
const FIRST_LETTER: Symbol = 4;

/// Characters below this (Latin, its accented letters, the apostrophe) are looked up in an array.
const DIRECT: usize = 0x250;
/// Stands for a colon, question or exclamation mark with a blank before it, as French sets them.
pub const SPACED_MARK: char = '\u{2e31}';
/// Marks no symbol at all: the character is passed over.
const NOTHING: Symbol = 0;

/// The letters of the model's own languages.
#[derive(Debug, Clone)]
pub struct Alphabet {
    letters: Vec<char>,
    direct: Box<[Symbol; DIRECT]>,
    others: FxHashMap<char, Symbol>,
}

impl Alphabet {
    /// Takes lower-case letters; order and repeats do not matter. Letters past the 65,531st are left out.
    pub fn new(letters: impl IntoIterator<Item = char>) -> Alphabet {
        let mut letters: Vec<char> = letters.into_iter().collect();
        letters.sort_unstable();
        letters.dedup();
        letters.truncate(usize::from(Symbol::MAX - FIRST_LETTER));
        let numbered = || letters.iter().zip(FIRST_LETTER..);
        let others: FxHashMap<char, Symbol> = numbered().map(|(&letter, symbol)| (letter, symbol)).collect();
        let mut direct = Box::new([BOUNDARY; DIRECT]);
        for (slot, code) in direct.iter_mut().zip(0u32..) {
            let Some(character) = char::from_u32(code) else { continue };
            *slot = symbol_of(folded(character), &others);
        }
        Alphabet { letters, direct, others }
    }

    pub fn letters(&self) -> &[char] {
        &self.letters
    }

    /// The symbols of `text`: a boundary, then words with one boundary after each. Beside each, whether it stands
    /// in a word that looks like a name: one with a capital where nothing but a name's asks for one.
    pub fn symbols(&self, text: &str) -> impl Iterator<Item = (Symbol, bool)> {
        let mut last = BOUNDARY;
        let mut after_blank = false;
        let mut opening = true;
        let mut name = false;
        let inner = text.chars().chain(std::iter::once(' ')).filter_map(move |character| {
            let spaced = after_blank && matches!(character, ':' | '?' | '!' | ';');
            after_blank = matches!(character, ' ' | '\u{a0}' | '\u{202f}');
            let symbol = self.symbol(if spaced { SPACED_MARK } else { character });
            if symbol == NOTHING {
                return None;
            }
            let starts = last == BOUNDARY;
            if symbol == BOUNDARY {
                opening |= matches!(character, '.' | ':' | '"' | '“' | '(' | '!' | '?' | '…');
                if starts {
                    return None;
                }
                last = symbol;
                return Some((symbol, name));
            }
            if character.is_alphabetic() {
                let capital = character.is_uppercase();
                if starts || capital {
                    name = capital && !(opening && starts);
                }
                if starts {
                    opening = false;
                }
            } else {
                opening |= spaced || matches!(character, '«' | '¿' | '¡');
                if character == '\'' || character == '\u{2019}' {
                    name = false;
                }
            }
            last = symbol;
            Some((symbol, name))
        });
        std::iter::once((BOUNDARY, false)).chain(inner)
    }

    fn symbol(&self, character: char) -> Symbol {
        match self.direct.get(character as usize) {
            Some(&symbol) => symbol,
            None => symbol_of(folded(character), &self.others),
        }
    }

    /// The n-gram's symbols as a person reads them: `_` is a boundary, `?` a letter outside the alphabet.
    pub fn shown(&self, key: u64) -> String {
        let symbols = [48, 32, 16, 0].map(|shift| (key >> shift) as Symbol);
        let letter = |symbol: Symbol| match symbol {
            BOUNDARY => '_',
            FOREIGN_LATIN | FOREIGN_SCRIPT => '?',
            _ => self.letters.get(usize::from(symbol - FIRST_LETTER)).copied().unwrap_or('?'),
        };
        symbols.into_iter().filter(|&symbol| symbol != NOTHING).map(letter).collect()
    }
}

/// A character as the alphabet knows it: lower case, one apostrophe for all.
pub fn folded(character: char) -> char {
    match character {
        '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`' | '\u{b4}' => '\'',
        _ if character.is_ascii() => character.to_ascii_lowercase(),
        _ => character.to_lowercase().next().unwrap_or(character),
    }
}

/// Whether a folded character can be a letter of the alphabet. The apostrophe and the opening marks of Spanish
/// questions count: they tell languages apart.
pub fn is_letter(character: char) -> bool {
    character.is_alphabetic() && character != 'ª' && character != 'º'
        || matches!(character, '\'' | '¿' | '¡' | '«' | '»' | SPACED_MARK)
}

fn symbol_of(character: char, others: &FxHashMap<char, Symbol>) -> Symbol {
    if is_passed_over(character) {
        return NOTHING;
    }
    if !is_letter(character) {
        return BOUNDARY;
    }
    let foreign = if is_latin(character) { FOREIGN_LATIN } else { FOREIGN_SCRIPT };
    others.get(&character).copied().unwrap_or(foreign)
}

/// Soft hyphens, zero-width marks and combining accents: they stand inside words and are no letters.
fn is_passed_over(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn is_latin(character: char) -> bool {
    matches!(character, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{a720}'..='\u{a7ff}')
}

/// `text` without web and mail addresses and handles: their letters are of no language.
pub fn without_addresses(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'@', b'/', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let is_address = |word: &&str| word.contains("://") || word.contains('@') || word.starts_with("www.");
    if !text.split_whitespace().any(|word| is_address(&word)) {
        return Cow::Borrowed(text);
    }
    let kept: Vec<&str> = text.split_whitespace().filter(|word| !is_address(word)).collect();
    Cow::Owned(kept.join(" "))
}
