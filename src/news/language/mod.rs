//! Which language an item is in: several witnesses, one verdict.
//!
//! The first witness is naive Bayes over character n-grams and words ([`table`]), which knows the model's own
//! languages and a number of strangers. Its scores become probabilities by a fitted [`belief`], in which the page's
//! own language stands as a prior. Only where that leaves doubt is the second witness asked, whatlang ([`second_opinion`]).
//! What is none of the model's own languages is [`Language::UND`].
//!
//! Stated answers: an item without a letter is `und`, whatever its page speaks; names alone take their page's
//! language, and without one the best guess or `und`, with the low confidence that it deserves; a mixed item is
//! in the language that most of its words other than names are in.

pub mod belief;
mod code;
mod format;
pub mod letters;
pub mod second_opinion;
pub mod table;

use serde::Serialize;

pub use code::Language;

use self::belief::{Belief, Calibration, Tally};
use self::letters::Alphabet;
use self::table::NgramTable;
use super::model_file::{Header, ModelFileError};
use super::record::ModelOrigin;

/// Below this probability the n-grams and the page leave doubt, and whatlang is asked. It takes thirty times as long
/// as the n-grams, so it is to be asked for one headline in a hundred at most.
pub const DOUBT: f64 = 0.8;
/// A page speaks a language when this share of its text does.
const PAGE_SHARE: f64 = 2.0 / 3.0;
/// A page that is a single text shorter than this, in n-gram positions, says no more than that text itself.
const PAGE_POSITIONS: f64 = 200.0;
/// A text's first bytes are enough to know what it speaks.
const PAGE_TEXT_BYTES: usize = 4_096;

/// The one answer that the witnesses give together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    pub language: Language,
    /// The probability that the answer is right, 0 to 1.
    pub confidence: f64,
}

/// What each witness said, for `explain`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Witness {
    /// The witness's name in a person's words.
    pub name: &'static str,
    pub language: Option<Language>,
    /// What the witness's own figure is and means, in a person's words.
    pub says: String,
}

/// The language model: character n-gram naive Bayes and what it needs to know a stranger.
#[derive(Debug, Clone)]
pub struct LanguageModel {
    header: Header,
    origin: ModelOrigin,
    parts: Parts,
}

/// What training learns.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The model's own languages in code order; the table's first classes.
    pub languages: Vec<Language>,
    /// The table's other classes: languages that are answered with `und`.
    pub strangers: Vec<String>,
    pub alphabet: Alphabet,
    pub table: NgramTable,
    /// How many nats one step of the table's weights is.
    pub quantum: f64,
    pub calibration: Calibration,
}

impl LanguageModel {
    /// A model from what training learnt. `made_by` tells a person how.
    pub fn new(parts: Parts, made_by: impl Into<String>) -> LanguageModel {
        let header = format::header(&parts, made_by.into());
        let (header, _) = format::write(header, &parts);
        LanguageModel { origin: origin(&header), header, parts }
    }

    /// Reads what [`LanguageModel::write`] wrote.
    pub fn read(bytes: &[u8]) -> Result<LanguageModel, ModelFileError> {
        let (header, parts) = format::read(bytes)?;
        Ok(LanguageModel { origin: origin(&header), header, parts })
    }

    /// The model as a file's bytes; the same model gives the same bytes.
    pub fn write(&self) -> Vec<u8> {
        format::write(self.header.clone(), &self.parts).1
    }

    /// The model's name and hash, as records name it.
    pub fn origin(&self) -> &ModelOrigin {
        &self.origin
    }

    /// How the model was made, and from what.
    pub fn header(&self) -> &Header {
        &self.header
    }

    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The languages that the model tells apart, in code order.
    pub fn languages(&self) -> &[Language] {
        &self.parts.languages
    }

    /// The language of one item. `page` is what the page speaks ([`LanguageModel::page_language`]): a prior
    /// that decides where the item alone leaves doubt.
    pub fn identify(&self, text: &str, page: Option<Language>) -> Verdict {
        let tally = self.parts.tally(text);
        if tally.letters == 0 {
            return Verdict { language: Language::UND, confidence: 1.0 };
        }
        let mut belief = self.believe(&tally, page);
        if belief.best().1 < DOUBT
            && let Some(opinion) = second_opinion::ask(text, &self.parts.languages)
        {
            belief.hear(self.class(opinion.language), opinion.confidence, &self.parts.calibration.opinion);
        }
        self.verdict(&belief)
    }

    /// What a page speaks, from the texts of all its items and its body; `None` where that is in doubt. `und`
    /// where most of it is in no language of the model.
    pub fn page_language<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<Language> {
        let mut shares = vec![0.0; self.parts.languages.len() + 1];
        let mut voters = 0;
        for text in texts {
            let tally = self.parts.tally(start_of(text));
            if tally.letters == 0 {
                continue;
            }
            voters += 1;
            let weight = f64::from(tally.positions).min(PAGE_POSITIONS);
            let belief = self.believe(&tally, None);
            for (share, probability) in shares.iter_mut().zip(belief.probabilities()) {
                *share += weight * probability;
            }
        }
        let total: f64 = shares.iter().sum();
        if voters == 0 || (voters == 1 && total < PAGE_POSITIONS) {
            return None;
        }
        let winner = shares.iter().position(|&share| share >= PAGE_SHARE * total)?;
        Some(self.language_of(winner.checked_sub(1)))
    }

    /// What each witness says of `text`, in the order in which they are heard.
    pub fn witnesses(&self, text: &str, page: Option<Language>) -> Vec<Witness> {
        let tally = self.parts.tally(text);
        let mut witnesses = vec![self.n_gram_witness(&tally)];
        if let Some(page) = page {
            let known = self.class(page).is_some() || page.is_und();
            let says = if known {
                "the page's own language, a prior that decides where the item leaves doubt".to_owned()
            } else {
                format!("the page's language {page} is none of the model's own, and is not heard")
            };
            witnesses.push(Witness { name: "page", language: Some(page), says });
        }
        let asked = tally.letters > 0 && self.believe(&tally, page).best().1 < DOUBT;
        let heard = if asked { "heard, for the others leave doubt" } else { "not heard, there is no doubt" };
        let opinion = second_opinion::ask(text, &self.parts.languages);
        witnesses.push(Witness {
            name: "whatlang",
            language: opinion.as_ref().map(|opinion| opinion.language),
            says: match &opinion {
                Some(opinion) => format!("its confidence is {:.2}; {heard}", opinion.confidence),
                None => format!("finds no language; {heard}"),
            },
        });
        witnesses
    }

    fn n_gram_witness(&self, tally: &Tally) -> Witness {
        let name = "n-grams and words";
        if tally.letters == 0 {
            return Witness { name, language: None, says: "there is no letter".into() };
        }
        let names = self.parts.languages.iter().map(Language::to_string).chain(self.parts.strangers.clone());
        let mut ranked: Vec<(f64, String)> =
            tally.scores.iter().map(|&score| f64::from(score)).zip(names).collect();
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0));
        let best = ranked.first().map_or(0.0, |&(score, _)| score);
        let behind: Vec<String> = ranked
            .iter()
            .skip(1)
            .take(3)
            .map(|(score, name)| format!("{name} by {:.1}", best - score))
            .collect();
        let belief = self.believe(tally, None);
        let (class, probability) = belief.best();
        let leader = ranked.first().map_or("", |(_, name)| name);
        let before = match behind.as_slice() {
            [] => String::new(),
            behind => format!(", in nats before {}", behind.join(", ")),
        };
        let says = format!(
            "{leader} is likeliest{before}; that makes {} {:.1} % sure",
            self.language_of(class),
            probability * 100.0
        );
        Witness { name, language: Some(self.language_of(class)), says }
    }

    fn believe(&self, tally: &Tally, page: Option<Language>) -> Belief {
        let own = self.parts.languages.len();
        let mut belief = self.parts.calibration.believe(tally, own);
        if let Some(page) = page {
            let class = self.class(page);
            if class.is_some() || page.is_und() {
                belief.expect(class, tally.plain_letters == 0);
            }
        }
        belief
    }

    fn verdict(&self, belief: &Belief) -> Verdict {
        let (class, confidence) = belief.best();
        Verdict { language: self.language_of(class), confidence }
    }

    fn class(&self, language: Language) -> Option<usize> {
        self.parts.languages.iter().position(|&own| own == language)
    }

    fn language_of(&self, class: Option<usize>) -> Language {
        class.and_then(|class| self.parts.languages.get(class)).copied().unwrap_or(Language::UND)
    }
}

impl Parts {
    /// What the n-grams say of a text.
    pub fn tally(&self, text: &str) -> Tally {
        let text = letters::without_addresses(text);
        self.table.tally(self.alphabet.symbols(&text), self.quantum)
    }
}

fn origin(header: &Header) -> ModelOrigin {
    ModelOrigin { name: header.name.clone(), hash: header.hash().to_owned() }
}

fn start_of(text: &str) -> &str {
    let end = (PAGE_TEXT_BYTES.min(text.len())..=text.len()).find(|&at| text.is_char_boundary(at));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
