//! The labelled record: what newswire publishes. `schemas/labelled.schema.json` is its contract.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::language::Language;
use super::segment::Kind;
use super::topic::{Evidence, Label};

/// One item of a page with its labels, flat, so that a subscriber reads it without unnesting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelledRecord {
    /// The same after any replay: [`record_id`].
    pub id: String,
    /// The same for the same headline on any page: [`fingerprint`].
    pub fingerprint: String,
    pub kind: Kind,
    /// The item as it stood on the page, HTML entities decoded.
    pub text: String,
    /// An article's or a teaser's body, where `output.body` asks for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<String>,
    pub language: Language,
    pub language_confidence: f64,
    /// Null where the language is `und`, or none that the models have topics for.
    pub topic: Option<Label>,
    /// The calibrated probability of `topic`.
    pub confidence: Option<f64>,
    #[serde(with = "scores")]
    pub scores: Option<Vec<(Label, f64)>>,
    /// The terms that weighed most, where `output.evidence` asks for them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence: Option<Vec<Evidence>>,
    pub page: PageOrigin,
    pub model: ModelOrigin,
    /// RFC 3339, UTC.
    pub labelled_at: String,
}

/// Where a record's item comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageOrigin {
    pub id: Option<String>,
    pub url: Option<String>,
    /// The outlet: as the scraper named it, or as the page's dateline or browser title does.
    pub source: Option<String>,
    /// The publication time: as the scraper gave it, or the day that the page's dateline tells.
    pub published: Option<String>,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// The item's number on its page, from 0.
    pub item: usize,
    /// How many items the page holds.
    pub items: usize,
}

/// The model that decided: the topic model, or the language model where the language is `und`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelOrigin {
    pub name: String,
    pub hash: String,
}

/// Where an input record stands in its log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

/// A record's identifier, from its page's place and its number there.
pub fn record_id(position: &Position, item: usize) -> String {
    format!("{}-{}-{}-{item}", position.topic, position.partition, position.offset)
}

/// A hash (XXH3, 128 bits, hexadecimal) of the item's text and language. Case, white space, zero-width marks and
/// the shape of quotes and dashes do not count, since portals vary them.
pub fn fingerprint(text: &str, language: Language) -> String {
    let mut normal = String::with_capacity(text.len() + 4);
    normal.push_str(language.as_str());
    let mut blank = true;
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            c if c.is_whitespace() => {
                if !blank {
                    normal.push(' ');
                }
                blank = true;
                continue;
            }
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => continue,
            '’' | '‘' | 'ʼ' | '`' | '´' => normal.push('\''),
            '«' | '»' | '“' | '”' | '„' => normal.push('"'),
            '–' | '—' | '‑' | '‐' | '−' => normal.push('-'),
            c => normal.push(c),
        }
        if blank && normal.len() > language.as_str().len() {
            blank = false;
        }
    }
    format!("{:032x}", xxh3_128(normal.trim_end().as_bytes()))
}

/// Scores as a JSON object in the model's label order.
mod scores {
    use std::fmt;

    use serde::de::{MapAccess, Visitor};
    use serde::ser::SerializeMap;
    use serde::{Deserializer, Serializer};

    use super::Label;

    type Scores = Option<Vec<(Label, f64)>>;

    pub fn serialize<S: Serializer>(scores: &Scores, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(scores) = scores else {
            return serializer.serialize_none();
        };
        let mut map = serializer.serialize_map(Some(scores.len()))?;
        for (label, score) in scores {
            map.serialize_entry(&**label, score)?;
        }
        map.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scores, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Scores;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of label and probability, or null")
            }

            fn visit_unit<E>(self) -> Result<Scores, E> {
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scores, A::Error> {
                let mut scores = Vec::new();
                while let Some((label, score)) = map.next_entry::<String, f64>()? {
                    scores.push((label.into(), score));
                }
                Ok(Some(scores))
            }
        }
        deserializer.deserialize_any(InOrder)
    }
}
