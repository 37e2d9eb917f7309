//! librdkafka's properties: passed through under their own names, but for those that the guarantee rests on.

use std::collections::BTreeMap;
use std::fmt;

use super::Delivery;
use super::layers::SettingsError;

/// The properties of both clients, and those of one side alone, which go over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    pub common: Properties,
    pub consumer: Properties,
    pub producer: Properties,
}

/// librdkafka properties by name. `Debug` and `Display` never show a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    fn of(pairs: &[(&str, &str)]) -> Properties {
        Properties(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        // librdkafka knows one property by two names; two values for one property would be a riddle.
        let name = if name == "metadata.broker.list" { "bootstrap.servers" } else { name };
        self.0.insert(name.to_owned(), value.into());
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Whether a property's value is never to be shown.
pub fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 5] = ["password", "secret", "passphrase", "key.pem", "oauthbearer.config"];
    PARTS.iter().any(|part| name.contains(part)) || name == "ssl_key"
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| (name, if is_secret(name) { "***" } else { value }));
        f.debug_map().entries(shown).finish()
    }
}

impl Default for KafkaSettings {
    fn default() -> Self {
        KafkaSettings {
            common: Properties::of(&[
                ("bootstrap.servers", "127.0.0.1:9092"),
                ("group.id", "newswire"),
                ("client.id", "newswire"),
                // The OpenSSL inside newswire does not know where the system keeps its certificates.
                ("ssl.ca.location", "probe"),
            ]),
            consumer: Properties::of(&[
                ("auto.offset.reset", "earliest"),
                // What is read ahead is bounded, so that a stopped output soon stops the input.
                ("queued.min.messages", "2000"),
                ("queued.max.messages.kbytes", "16384"),
                // librdkafka's own second of pause after a full queue costs throughput.
                ("fetch.queue.backoff.ms", "20"),
                // How soon a killed instance's partitions, and what it left open, go to the next.
                ("session.timeout.ms", "15000"),
            ]),
            producer: Properties::of(&[
                ("compression.type", "lz4"),
                ("linger.ms", "5"),
                // The broker's limit decides, not the client's; batch.size still bounds a request.
                ("message.max.bytes", "10000000"),
                ("queue.buffering.max.messages", "100000"),
                ("queue.buffering.max.kbytes", "65536"),
                ("transaction.timeout.ms", "30000"),
            ]),
        }
    }
}

/// A property that the guarantee rests on: its name, the value that it must keep (`None`: never the user's to
/// set), and why.
const GUARDED: &[(&str, Option<&str>, &str)] = &[
    (
        "enable.auto.commit",
        Some("false"),
        "offsets are committed with the records that they stand for, never by a timer",
    ),
    ("auto.commit.enable", Some("false"), "it is the old name of enable.auto.commit"),
    (
        "enable.auto.offset.store",
        Some("false"),
        "a page's offset counts only after its records are published",
    ),
    (
        "enable.idempotence",
        Some("true"),
        "without it a retried request repeats records and breaks their order",
    ),
    (
        "auto.offset.reset",
        Some("earliest"),
        "any other start skips pages when no offset is committed yet; to begin elsewhere, set the group's \
         offsets (kafka-consumer-groups.sh --reset-offsets)",
    ),
    (
        "transactional.id",
        None,
        "newswire makes it from the group, the topic and the partitions, so that instances do not fence one \
         another; set group.id",
    ),
    ("enable.partition.eof", Some("false"), "newswire has no use for that event"),
    ("queuing.strategy", Some("fifo"), "any other order breaks the order of a partition's records"),
    ("acks", Some("all"), "a record must be safe on every in-sync replica before its page's offset moves"),
    ("request.required.acks", Some("all"), "it is another name of acks"),
    ("offset.store.method", Some("broker"), "offsets must commit in the broker, in the records' transaction"),
    ("log.queue", Some("true"), "newswire reads librdkafka's log from that queue"),
];

/// A property that only exactly-once rests on.
const GUARDED_EXACTLY_ONCE: &[(&str, &str, &str)] =
    &[("isolation.level", "read_committed", "pages of aborted transactions must not be labelled")];

impl KafkaSettings {
    /// Refuses values that would break the guarantee.
    pub(super) fn check(&self, delivery: Delivery) -> Result<(), SettingsError> {
        let exactly_once = GUARDED_EXACTLY_ONCE
            .iter()
            .filter(|_| delivery == Delivery::ExactlyOnce)
            .map(|&(name, value, why)| (name, Some(value), why));
        for (name, needed, why) in GUARDED.iter().copied().chain(exactly_once) {
            for (section, properties) in self.sections() {
                let Some(value) = properties.get(name) else { continue };
                if !needed.is_some_and(|needed| same_value(value, needed)) {
                    return Err(SettingsError::Guarded {
                        key: format!("{section}.{name:?}"),
                        value: value.to_owned(),
                        why: why.to_owned(),
                    });
                }
            }
        }
        if self.consumer_property("group.id").is_none_or(str::is_empty) {
            return Err(SettingsError::Range {
                key: "kafka.\"group.id\"".into(),
                value: "nothing".into(),
                expected: "the consumer group's name".into(),
            });
        }
        Ok(())
    }

    fn sections(&self) -> [(&'static str, &Properties); 3] {
        [("kafka", &self.common), ("kafka.consumer", &self.consumer), ("kafka.producer", &self.producer)]
    }

    /// A consumer property's value, after the layers.
    pub fn consumer_property(&self, name: &str) -> Option<&str> {
        self.consumer.get(name).or_else(|| self.common.get(name))
    }

    /// A producer property's value, after the layers.
    pub fn producer_property(&self, name: &str) -> Option<&str> {
        self.producer.get(name).or_else(|| self.common.get(name))
    }

    /// The consumer group.
    pub fn group_id(&self) -> &str {
        self.consumer_property("group.id").unwrap_or_default()
    }
}

fn same_value(value: &str, needed: &str) -> bool {
    let plain = |value: &str| match value.trim().to_ascii_lowercase().as_str() {
        "-1" => "all".to_owned(),
        // librdkafka has three names for the one value.
        "smallest" | "beginning" => "earliest".to_owned(),
        "1" | "t" => "true".to_owned(),
        "0" | "f" => "false".to_owned(),
        other => other.to_owned(),
    };
    plain(value) == plain(needed)
}
