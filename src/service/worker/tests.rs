use std::collections::BTreeMap;

use super::super::broker::OutputRecord;
use super::super::dead_letter;
use super::super::memory::{Fault, MemoryBroker};
use super::*;
use crate::news::language::LanguageModel;
use crate::news::models::Models;
use crate::news::pipeline::Pipeline;
use crate::news::record::{LabelledRecord, Position};

/// The language model alone: what the worker does with a record does not hang on its topic.
fn models() -> Models {
    let bytes = include_bytes!("../../../models/language.model");
    let language = LanguageModel::read(bytes).expect("the shipped model is whole");
    Models { language, topics: BTreeMap::new() }
}

fn page(partition: i32, offset: i64, value: &str) -> InputRecord {
    InputRecord {
        position: Position { topic: "pages".into(), partition, offset },
        key: Some(format!("key-{partition}").into_bytes()),
        value: Some(value.as_bytes().to_vec()),
        headers: vec![("traceparent".into(), Some(b"00-1-2-01".to_vec()))],
    }
}

fn good(partition: i32, offset: i64) -> InputRecord {
    let text = format!(r#"{{"text": "Le ministre reçoit la page {partition} et {offset} à Paris"}}"#);
    page(partition, offset, &text)
}

/// Three partitions of good pages; every tenth page is bad.
fn pages(each: i64) -> Vec<InputRecord> {
    let one = |partition, offset| match offset % 10 {
        9 => page(partition, offset, "no JSON at all"),
        _ => good(partition, offset),
    };
    (0..3).flat_map(|partition| (0..each).map(move |offset| one(partition, offset))).collect()
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.batch.max_pages = 7;
    settings.batch.max_wait_ms = 1;
    settings
}

/// Runs the worker on `broker` until everything is committed.
fn work(
    mut broker: MemoryBroker,
    stop: Stop,
    settings: &Settings,
) -> (MemoryBroker, Arc<Stats>, Result<(), WorkerError>) {
    let pipeline = Pipeline { models: Arc::new(models()), options: settings.label_options() };
    let labeller = Labeller::new(pipeline, settings);
    let (source, _) = ModelSource::open(std::path::Path::new(""), |_| Ok(models())).expect("models");
    let stats = Stats::new();
    broker.watched = Some(Arc::clone(&stats));
    let worker = Worker::new(broker, labeller, source, settings, Arc::clone(&stats), stop);
    let (broker, result) = worker.run();
    (broker, stats, result)
}

fn broker(pages: Vec<InputRecord>) -> (MemoryBroker, Stop) {
    let stop = Stop::new();
    (MemoryBroker::new(pages, stop.clone()), stop)
}

fn header<'r>(record: &'r OutputRecord, name: &str) -> Option<&'r str> {
    let found = record.headers.iter().find(|(key, _)| key == name)?;
    std::str::from_utf8(found.1.as_deref()?).ok()
}

/// Every page gave all its items or one dead letter, once, in the order of its partition.
#[track_caller]
fn check_exactly_once(broker: &MemoryBroker, pages: &[InputRecord]) {
    let mut places: BTreeMap<i32, Vec<(i64, usize)>> = BTreeMap::new();
    let mut dead: Vec<(i32, i64)> = Vec::new();
    let mut items: BTreeMap<(i32, i64), (usize, usize)> = BTreeMap::new();
    for record in &broker.output {
        let value = record.value.as_deref().expect("a value");
        if &*record.topic == "dead-letters" {
            let number =
                |name| header(record, name).and_then(|text| text.parse::<i64>().ok()).expect("a number");
            let partition = i32::try_from(number(dead_letter::PARTITION)).expect("a partition");
            dead.push((partition, number(dead_letter::OFFSET)));
            places.entry(partition).or_default().push((number(dead_letter::OFFSET), 0));
        } else {
            let record: LabelledRecord = serde_json::from_slice(value).expect("a record");
            let place = (record.page.partition, record.page.offset);
            let seen = items.entry(place).or_insert((0, record.page.items));
            seen.0 += 1;
            places.entry(place.0).or_default().push((place.1, record.page.item));
        }
    }
    for (partition, places) in &places {
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "partition {partition} is out of order");
    }
    assert!(items.values().all(|(seen, all)| seen == all), "a page is partial");
    let mut passed: Vec<(i32, i64)> = items.into_keys().chain(dead).collect();
    passed.sort_unstable();
    let mut expected: Vec<(i32, i64)> =
        pages.iter().map(|page| (page.position.partition, page.position.offset)).collect();
    expected.sort_unstable();
    assert_eq!(passed, expected);
    for page in pages {
        let committed = broker.committed.get(&page.position.partition);
        assert!(committed.is_some_and(|committed| *committed > page.position.offset), "not committed");
    }
    assert!(broker.closed, "the group was not left");
}

/// The worker comes through `faults` with nothing lost, twice or out of order.
#[track_caller]
fn check_faults(faults: Vec<(usize, Fault)>) -> (MemoryBroker, Arc<Stats>) {
    let input = pages(40);
    let (mut broker, stop) = broker(input.clone());
    broker.faults = faults.into();
    let (broker, stats, result) = work(broker, stop, &settings());
    assert_eq!(result, Ok(()));
    assert!(broker.faults.is_empty(), "a fault did not hit");
    check_exactly_once(&broker, &input);
    (broker, stats)
}

#[test]
fn every_page_gives_its_records_or_a_dead_letter() {
    let (broker, stats) = check_faults(vec![]);
    assert!(broker.publications.iter().all(|pages| *pages <= 7));
    let counts = stats.snapshot().counts;
    assert_eq!(counts.pages.get("labelled"), Some(&108));
    assert_eq!(counts.pages.get("rejected"), Some(&12));
    assert_eq!(counts.dead_letters.get(&crate::news::page::RejectReason::NotJson), Some(&12));
    assert_eq!(counts.rewinds, 0);
}

#[test]
fn an_aborted_batch_is_read_again() {
    let abort = || Fault::Abort("the coordinator moved".into());
    let (_, stats) = check_faults(vec![(3, abort()), (0, abort()), (30, abort())]);
    assert_eq!(stats.snapshot().counts.rewinds, 3);
    assert_eq!(stats.health().trouble.as_deref(), Some("stopped"));
}

#[test]
fn a_batch_is_published_before_its_partitions_go_and_dropped_when_they_are_lost() {
    let rebalance = |lost| Fault::Rebalance { partitions: vec![0, 2], lost };
    check_faults(vec![
        (4, rebalance(false)),
        (2, rebalance(true)),
        (3, rebalance(false)),
        (9, rebalance(true)),
    ]);
}

#[test]
fn an_unreachable_broker_is_waited_for() {
    check_faults(vec![(5, Fault::Unreachable("no broker answers".into()))]);
}

#[test]
fn a_standstill_is_reported_and_the_clients_are_made_anew() {
    let input = pages(40);
    let (mut broker, stop) = broker(input.clone());
    broker.faults = vec![(20, Fault::Stall)].into();
    let mut settings = settings();
    settings.stall_timeout_ms = 50;
    let (broker, stats, result) = work(broker, stop, &settings);
    assert_eq!(result, Ok(()));
    assert_eq!(broker.rebuilds, 1);
    assert_eq!(stats.snapshot().counts.rebuilds, 1);
    let told = broker.health_at_rebuilds.first().and_then(|health| health.ready().err());
    assert!(told.as_ref().is_some_and(|reason| reason.contains("no progress")), "{told:?}");
    check_exactly_once(&broker, &input);
}

#[test]
fn a_page_whose_records_are_refused_becomes_a_dead_letter_and_the_stream_goes_on() {
    let mut input = pages(40);
    let poison = r#"{"text": "Le ministre POISON reçoit à Paris"}"#;
    for place in [0, 17, 18, 119] {
        let position = input[place].position.clone();
        input[place] = page(position.partition, position.offset, poison);
    }
    let (mut broker, stop) = broker(input.clone());
    broker.refuses = |record| {
        let value = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default());
        &*record.topic == "labelled" && value.contains("POISON")
    };
    // A batch that is given up on the way is read again, with the same suspects.
    broker.faults = vec![(60, Fault::Abort("the coordinator is gone".into()))].into();
    let (broker, stats, result) = work(broker, stop, &settings());
    assert_eq!(result, Ok(()));
    let refused =
        broker.output.iter().filter(|record| header(record, dead_letter::REASON) == Some("refused"));
    let refused: Vec<&OutputRecord> = refused.collect();
    assert_eq!(refused.len(), 4);
    assert_eq!(refused[0].value.as_deref(), Some(poison.as_bytes()));
    assert_eq!(stats.snapshot().counts.pages.get("refused"), Some(&4));
    check_exactly_once(&broker, &input);
}

#[test]
fn a_dead_letter_that_cannot_be_written_stops_the_service() {
    let input = vec![good(0, 0), page(0, 1, "no JSON"), good(0, 2)];
    let (mut broker, stop) = broker(input);
    broker.refuses = |record| &*record.topic == "dead-letters";
    let (broker, _, result) = work(broker, stop, &settings());
    let error = result.expect_err("the page must not be skipped").to_string();
    assert!(error.contains("max.message.bytes"), "{error}");
    assert_eq!(broker.committed.get(&0), Some(&1));
    assert!(broker.closed);
}

#[test]
fn what_a_person_must_mend_stops_the_service() {
    let (mut broker, stop) = broker(pages(3));
    broker.faults = vec![(0, Fault::Die("not authorized".into()))].into();
    let (broker, _, result) = work(broker, stop, &settings());
    assert_eq!(result, Err(WorkerError::Broker("not authorized".into())));
    assert!(broker.output.is_empty() && broker.closed);
}

#[test]
fn a_stop_finishes_the_batch_in_hand() {
    let input = pages(40);
    let (mut broker, stop) = broker(input);
    broker.stop_after = Some(10);
    let mut settings = settings();
    settings.batch.max_pages = 1000;
    settings.batch.max_wait_ms = 60_000;
    let (broker, _, result) = work(broker, stop, &settings);
    assert_eq!(result, Ok(()));
    assert_eq!(broker.publications, [10]);
    assert_eq!(broker.committed.get(&0), Some(&10));
    assert!(broker.closed);
}

#[test]
fn a_labelled_record_carries_the_pages_headers_and_its_own() {
    let (broker, _) = check_faults(vec![]);
    let record = broker.output.first().expect("a record");
    let body: LabelledRecord =
        serde_json::from_slice(record.value.as_deref().expect("a value")).expect("a record");
    assert_eq!(record.key.as_deref(), Some(&b"key-0"[..]));
    for (name, value) in [
        ("traceparent", "00-1-2-01"),
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_id", &body.id),
        ("ce_source", "/newswire/pages"),
        ("ce_type", "newswire.labelled.v1"),
        ("ce_time", &body.labelled_at),
        ("language", body.language.as_str()),
        ("ce_language", body.language.as_str()),
    ] {
        assert_eq!(header(record, name), Some(value), "{name}");
    }
    let dead = broker.output.iter().find(|record| &*record.topic == "dead-letters").expect("a dead letter");
    assert_eq!(dead.value.as_deref(), Some(&b"no JSON at all"[..]));
    for (name, value) in [
        ("traceparent", "00-1-2-01"),
        (dead_letter::REASON, "not_json"),
        (dead_letter::TOPIC, "pages"),
        (dead_letter::PARTITION, "0"),
        (dead_letter::OFFSET, "9"),
    ] {
        assert_eq!(header(dead, name), Some(value), "{name}");
    }
}

#[test]
fn a_loop_that_does_not_come_round_is_not_ready() {
    // With no time at all to come round in, it is overdue whenever it is asked.
    let (mut broker, stop) = broker(pages(40));
    broker.faults = vec![(20, Fault::Stall)].into();
    let mut settings = settings();
    settings.stall_timeout_ms = 0;
    let (broker, stats, result) = work(broker, stop, &settings);
    assert_eq!(result, Ok(()));
    let told = broker.health_at_rebuilds.first().and_then(|health| health.ready().err());
    assert!(told.as_ref().is_some_and(|reason| reason.contains("does not answer")), "{told:?}");
    // Once it has ended, nobody waits for it.
    let told = stats.health().ready().err();
    assert_eq!(told.as_deref(), Some("stopped"));
}

#[test]
fn a_loop_that_comes_round_in_time_is_ready() {
    let stats = Stats::new();
    stats.update_health(|health| health.joined = true);
    stats.came_round(Some(Duration::from_secs(60)));
    assert_eq!(stats.health().ready(), Ok(()));
    stats.came_round(Some(Duration::ZERO));
    let why = stats.health().ready().expect_err("it is overdue");
    assert!(why.contains("does not answer"), "{why}");
    stats.came_round(None);
    assert_eq!(stats.health().ready(), Ok(()));
}
