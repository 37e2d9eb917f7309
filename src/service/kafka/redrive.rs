//! Sends dead letters back to the input topic, exactly once.
//!
//! Each reason has a consumer group and a transactional id of its own, both named `GROUP-redrive-REASON`: the
//! letters of a batch and the offset behind them commit in one transaction. So one reason can be sent back without
//! the others; a run that was killed is ended by the next (its open transaction is aborted, and what it committed
//! is not sent again); and of two runs at once the later fences the earlier.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::{Offset, TopicPartitionList};

use super::client;
use super::scan::{Isolation, LogRange, ScanError, ScannedRecord, Scanner};
use crate::config::Settings;
use crate::news::page::RejectReason;
use crate::service::dead_letter;

/// A transaction holds at most so many letters, and so many bytes and one letter.
const BATCH_LETTERS: usize = 500;
const BATCH_BYTES: usize = 4_000_000;

/// How long one step of a transaction may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);

/// Why letters could not be sent back.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("topic '{0}' does not exist; set `{1}` to the topic that the service uses")]
    NoTopic(String, &'static str),
    #[error(
        "cannot {what}: {source}; run redrive again: it goes on behind the last letter that was sent back"
    )]
    Broker { what: &'static str, source: KafkaError },
    #[error(
        "cannot {what}: another redrive of reason '{reason}' has taken over ({source}); let that one finish"
    )]
    Fenced { what: &'static str, reason: &'static str, source: KafkaError },
}

/// A dead letter that is due to be sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where the letter stands in the dead-letter topic.
    pub partition: i32,
    pub offset: i64,
    pub reason: RejectReason,
    /// The sentence that says why the page was set aside.
    pub detail: String,
    /// Where the page stood in the input topic.
    pub page_partition: Option<i32>,
    pub page_offset: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    /// The page's own headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Letter {
    /// Reads a record of the dead-letter topic; `None` where it is not of this input topic, or no dead letter.
    fn read(record: &ScannedRecord<'_>, input: &str) -> Option<Letter> {
        let header = |name: &str| {
            let found = record.headers.iter().rev().find(|(key, _)| *key == name);
            found.and_then(|(_, value)| std::str::from_utf8((*value)?).ok())
        };
        if header(dead_letter::TOPIC) != Some(input) {
            return None;
        }
        let reason = header(dead_letter::REASON)?;
        let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        let own_headers = record.headers.iter().filter(|(name, _)| !dead_letter::HEADERS.contains(name));
        Some(Letter {
            partition: record.partition,
            offset: record.offset,
            reason: RejectReason::ALL.into_iter().find(|known| known.code() == reason)?,
            detail: header(dead_letter::DETAIL).unwrap_or_default().to_owned(),
            page_partition: header(dead_letter::PARTITION).and_then(|text| text.parse().ok()),
            page_offset: header(dead_letter::OFFSET).and_then(|text| text.parse().ok()),
            key: owned(record.key),
            value: owned(record.value),
            headers: own_headers.map(|(name, value)| ((*name).to_owned(), owned(*value))).collect(),
        })
    }

    fn bytes(&self) -> usize {
        self.value.as_ref().map_or(0, Vec::len) + self.key.as_ref().map_or(0, Vec::len)
    }
}

/// Shows every letter of a reason that the next run would send back to `each`, and sends nothing.
pub fn preview(
    settings: &Settings,
    reason: RejectReason,
    mut each: impl FnMut(&Letter),
) -> Result<u64, RedriveError> {
    let (scanner, _) = open(settings, reason)?;
    let ranges = ranges(settings, &scanner)?;
    let mut count = 0;
    scanner.read(&settings.topics.dead_letter, &ranges, |record| {
        if let Some(letter) = due(&record, settings, reason) {
            count += 1;
            each(&letter);
        }
        Ok::<(), ScanError>(())
    })?;
    Ok(count)
}

/// Sends the letters of a reason back to the input topic and returns how many.
pub fn redrive(settings: &Settings, reason: RejectReason) -> Result<u64, RedriveError> {
    let (scanner, group) = open(settings, reason)?;
    let topics = scanner.topics()?;
    let Some(&input_partitions) = topics.get(&settings.topics.input) else {
        return Err(RedriveError::NoTopic(settings.topics.input.clone(), "topics.input"));
    };
    let producer: BaseProducer = client::producer(&settings.kafka)
        .set("transactional.id", &group)
        .set("enable.idempotence", "true")
        .create()
        .map_err(|source| RedriveError::Broker { what: "make a producer", source })?;
    // From here on no earlier run can commit anything, so the offsets that are read next are the last word.
    producer.init_transactions(STEP_TIMEOUT).map_err(failed("begin", reason))?;
    let ranges = ranges(settings, &scanner)?;
    let mut batch = Batch {
        producer,
        group: scanner.group_metadata()?,
        input: &settings.topics.input,
        input_partitions,
        dead_letter: &settings.topics.dead_letter,
        reason,
        letters: Vec::new(),
        bytes: 0,
        passed: BTreeMap::new(),
        sent: 0,
    };
    scanner.read(&settings.topics.dead_letter, &ranges, |record| {
        batch.passed.insert(record.partition, record.offset + 1);
        if let Some(letter) = due(&record, settings, reason) {
            batch.bytes += letter.bytes();
            batch.letters.push(letter);
        }
        if batch.letters.len() >= BATCH_LETTERS || batch.bytes >= BATCH_BYTES { batch.send() } else { Ok(()) }
    })?;
    batch.passed.extend(ranges.iter().map(|range| (range.partition, range.until)));
    batch.send()?;
    Ok(batch.sent)
}

fn due(record: &ScannedRecord<'_>, settings: &Settings, reason: RejectReason) -> Option<Letter> {
    Letter::read(record, &settings.topics.input).filter(|letter| letter.reason == reason)
}

/// A reader bound to the reason's group, and that group's name.
fn open(settings: &Settings, reason: RejectReason) -> Result<(Scanner, String), RedriveError> {
    let group = format!("{}-redrive-{}", settings.kafka.group_id(), reason.code());
    let mut config = client::consumer(&settings.kafka);
    config.set("group.id", &group);
    Ok((Scanner::open(&config, Isolation::Committed)?, group))
}

/// From behind the last letter that a run has passed, to the end.
fn ranges(settings: &Settings, scanner: &Scanner) -> Result<Vec<LogRange>, RedriveError> {
    let topic = &settings.topics.dead_letter;
    let Some(&partitions) = scanner.topics()?.get(topic) else {
        return Err(RedriveError::NoTopic(topic.clone(), "topics.dead_letter"));
    };
    let committed = scanner.committed(topic, partitions)?;
    let range = |(partition, committed): (i32, Option<i64>)| {
        let (first, until) = scanner.ends(topic, partition)?;
        Ok(LogRange { partition, from: committed.unwrap_or(first).max(first), until })
    };
    (0..).zip(committed).map(range).collect()
}

fn failed(what: &'static str, reason: RejectReason) -> impl FnOnce(KafkaError) -> RedriveError {
    move |source| match source.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch,
        ) => RedriveError::Fenced { what, reason: reason.code(), source },
        _ => RedriveError::Broker { what, source },
    }
}

/// The letters of one transaction.
struct Batch<'s> {
    producer: BaseProducer<DefaultProducerContext>,
    group: ConsumerGroupMetadata,
    input: &'s str,
    input_partitions: i32,
    dead_letter: &'s str,
    reason: RejectReason,
    letters: Vec<Letter>,
    bytes: usize,
    /// How far each partition of the dead-letter topic has been read.
    passed: BTreeMap<i32, i64>,
    sent: u64,
}

impl Batch<'_> {
    /// Sends the letters and the offsets behind them in one transaction.
    fn send(&mut self) -> Result<(), RedriveError> {
        if self.passed.is_empty() {
            return Ok(());
        }
        let failed = |what| failed(what, self.reason);
        self.producer.begin_transaction().map_err(failed("begin a transaction"))?;
        if let Err(error) = self.send_open() {
            // The error that is returned tells what happened; that the abort failed too adds nothing, since the
            // next run's `init_transactions` aborts as well.
            drop(self.producer.abort_transaction(STEP_TIMEOUT));
            return Err(error);
        }
        self.sent += self.letters.len() as u64;
        self.letters.clear();
        self.bytes = 0;
        self.passed.clear();
        Ok(())
    }

    fn send_open(&self) -> Result<(), RedriveError> {
        let failed = |what| failed(what, self.reason);
        for letter in &self.letters {
            self.produce(letter).map_err(failed("send a letter back"))?;
        }
        let mut offsets = TopicPartitionList::new();
        for (&partition, &offset) in &self.passed {
            offsets
                .add_partition_offset(self.dead_letter, partition, Offset::Offset(offset))
                .map_err(failed("note the offsets"))?;
        }
        self.producer
            .send_offsets_to_transaction(&offsets, &self.group, STEP_TIMEOUT)
            .map_err(failed("add the offsets to the transaction"))?;
        self.producer.commit_transaction(STEP_TIMEOUT).map_err(failed("commit the transaction"))
    }

    fn produce(&self, letter: &Letter) -> Result<(), KafkaError> {
        let headers = letter.headers.iter().fold(OwnedHeaders::new(), |headers, (name, value)| {
            headers.insert(Header { key: name, value: value.as_ref() })
        });
        let mut record = BaseRecord::<[u8], [u8]>::to(self.input);
        if !letter.headers.is_empty() {
            record = record.headers(headers);
        }
        if let Some(value) = &letter.value {
            record = record.payload(value);
        }
        if let Some(key) = &letter.key {
            record = record.key(key);
        }
        // Where it came from, so that the order of a key's pages is kept.
        if let Some(partition) =
            letter.page_partition.filter(|number| (0..self.input_partitions).contains(number))
        {
            record = record.partition(partition);
        }
        self.producer.send(record).map_err(|(error, _)| error)
    }
}
