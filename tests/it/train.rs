//! `newswire train`, `evaluate` and `label` on topics and a language of a user's own.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn newswire(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_newswire"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("newswire starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("the input is small");
    child.wait_with_output().expect("newswire ends")
}

#[track_caller]
fn succeed(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = newswire(folder, arguments, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "newswire {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const HEALTH: [&str; 6] = ["ospedale", "vaccino", "medici", "influenza", "chirurgo", "ambulatorio"];
const CULTURE: [&str; 6] = ["mostra", "romanzo", "teatro", "museo", "concerto", "regista"];
const PLACES: [&str; 5] = ["a Torino", "di Palermo", "per la città", "nella valle", "sul lago"];

/// Italian headlines of two topics that no shipped model knows, every tenth held out.
fn corpus(folder: &Path) {
    let mut rows = String::new();
    for n in 0..240usize {
        let (topic, words) = if n.is_multiple_of(2) { ("health", HEALTH) } else { ("culture", CULTURE) };
        let (one, two, place) = (words[n % 6], words[(n / 6 + 1) % 6], PLACES[n % 5]);
        let split = if n % 10 < 2 { "dev" } else { "train" };
        let row = serde_json::json!({
            "lang": "it", "source": format!("gazzetta {}", n % 8), "topic": topic, "split": split,
            "title": format!("Il nuovo {one} {place}: {two} e polemiche numero {n}"),
        });
        writeln!(rows, "{row}").expect("a string can be written");
    }
    std::fs::write(folder.join("corpus.jsonl"), rows).expect("the folder can be written");
}

/// Forty Italian headlines without a source, each topic told by one word, one in four held out.
fn own_headlines(folder: &Path) {
    let mut rows = String::new();
    for n in 0..40 {
        let (topic, word) = if n % 2 == 0 { ("health", "farmacia") } else { ("culture", "fumetto") };
        let split = if n % 8 < 2 { "dev" } else { "train" };
        let title = format!("{word} in piazza {n}");
        let row = serde_json::json!({ "lang": "it", "topic": topic, "split": split, "title": title });
        writeln!(rows, "{row}").expect("a string can be written");
    }
    std::fs::write(folder.join("own.jsonl"), rows).expect("the folder can be written");
}

#[test]
fn topics_and_a_language_of_ones_own_train_evaluate_and_label() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    corpus(folder);
    let said = succeed(folder, &["train", "--corpus", "corpus.jsonl", "--out", "models"], "");
    assert!(said.contains("topic-it.model") && said.contains("replaces no model"), "{said}");

    let json = succeed(folder, &["evaluate", "--model", "models", "--data", "corpus.jsonl", "--json"], "");
    let evaluations: Value = serde_json::from_str(&json).expect("the evaluation is JSON");
    let figures = &evaluations["topics"][0]["figures"];
    assert_eq!(evaluations["topics"][0]["language"], "it");
    assert_eq!(evaluations["language"]["own"], serde_json::json!(["it"]));
    assert_eq!(figures["labels"], serde_json::json!(["culture", "health"]));
    assert_eq!(figures["headlines"], 48, "the held-out rows alone");
    assert!(figures["accuracy"].as_f64().is_some_and(|accuracy| accuracy > 0.95), "{figures}");

    let page = "Il teatro di Palermo apre la stagione con un romanzo nella valle";
    let records = succeed(folder, &["label", "--models", "models"], page);
    let record: Value =
        serde_json::from_str(records.lines().next().expect("a record")).expect("a record is JSON");
    assert_eq!((&record["language"], &record["topic"]), (&"it".into(), &"culture".into()), "{record}");
}

#[test]
fn labels_by_fingerprint_teach_a_headline_that_the_corpus_does_not_label() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    corpus(folder);
    let mut rows = std::fs::read_to_string(folder.join("corpus.jsonl")).expect("it was written");
    for n in 0..6 {
        let title = if n == 0 { "Un fumetto".to_owned() } else { format!("Fumetto in piazza {n}") };
        let row = serde_json::json!({ "lang": "it", "source": "gazzetta 1", "topic": null, "title": title });
        writeln!(rows, "{row}").expect("a string can be written");
    }
    std::fs::write(folder.join("corpus.jsonl"), rows).expect("the folder can be written");
    let title = |n: usize| if n == 0 { "un fumetto".to_owned() } else { format!("fumetto in piazza {n}") };
    let line = |n| format!("{:016x}\tculture\n", newswire::learn::labels::fingerprint(&title(n)));
    std::fs::write(folder.join("labels.tsv"), (0..6).map(line).collect::<String>())
        .expect("the folder can be written");
    let labels_of = |arguments: &[&str], out: &str| {
        succeed(folder, &[&["train", "--corpus", "corpus.jsonl", "--out", out], arguments].concat(), "");
        let said =
            succeed(folder, &["explain", "--models", out, "--page-language", "it", "--json", "Fumetto"], "");
        let explanation: Value = serde_json::from_str(said.trim()).expect("the explanation is JSON");
        explanation["topic"].clone()
    };
    let told = |topic: &Value| topic["evidence"].as_array().is_some_and(|evidence| !evidence.is_empty());
    assert!(!told(&labels_of(&[], "without")), "a word that no label teaches tells nothing");
    let taught = labels_of(&["--labels", "labels.tsv"], "with");
    assert!(told(&taught) && taught["topic"] == "culture", "{taught}");

    std::fs::write(folder.join("labels.tsv"), "0011223344556677\tculture\n")
        .expect("the folder can be written");
    let arguments = ["train", "--corpus", "corpus.jsonl", "--labels", "labels.tsv", "--out", "with"];
    let output = newswire(folder, &arguments, "");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && errors.contains("leave --labels out"), "{errors}");
}

#[test]
fn the_same_corpus_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    corpus(folder);
    for out in ["one", "two"] {
        succeed(folder, &["train", "--corpus", "corpus.jsonl", "--out", out], "");
    }
    for file in ["topic-it.model", "language.model"] {
        let read = |out: &str| std::fs::read(folder.join(out).join(file)).expect("training wrote the file");
        assert!(read("one") == read("two"), "{file} differs");
    }
}

#[test]
fn a_users_headlines_are_merged_into_a_model() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    corpus(folder);
    succeed(folder, &["train", "--corpus", "corpus.jsonl", "--out", "models"], "");
    own_headlines(folder);
    let said =
        succeed(folder, &["train", "--init", "models", "--corpus", "own.jsonl", "--out", "merged"], "");
    assert!(said.contains("merged 30 headlines") && said.contains("against the model before"), "{said}");
    let accuracy = |model: &str| {
        let json = succeed(folder, &["evaluate", "--model", model, "--data", "own.jsonl", "--json"], "");
        let evaluations: Value = serde_json::from_str(&json).expect("the evaluation is JSON");
        evaluations["topics"][0]["figures"]["accuracy"].as_f64().expect("a number")
    };
    assert!(accuracy("merged") > accuracy("models"), "no gain");
    assert_eq!(accuracy("merged"), 1.0);

    let models = folder.join("models");
    std::fs::copy(models.join("topic-it.model"), models.join("topic-pt.model"))
        .expect("a file can be copied");
    succeed(folder, &["train", "--init", "models", "--corpus", "own.jsonl", "--out", "whole"], "");
    for file in ["topic-pt.model", "language.model"] {
        assert!(folder.join("whole").join(file).exists(), "{file} is missing where the models are to serve");
    }
    let whole = std::fs::read(models.join("topic-it.model")).expect("the file exists");
    std::fs::write(models.join("topic-it.model"), &whole[..whole.len() / 2]).expect("a file can be written");
    let arguments = ["train", "--init", "models", "--corpus", "own.jsonl", "--out", "broken"];
    let output = newswire(folder, &arguments, "");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && errors.contains("copy the file again"), "{errors}");
}

#[test]
fn what_cannot_be_trained_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    let output = newswire(folder, &["train", "--corpus", "missing.jsonl", "--out", "models"], "");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && errors.contains("missing.jsonl"), "{errors}");
    std::fs::write(folder.join("broken.jsonl"), "{\"lang\":\"it\"}\n").expect("the folder can be written");
    let output = newswire(folder, &["train", "--corpus", "broken.jsonl", "--out", "models"], "");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("line 1") && !errors.contains("panicked"), "{errors}");
}

#[test]
fn a_corpus_of_one_language_says_what_its_language_model_will_do() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    own_headlines(folder);
    let said = succeed(folder, &["train", "--corpus", "own.jsonl", "--out", "models"], "");
    assert!(said.contains("will take every text for it"), "{said}");
    assert!(said.contains("unseen headlines (fewer than six sources)"), "{said}");
}
