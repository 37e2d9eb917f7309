//! Reads topics from one offset to another without joining a group: what `audit` and `redrive` look at.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long one request to the broker may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a read may bring nothing before it is given up.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);

/// Which records a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Those of committed transactions.
    Committed,
    /// All, those of aborted and open transactions too.
    Uncommitted,
}

/// Why a topic could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("cannot {what}: {source}")]
    Broker { what: String, source: KafkaError },
    #[error(
        "nothing more came from {topic}/{partition} for {seconds} s at offset {at}, before {until}; look at the broker's health"
    )]
    Silence { topic: String, partition: i32, at: i64, until: i64, seconds: u64 },
}

fn failed(what: impl Into<String>) -> impl FnOnce(KafkaError) -> ScanError {
    let what = what.into();
    move |source| ScanError::Broker { what, source }
}

/// A part of one partition: `from` included, `until` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRange {
    pub partition: i32,
    pub from: i64,
    pub until: i64,
}

/// A record as it stands in its log.
#[derive(Debug)]
pub struct ScannedRecord<'m> {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<&'m [u8]>,
    pub value: Option<&'m [u8]>,
    pub headers: Vec<(&'m str, Option<&'m [u8]>)>,
}

/// A reader of any topics, bound to no group's assignment.
pub struct Scanner {
    consumer: BaseConsumer,
}

impl Scanner {
    /// `client` holds the settings of a connection and the group whose committed offsets are asked for.
    pub fn open(client: &ClientConfig, isolation: Isolation) -> Result<Scanner, ScanError> {
        let isolation = match isolation {
            Isolation::Committed => "read_committed",
            Isolation::Uncommitted => "read_uncommitted",
        };
        let consumer = client
            .clone()
            .set("isolation.level", isolation)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .create()
            .map_err(failed("make a consumer"))?;
        Ok(Scanner { consumer })
    }

    /// Every topic of the cluster with its number of partitions.
    pub fn topics(&self) -> Result<BTreeMap<String, i32>, ScanError> {
        let metadata =
            self.consumer.fetch_metadata(None, REQUEST_TIMEOUT).map_err(failed("ask for the topics"))?;
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(topics
            .map(|topic| {
                (topic.name().to_owned(), i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX))
            })
            .collect())
    }

    /// The first offset that a partition holds, and the one after the last that this reader's isolation sees.
    pub fn ends(&self, topic: &str, partition: i32) -> Result<(i64, i64), ScanError> {
        self.consumer
            .fetch_watermarks(topic, partition, REQUEST_TIMEOUT)
            .map_err(failed(format!("ask for the ends of {topic}/{partition}")))
    }

    /// The offset that the group has committed for each partition of a topic.
    pub fn committed(&self, topic: &str, partitions: i32) -> Result<Vec<Option<i64>>, ScanError> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(topic, 0, partitions - 1);
        let answered = self
            .consumer
            .committed_offsets(asked, REQUEST_TIMEOUT)
            .map_err(failed(format!("ask for the group's offsets of {topic}")))?;
        Ok((0..partitions)
            .map(|partition| {
                let found = answered.find_partition(topic, partition)?;
                match found.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                }
            })
            .collect())
    }

    /// The group as a transaction names it. No member of it: the reader never joins.
    pub fn group_metadata(&self) -> Result<ConsumerGroupMetadata, ScanError> {
        self.consumer.group_metadata().ok_or_else(|| {
            failed("name the group to the broker")(KafkaError::Global(RDKafkaErrorCode::UnknownGroup))
        })
    }

    /// Hands every visible record of a topic's ranges, at most one a partition, to `each`: in order within a
    /// partition, until the ranges end or `each` fails.
    pub fn read<E: From<ScanError>>(
        &self,
        topic: &str,
        ranges: &[LogRange],
        mut each: impl FnMut(ScannedRecord<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut assignment = TopicPartitionList::new();
        // The partitions that are not read to their end: where each is to end, and how far it has come.
        let mut pending = BTreeMap::new();
        for range in ranges.iter().filter(|range| range.from < range.until) {
            assignment
                .add_partition_offset(topic, range.partition, Offset::Offset(range.from))
                .map_err(failed(format!("choose what to read of {topic}")))?;
            pending.insert(range.partition, (range.until, range.from));
        }
        if pending.is_empty() {
            return Ok(());
        }
        self.consumer.assign(&assignment).map_err(failed(format!("read {topic}")))?;
        let mut last_sign = Instant::now();
        while let Some((&partition, &(until, at))) = pending.first_key_value() {
            match self.consumer.poll(Duration::from_millis(200)) {
                None if last_sign.elapsed() > SILENCE_TIMEOUT => {
                    let seconds = SILENCE_TIMEOUT.as_secs();
                    return Err(
                        ScanError::Silence { topic: topic.into(), partition, at, until, seconds }.into()
                    );
                }
                None => continue,
                Some(Ok(message)) => pass(&message, &mut pending, &mut each)?,
                // The end of what this reader sees: transaction markers may fill the rest of the range.
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(pending.remove(&partition)),
                // The client connects again by itself; a broker that stays away ends in the time-out above.
                Some(Err(KafkaError::MessageConsumption(code))) if is_passing(code) => continue,
                Some(Err(error)) => return Err(failed(format!("read {topic}"))(error).into()),
            }
            last_sign = Instant::now();
        }
        Ok(self.consumer.unassign().map_err(failed(format!("end reading {topic}")))?)
    }
}

/// Hands one message on, and strikes off its partition where that was the last of the range.
fn pass<E>(
    message: &BorrowedMessage<'_>,
    pending: &mut BTreeMap<i32, (i64, i64)>,
    each: &mut impl FnMut(ScannedRecord<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (partition, offset) = (message.partition(), message.offset());
    let Some((until, at)) = pending.get_mut(&partition) else {
        return Ok(());
    };
    *at = offset;
    let (is_within, is_last) = (offset < *until, offset + 1 >= *until);
    if is_within {
        let headers = message.headers().into_iter().flat_map(Headers::iter);
        each(ScannedRecord {
            partition,
            offset,
            key: message.key(),
            value: message.payload(),
            headers: headers.map(|header| (header.key, header.value)).collect(),
        })?;
    }
    if is_last {
        pending.remove(&partition);
    }
    Ok(())
}

fn is_passing(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, OperationTimedOut};
    matches!(code, AllBrokersDown | BrokerTransportFailure | OperationTimedOut)
}
