use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::news::page::{Reject, RejectReason};
use crate::news::record::Position;
use crate::service::broker::{InputRecord, PageOutput};
use crate::service::outcome::{HandledPage, Outcome};

/// One request to a server of its own must bring an answer that holds every one of `expected`.
#[track_caller]
fn check(stats: &Arc<Stats>, path: &str, expected: &[&str]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (listener, address) = runtime.block_on(listen("127.0.0.1:0")).expect("a free port");
    runtime.spawn(serve(listener, Arc::clone(stats)));
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET {path} HTTP/1.0\r\nHost: newswire\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    for part in expected {
        assert!(answer.contains(part), "{part:?} is not in {answer:?}");
    }
}

fn rejected(reason: RejectReason) -> HandledPage {
    let position = Position { topic: "pages".into(), partition: 0, offset: 0 };
    let input = InputRecord { position: position.clone(), key: None, value: None, headers: Vec::new() };
    let outcome = Outcome::Rejected(Reject { reason, detail: String::new() });
    HandledPage { input, outcome, output: PageOutput { position, records: Vec::new() } }
}

#[test]
fn readiness_is_off_until_the_group_accepts_and_while_pages_do_not_move() {
    let stats = Stats::new();
    check(&stats, "/health/live", &["200 OK", "live"]);
    check(&stats, "/health/ready", &["503 ", "consumer group"]);
    stats.update_health(|health| {
        health.joined = true;
        health.partitions = vec![2, 5];
    });
    check(&stats, "/health/ready", &["200 OK", r#""partitions":[2,5]"#]);
    stats.trouble("no broker answers");
    check(&stats, "/health/ready", &["503 ", r#""reason":"no broker answers""#]);
    check(&stats, "/stats", &[r#""trouble":"no broker answers""#]);
    stats.well();
    check(&stats, "/health/ready", &["200 OK"]);
}

#[test]
fn metrics_are_open_metrics() {
    let stats = Stats::new();
    stats.committed(&[rejected(RejectReason::NotJson), rejected(RejectReason::NotJson)]);
    stats.update(|counts| counts.lag = [(0, 7)].into());
    check(
        &stats,
        "/metrics",
        &[
            "application/openmetrics-text",
            "newswire_pages_total{outcome=\"rejected\"} 2",
            "newswire_dead_letters_total{reason=\"not_json\"} 2",
            "newswire_lag{partition=\"0\"} 7",
            "newswire_batches_total 1",
            "newswire_ready 0",
            "# EOF",
        ],
    );
}

#[test]
fn the_live_page_is_there() {
    check(&Stats::new(), "/", &["200 OK", "<title>newswire</title>"]);
}
