//! The lexicon is data written by hand: a slip in it is a wrong label that no compiler sees.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 3] = ["en", "es", "fr"];
/// More words than a name of a headline has; longer entries are never found by the matcher.
const MOST_WORDS: usize = 5;

/// The complaint about one line of a lexicon file, or the (term, language) pairs that it states.
/// `third` says whether the third column is as it should be.
fn read_line(line: &str, third: fn(&str) -> bool) -> Result<Vec<(String, &'static str)>, String> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [term, languages, value] = columns.as_slice() else {
        return Err(format!("\"{line}\" has {} columns, expected 3", columns.len()));
    };
    let words: Vec<&str> = term.split(' ').collect();
    if words.iter().any(|word| word.trim().is_empty()) {
        return Err(format!("\"{line}\": words are parted by one space, with none around them"));
    }
    if words.len() > MOST_WORDS {
        return Err(format!("\"{line}\" has more than {MOST_WORDS} words"));
    }
    if *term != term.to_lowercase() {
        return Err(format!("\"{line}\": a term is written in lower case"));
    }
    if !third(value) {
        return Err(format!("\"{line}\": the third column does not hold \"{value}\""));
    }
    let mut stated = Vec::new();
    for name in languages.split(',') {
        match LANGUAGES.iter().find(|language| **language == name) {
            Some(language) => stated.push((term.to_string(), *language)),
            None if *languages == "*" => {
                stated.extend(LANGUAGES.map(|language| (term.to_string(), language)));
            }
            None => {
                return Err(format!("\"{line}\": \"{name}\" is none of fr, es, en, and \"*\" stands alone"));
            }
        }
    }
    Ok(stated)
}

fn strength(value: &str) -> bool {
    matches!(value, "1" | "2" | "3")
}

fn kind(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// `@fr`, or `@cn,in` for a term that tells two countries.
fn countries(value: &str) -> bool {
    let code = |code: &str| matches!(code, "afu" | "nato") || code.len() == 2;
    let codes = value.strip_prefix('@').unwrap_or_default();
    codes.split(',').all(|one| code(one) && one.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// Every complaint about a whole file.
fn complaints(text: &str, third: fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut before = "";
    for line in text.lines() {
        match read_line(line, third) {
            Err(complaint) => found.push(complaint),
            Ok(stated) => {
                for (term, language) in stated {
                    if !seen.insert((term.clone(), language)) {
                        found.push(format!("\"{term}\" stands twice for {language}"));
                    }
                }
            }
        }
        if line < before {
            found.push(format!("\"{line}\" belongs before \"{before}\""));
        }
        before = line;
    }
    if seen.is_empty() {
        found.push("the file states nothing".to_string());
    }
    found
}

#[test]
fn every_line_of_the_lexicon_is_well_formed_sorted_and_unique() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/lexicon");
    let files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the lexicon is part of the repository")
        .map(|entry| entry.expect("a folder entry can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "tsv"))
        .collect();
    let name =
        |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    for topic in ["diplomacy", "economy", "other", "sport"] {
        assert!(files.iter().any(|path| name(path) == topic), "{topic}.tsv is gone");
    }
    for path in files {
        let text = fs::read_to_string(&path).expect("a lexicon file is UTF-8");
        let third = match name(&path).as_str() {
            "local" => continue, // a user's file, in the order that the user likes
            "countries" => countries,
            shipped if shipped.starts_with("kinds_") => kind,
            _ => strength,
        };
        let found = complaints(&text, third);
        assert!(
            found.is_empty(),
            "{} complaints about {}, the first: {:#?}",
            found.len(),
            path.display(),
            found.iter().take(20).collect::<Vec<_>>()
        );
    }
}

#[track_caller]
fn check(text: &str, expected: usize) {
    let found = complaints(text, strength);
    assert_eq!(found.len(), expected, "{text:?} gave {found:?}");
}

#[test]
fn slips_are_found() {
    check("bourse\tfr\t3\nbréal\ten,fr\t2\n", 0);
    check("banco\tes\t2\nbanco\ten,fr\t1\n", 1); // out of order
    check("banco\ten,fr\t1\nbanco\tes\t2\n", 0);
    check("banco\t*\t1\nbanco\tes\t2\n", 1);
    check("banco\tes\n", 2);
    check("Banco\tes\t3\n", 2);
    check("banco \tes\t3\n", 2);
    check("banco  central\tes\t3\n", 2);
    check("banco\tpt\t3\n", 2);
    check("banco\tes,*\t3\n", 2);
    check("banco\tes\t4\n", 2);
    check("", 1);
}
