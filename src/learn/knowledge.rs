//! The lexicon's files: what the models know beforehand.
//!
//! A folder holds tables of `term<TAB>languages<TAB>value`, one term a line. A value from 1 to 3 is a strength, and
//! the file's name is the topic; `sport 3` is a topic and a strength in a file of any name; any other word is the
//! kind of thing that the term names. `languages` are codes parted by commas, or `*` for all.

use std::path::{Path, PathBuf};

use crate::news::language::Language;
use crate::news::lexicon::{Lexicon, MOST_MARKS, Mark};
use crate::news::tokens::Family;

/// Why a folder's files are no lexicon.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    #[error("cannot read the lexicon {}: {error}; name a folder of .tsv files", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(
        "{} line {line}: {what}; a line is term, languages (`fr,en` or `*`) and a strength (1 to 3), a topic \
         and strength (`sport 3`) or a kind, parted by tabs", path.display()
    )]
    Line { path: PathBuf, line: usize, what: String },
    #[error("the lexicon has {0} different kinds and strengths where at most {MOST_MARKS} are possible")]
    TooManyMarks(usize),
}

/// The lines of a lexicon's files.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    lines: Vec<Line>,
    marks: Vec<Mark>,
}

#[derive(Debug, Clone)]
struct Line {
    term: String,
    /// `None`: every language.
    languages: Option<Vec<Language>>,
    mark: usize,
}

impl Knowledge {
    /// Reads every `.tsv` file of a folder, in the order of their names.
    pub fn read(folder: &Path) -> Result<Knowledge, KnowledgeError> {
        let unreadable = |error| KnowledgeError::Unreadable { path: folder.to_owned(), error };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "tsv") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut knowledge = Knowledge::default();
        for path in &paths {
            let unreadable = |error| KnowledgeError::Unreadable { path: path.clone(), error };
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            knowledge.add(path, &text)?;
        }
        match knowledge.marks.len() {
            0..=MOST_MARKS => Ok(knowledge),
            many => Err(KnowledgeError::TooManyMarks(many)),
        }
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), KnowledgeError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with("# ") {
                continue;
            }
            let broken =
                |what: String| KnowledgeError::Line { path: path.to_owned(), line: number + 1, what };
            let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
            let [term, languages, value] = fields.as_slice() else {
                return Err(broken(format!("{} fields stand where 3 are expected", fields.len())));
            };
            let mark = mark(&name, value).map_err(broken)?;
            let known = self.marks.iter().position(|known| *known == mark);
            let mark = known.unwrap_or_else(|| {
                self.marks.push(mark);
                self.marks.len() - 1
            });
            let languages = match *languages {
                "*" => None,
                codes => Some(parse_languages(codes).map_err(broken)?),
            };
            self.lines.push(Line { term: (*term).to_owned(), languages, mark });
        }
        Ok(())
    }

    /// What is known in one language.
    pub fn lexicon(&self, language: Language) -> Lexicon {
        let spoken = |line: &&Line| line.languages.as_ref().is_none_or(|codes| codes.contains(&language));
        let lines = self.lines.iter().filter(spoken);
        Lexicon::new(lines.filter_map(|line| Some((line.term.as_str(), self.marks.get(line.mark)?))))
    }

    /// How many lines the files hold.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// What a line's value says: a strength (of the file's own topic), a topic and its strength, or a kind.
fn mark(file: &str, value: &str) -> Result<Mark, String> {
    let strength = |text: &str| matches!(text, "1" | "2" | "3");
    match value.rsplit_once(' ') {
        None if strength(value) => Ok(Mark { name: format!("{file} {value}"), family: Family::Topic }),
        Some((_, last)) if strength(last) => Ok(Mark { name: value.to_owned(), family: Family::Topic }),
        None if value.starts_with(|first: char| first.is_alphabetic()) => {
            Ok(Mark { name: value.to_owned(), family: Family::Kind })
        }
        _ => Err(format!("{value:?} is no strength from 1 to 3, no topic with one, and no kind")),
    }
}

fn parse_languages(codes: &str) -> Result<Vec<Language>, String> {
    let code = |code: &str| Language::new(code.trim()).ok_or_else(|| format!("{code:?} is no language code"));
    codes.split(',').map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: &str) -> Result<Knowledge, KnowledgeError> {
        let mut knowledge = Knowledge::default();
        knowledge.add(Path::new(name), text).map(|()| knowledge)
    }

    #[track_caller]
    fn check_refused(name: &str, text: &str, expected: &str) {
        let error = parse(name, text).expect_err("the line is broken").to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_line_is_known_in_its_languages_alone() {
        let knowledge =
            parse("sport.tsv", "raja\t*\t3\nligue des champions\tfr\t3\n").expect("the lines are whole");
        let mut terms = crate::news::tokens::Terms::default();
        let mut found = |text: &str, language: &str| {
            let lexicon = knowledge.lexicon(Language::new(language).expect("a code"));
            lexicon.longest(terms.word_hashes(text)).map(|(words, _)| words)
        };
        assert_eq!(found("Raja en finale", "fr"), Some(1));
        assert_eq!(found("Raja win", "en"), Some(1));
        assert_eq!(found("Ligue des Champions : le Raja", "fr"), Some(3));
        assert_eq!(found("Ligue des Champions", "en"), None);
        assert_eq!(found("Ligue des", "fr"), None);
    }

    #[test]
    fn a_broken_line_is_refused_with_its_place() {
        check_refused("sport.tsv", "raja\t*\n", "sport.tsv line 1: 2 fields");
        check_refused("sport.tsv", "raja\t*\t3\nwac\t*\t4\n", "line 2: \"4\" is no strength");
        check_refused("kinds.tsv", "raja\tFR\tclub\n", "\"FR\" is no language code");
        check_refused("local.tsv", "raja\t*\tsport 4\n", "\"sport 4\" is no strength");
    }
}
