//! The lexicon's files: what the models know beforehand.
//!
//! A folder holds tables of `term<TAB>languages<TAB>value`, one term a line. A value from 1 to 3 is a strength, and
//! the file's name is the topic; `sport 3` is a topic and a strength in a file of any name; `@fr` is the country that
//! the term tells (`@cn,in`: two); any other word is the kind of thing that the term names. `languages` are codes
//! parted by commas, or `*` for all.

use std::path::{Path, PathBuf};

use crate::news::language::Language;
use crate::news::lexicon::{COUNTS, Lexicon, MOST_MARKS, Mark, number_of};
use crate::news::tokens::Family;

/// Why a folder's files are no lexicon.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    #[error("cannot read the lexicon {}: {error}; name a folder of .tsv files", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(
        "{} line {line}: {what}; a line is term, languages (`fr,en` or `*`) and a strength (1 to 3), a topic \
         and strength (`sport 3`), a country (`@fr`) or a kind, parted by tabs", path.display()
    )]
    Line { path: PathBuf, line: usize, what: String },
    #[error("the lexicon {} holds no .tsv file; name a folder that does", .0.display())]
    Empty(PathBuf),
    #[error("the lexicon has {0} different kinds and strengths where at most {MOST_MARKS} are possible")]
    TooManyMarks(usize),
    #[error("the lexicon has {0} different countries where at most {MOST_MARKS} are possible")]
    TooManyCountries(usize),
}

/// The lines of a lexicon's files.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    lines: Vec<Line>,
    marks: Vec<Mark>,
    countries: Vec<String>,
}

#[derive(Debug, Clone)]
struct Line {
    term: String,
    /// `None`: every language.
    languages: Option<Vec<Language>>,
    tells: Tells,
}

/// What a line tells of its term, by number.
#[derive(Debug, Clone)]
enum Tells {
    Mark(usize),
    Countries(Vec<usize>),
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
        if paths.is_empty() {
            return Err(KnowledgeError::Empty(folder.to_owned()));
        }
        paths.sort();
        let mut knowledge = Knowledge::default();
        for path in &paths {
            let unreadable = |error| KnowledgeError::Unreadable { path: path.clone(), error };
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            knowledge.add(path, &text)?;
        }
        match (knowledge.marks.len() + COUNTS.len(), knowledge.countries.len()) {
            (0..=MOST_MARKS, 0..=MOST_MARKS) => Ok(knowledge),
            (0..=MOST_MARKS, countries) => Err(KnowledgeError::TooManyCountries(countries)),
            (marks, _) => Err(KnowledgeError::TooManyMarks(marks)),
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
            if term.is_empty() {
                return Err(broken("the term is empty".to_owned()));
            }
            let tells = match value.strip_prefix('@') {
                Some(codes) => {
                    let codes = parse_countries(codes).map_err(broken)?;
                    Tells::Countries(
                        codes.into_iter().map(|code| number_of(&mut self.countries, code)).collect(),
                    )
                }
                None => Tells::Mark(number_of(&mut self.marks, mark(&name, value).map_err(broken)?)),
            };
            let languages = match *languages {
                "*" => None,
                codes => Some(parse_languages(codes).map_err(broken)?),
            };
            self.lines.push(Line { term: (*term).to_owned(), languages, tells });
        }
        Ok(())
    }

    /// What is known in one language.
    pub fn lexicon(&self, language: Language) -> Lexicon {
        let spoken = |line: &&Line| line.languages.as_ref().is_none_or(|codes| codes.contains(&language));
        let lines: Vec<&Line> = self.lines.iter().filter(spoken).collect();
        let marked = lines.iter().filter_map(|line| match line.tells {
            Tells::Mark(mark) => Some((line.term.as_str(), self.marks.get(mark)?)),
            Tells::Countries(_) => None,
        });
        let countries = lines.iter().flat_map(|line| {
            let codes: &[usize] = match &line.tells {
                Tells::Mark(_) => &[],
                Tells::Countries(codes) => codes,
            };
            codes.iter().filter_map(|&code| Some((line.term.as_str(), self.countries.get(code)?.as_str())))
        });
        Lexicon::new(marked, countries)
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
        // A file for names of all topics is none itself.
        None if strength(value) && file == "local" => {
            Err(format!("\"{value}\" names no topic, which local.tsv has to"))
        }
        None if strength(value) => Ok(Mark { name: format!("{file} {value}"), family: Family::Topic }),
        Some((_, last)) if strength(last) => Ok(Mark { name: value.to_owned(), family: Family::Topic }),
        None if value.starts_with(|first: char| first.is_alphabetic()) => {
            Ok(Mark { name: value.to_owned(), family: Family::Kind })
        }
        _ => Err(format!("{value:?} is no strength from 1 to 3, no topic with one, and no kind")),
    }
}

/// The countries behind an `@`: codes of two letters, as ISO 3166 has them, or of three or more for bodies that act
/// as states do (`nato`).
fn parse_countries(codes: &str) -> Result<Vec<String>, String> {
    let is_code = |code: &&str| code.len() >= 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    let code = |code: &str| {
        Some(code).filter(is_code).map(str::to_owned).ok_or_else(|| format!("{code:?} is no country code"))
    };
    codes.split(',').map(code).collect()
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
    fn a_term_tells_its_countries_or_those_of_the_terms_inside_it() {
        let lines =
            "rabat\t*\t@ma\nkenya\t*\t@ke\nsino-indian\ten\t@cn,in\nnew york\t*\t@us\nyork\ten\t@gb\n";
        let terms = "ties with kenya\ten\tdiplomat_word\nnew york times\ten\tcompany\n";
        let knowledge = parse("countries.tsv", &format!("{lines}{terms}")).expect("the lines are whole");
        let lexicon = knowledge.lexicon(Language::new("en").expect("a code"));
        let mut words = crate::news::tokens::Terms::default();
        let mut countries = |text: &str| {
            let told = lexicon.longest(words.word_hashes(text)).map(|(_, entry)| entry.countries.clone());
            told.expect("the text begins with a term")
        };
        assert_eq!(countries("Rabat protests").len(), 1);
        assert_eq!(countries("Sino-Indian talks").len(), 2);
        assert_eq!(countries("Ties with Kenya"), countries("Kenya"));
        assert_eq!(countries("New York Times"), countries("New York"), "York is inside, and shorter");
        assert_ne!(countries("New York Times"), countries("York"));
    }

    #[test]
    fn a_broken_line_is_refused_with_its_place() {
        check_refused("sport.tsv", "raja\t*\n", "sport.tsv line 1: 2 fields");
        check_refused("sport.tsv", "raja\t*\t3\nwac\t*\t4\n", "line 2: \"4\" is no strength");
        check_refused("kinds.tsv", "raja\tFR\tclub\n", "\"FR\" is no language code");
        check_refused("local.tsv", "raja\t*\tsport 4\n", "\"sport 4\" is no strength");
        check_refused("countries.tsv", "rabat\t*\t@ma,\n", "\"\" is no country code");
        check_refused("sport.tsv", "\t*\t3\n", "the term is empty");
        check_refused("local.tsv", "raja\t*\t3\n", "names no topic");
    }

    #[test]
    fn a_folder_without_tables_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let error = Knowledge::read(folder.path()).expect_err("the folder is empty").to_string();
        assert!(error.contains("holds no .tsv file"), "{error}");
    }
}
