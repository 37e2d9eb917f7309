//! `newswire demo`, as a person runs it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

fn newswire(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    command.args(arguments).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    command
}

/// Ends the demo whatever becomes of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn the_demo_shows_every_page_and_dead_letter_and_sums_up() {
    let output = newswire(&["demo"]).output().expect("newswire runs");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{shown}");
    for reason in ["not_json", "no_text", "not_utf8", "wrong_type", "empty"] {
        let heading = format!("dead letter    {reason}\n");
        assert!(shown.contains(&heading), "{heading:?} is missing in {shown}");
        assert!(
            shown.contains(&format!("     1 dead letters: {reason}\n")),
            "{reason} is not counted in {shown}"
        );
    }
    for part in ["article", "ticker", "related", "diplomacy", "sport", "economy", "pages labelled"] {
        assert!(shown.contains(part), "{part:?} is missing in {shown}");
    }
    assert!(!shown.contains('\u{1b}'), "colours in a pipe");
}

#[test]
fn the_demo_streams_and_serves_the_live_page_until_it_is_told_to_stop() {
    let child = newswire(&["demo", "--keep-going"]).stdout(Stdio::piped()).spawn().expect("newswire starts");
    let mut demo = Running(child);
    let mut lines = BufReader::new(demo.0.stdout.take().expect("standard output is a pipe")).lines();
    let mut next_with = |sign: &str| {
        let found = lines.by_ref().map(|line| line.expect("a line")).find(|line| line.contains(sign));
        found.unwrap_or_else(|| panic!("the demo ended before {sign:?}"))
    };
    let live = next_with("http://127.0.0.1:");
    let address = live.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    next_with("ticker");
    let health = newswire(&["health", address]).output().expect("newswire runs");
    let answer = String::from_utf8_lossy(&health.stdout).into_owned();
    assert!(health.status.success() && answer.contains("ready"), "{answer}");

    let told = Command::new("kill").args(["-INT", &demo.0.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    next_with("pages labelled");
    let status = demo.0.wait().expect("the demo ends");
    assert!(status.success(), "{status}");
    let gone = newswire(&["health", address]).output().expect("newswire runs");
    assert!(!gone.status.success(), "something still answers at {address}");
}

#[test]
fn the_demo_stops_after_as_many_pages_as_asked_for() {
    let output = newswire(&["demo", "--pages", "3"]).output().expect("newswire runs");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("     3 pages labelled"), "{shown}");
}

#[test]
fn a_watcher_who_leaves_ends_the_demo_without_a_complaint() {
    let mut child = newswire(&["demo", "--keep-going"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("newswire starts");
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().expect("standard error is a pipe").read_to_string(&mut errors).expect("it is text");
    let status = child.wait().expect("the demo ends");
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
}
