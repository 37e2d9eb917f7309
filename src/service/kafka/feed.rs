//! Sends pages to a topic, and reads topics as they grow: what `demo` and `feed` need beside the worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers as _, Message};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

use super::client;
use crate::config::KafkaSettings;

/// How long a request, and the last records on their way, may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait for room in the producer's queue before trying again.
const QUEUE_WAIT: Duration = Duration::from_millis(5);

/// Why pages could not be sent or records not read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error("cannot {what}: {source}")]
    Broker { what: String, source: KafkaError },
    #[error("the broker did not take {count} pages; look at its log and at the topic")]
    Undelivered { count: u64 },
}

fn failed(what: impl Into<String>) -> impl FnOnce(KafkaError) -> FeedError {
    let what = what.into();
    move |source| FeedError::Broker { what, source }
}

/// Counts what the broker did not take.
#[derive(Debug, Clone, Default)]
struct Undelivered(Arc<AtomicU64>);

impl ClientContext for Undelivered {}

impl ProducerContext for Undelivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _opaque: ()) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A sender of pages to one topic.
pub struct Feeder {
    producer: ThreadedProducer<Undelivered>,
    undelivered: Undelivered,
    topic: String,
}

impl Feeder {
    pub fn open(settings: &KafkaSettings, topic: &str) -> Result<Feeder, FeedError> {
        let undelivered = Undelivered::default();
        let mut config = client::producer(settings);
        // No transaction here: a page that is sent twice is two pages.
        config.remove("transaction.timeout.ms");
        let producer = config.create_with_context(undelivered.clone()).map_err(failed("make a producer"))?;
        Ok(Feeder { producer, undelivered, topic: topic.to_owned() })
    }

    /// Hands one page to the producer; waits while its queue is full.
    pub fn send(&self, key: &[u8], value: &[u8]) -> Result<(), FeedError> {
        let mut record = BaseRecord::to(&self.topic).key(key).payload(value);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), unsent)) => {
                    record = unsent;
                    std::thread::sleep(QUEUE_WAIT);
                }
                Err((error, _)) => return Err(failed(format!("send a page to {}", self.topic))(error)),
            }
        }
    }

    /// Waits until the broker has taken every page, or an error says how many it did not take.
    pub fn finish(&self) -> Result<(), FeedError> {
        self.producer.flush(TIMEOUT).map_err(failed(format!("send pages to {}", self.topic)))?;
        match self.undelivered.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            count => Err(FeedError::Undelivered { count }),
        }
    }
}

/// A record that another client published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailedRecord {
    pub topic: String,
    pub value: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
}

impl TailedRecord {
    /// A header's value as text, where there is such a header.
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

/// A reader of topics from their beginning and on, as any subscriber would be.
pub struct Tail {
    consumer: BaseConsumer,
}

impl Tail {
    /// Reads every partition of `topics`, which must exist.
    pub fn open(settings: &KafkaSettings, topics: &[&str]) -> Result<Tail, FeedError> {
        let mut config: ClientConfig = client::consumer(settings);
        config.set("isolation.level", "read_committed").set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().map_err(failed("make a consumer"))?;
        let mut assignment = TopicPartitionList::new();
        for topic in topics {
            let what = || format!("read {topic}");
            let metadata = consumer.fetch_metadata(Some(topic), TIMEOUT).map_err(failed(what()))?;
            for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
                assignment
                    .add_partition_offset(topic, partition.id(), Offset::Beginning)
                    .map_err(failed(what()))?;
            }
        }
        consumer.assign(&assignment).map_err(failed(format!("read {topics:?}")))?;
        Ok(Tail { consumer })
    }

    /// The next record; `None` if none comes within `timeout`.
    pub fn next(&self, timeout: Duration) -> Result<Option<TailedRecord>, FeedError> {
        let message = match self.consumer.poll(timeout) {
            None => return Ok(None),
            Some(message) => message.map_err(failed("read what was published"))?,
        };
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        Ok(Some(TailedRecord {
            topic: message.topic().to_owned(),
            value: message.payload().unwrap_or_default().to_vec(),
            headers: headers
                .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
                .collect(),
        }))
    }
}
