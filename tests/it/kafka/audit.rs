//! `newswire audit` proves what is whole and refutes what is not, on any topics.

use std::time::Duration;

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use crate::kit::brokers;
use crate::kit::judge::Fed;
use crate::kit::kafka::{Feeder, ReadRecord, Reader, config, create_topics, delete_records};
use crate::kit::process::{Installation, More, Topics};

const PARTITIONS: i32 = 2;
const PAGES: usize = 300;

/// Topics in which a service has done all its work.
struct Done {
    bootstrap: String,
    topics: Topics,
    installation: Installation,
    reader: Reader,
}

impl Done {
    /// With an output topic for each of the `languages`, or one for all.
    fn new(test: &str, languages: &[&str]) -> Done {
        let bootstrap = brokers::shared();
        let mut topics = Topics::named(test);
        create_topics(&bootstrap, &[(&topics.input, PARTITIONS), (&topics.dead_letter, 1)]);
        if languages.is_empty() {
            create_topics(&bootstrap, &[(&topics.output, PARTITIONS)]);
        }
        for language in languages {
            create_topics(&bootstrap, &[(&format!("{}.{language}", topics.output), PARTITIONS)]);
        }
        if !languages.is_empty() {
            topics.output += ".{language}";
        }
        let fed = Fed { seed: 11, count: PAGES, partitions: PARTITIONS };
        let feeder = Feeder::new(&bootstrap, &topics.input);
        (0..PAGES).for_each(|number| feeder.feed(&fed.page(number)));
        feeder.flush();
        let installation = Installation::new(&bootstrap, &topics, More::default());
        let reader = Reader::of_group(&bootstrap, &topics.group);
        let service = installation.start_ready(&[]);
        reader.wait_committed(&topics.input, Duration::from_secs(60));
        service.stop();
        Done { bootstrap, topics, installation, reader }
    }

    /// Runs the audit: whether it holds, and its report.
    #[track_caller]
    fn audit(&self, arguments: &[&str]) -> (bool, Value) {
        let output =
            self.installation.run_to_end("audit", &[&["--json", "--settle", "20"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stdout);
        let report = serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.success(), report)
    }

    #[track_caller]
    fn check_breach(&self, arguments: &[&str], class: &str, words: &str) {
        let (holds, report) = self.audit(arguments);
        assert!(!holds && report["holds"] == false, "{report}");
        assert!(report["breaches"][class].as_u64() > Some(0), "{class}: {report}");
        let output = self.installation.run_to_end("audit", arguments);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(words), "{words:?} in {said}");
    }

    fn first_record(&self, topic: &str) -> ReadRecord {
        let mut first = None;
        self.reader.read(topic, |record| {
            first.get_or_insert(record);
        });
        first.expect("the topic holds records")
    }

    fn write(&self, topic: &str, record: &ReadRecord) {
        let producer: BaseProducer = config(&self.bootstrap).create().expect("a producer");
        let value = record.value.as_deref().unwrap_or_default();
        let written = BaseRecord::<[u8], [u8]>::to(topic).partition(record.partition).payload(value);
        producer.send(written).map_err(|(error, _)| error).expect("the record is queued");
        producer.flush(Duration::from_secs(10)).expect("the record is written");
    }
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn a_whole_run_is_proven_and_each_breach_is_named() {
    let done = Done::new("audit", &[]);
    let output = done.topics.output.clone();
    let (holds, report) = done.audit(&[]);
    assert!(holds, "{report}");
    assert_eq!(report["pages"], PAGES, "{report}");
    assert_eq!(report["proven"], PAGES, "{report}");

    // Pages that no instance has passed.
    let fed = Fed { seed: 11, count: PAGES + 6, partitions: PARTITIONS };
    let feeder = Feeder::new(&done.bootstrap, &done.topics.input);
    (PAGES..PAGES + 6).for_each(|number| feeder.feed(&fed.page(number)));
    feeder.flush();
    done.check_breach(&[], "not_committed", "has not passed it");
    done.check_breach(&[], "lost", "neither they nor a dead letter exist");
    let (holds, report) = done.audit(&["--until", "committed"]);
    assert!(holds && report["pages"] == PAGES, "{report}");
    let (holds, report) = done.audit(&["--until", "0=10,1=20"]);
    assert!(holds && report["pages"] == 30, "{report}");

    // Somebody else's record in the output is passed over.
    let first = done.first_record(&output);
    let foreign = ReadRecord { value: Some(b"{\"id\":\"of another service\"}".to_vec()), ..first.clone() };
    done.write(&output, &foreign);
    let (holds, report) = done.audit(&["--until", "committed"]);
    assert!(holds && report["foreign"] == 1, "{report}");

    // A record that is there twice, and so out of order too.
    done.write(&output, &first);
    done.check_breach(&["--until", "committed"], "duplicated", "was published more than once");
    done.check_breach(&["--until", "committed"], "out_of_order", "comes after one of offset");
    let (holds, report) = done.audit(&["--until", "committed", "--set", "delivery=at-least-once"]);
    assert!(holds && report["repeated"] == 1, "{report}");

    // An audit of another group's offsets.
    done.check_breach(&["--set", "kafka.\"group.id\"=nobody"], "not_committed", "has not passed it");
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn a_topic_for_each_language_is_audited_as_one() {
    let done = Done::new("audit-languages", &["fr", "es", "en", "und"]);
    let (holds, report) = done.audit(&[]);
    assert!(holds && report["proven"] == PAGES, "{report}");
    assert_eq!(report["outputs"].as_array().map(Vec::len), Some(4), "{report}");
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn what_retention_deleted_is_counted_apart() {
    let done = Done::new("audit-retention", &[]);
    let output = done.topics.output.clone();
    // The input's start is gone: its records are judged by themselves.
    delete_records(&done.bootstrap, &done.topics.input, 0, 50);
    let (holds, report) = done.audit(&[]);
    assert!(holds && report["proven"] == PAGES, "{report}");
    assert_eq!(report["pages"], PAGES - 50, "{report}");
    // The output's start is gone: what is missing there proves nothing, and what stands behind it is proven.
    let end = done.reader.end(&output, 0);
    delete_records(&done.bootstrap, &output, 0, end / 2);
    let (holds, report) = done.audit(&[]);
    assert!(holds, "{report}");
    assert!(report["not_verified"].as_u64() > Some(0), "{report}");
    assert!(report["proven"].as_u64() > Some(0), "{report}");
}
