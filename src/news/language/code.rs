//! A language's code.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
