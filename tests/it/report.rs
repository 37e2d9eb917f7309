//! `newswire evaluate --report`, as a person runs it.

use std::path::Path;
use std::process::Command;

use serde_json::json;

const SPORT: [&str; 4] = ["The striker", "Our goalkeeper", "A young sprinter", "The visiting team"];
const DEEDS: [&str; 4] = ["scores in the derby", "wins the cup final", "loses the match", "sets a record"];
const ECONOMY: [&str; 4] = ["The central bank", "A steel maker", "The stock market", "The budget office"];
const MOVES: [&str; 4] =
    ["cuts its interest rate", "reports a loss", "raises its prices", "sees more exports"];

/// Labelled headlines of two topics from eight outlets.
fn corpus(split: &str) -> String {
    let topic = |topic: &'static str, who: [&'static str; 4], what: [&'static str; 4]| {
        who.into_iter()
            .flat_map(move |who| what.into_iter().map(move |what| (topic, format!("{who} {what}"))))
    };
    let rows = topic("sport", SPORT, DEEDS).chain(topic("economy", ECONOMY, MOVES)).enumerate();
    rows.map(|(number, (topic, title))| {
        let source = format!("outlet {}", number % 8);
        json!({"lang": "en", "source": source, "topic": topic, "title": title, "split": split}).to_string()
            + "\n"
    })
    .collect()
}

#[test]
fn the_report_is_one_page_with_its_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("the file can be written");
        path
    };
    let (judged, taught) = (file("judged.jsonl", corpus("dev")), file("taught.jsonl", corpus("train")));
    let report = folder.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_newswire"))
        .args([Path::new("evaluate"), "--data".as_ref(), &judged, "--report".as_ref(), &report])
        .args([Path::new("--learning-curve"), &taught])
        .output()
        .expect("newswire runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let page = std::fs::read_to_string(report.join("index.html")).expect("the page is there");
    assert_eq!(page.matches("<svg").count(), 4, "confusion, threshold, reliability and the learning curve");
    for shown in ["judged.jsonl", "macro-F1", "32", "sport", "economy"] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    for name in ["confusion-en", "threshold-en", "reliability-en", "learning-en"] {
        let figure =
            std::fs::read_to_string(report.join(name).with_extension("svg")).expect("the figure is there");
        assert!(figure.starts_with("<svg"), "{figure}");
    }
}
