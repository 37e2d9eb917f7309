//! Labels for headlines that a corpus holds without one, known by fingerprint: a label may be shared where the
//! headline, somebody else's text, may not.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::corpus::{Example, LabelledBy, Split};
use crate::news::fold::push_folded;

/// Topics by fingerprint: the headline's own first, then those that a fair reader would accept too.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    topics: FxHashMap<u64, Vec<String>>,
}

/// Why labels cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    #[error("cannot read labels file {}: {error}; name an existing .tsv file", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(
        "{} line {line} is no label: {text:?}; a line is a headline's fingerprint (16 hexadecimal digits), a tab, \
         its topic and, after commas, the topics that would be right too", path.display()
    )]
    Line { path: PathBuf, line: usize, text: String },
    #[error(
        "none of the {0} labels fits a headline of the corpus; name the files that they were made for \
         (models/labels/README.md), or leave --labels out"
    )]
    NoneFits(usize),
}

/// What a headline is known by: XXH3 (64 bits) of its words, folded as the tokenizer folds them, with one blank
/// between two.
pub fn fingerprint(title: &str) -> u64 {
    let mut folded = Vec::with_capacity(title.len());
    for word in title.split_whitespace() {
        if !folded.is_empty() {
            folded.push(b' ');
        }
        word.chars().for_each(|character| push_folded(character, &mut folded));
    }
    xxh3_64(&folded)
}

impl Labels {
    pub fn read(paths: &[PathBuf]) -> Result<Labels, LabelsError> {
        let mut labels = Labels::default();
        for path in paths {
            let unreadable = |error| LabelsError::Unreadable { path: path.clone(), error };
            labels.add(path, &std::fs::read_to_string(path).map_err(unreadable)?)?;
        }
        Ok(labels)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), LabelsError> {
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let broken =
                || LabelsError::Line { path: path.to_owned(), line: number + 1, text: line.to_owned() };
            let (fingerprint, topics) = line.split_once('\t').ok_or_else(broken)?;
            let fingerprint = u64::from_str_radix(fingerprint, 16).map_err(|_| broken())?;
            let topics: Vec<String> = topics.split(',').map(|topic| topic.trim().to_owned()).collect();
            if topics.iter().any(String::is_empty) {
                return Err(broken());
            }
            self.topics.insert(fingerprint, topics);
        }
        Ok(())
    }

    /// Labels the headlines that are known and makes them training headlines: of several with one fingerprint the
    /// first, and none where one of them was labelled by hand.
    pub fn apply(&self, examples: &mut [Example]) -> Result<(), LabelsError> {
        if self.topics.is_empty() {
            return Ok(());
        }
        let prints: Vec<u64> = examples.iter().map(|example| fingerprint(&example.title)).collect();
        let by_hand = |example: &Example| example.topic.is_some() && example.labelled_by == LabelledBy::Hand;
        let hand_labelled = examples.iter().zip(&prints).filter(|(example, _)| by_hand(example));
        let mut done: FxHashSet<u64> = hand_labelled.map(|(_, &print)| print).collect();
        let mut labelled = false;
        for (example, print) in examples.iter_mut().zip(prints) {
            let Some((topic, also)) = self.topics.get(&print).and_then(|topics| topics.split_first()) else {
                continue;
            };
            if done.insert(print) {
                example.topic = Some(topic.clone());
                example.also = also.to_vec();
                example.labelled_by = LabelledBy::LabelsFile;
                example.split = Split::Train;
                labelled = true;
            }
        }
        if labelled { Ok(()) } else { Err(LabelsError::NoneFits(self.topics.len())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::language::Language;

    fn labels(text: &str) -> Result<Labels, LabelsError> {
        let mut labels = Labels::default();
        labels.add(Path::new("labels.tsv"), text).map(|()| labels)
    }

    fn example(title: &str, topic: Option<&str>, labelled_by: LabelledBy, split: Split) -> Example {
        Example {
            language: Language::new("fr").expect("a code"),
            source: "a".to_owned(),
            topic: topic.map(str::to_owned),
            also: Vec::new(),
            labelled_by,
            split,
            title: title.to_owned(),
            is_headline: true,
        }
    }

    #[test]
    fn a_headline_is_known_however_it_is_written() {
        let print = fingerprint("L'économie repart");
        assert_eq!(fingerprint("  L'ÉCONOMIE\u{a0} repart\n"), print);
        assert_ne!(fingerprint("L'économie repart enfin"), print);
        // Labels that were written hold for as long as this does not change.
        assert_eq!(format!("{:016x}", fingerprint("Le derby")), "7b4772e0e7301fae");
    }

    #[test]
    fn a_label_goes_to_the_first_headline_that_no_hand_labelled() {
        let print = |title| format!("{:016x}", fingerprint(title));
        let text =
            format!("# a comment\n{}\tsport,economy\n{}\tother\n", print("Un derby"), print("Une visite"));
        let mut examples = [
            example("Un derby", Some("other"), LabelledBy::Rubric, Split::Train),
            example("Un derby", None, LabelledBy::Hand, Split::Dev),
            example("Une visite", Some("diplomacy"), LabelledBy::Hand, Split::Dev),
            example("une visite", Some("economy"), LabelledBy::Rubric, Split::Train),
            example("Un inconnu", None, LabelledBy::Hand, Split::Dev),
        ];
        let untouched = examples[1..].to_vec();
        labels(&text).expect("the lines are whole").apply(&mut examples).expect("one fits");
        let first = &examples[0];
        assert_eq!(
            (first.topic.as_deref(), first.also.as_slice()),
            (Some("sport"), &["economy".to_owned()][..])
        );
        assert_eq!((first.labelled_by, first.split), (LabelledBy::LabelsFile, Split::Train));
        assert_eq!(examples[1..], untouched);
    }

    #[test]
    fn an_unlabelled_row_that_was_held_out_is_trained_on_once_it_has_a_label() {
        let mut examples = [example("Un derby", None, LabelledBy::Hand, Split::Dev)];
        let text = format!("{:016x}\tsport\n", fingerprint("Un derby"));
        labels(&text).expect("the line is whole").apply(&mut examples).expect("it fits");
        assert_eq!(examples[0].split, Split::Train);
    }

    #[test]
    fn what_is_no_label_is_refused_with_its_place() {
        for broken in
            ["Un derby\tsport", "0011223344556677", "0011223344556677\t", "0011223344556677\tsport,"]
        {
            let error = labels(&format!("# labels\n{broken}\n")).expect_err("the line is broken").to_string();
            assert!(error.contains("labels.tsv line 2"), "{error}");
        }
    }

    #[test]
    fn labels_for_another_corpus_are_refused() {
        let labels = labels("0011223344556677\tsport\n").expect("the line is whole");
        let error = labels.apply(&mut []).expect_err("no headline is known").to_string();
        assert!(error.contains("none of the 1 labels"), "{error}");
    }
}
