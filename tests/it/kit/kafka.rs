//! Topics, feeding and reading by rdkafka alone: nothing here is newswire's.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::pages::FedPage;

const REQUEST: Duration = Duration::from_secs(30);

pub fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

/// Waits for an answer of the admin client, whose work goes on in a thread of librdkafka.
fn answer<T>(request: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(request)
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    config(bootstrap).create().expect("an admin client")
}

/// Makes topics with this many partitions each, on every broker.
pub fn create_topics(bootstrap: &str, topics: &[(&str, i32)]) {
    create_topics_with(bootstrap, topics, &[]);
}

/// As [`create_topics`], with these topic settings.
pub fn create_topics_with(bootstrap: &str, topics: &[(&str, i32)], settings: &[(&str, &str)]) {
    let admin = admin(bootstrap);
    let brokers =
        admin.inner().fetch_metadata(None, REQUEST).expect("metadata").brokers().len().min(3) as i32;
    let new = |&(name, partitions)| {
        let new = NewTopic::new(name, partitions, TopicReplication::Fixed(brokers));
        settings.iter().fold(new, |new, (key, value)| new.set(key, value))
    };
    let new: Vec<_> = topics.iter().map(new).collect();
    let options = AdminOptions::new().operation_timeout(Some(REQUEST));
    for created in answer(admin.create_topics(&new, &options)).expect("topics are made") {
        created.expect("the topic is made");
    }
}

pub fn delete_topic(bootstrap: &str, topic: &str) {
    let options = AdminOptions::new().operation_timeout(Some(REQUEST));
    for deleted in answer(admin(bootstrap).delete_topics(&[topic], &options)).expect("topics are deleted") {
        deleted.expect("the topic is deleted");
    }
}

/// Deletes a partition's records before this offset, as retention does.
pub fn delete_records(bootstrap: &str, topic: &str, partition: i32, before: i64) {
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(topic, partition, Offset::Offset(before)).expect("an offset");
    let options = AdminOptions::new().operation_timeout(Some(REQUEST));
    answer(admin(bootstrap).delete_records(&offsets, &options)).expect("records are deleted");
}

/// Sends pages to a topic, each to its partition and in order.
pub struct Feeder {
    producer: BaseProducer,
    topic: String,
}

impl Feeder {
    pub fn new(bootstrap: &str, topic: &str) -> Feeder {
        let producer = config(bootstrap)
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .create()
            .expect("a producer");
        Feeder { producer, topic: topic.to_owned() }
    }

    pub fn feed(&self, page: &FedPage) {
        let mut record = BaseRecord::<[u8], [u8]>::to(&self.topic)
            .partition(page.partition)
            .headers(OwnedHeaders::new().insert(Header { key: "trace", value: Some(page.trace.as_bytes()) }));
        if let Some(key) = &page.key {
            record = record.key(key);
        }
        if let Some(value) = &page.value {
            record = record.payload(value);
        }
        while let Err((error, refused)) = self.producer.send(record) {
            let code = error.rdkafka_error_code();
            assert_eq!(code, Some(rdkafka::types::RDKafkaErrorCode::QueueFull), "{error}");
            self.producer.poll(Duration::from_millis(10));
            record = refused;
        }
        self.producer.poll(Duration::ZERO);
    }

    /// Waits until every page is in its log.
    pub fn flush(&self) {
        self.producer.flush(Duration::from_secs(120)).expect("every page is acknowledged");
    }
}

/// A record as read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecord {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl ReadRecord {
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }
}

/// A reader at an isolation level: `read_committed` or `read_uncommitted`.
pub struct Reader {
    consumer: BaseConsumer,
}

impl Reader {
    pub fn new(bootstrap: &str, isolation: &str) -> Reader {
        Reader::with(config(bootstrap), isolation, "test-reader")
    }

    /// A reader that asks for the offsets of a group.
    pub fn of_group(bootstrap: &str, group: &str) -> Reader {
        Reader::with(config(bootstrap), "read_committed", group)
    }

    fn with(mut config: ClientConfig, isolation: &str, group: &str) -> Reader {
        let consumer = config
            .set("group.id", group)
            .set("isolation.level", isolation)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest")
            .create()
            .expect("a consumer");
        Reader { consumer }
    }

    pub fn partitions(&self, topic: &str) -> i32 {
        let metadata = self.consumer.fetch_metadata(Some(topic), REQUEST).expect("metadata");
        metadata.topics()[0].partitions().len() as i32
    }

    /// The end of a partition that this reader's isolation level sees.
    pub fn end(&self, topic: &str, partition: i32) -> i64 {
        self.consumer.fetch_watermarks(topic, partition, REQUEST).expect("watermarks").1
    }

    pub fn ends(&self, topic: &str) -> BTreeMap<i32, i64> {
        (0..self.partitions(topic)).map(|partition| (partition, self.end(topic, partition))).collect()
    }

    /// The group's committed offset of every partition that has one. `None` where the broker does not answer now.
    pub fn committed(&self, topic: &str, partitions: i32) -> Option<BTreeMap<i32, i64>> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(topic, 0, partitions - 1);
        let answered = self.consumer.committed_offsets(asked, Duration::from_secs(5)).ok()?;
        let offsets = answered.elements().into_iter();
        Some(
            offsets
                .filter_map(|found| Some((found.partition(), found.offset().to_raw().filter(|o| *o >= 0)?)))
                .collect(),
        )
    }

    /// Hands every record of a topic to `each`, in order within a partition, up to the end that it has now.
    pub fn read(&self, topic: &str, mut each: impl FnMut(ReadRecord)) {
        let mut pending: BTreeMap<i32, i64> = self.ends(topic);
        pending.retain(|_, end| *end > 0);
        let mut assignment = TopicPartitionList::new();
        for partition in pending.keys() {
            assignment.add_partition_offset(topic, *partition, Offset::Beginning).expect("an offset");
        }
        self.consumer.assign(&assignment).expect("an assignment");
        let mut last_sign = Instant::now();
        while !pending.is_empty() {
            assert!(last_sign.elapsed() < Duration::from_secs(60), "{topic} falls silent before {pending:?}");
            match self.consumer.poll(Duration::from_millis(100)) {
                None => continue,
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    pending.remove(&partition);
                }
                Some(Err(error)) => panic!("{topic}: {error}"),
                Some(Ok(message)) => {
                    let Some(end) = pending.get(&message.partition()).copied() else { continue };
                    if message.offset() + 1 >= end {
                        pending.remove(&message.partition());
                    }
                    let headers = message.headers().into_iter().flat_map(Headers::iter);
                    each(ReadRecord {
                        partition: message.partition(),
                        offset: message.offset(),
                        key: message.key().map(<[u8]>::to_vec),
                        value: message.payload().map(<[u8]>::to_vec),
                        headers: headers
                            .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
                            .collect(),
                    });
                }
            }
            last_sign = Instant::now();
        }
        self.consumer.unassign().expect("an assignment ends");
    }

    /// Waits until the group has committed up to the end of every partition.
    #[track_caller]
    pub fn wait_committed(&self, topic: &str, within: Duration) {
        self.wait_past(topic, &self.ends(topic), within);
    }

    /// As [`Reader::wait_committed`], for a topic that is written in transactions: the markers behind its last
    /// record are nobody's to commit.
    #[track_caller]
    pub fn wait_committed_past_markers(&self, topic: &str, within: Duration) {
        let mut ends = BTreeMap::new();
        self.read(topic, |record| {
            ends.insert(record.partition, record.offset + 1);
        });
        self.wait_past(topic, &ends, within);
    }

    #[track_caller]
    fn wait_past(&self, topic: &str, ends: &BTreeMap<i32, i64>, within: Duration) {
        let partitions = self.partitions(topic);
        let mut last = BTreeMap::new();
        let started = Instant::now();
        loop {
            if let Some(committed) = self.committed(topic, partitions) {
                let has_passed =
                    |(partition, end): (&i32, &i64)| committed.get(partition).copied().unwrap_or(0) >= *end;
                if ends.iter().all(has_passed) {
                    return;
                }
                last = committed;
            }
            assert!(started.elapsed() < within, "not within {within:?}: {last:?} of {ends:?} committed");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
