//! The frame of a model file: a line with the format's name and version, a line of JSON that says what the file
//! holds and how it was made, then the weights.
//!
//! ```text
//! newswire-model 2
//! {"kind":"topic","name":"topic-fr","languages":["fr"],"labels":[...],"made_by":"...","bytes":N,"checksum":"..."}
//! N bytes of weights
//! ```
//!
//! The checksum (XXH3, 128 bits, over the weights and every other field of the header) is the model's hash, which
//! every record names.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::language::Language;

/// The version of the file format that this newswire reads and writes.
pub const FORMAT_VERSION: u32 = 2;

const MAGIC: &str = "newswire-model";

/// What kind of model a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    Topic,
    Language,
}

/// What stands before the weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub kind: ModelKind,
    pub name: String,
    /// The languages that the model speaks of; a topic model has one.
    pub languages: Vec<Language>,
    /// A topic model's labels, in the order of its weights.
    pub labels: Vec<String>,
    /// How the model was made: corpora, split, settings; for a person.
    pub made_by: String,
    bytes: usize,
    checksum: String,
}

impl Header {
    pub fn new(
        kind: ModelKind,
        name: impl Into<String>,
        languages: Vec<Language>,
        labels: Vec<String>,
        made_by: impl Into<String>,
    ) -> Header {
        let (name, made_by) = (name.into(), made_by.into());
        Header { kind, name, languages, labels, made_by, bytes: 0, checksum: String::new() }
    }

    /// The model's hash, as records name it; empty before the file is written.
    pub fn hash(&self) -> &str {
        &self.checksum
    }
}

/// Why a file is not a model that this newswire can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelFileError {
    #[error(
        "not a newswire model file: it does not open with {MAGIC:?}; name a file that `newswire train` wrote"
    )]
    NotAModel,
    #[error(
        "model format version {found:?} is not {FORMAT_VERSION}, the one this newswire reads; \
         train the model again with this newswire"
    )]
    Version { found: String },
    #[error("the model file's header is broken ({0}); copy the file again or train the model again")]
    Header(String),
    #[error("the model file holds {found} bytes of weights, its header says {expected}; copy the file again")]
    Length { expected: usize, found: usize },
    #[error("the model file's checksum is {found}, its header says {expected}; copy the file again")]
    Checksum { expected: String, found: String },
    #[error("the file holds a {found:?} model where a {expected:?} model is needed")]
    Kind { expected: ModelKind, found: ModelKind },
    #[error("the model's weights are broken: {0}; train the model again")]
    Weights(String),
}

/// A model file's bytes, and the header as it stands in them.
pub fn write(mut header: Header, weights: &[u8]) -> (Header, Vec<u8>) {
    header.bytes = weights.len();
    header.checksum = checksum(&header, weights);
    let json = serde_json::to_string(&header).expect("a header of strings and numbers is always JSON");
    let mut bytes = format!("{MAGIC} {FORMAT_VERSION}\n{json}\n").into_bytes();
    bytes.extend_from_slice(weights);
    (header, bytes)
}

/// Takes a model file apart and checks it against its header.
pub fn read(bytes: &[u8], kind: ModelKind) -> Result<(Header, &[u8]), ModelFileError> {
    let (first, rest) = split_line(bytes).ok_or(ModelFileError::NotAModel)?;
    let version = first.strip_prefix(MAGIC.as_bytes()).ok_or(ModelFileError::NotAModel)?;
    let version = String::from_utf8_lossy(version).trim().to_owned();
    if version != FORMAT_VERSION.to_string() {
        return Err(ModelFileError::Version { found: version });
    }
    let (json, weights) = split_line(rest).ok_or_else(|| ModelFileError::Header("no second line".into()))?;
    let header: Header =
        serde_json::from_slice(json).map_err(|error| ModelFileError::Header(error.to_string()))?;
    if header.bytes != weights.len() {
        return Err(ModelFileError::Length { expected: header.bytes, found: weights.len() });
    }
    let found = checksum(&header, weights);
    if header.checksum != found {
        return Err(ModelFileError::Checksum { expected: header.checksum, found });
    }
    if header.kind != kind {
        return Err(ModelFileError::Kind { expected: kind, found: header.kind });
    }
    Ok((header, weights))
}

/// The kind that a model file's header names, before anything else is checked; `None` if it is no model file.
pub fn peek_kind(bytes: &[u8]) -> Option<ModelKind> {
    let (first, rest) = split_line(bytes)?;
    first.strip_prefix(MAGIC.as_bytes())?;
    let (json, _) = split_line(rest)?;
    serde_json::from_slice::<Header>(json).ok().map(|header| header.kind)
}

fn checksum(header: &Header, weights: &[u8]) -> String {
    let mut unsigned = header.clone();
    unsigned.checksum.clear();
    let mut hash = Xxh3::new();
    hash.update(&serde_json::to_vec(&unsigned).expect("a header of strings and numbers is always JSON"));
    hash.update(weights);
    format!("{:032x}", hash.digest128())
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let header = Header::new(ModelKind::Topic, "t", vec![Language::UND], vec!["a".into()], "by hand");
        write(header, b"weights").1
    }

    #[track_caller]
    fn check_refused(bytes: &[u8], expected: fn(&ModelFileError) -> bool) {
        let error = read(bytes, ModelKind::Topic).expect_err("the file is broken");
        assert!(expected(&error), "{error}");
    }

    #[test]
    fn a_file_reads_back_as_it_was_written() {
        let bytes = sample();
        let (header, weights) = read(&bytes, ModelKind::Topic).expect("the file is whole");
        assert_eq!(weights, b"weights");
        assert_eq!(header.labels, ["a"]);
        assert_eq!(header.hash().len(), 32);
    }

    #[test]
    fn a_wrong_file_is_refused_with_a_sentence() {
        let whole = sample();
        check_refused(b"", |e| matches!(e, ModelFileError::NotAModel));
        check_refused(b"hello\nworld\n", |e| matches!(e, ModelFileError::NotAModel));
        check_refused(b"newswire-model 9\n{}\n", |e| matches!(e, ModelFileError::Version { .. }));
        check_refused(b"newswire-model 2\n{}\n", |e| matches!(e, ModelFileError::Header(_)));
        let mut cut = whole.clone();
        cut.pop();
        check_refused(&cut, |e| matches!(e, ModelFileError::Length { .. }));
        let mut flipped = whole.clone();
        if let Some(last) = flipped.last_mut() {
            *last ^= 1;
        }
        check_refused(&flipped, |e| matches!(e, ModelFileError::Checksum { .. }));
        let error = read(&whole, ModelKind::Language).expect_err("the file holds a topic model");
        assert!(matches!(error, ModelFileError::Kind { .. }), "{error}");
    }
}
