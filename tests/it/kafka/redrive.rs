//! Dead letters go back to the input as the pages that they were, one reason at a time, and never twice.

use std::time::Duration;

use serde_json::json;

use crate::kit::brokers;
use crate::kit::kafka::{Feeder, ReadRecord, Reader, create_topics};
use crate::kit::pages::{Due, FedPage, page};
use crate::kit::process::{Installation, More, Topics};

const PARTITIONS: i32 = 3;

fn bad_pages(reason: &str) -> Vec<FedPage> {
    let numbers = (0..).map(|number| page(3, number, PARTITIONS));
    let of_reason = numbers.filter(|page| matches!(page.due, Due::DeadLetter(due) if due == reason));
    of_reason.take(12).collect()
}

/// What a page and a record have in common, whatever their offset.
fn content(partition: i32, key: &Option<Vec<u8>>, value: &Option<Vec<u8>>, trace: Option<&str>) -> String {
    format!("{:?}", (partition, key, value, trace))
}

fn sorted(contents: impl Iterator<Item = String>) -> Vec<String> {
    let mut contents: Vec<_> = contents.collect();
    contents.sort();
    contents
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn dead_letters_go_back_by_reason_and_never_twice() {
    let bootstrap = brokers::shared();
    let topics = Topics::named("redrive");
    create_topics(
        &bootstrap,
        &[(&topics.input, PARTITIONS), (&topics.output, PARTITIONS), (&topics.dead_letter, 2)],
    );
    let (empty, not_json) = (bad_pages("empty"), bad_pages("not_json"));
    let feeder = Feeder::new(&bootstrap, &topics.input);
    empty.iter().chain(&not_json).for_each(|page| feeder.feed(page));
    feeder.flush();

    let installation = Installation::new(&bootstrap, &topics, More::default());
    let service = installation.start_ready(&[]);
    let reader = Reader::of_group(&bootstrap, &topics.group);
    reader.wait_committed(&topics.input, Duration::from_secs(60));
    service.stop();

    let sends = |arguments: &[&str], expected: usize| {
        let before = read(&reader, &topics.input).len();
        let output = installation.run_to_end("redrive", arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(read(&reader, &topics.input).len() - before, expected, "{arguments:?}: {said}");
        said
    };
    let said = sends(&["--dry-run"], 0);
    assert!(said.contains("24  dead letters would be sent back"), "{said}");
    let said = sends(&["--reason", "empty"], empty.len());
    assert!(said.contains("12  dead letters sent back"), "{said}");
    sends(&["--reason", "empty"], 0);
    let said = sends(&["--dry-run"], 0);
    assert!(said.contains("12  not_json") && !said.contains("12  empty"), "{said}");
    sends(&[], not_json.len());
    sends(&[], 0);

    // What came back is what was sent at first: every page twice in the input, byte for byte.
    let fed = empty.iter().chain(&not_json);
    let fed = fed.map(|page| content(page.partition, &page.key, &page.value, Some(&page.trace)));
    let twice = sorted(fed.flat_map(|page| [page.clone(), page]));
    let found = read(&reader, &topics.input);
    let found = found.iter().map(|read| {
        assert_eq!(read.headers.len(), 1, "newswire's own headers stay behind: {read:?}");
        content(read.partition, &read.key, &read.value, read.header("trace"))
    });
    assert_eq!(sorted(found), twice);

    // The service sets them aside again, and that much is to be sent back anew.
    let service = installation.start_ready(&[]);
    reader.wait_committed_past_markers(&topics.input, Duration::from_secs(60));
    service.stop();
    sends(&["--reason", "not_json"], not_json.len());
}

fn read(reader: &Reader, topic: &str) -> Vec<ReadRecord> {
    let mut records = Vec::new();
    reader.read(topic, |record| records.push(record));
    records
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn a_page_that_is_mended_by_a_setting_is_labelled_when_it_goes_back() {
    let bootstrap = brokers::shared();
    let topics = Topics::named("redrive-mended");
    create_topics(&bootstrap, &[(&topics.input, 1), (&topics.output, 1), (&topics.dead_letter, 1)]);
    let feeder = Feeder::new(&bootstrap, &topics.input);
    let value = json!({"id": "page-0", "body": "La présidente rencontre une délégation à Lisbonne"});
    feeder.feed(&FedPage {
        number: 0,
        partition: 0,
        key: None,
        value: Some(value.to_string().into_bytes()),
        trace: "trace-0".into(),
        due: Due::DeadLetter("no_text"),
    });
    feeder.flush();
    let reader = Reader::of_group(&bootstrap, &topics.group);
    let to_the_end = |tables: &str| {
        let more = More { tables, ..More::default() };
        let installation = Installation::new(&bootstrap, &topics, more);
        let service = installation.start_ready(&[]);
        reader.wait_committed_past_markers(&topics.input, Duration::from_secs(60));
        service.stop();
        installation
    };
    let installation = to_the_end("");
    assert_eq!(read(&reader, &topics.output).len(), 0);
    assert!(installation.run_to_end("redrive", &["--reason", "no_text"]).status.success());
    to_the_end("[input.fields]\ntext = \"body\"\n");
    assert_eq!(read(&reader, &topics.output).len(), 1);
    assert_eq!(read(&reader, &topics.dead_letter).len(), 1);
}
