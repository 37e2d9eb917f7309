//! Labelled headlines: JSON lines, plain or gzipped, to examples.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::news::language::Language;

/// A headline of a corpus, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub language: Language,
    /// The outlet or collection that it comes from; empty where the row names none.
    pub source: String,
    /// `None`: unlabelled text.
    pub topic: Option<String>,
    /// Topics that a fair reader would accept too.
    pub also: Vec<String>,
    pub labelled_by: LabelledBy,
    pub split: Split,
    pub title: String,
    /// A headline, and no sentence of another kind.
    pub is_headline: bool,
}

/// Where a label comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelledBy {
    /// A person read the headline.
    Hand,
    /// A file of labels by fingerprint ([`super::labels`]): its headlines were chosen, most of them for being hard,
    /// so that they teach but no model is judged by them.
    LabelsFile,
    /// The newspaper's own section tells it.
    Rubric,
}

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    Train,
    /// Held out: never trained on.
    Dev,
}

/// Why a corpus cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    #[error("cannot read corpus file {}: {error}; name an existing .jsonl or .jsonl.gz file", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(
        "{} line {line} is not a corpus row: {error}; \
         a row is a JSON object with \"lang\", \"title\" and \"topic\"", path.display()
    )]
    Row { path: PathBuf, line: usize, error: String },
    #[error("no labelled row in {0}; a row with \"topic\" is needed")]
    NoLabels(String),
}

#[derive(Deserialize)]
struct Row {
    lang: Language,
    #[serde(default)]
    title: Option<String>,
    /// A sentence in place of a headline, for telling languages apart.
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    topic: Option<String>,
    #[serde(default)]
    also: Option<Vec<String>>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    split: Option<String>,
}

/// One headline in this many is held out where a corpus holds hand-labelled rows but names no split.
const HELD_OUT_ONE_IN: u64 = 10;

/// Reads every row of `paths`, in order. Only a file's own rows decide on its split: if none of its hand-labelled
/// rows is `dev`, one in ten, chosen by the title's hash, becomes so. `read_bytes` is told how far reading has
/// come, in bytes of the files.
pub fn read(paths: &[PathBuf], read_bytes: &dyn Fn(u64)) -> Result<Vec<Example>, CorpusError> {
    let mut examples = Vec::new();
    for path in paths {
        let start = examples.len();
        read_file(path, read_bytes, &mut examples)?;
        let file = examples.get_mut(start..).unwrap_or_default();
        let by_hand = |example: &&mut Example| example.labelled_by == LabelledBy::Hand;
        if !file.iter().any(|example| example.split == Split::Dev) {
            for example in file.iter_mut().filter(by_hand) {
                if xxh3_64(example.title.as_bytes()).is_multiple_of(HELD_OUT_ONE_IN) {
                    example.split = Split::Dev;
                }
            }
        }
    }
    require_labels(&examples, paths)?;
    Ok(examples)
}

/// Reads the rows that a model may be judged by: of a file that names `dev` rows those, else all.
pub fn read_to_judge(paths: &[PathBuf]) -> Result<Vec<Example>, CorpusError> {
    let mut examples = Vec::new();
    for path in paths {
        let mut file = Vec::new();
        read_file(path, &|_| {}, &mut file)?;
        let held_out = file.iter().any(|example| example.split == Split::Dev);
        examples.extend(file.into_iter().filter(|example| !held_out || example.split == Split::Dev));
    }
    require_labels(&examples, paths)?;
    Ok(examples)
}

fn require_labels(examples: &[Example], paths: &[PathBuf]) -> Result<(), CorpusError> {
    if examples.iter().any(|example| example.topic.is_some()) {
        return Ok(());
    }
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    Err(CorpusError::NoLabels(names.join(", ")))
}

fn read_file(path: &Path, read_bytes: &dyn Fn(u64), examples: &mut Vec<Example>) -> Result<(), CorpusError> {
    let unreadable = |error| CorpusError::Unreadable { path: path.to_owned(), error };
    let file = Counted { file: File::open(path).map_err(unreadable)?, read_bytes };
    let plain: Box<dyn Read + '_> = if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    for (number, line) in BufReader::with_capacity(1 << 16, plain).lines().enumerate() {
        let broken = |error: String| CorpusError::Row { path: path.to_owned(), line: number + 1, error };
        let line = line.map_err(|error| match error.kind() {
            ErrorKind::InvalidData => broken("the line is not UTF-8; convert the file to UTF-8".to_owned()),
            _ => unreadable(error),
        })?;
        // Some editors and spreadsheets begin a file with a byte order mark.
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        if !line.starts_with('{') {
            return Err(broken("it does not begin with \"{\"; one object stands on each line".to_owned()));
        }
        let row: Row = serde_json::from_str(line).map_err(|error| broken(error.to_string()))?;
        examples.push(example(row).map_err(broken)?);
    }
    Ok(())
}

fn example(row: Row) -> Result<Example, String> {
    let labelled_by = match row.by.as_deref() {
        Some("rubric") => LabelledBy::Rubric,
        _ => LabelledBy::Hand,
    };
    let split = match row.split.as_deref() {
        None | Some("train") => Split::Train,
        Some("dev") => Split::Dev,
        Some(other) => return Err(format!("\"split\" is {other:?} where \"train\" or \"dev\" is expected")),
    };
    if row.topic.as_deref().is_some_and(|topic| topic.trim().is_empty()) {
        return Err("\"topic\" is empty; name one, or null where the headline has none".to_owned());
    }
    let is_headline = row.title.is_some();
    let title = row.title.or(row.text).ok_or("neither \"title\" nor \"text\" is there")?;
    Ok(Example {
        language: row.lang,
        source: row.source.unwrap_or_default(),
        topic: row.topic,
        also: row.also.unwrap_or_default(),
        labelled_by,
        split,
        title,
        is_headline,
    })
}

/// A file that tells how much of it was read.
struct Counted<'c> {
    file: File,
    read_bytes: &'c dyn Fn(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        (self.read_bytes)(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read_text(name: &str, text: &[u8]) -> Result<Vec<Example>, CorpusError> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("the folder can be written");
        read(&[path], &|_| {})
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let error = read_text("corpus.jsonl", text.as_bytes()).expect_err("the corpus is broken").to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn rows_become_examples_plain_or_gzipped() {
        let rows = concat!(
            r#"{"lang":"fr","source":"a","rubric":"x","topic":"sport","also":["economy"],"by":"hand","#,
            r#""split":"dev","title":"Le derby","lead":null}"#,
            "\n\n",
            r#"{"lang":"en","topic":null,"title":"Unlabelled","by":null}"#,
            "\n"
        );
        let plain = read_text("corpus.jsonl", rows.as_bytes()).expect("the rows are well-formed");
        assert_eq!(plain.len(), 2);
        assert_eq!((plain[0].split, plain[0].also.as_slice()), (Split::Dev, &["economy".to_owned()][..]));
        let mut gzipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzipped.write_all(rows.as_bytes()).expect("a vector can be written");
        let gzipped = gzipped.finish().expect("a vector can be written");
        assert_eq!(read_text("corpus.jsonl.gz", &gzipped).expect("the rows are well-formed"), plain);
        let marked = format!("\u{feff}{rows}");
        let marked = read_text("corpus.jsonl", marked.as_bytes()).expect("a byte order mark is no text");
        assert_eq!(marked, plain);
    }

    #[test]
    fn a_corpus_without_a_split_holds_out_one_in_ten() {
        let rows: String =
            (0..400).map(|n| format!("{{\"lang\":\"fr\",\"topic\":\"a\",\"title\":\"t{n}\"}}\n")).collect();
        let examples = read_text("corpus.jsonl", rows.as_bytes()).expect("the rows are well-formed");
        let held_out = examples.iter().filter(|example| example.split == Split::Dev).count();
        assert!((20..=60).contains(&held_out), "{held_out} of 400");
    }

    #[test]
    fn a_broken_corpus_is_refused_with_its_line() {
        check_refused("{\"lang\":\"fr\",\"topic\":\"a\",\"title\":\"t\"}\n{\"lang\":\"fr\"}\n", "line 2");
        check_refused("{\"lang\":\"FR\",\"topic\":\"a\",\"title\":\"t\"}\n", "language code");
        check_refused("{\"lang\":\"fr\",\"topic\":\"a\",\"title\":\"t\",\"split\":\"test\"}\n", "\"test\"");
        check_refused("{\"lang\":\"fr\",\"topic\":\"\",\"title\":\"t\"}\n", "\"topic\" is empty");
        check_refused(
            "[\n{\"lang\":\"fr\",\"topic\":\"a\",\"title\":\"t\"}\n]\n",
            "one object stands on each line",
        );
        let latin = read_text("corpus.jsonl", b"\n{\"lang\":\"fr\",\"title\":\"\xe9t\xe9\"}\n");
        let latin = latin.expect_err("the file is Latin-1").to_string();
        assert!(latin.contains("line 2") && latin.contains("UTF-8"), "{latin}");
        check_refused("{\"lang\":\"fr\",\"topic\":null,\"title\":\"t\"}\n", "no labelled row");
        let missing = read(&["/nowhere/corpus.jsonl".into()], &|_| {}).expect_err("the file does not exist");
        assert!(missing.to_string().contains("/nowhere/corpus.jsonl"), "{missing}");
    }
}
