//! Which language an item is in. The one file that names whatlang.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::model_file::ModelFileError;
use super::record::ModelOrigin;

/// An ISO 639-1 code such as `fr`, or `und` (undetermined). A value, not an enumeration: the languages are
/// those of the corpus that the models were trained on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language([u8; 3]);

impl Language {
    /// No language of the models, or none that can be told.
    pub const UND: Language = Language(*b"und");

    /// Takes a code of two or three lower-case ASCII letters.
    pub fn new(code: &str) -> Option<Language> {
        match *code.as_bytes() {
            [a, b] if [a, b].iter().all(u8::is_ascii_lowercase) => Some(Language([a, b, 0])),
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_lowercase) => Some(Language([a, b, c])),
            _ => None,
        }
    }

    pub fn as_str(&self) -> &str {
        let length = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(self.0.get(..length).unwrap_or_default()).unwrap_or("und")
    }

    pub fn is_und(self) -> bool {
        self == Language::UND
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Language::new(&code).ok_or_else(|| {
            serde::de::Error::custom(format!("language code {code:?} is not two or three lower-case letters"))
        })
    }
}

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
    origin: ModelOrigin,
}

impl LanguageModel {
    /// Reads what [`LanguageModel::write`] wrote.
    pub fn read(bytes: &[u8]) -> Result<LanguageModel, ModelFileError> {
        let _ = bytes;
        Ok(LanguageModel { origin: ModelOrigin { name: String::new(), hash: String::new() } })
    }

    /// The model as a file's bytes; the same model gives the same bytes.
    pub fn write(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The model's name and hash, as records name it.
    pub fn origin(&self) -> &ModelOrigin {
        &self.origin
    }

    /// The languages that the model tells apart, in code order.
    pub fn languages(&self) -> &[Language] {
        &[]
    }

    /// The language of one item. `page` is what the page speaks ([`LanguageModel::page_language`]): a prior
    /// that decides where the item alone leaves doubt.
    pub fn identify(&self, text: &str, page: Option<Language>) -> Verdict {
        let _ = (text, page);
        Verdict { language: Language::UND, confidence: 0.0 }
    }

    /// What a page speaks, from the texts of all its items and its body; `None` where that is in doubt.
    pub fn page_language<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<Language> {
        let _ = texts.count();
        None
    }

    /// What each witness says of `text`, in the order in which they are heard.
    pub fn witnesses(&self, text: &str, page: Option<Language>) -> Vec<Witness> {
        let _ = (text, page);
        Vec::new()
    }
}
