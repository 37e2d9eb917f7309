//! `newswire label` and `newswire explain`, as a person runs them.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::schema::assert_valid;

fn newswire(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    // An empty folder: no newswire.toml of the repository or of whoever runs the tests.
    command.args(arguments).current_dir(std::env::temp_dir()).env_remove("NEWSWIRE_CONFIG");
    command
}

/// Runs to the end with `input` on standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = newswire(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("newswire starts");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    std::thread::scope(|scope| {
        // Beside the reading of the output, so that neither pipe fills up.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("newswire ends")
    })
}

fn records(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(assert_valid).collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn page(text: &str) -> String {
    json!({ "text": text, "id": "a-page" }).to_string()
}

#[test]
fn every_page_of_the_test_data_gives_valid_records() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pages");
    let files: Vec<String> = std::fs::read_dir(folder)
        .expect("the pages can be read")
        .map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned())
        .filter(|path| path.ends_with(".txt"))
        .collect();
    let arguments: Vec<&str> =
        ["label", "--evidence", "4", "--body"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = run(&arguments, b"");
    let records = records(&output);
    for file in &files {
        let of_file: Vec<_> = records.iter().filter(|record| record["page"]["topic"] == **file).collect();
        let rejected = errors(&output).contains(&format!("{file}, line 1: no_item"));
        assert_ne!(of_file.is_empty(), !rejected, "{file} gives {} records", of_file.len());
        for (number, record) in of_file.iter().enumerate() {
            assert_eq!(record["page"]["item"], number, "{record}");
            assert_eq!(record["page"]["items"], of_file.len(), "{record}");
            assert_eq!(record["page"]["offset"], 1, "{record}");
        }
    }
}

#[test]
fn a_line_is_a_page_and_a_bad_one_is_named() {
    let lines = [
        page("The central bank raises its rate by half a point"),
        "{\"text\": 7}".into(),
        String::new(),
        page("El equipo gana la final en los penaltis"),
        "no JSON".into(),
    ];
    let output = run(&["label", "--format", "jsonl"], lines.join("\n").as_bytes());
    let records = records(&output);
    let lines: Vec<&Value> = records.iter().map(|record| &record["page"]["offset"]).collect();
    assert_eq!(lines, [&json!(1), &json!(4)]);
    assert_eq!(records[0]["page"]["topic"], "stdin");
    assert_eq!(records[0]["id"], "stdin-0-1-0");
    assert_eq!(output.status.code(), Some(1));
    let errors = errors(&output);
    assert!(
        errors.contains("stdin, line 2: wrong_type") && errors.contains("stdin, line 5: not_json"),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 2, "{errors}");
}

#[test]
fn the_format_follows_the_extension_and_standard_input_is_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("the file can be written");
        path.to_string_lossy().into_owned()
    };
    let headline = "Le gouvernement présente son budget pour l'année prochaine";
    let json = write("page.json", page(headline));
    let lines = write("pages.ndjson", format!("{}\n{}\n", page(headline), page(headline)));
    let text = write("page", headline.into());
    let output = run(&["label", &json, &lines, &text, "-"], headline.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let records = records(&output);
    assert_eq!(records.len(), 5);
    for record in records {
        assert_eq!((&record["text"], &record["language"]), (&json!(headline), &json!("fr")), "{record}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named_and_the_others_are_labelled() {
    let output = run(&["label", "/no/such/file.txt", "-"], b"The minister meets his colleague in Geneva");
    assert_eq!(records(&output).len(), 1);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("/no/such/file.txt"), "{}", errors(&output));
}

#[test]
fn a_page_over_the_limit_is_rejected() {
    let output = run(&["label", "--set", "input.max_page_bytes=20"], &[b'a'; 50]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(errors(&output).contains("too_large"), "{}", errors(&output));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = newswire(&["label", "--format", "jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("newswire starts");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
    let line = page("The match ends without a goal") + "\n";
    let writer = std::thread::spawn(move || {
        // More than all the buffers hold; it fails once newswire is gone, as it should.
        for _ in 0..200_000 {
            if stdin.write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    });
    let mut first = String::new();
    stdout.read_line(&mut first).expect("a record comes");
    assert_valid(&first);
    drop(stdout);
    let status = child.wait().expect("newswire ends");
    writer.join().expect("the writer ends");
    let mut errors = String::new();
    child.stderr.take().expect("standard error is a pipe").read_to_string(&mut errors).expect("it is text");
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn records_for_people_hold_no_colours_in_a_pipe() {
    let headline = "La selección gana el Mundial tras una prórroga agónica";
    let output = run(&["label", "--pretty"], headline.as_bytes());
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    for part in ["article", "es", "sport", headline] {
        assert!(shown.contains(part), "{part:?} is missing in {shown}");
    }
}

#[test]
fn explain_gives_the_evidence_of_the_record() {
    let headline = "El Banco Central sube los tipos de interés medio punto";
    let record = &records(&run(&["label", "--evidence", "3"], headline.as_bytes()))[0];
    let output = run(&["explain", "--json", "--page-language", "es", headline], b"");
    let explained: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    assert_eq!(explained["language"], record["language"]);
    let topic = &explained["topic"];
    assert_eq!(topic["topic"], record["topic"]);
    assert_eq!(topic["confidence"], record["confidence"]);
    assert_eq!(topic["model"], record["model"]);
    let evidence = topic["evidence"].as_array().expect("the terms");
    assert_eq!(evidence.get(..3), record["evidence"].as_array().map(Vec::as_slice), "{explained}");
    for (label, score) in
        topic["scores"].as_array().expect("the scores").iter().map(|pair| (&pair[0], &pair[1]))
    {
        assert_eq!(score, &record["scores"][label.as_str().expect("a label")], "{label}");
    }
    // The sum of the terms is the score: the log of the probability less the mean log of the others'.
    let log = |label: &str| record["scores"][label].as_f64().expect("a probability").ln();
    let chosen = topic["topic"].as_str().expect("a topic");
    let labels: Vec<&str> =
        record["scores"].as_object().expect("scores").keys().map(String::as_str).collect();
    let others: f64 = labels.iter().filter(|label| **label != chosen).map(|label| log(label)).sum();
    let score = log(chosen) - others / (labels.len() - 1) as f64;
    let sum = topic["log_odds"].as_f64().expect("the sum of the terms");
    assert!((score - sum).abs() < 1e-9, "the score is {score}, the terms add up to {sum}");
    assert!(!explained["witnesses"].as_array().expect("the witnesses").is_empty());
}

#[test]
fn explain_is_readable() {
    let output = run(&["explain", "The striker scores twice in the derby", "0000"], b"");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in ["language  en", "topic     sport", "for", "start", "sum", "nats", "topic     none"] {
        assert!(shown.contains(part), "{part:?} is missing in {shown}");
    }
}
