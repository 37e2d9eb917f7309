//! What the documents promise exists: settings, commands, files. And the house keeps its walls.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser;
use newswire::cli::Arguments;
use newswire::config::Settings;

const DOCUMENTS: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The inline code of a document: what stands between single backticks, outside code blocks.
fn inline_code(document: &str) -> Vec<String> {
    let prose = document.split("```").step_by(2);
    prose.flat_map(|text| text.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// The lines of a document's `sh` blocks.
fn shell_lines(document: &str) -> Vec<String> {
    let blocks = document.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// newswire.toml with every setting's comment sign taken away, as dotted keys.
fn known_settings() -> BTreeSet<String> {
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
        _ => line.to_owned(),
    };
    let text: String = read("newswire.toml").lines().map(|line| setting(line) + "\n").collect();
    let table: toml::Table = text.parse().expect("newswire.toml without comment signs is TOML");
    let mut keys = BTreeSet::new();
    collect(&table, "", &mut keys);
    keys
}

fn collect(table: &toml::Table, above: &str, keys: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        if let toml::Value::Table(inner) = value {
            collect(inner, &key, keys);
        }
        keys.insert(key);
    }
}

/// A setting as documents write it, `output.body` or `output.key = "page"`: its key.
fn setting_key(code: &str, sections: &BTreeSet<&str>) -> Option<String> {
    let key = code.split(" = ").next()?.trim_matches(['[', ']']);
    let section = key.split('.').next()?;
    let plain = key.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '.');
    (plain && key.contains('.') && sections.contains(section)).then(|| key.to_owned())
}

#[test]
fn every_setting_that_a_document_names_exists() {
    let known = known_settings();
    let sections: BTreeSet<&str> = known.iter().filter_map(|key| key.split('.').next()).collect();
    let mut named = 0;
    for document in DOCUMENTS {
        for code in inline_code(&read(document)) {
            let Some(key) = setting_key(&code, &sections) else { continue };
            named += 1;
            // A key below [kafka] is librdkafka's to know; `models/` and the like are files.
            let is_file = root().join(&key).exists();
            assert!(
                key.starts_with("kafka.") || is_file || known.contains(&key),
                "{document} names {code:?}"
            );
        }
    }
    assert!(named > 5, "the documents name {named} settings, which cannot be all");
}

#[test]
fn every_environment_variable_that_a_document_names_is_a_setting() {
    let mut named = 0;
    for document in DOCUMENTS.into_iter().chain(["Dockerfile", "docker-compose.yml", "newswire.toml"]) {
        let text = read(document);
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for name in words.filter(|word| word.starts_with("NEWSWIRE_") && word.contains("__")) {
            named += 1;
            let value = match name.rsplit("__").next().unwrap_or_default() {
                "MAX_PAGES" | "PARTITIONS" => "6",
                "CREATE" => "true",
                "LISTEN" => "127.0.0.1:0",
                _ => "x",
            };
            let loaded = Settings::load(None, [(name.to_owned(), value.to_owned())], &[]);
            assert!(loaded.is_ok(), "{document} names {name}: {loaded:?}");
        }
    }
    assert!(named > 3, "the documents name {named} variables, which cannot be all");
}

/// A shell line's words up to a pipe, a redirection or a comment; quotes keep blanks.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word = String::new();
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '|' | '>' | '<' | '#' | ';' | '&') => break,
            (None, ' ') if word.is_empty() => {}
            (None, ' ') => words.push(std::mem::take(&mut word)),
            (_, c) => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[test]
fn every_command_that_a_document_shows_is_understood() {
    let mut shown = 0;
    for document in DOCUMENTS {
        for line in shell_lines(&read(document)) {
            let line = line.replacen("cargo run --release --", "newswire", 1);
            let Some(start) = line.find("newswire ").filter(|&start| start == 0) else { continue };
            let line = line.get(start..).unwrap_or_default();
            shown += 1;
            let parsed = Arguments::try_parse_from(words(line));
            assert!(
                parsed.is_ok(),
                "{document}: {line}\n{}",
                parsed.err().map_or(String::new(), |e| e.to_string())
            );
        }
    }
    assert!(shown > 5, "the documents show {shown} commands, which cannot be all");
}

#[test]
fn no_document_names_a_file_that_is_gone() {
    for document in DOCUMENTS {
        let text = read(document);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let links = links.filter(|link| !link.contains("://") && !link.starts_with('#')).map(str::to_owned);
        let top: BTreeSet<String> = std::fs::read_dir(root())
            .expect("the repository can be read")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        let paths = inline_code(&text).into_iter().filter(|code| {
            let first = code.trim_start_matches("./").split('/').next().unwrap_or_default();
            code.contains('/') && !code.contains([' ', '*', '{', '<']) && top.contains(first)
        });
        for path in links.chain(paths).filter(|path| !path.starts_with("target/")) {
            assert!(root().join(&path).exists(), "{document} names {path:?}");
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The files under src, as paths from there, that name `word` outside comments.
fn files_that_name(word: &str) -> Vec<String> {
    let source = root().join("src");
    let names = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a source is text");
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        code.into_iter().any(|line| {
            line.match_indices(word).any(|(start, _)| {
                let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
                let before = line.get(..start).and_then(|text| text.chars().next_back());
                let after = line.get(start + word.len()..).and_then(|text| text.chars().next());
                !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
            })
        })
    };
    let shown = |path: PathBuf| {
        let path =
            path.strip_prefix(&source).expect("the file lies under src").to_string_lossy().into_owned();
        path.replace('\\', "/")
    };
    let mut found: Vec<String> = sources(&source).into_iter().filter(names).map(shown).collect();
    found.sort();
    found
}

#[track_caller]
fn check_only_in(word: &str, allowed: &[&str]) {
    let found = files_that_name(word);
    let outside: Vec<_> =
        found.iter().filter(|path| !allowed.iter().any(|allowed| path.starts_with(allowed))).collect();
    assert!(outside.is_empty(), "{word} stands in {outside:?}, and may stand in {allowed:?} alone");
    assert!(!found.is_empty(), "{word} stands nowhere: does this test still look for the right name?");
}

#[test]
fn the_core_is_pure() {
    for word in ["tokio", "rdkafka", "std::fs", "std::env", "std::net", "SystemTime", "Instant", "println"] {
        let impure: Vec<_> =
            files_that_name(word).into_iter().filter(|path| path.starts_with("news/")).collect();
        assert!(impure.is_empty(), "{word} stands in {impure:?}");
    }
    // The core imports nothing of ours but itself.
    for module in ["crate::service", "crate::learn", "crate::cli", "crate::config"] {
        let inward: Vec<_> =
            files_that_name(module).into_iter().filter(|path| path.starts_with("news/")).collect();
        assert!(inward.is_empty(), "{module} stands in {inward:?}");
    }
}

#[test]
fn each_crate_with_sharp_edges_has_one_place() {
    check_only_in("rdkafka", &["service/kafka"]);
    check_only_in("whatlang", &["news/language"]);
    check_only_in("linfa_bayes", &["learn/"]);
    check_only_in("plotters", &["learn/report/figures.rs"]);
    check_only_in("axum", &["service/http"]);
}
