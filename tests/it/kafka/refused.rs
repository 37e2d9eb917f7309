//! A record that the broker does not take: its page becomes a dead letter, and no other page is kept from its way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::Dice;
use crate::kit::brokers;
use crate::kit::kafka::{Feeder, Reader, create_topics, create_topics_with};
use crate::kit::pages::{Due, FedPage, MAX_PAGE_BYTES, page};
use crate::kit::process::{Installation, More, Topics};

const PARTITIONS: i32 = 2;
const PAGES: usize = 600;
/// What the output topic takes at most, in bytes: every record of the other pages, but no article of this size.
const LARGEST_RECORD: usize = 20_000;

/// An article that is a sound page and gives a record that is too large. One in 150 pages is such a one.
fn with_long_articles(number: usize) -> FedPage {
    let sound = page(17, number, PARTITIONS);
    if number % 150 != 75 {
        return sound;
    }
    // The broker looks at what is left after compression: so every sentence has its own figures.
    let mut dice = Dice::new(number as u64);
    let mut body = String::new();
    while body.len() < MAX_PAGE_BYTES - 2_000 {
        let (first, second) = (dice.next(), dice.next());
        body += &format!("The fund {first:x} lost {second} pesos on Wednesday. ");
    }
    let text = format!("Minister announces a deal on fishing rights\n\n{body}\n");
    let value = json!({"id": format!("page-{number}"), "text": text}).to_string().into_bytes();
    FedPage { value: Some(value), due: Due::DeadLetter("refused"), ..sound }
}

#[track_caller]
fn check(test: &str, delivery: &str) {
    let may_repeat = delivery == "at-least-once";
    let bootstrap = brokers::shared();
    let topics = Topics::named(test);
    create_topics(&bootstrap, &[(&topics.input, PARTITIONS), (&topics.dead_letter, 1)]);
    create_topics_with(
        &bootstrap,
        &[(&topics.output, PARTITIONS)],
        &[("max.message.bytes", &LARGEST_RECORD.to_string())],
    );
    let fed: Vec<FedPage> = (0..PAGES).map(with_long_articles).collect();
    let feeder = Feeder::new(&bootstrap, &topics.input);
    fed.iter().for_each(|page| feeder.feed(page));
    feeder.flush();

    let root = format!("delivery = \"{delivery}\"");
    let more = More { root: &root, tables: "[output]\nbody = true\n", ..More::default() };
    let installation = Installation::new(&bootstrap, &topics, more);
    let service = installation.start_ready(&[]);
    Reader::of_group(&bootstrap, &topics.group).wait_committed(&topics.input, Duration::from_secs(120));
    service.stop();

    let reader = Reader::new(&bootstrap, "read_committed");
    let mut found = BTreeMap::new();
    reader.read(&topics.dead_letter, |letter| {
        let trace = letter.header("trace").expect("its page's header").to_owned();
        let page = fed.iter().find(|page| page.trace == trace).expect("one of the pages");
        assert!(letter.value == page.value && letter.key == page.key, "{trace}: not byte for byte");
        let reason = letter.header("newswire-reason").expect("a reason").to_owned();
        let again = found.insert(trace.clone(), reason).is_some();
        assert!(!again || may_repeat, "{trace}: a dead letter twice");
    });
    let due: BTreeMap<String, String> = fed
        .iter()
        .filter_map(|page| match &page.due {
            Due::DeadLetter(reason) => Some((page.trace.clone(), (*reason).to_owned())),
            Due::Items(_) => None,
        })
        .collect();
    assert_eq!(due.values().filter(|reason| *reason == "refused").count(), PAGES / 150);
    assert_eq!(found, due);

    let audit = installation.run_to_end("audit", &["--json", "--set", "http.listen="]);
    let report: Value = serde_json::from_slice(&audit.stdout).expect("the audit answers in JSON");
    assert!(audit.status.success() && report["proven"] == PAGES, "{report}");
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn a_page_whose_record_is_too_large_becomes_a_dead_letter() {
    check("refused", "exactly-once");
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn and_so_it_does_at_least_once() {
    check("refused-at-least-once", "at-least-once");
}
