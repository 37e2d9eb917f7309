//! Text to terms: the one tokenizer of training and serving.
//!
//! A headline becomes words (folded, elisions cut, numbers folded to classes), and the words become terms of
//! several [`Family`]s. A term is a 64-bit key; nothing is allocated per term, and the text of a term is read
//! back from the headline itself when a person asks for it.

use super::fold::push_folded;
use super::lexicon::Lexicon;

/// The kinds of terms. Each family is a multinomial of its own: its probabilities add up to one in each topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Family {
    /// One word.
    Word,
    /// Two neighbouring words.
    Pair,
    /// The first letters of a longer word: a light stem.
    Stem,
    /// A word written in capitals, a score, a per cent, a word before a colon: what folding hides.
    Shape,
    /// A topic and strength that the lexicon gives to words of the headline.
    Topic,
    /// What kind of thing the lexicon says words of the headline are.
    Kind,
    /// Two marks of the lexicon in one headline.
    Conjunction,
}

impl Family {
    pub const ALL: [Family; 7] = [
        Family::Word,
        Family::Pair,
        Family::Stem,
        Family::Shape,
        Family::Topic,
        Family::Kind,
        Family::Conjunction,
    ];
    pub const COUNT: usize = Family::ALL.len();
}

/// A term of a headline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub family: Family,
    pub key: u64,
    /// Where in the headline the term's text begins and ends, in bytes; a conjunction spans both its parts.
    pub from: u32,
    pub to: u32,
    /// The lexicon's marks that the term is made of; the same twice where there is one, zeros where there is none.
    pub marks: (u8, u8),
}

/// How a word was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lower,
    Capitalised,
    Capitals,
    Number,
    /// Letters and digits: `G20`, `5G`, `J28`.
    Mixed,
    /// One of `%`, `$`, `€`, `£`.
    Sign,
}

#[derive(Debug, Clone, Copy)]
struct Word {
    /// Where the folded word stands in [`Terms::folded`].
    start: u32,
    end: u32,
    /// Where the word stands in the headline.
    from: u32,
    to: u32,
    form: Form,
    /// The hash of the folded word as it stands.
    raw: u64,
    /// The same, numbers folded to classes.
    class: u64,
}

/// A headline's terms, and the memory they are made in; used again for the next headline.
#[derive(Debug, Default)]
pub struct Terms {
    list: Vec<Term>,
    folded: Vec<u8>,
    words: Vec<Word>,
    raw: Vec<u64>,
    marks: Vec<FoundMark>,
    countries: Vec<u8>,
}

/// A mark of the lexicon in a headline.
#[derive(Debug, Clone, Copy)]
struct FoundMark {
    mark: u8,
    /// The number of the term that has it; marks of one term do not meet.
    term: usize,
    from: u32,
    to: u32,
}

const NO_MARKS: (u8, u8) = (0, 0);

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// A word's stem is its first letters.
pub const STEM_LETTERS: usize = 5;
/// A heading such as `Liga:` stands at most this many words before its colon.
const HEADING_WORDS: usize = 4;

impl Terms {
    /// The terms of `headline`, in the order in which they are found. The same headline and lexicon always give
    /// the same terms.
    pub fn of(&mut self, headline: &str, lexicon: &Lexicon) -> &[Term] {
        self.split(headline);
        self.list.clear();
        self.push_words();
        self.push_shapes(headline);
        self.push_marks(lexicon);
        &self.list
    }

    /// The hashes of `text`'s words as the lexicon's matcher sees them.
    pub fn word_hashes(&mut self, text: &str) -> &[u64] {
        self.split(text);
        &self.raw
    }

    /// Cuts `headline` into [`Terms::words`].
    fn split(&mut self, headline: &str) {
        self.folded.clear();
        self.words.clear();
        self.raw.clear();
        let mut word = OpenWord::default();
        for (at, character) in headline.char_indices() {
            if character.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&character) {
                word.push(at, character, &mut self.folded);
            } else if matches!(character, '\'' | '’' | 'ʼ' | '`') {
                self.close(&mut word, at, headline, true);
            } else {
                self.close(&mut word, at, headline, false);
                if matches!(character, '%' | '$' | '€' | '£') {
                    word.push(at, character, &mut self.folded);
                    word.sign = true;
                    self.close(&mut word, at + character.len_utf8(), headline, false);
                }
            }
        }
        self.close(&mut word, headline.len(), headline, false);
        self.raw.extend(self.words.iter().map(|word| word.raw));
    }

    fn close(&mut self, word: &mut OpenWord, at: usize, headline: &str, apostrophe: bool) {
        let open = std::mem::take(word);
        let start = self.folded.len() - open.length;
        let Some(text) = self.folded.get(start..).filter(|text| !text.is_empty()) else {
            return;
        };
        let elided = apostrophe && (text.len() <= 2 || text.ends_with(b"qu"));
        let possessive = text == b"s" && ends_with_apostrophe(headline.get(..open.from));
        if (elided || possessive) && !open.sign {
            self.folded.truncate(start);
            return;
        }
        // `U.S.` is one word, as is `U.N.`.
        if open.length == 1
            && let Some(last) = self.words.last_mut()
            && last.form == Form::Capitals
            && open.capitals == 1
            && headline.get(last.to as usize..open.from) == Some(".")
        {
            last.end = self.folded.len() as u32;
            last.to = at as u32;
            last.raw = hash_bytes(self.folded.get(last.start as usize..).unwrap_or_default());
            last.class = last.raw;
            return;
        }
        let raw = hash_bytes(text);
        let form = open.form();
        let class = if form == Form::Number { number_class(text) } else { raw };
        let (start, end) = (start as u32, self.folded.len() as u32);
        self.words.push(Word { start, end, from: open.from as u32, to: at as u32, form, raw, class });
    }

    fn push_words(&mut self) {
        let mut previous: Option<Word> = None;
        for word in &self.words {
            let (from, to) = (word.from, word.to);
            self.list.push(Term {
                family: Family::Word,
                key: key(Family::Word, word.class),
                from,
                to,
                marks: NO_MARKS,
            });
            if let Some(previous) = previous {
                let pair = key(Family::Pair, combine(previous.class, word.class));
                self.list.push(Term {
                    family: Family::Pair,
                    key: pair,
                    from: previous.from,
                    to,
                    marks: NO_MARKS,
                });
            }
            previous = Some(*word);
            if matches!(word.form, Form::Number | Form::Sign) {
                continue;
            }
            let text = self.folded.get(word.start as usize..word.end as usize).unwrap_or_default();
            if text.len() > STEM_LETTERS {
                let stem = hash_bytes(text.get(..STEM_LETTERS).unwrap_or_default());
                self.list.push(Term {
                    family: Family::Stem,
                    key: key(Family::Stem, stem),
                    from,
                    to,
                    marks: NO_MARKS,
                });
            }
        }
    }

    fn push_shapes(&mut self, headline: &str) {
        let all_capitals =
            self.words.iter().all(|word| !matches!(word.form, Form::Lower | Form::Capitalised));
        let mut shape = |name: u64, value: u64, from, to| {
            let key = key(Family::Shape, combine(name, value));
            self.list.push(Term { family: Family::Shape, key, from, to, marks: NO_MARKS });
        };
        for (number, word) in self.words.iter().enumerate() {
            if word.form == Form::Capitals && !all_capitals {
                shape(1, word.raw, word.from, word.to);
            }
            let Some(next) = self.words.get(number + 1) else {
                break;
            };
            let gap = headline.get(word.to as usize..next.from as usize).unwrap_or_default();
            if word.form == Form::Number && next.form == Form::Number {
                match gap {
                    "-" | "–" | ":" | "/" | "." | "," => {
                        shape(2, hash_bytes(gap.as_bytes()), word.from, next.to)
                    }
                    _ => {}
                }
            }
            if number < HEADING_WORDS && gap.contains(':') && next.form != Form::Number {
                for heading in self.words.get(..=number).unwrap_or_default() {
                    shape(3, heading.class, heading.from, heading.to);
                }
            }
        }
    }

    /// The lexicon's marks: longest match first, from the left; then how many countries they tell.
    fn push_marks(&mut self, lexicon: &Lexicon) {
        self.marks.clear();
        self.countries.clear();
        let mut countries_span = None;
        let mut at = 0;
        while at < self.raw.len() {
            let Some((length, entry)) = lexicon.longest(self.raw.get(at..).unwrap_or_default()) else {
                at += 1;
                continue;
            };
            let from = self.words.get(at).map_or(0, |word| word.from);
            let to = self.words.get(at + length - 1).map_or(0, |word| word.to);
            self.marks.extend(entry.marks.iter().map(|&mark| FoundMark { mark, term: at, from, to }));
            for country in &entry.countries {
                if !self.countries.contains(country) {
                    self.countries.push(*country);
                    countries_span = Some((countries_span.map_or(from, |(first, _)| first), to));
                }
            }
            at += length;
        }
        if let (Some(mark), Some((from, to))) = (Lexicon::count_mark(self.countries.len()), countries_span) {
            self.marks.push(FoundMark { mark, term: at, from, to });
        }
        for (number, first) in self.marks.iter().enumerate() {
            let family = lexicon.mark(first.mark).map_or(Family::Kind, |mark| mark.family);
            self.list.push(Term {
                family,
                key: key(family, lexicon.key(first.mark)),
                from: first.from,
                to: first.to,
                marks: (first.mark, first.mark),
            });
            for second in self.marks.get(number + 1..).unwrap_or_default() {
                if first.term == second.term {
                    continue;
                }
                let (low, high) = sorted(lexicon.key(first.mark), lexicon.key(second.mark));
                self.list.push(Term {
                    family: Family::Conjunction,
                    key: key(Family::Conjunction, combine(low, high)),
                    from: first.from.min(second.from),
                    to: first.to.max(second.to),
                    marks: (first.mark, second.mark),
                });
            }
        }
    }
}

/// A word that is being read.
#[derive(Debug, Default)]
struct OpenWord {
    from: usize,
    /// Bytes of the folded word.
    length: usize,
    letters: u32,
    capitals: u32,
    digits: u32,
    first_capital: bool,
    sign: bool,
}

impl OpenWord {
    fn push(&mut self, at: usize, character: char, folded: &mut Vec<u8>) {
        if self.length == 0 {
            self.from = at;
            self.first_capital = character.is_uppercase();
        }
        let before = folded.len();
        push_folded(character, folded);
        self.length += folded.len() - before;
        if character.is_numeric() {
            self.digits += 1;
        } else {
            self.letters += 1;
            self.capitals += u32::from(character.is_uppercase());
        }
    }

    fn form(&self) -> Form {
        match (self.letters, self.digits) {
            _ if self.sign => Form::Sign,
            (0, _) => Form::Number,
            (_, 1..) => Form::Mixed,
            (letters, 0) if self.capitals == letters => Form::Capitals,
            _ if self.first_capital => Form::Capitalised,
            _ => Form::Lower,
        }
    }
}

fn ends_with_apostrophe(before: Option<&str>) -> bool {
    before.is_some_and(|before| before.ends_with(['\'', '’', 'ʼ', '`']))
}

/// A number's class: a year by its century, any other number by how many digits it has.
fn number_class(digits: &[u8]) -> u64 {
    match digits {
        [b'1', b'9', _, _] => 1,
        [b'2', b'0', _, _] => 2,
        _ => 2 + digits.len().min(6) as u64,
    }
}

fn sorted(one: u64, two: u64) -> (u64, u64) {
    (one.min(two), one.max(two))
}

/// FxHash's step, with a final mix by [`key`].
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        hash = combine(hash, u64::from_le_bytes(word));
    }
    hash
}

/// The hash of two hashes in order.
pub fn combine(first: u64, second: u64) -> u64 {
    (first.rotate_left(5) ^ second).wrapping_mul(SEED).rotate_left(29)
}

/// A term's key: its family and value, mixed so that every bit depends on every other (SplitMix64's finaliser).
fn key(family: Family, value: u64) -> u64 {
    let mut key = value ^ ((family as u64 + 1) << 56).wrapping_mul(SEED);
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

#[cfg(test)]
mod tests;
