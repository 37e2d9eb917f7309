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

/// What kind of word a symbol stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Plain,
    /// It has a capital where every word has one: at the opening of the text or of a sentence.
    Opening,
    /// It has a capital where nothing but a name's asks for one.
    Name,
    /// No word: a mark of the alphabet that is no letter.
    Mark,
}

/// The letters of the model's own languages.
#[derive(Debug, Clone)]
pub struct Alphabet {
    letters: Vec<char>,
    direct: Box<[Symbol; DIRECT]>,
    others: FxHashMap<char, Symbol>,
}

impl Alphabet {
    /// Takes lower-case letters; order and repeats do not matter. Letters past the 32,763rd are left out.
    pub fn new(letters: impl IntoIterator<Item = char>) -> Alphabet {
        let mut letters: Vec<char> = letters.into_iter().collect();
        letters.sort_unstable();
        letters.dedup();
        letters.truncate(usize::from(Symbol::MAX / 2 - FIRST_LETTER));
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

    /// The symbols of `text`: a boundary, then words with one boundary after each; beside each symbol, the kind of
    /// word that it stands in.
    pub fn symbols(&self, text: &str) -> impl Iterator<Item = (Symbol, Word)> {
        // In a text all in capitals, capitals do not tell a name.
        let has_small =
            text.bytes().any(|byte| byte.is_ascii_lowercase()) || text.chars().any(char::is_lowercase);
        let mut last = BOUNDARY;
        let mut after_blank = false;
        let mut opening = true;
        let mut word = Word::Plain;
        let mut after_mark = false;
        let inner = text.chars().chain(std::iter::once(' ')).filter_map(move |character| {
            let spaced = after_blank && matches!(character, ':' | '?' | '!' | ';');
            after_blank = matches!(character, ' ' | '\u{a0}' | '\u{202f}');
            let symbol = self.symbol(if spaced { SPACED_MARK } else { character });
            if symbol == NOTHING || (symbol == BOUNDARY && last == BOUNDARY) {
                opening |= opens(character);
                return None;
            }
            let starts = last == BOUNDARY || after_mark;
            (last, after_mark) = (symbol, false);
            if character.is_alphabetic() {
                let capital = has_small && character.is_uppercase();
                word = match (starts, capital) {
                    (true, true) if opening => Word::Opening,
                    (_, true) => Word::Name,
                    (true, false) => Word::Plain,
                    (false, false) => word,
                };
                opening = false;
            } else {
                opening |= opens(character);
                if symbol != BOUNDARY {
                    after_mark = true;
                    return Some((symbol, Word::Mark));
                }
            }
            Some((symbol, word))
        });
        std::iter::once((BOUNDARY, Word::Plain)).chain(inner)
    }

    fn symbol(&self, character: char) -> Symbol {
        match self.direct.get(character as usize) {
            Some(&symbol) => symbol,
            None => symbol_of(folded(character), &self.others),
        }
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

/// Whether the next word has a capital for no other reason than that a sentence or a quotation opens.
fn opens(character: char) -> bool {
    matches!(character, '.' | ':' | '"' | '“' | '„' | '«' | '(' | '!' | '?' | '¿' | '¡' | '…')
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows a text's symbols: `_` is a boundary, capitals are letters of names, `?` is a foreign letter.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let alphabet = Alphabet::new("abcdefghijklmnopqrstuvwxyzéñ'¿«".chars().chain([SPACED_MARK]));
        let shown = alphabet.symbols(text).map(|(symbol, word)| match symbol {
            BOUNDARY => '_',
            FOREIGN_LATIN | FOREIGN_SCRIPT => '?',
            _ => {
                let letter = alphabet.letters()[usize::from(symbol - FIRST_LETTER)];
                let is_name = word == Word::Name;
                if is_name { letter.to_uppercase().next().expect("a letter has a capital") } else { letter }
            }
        });
        assert_eq!(shown.collect::<String>(), expected, "{text:?}");
    }

    #[test]
    fn words_are_lower_case_letters_between_boundaries() {
        check("", "_");
        check("  12 - 3 % ", "_");
        check("le 3e jour", "_le_e_jour_");
        check("un co\u{ad}mpte\u{200b} rendu", "_un_compte_rendu_");
        check("e\u{301}té 📈", "_eté_");
    }

    #[test]
    fn names_are_words_with_a_capital_that_no_sentence_asks_for() {
        check("Le chat de Paul", "_le_chat_de_PAUL_");
        check("Fin. Le chat", "_fin_le_chat_");
        check("¿Qué dice Ana? Nada", "_¿qué_dice_ANA_nada_");
        check("l'Espagne et l’Italie", "_l'ESPAGNE_et_l'ITALIE_");
        check("LE CHAT DE PAUL", "_le_chat_de_paul_");
        check("iPhone et McDonald", "_iPHONE_et_MCDONALD_");
    }

    #[test]
    fn letters_outside_the_alphabet_are_one_stranger() {
        check("ğ şa", "_?_?a_");
        check("мир 北京", "_???_??_");
    }

    #[test]
    fn a_mark_set_off_by_a_blank_is_told_from_one_that_is_not() {
        check("oui : non", &format!("_oui_{SPACED_MARK}_non_"));
        check("oui: non", "_oui_non_");
    }

    #[track_caller]
    fn check_addresses(text: &str, expected: &str) {
        assert_eq!(without_addresses(text), expected, "{text:?}");
    }

    #[test]
    fn addresses_are_taken_out() {
        check_addresses("voir https://a.example/b ici", "voir ici");
        check_addresses("écrire à the.desk@a.example", "écrire à");
        check_addresses("homme/femme : égalité", "homme/femme : égalité");
    }
}
