//! The settings' properties as librdkafka takes them, and what the guarantee adds to them.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use crate::config::{Delivery, KafkaSettings, Properties};

/// How often the consumer tells of its lag, where the user sets nothing else.
const STATISTICS_EVERY_MS: &str = "1000";

/// Properties of the consumer alone that a user may have put where they go for both.
const CONSUMER_ONLY: [&str; 9] = [
    "group.id",
    "group.instance.id",
    "group.protocol",
    "auto.offset.reset",
    "isolation.level",
    "enable.auto.commit",
    "session.timeout.ms",
    "max.poll.interval.ms",
    "partition.assignment.strategy",
];

/// Properties of the producer alone.
const PRODUCER_ONLY: [&str; 7] = [
    "acks",
    "enable.idempotence",
    "compression.type",
    "linger.ms",
    "transaction.timeout.ms",
    "message.timeout.ms",
    "batch.size",
];

/// The properties of a consumer: the common ones, and the consumer's own over them.
pub fn consumer(settings: &KafkaSettings) -> ClientConfig {
    layered(&settings.common, &settings.consumer, &PRODUCER_ONLY)
}

/// The properties of a producer: the common ones but for the group, and the producer's own over them.
pub fn producer(settings: &KafkaSettings) -> ClientConfig {
    layered(&settings.common, &settings.producer, &CONSUMER_ONLY)
}

/// The service's consumer: what the guarantee needs goes over everything.
pub(super) fn service_consumer(settings: &KafkaSettings, delivery: Delivery) -> ClientConfig {
    let mut config = consumer(settings);
    config
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "false");
    if delivery == Delivery::ExactlyOnce {
        config.set("isolation.level", "read_committed");
    }
    if settings.consumer_property("statistics.interval.ms").is_none() {
        config.set("statistics.interval.ms", STATISTICS_EVERY_MS);
    }
    config
}

/// librdkafka's own `batch.size`.
pub(super) const BATCH_BYTES: u64 = 1_000_000;

/// The service's producer; `transactional_id` with exactly-once. `request_limit`, in bytes, is what every topic
/// takes: librdkafka does not split a request that turns out too large, though each of its records is not.
pub(super) fn service_producer(
    settings: &KafkaSettings,
    transactional_id: Option<&str>,
    request_limit: Option<u64>,
) -> ClientConfig {
    let mut config = producer(settings);
    if let Some(limit) = request_limit {
        let asked = config.get("batch.size").and_then(|bytes| bytes.parse().ok()).unwrap_or(BATCH_BYTES);
        config.set("batch.size", asked.min(limit).to_string());
    }
    config.set("enable.idempotence", "true").set("acks", "all");
    match transactional_id {
        Some(id) => config.set("transactional.id", id),
        None => config.remove("transaction.timeout.ms"),
    };
    config
}

fn layered(common: &Properties, own: &Properties, not_these: &[&str]) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in common.iter().filter(|(name, _)| !not_these.contains(name)).chain(own.iter()) {
        config.set(name, value);
    }
    // The new group protocol lets the broker set the session's time-out, and librdkafka refuses ours.
    if config.get("group.protocol") == Some("consumer") {
        config.remove("session.timeout.ms");
    }
    // librdkafka's `debug` property asks for lines of a level that is held back otherwise.
    let level = if config.get("debug").is_some() { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info };
    config.set_log_level(level);
    config
}

/// Whether librdkafka takes the properties, as a sentence if not.
pub fn refusal(error: &KafkaError) -> Option<String> {
    match error {
        KafkaError::ClientConfig(_, reason, name, value) => {
            let value = if crate::config::is_secret(name) { "***" } else { value };
            Some(format!("librdkafka refuses kafka property {name:?} = {value:?}: {reason}"))
        }
        KafkaError::ClientCreation(reason) => Some(format!("librdkafka refuses the properties: {reason}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn kafka(text: &str) -> KafkaSettings {
        Settings::from_toml(text).expect("valid settings").kafka
    }

    #[test]
    fn each_client_takes_its_own_properties_over_the_common_ones() {
        let kafka =
            kafka("[kafka]\nclient.id = \"a\"\n[kafka.producer]\nclient.id = \"b\"\nbatch.size = 5000\n");
        let (consumer, producer) = (consumer(&kafka), producer(&kafka));
        assert_eq!((consumer.get("client.id"), producer.get("client.id")), (Some("a"), Some("b")));
        assert_eq!((consumer.get("group.id"), producer.get("group.id")), (Some("newswire"), None));
        assert_eq!(consumer.get("batch.size"), None);
    }

    #[test]
    fn the_guarantees_properties_go_over_everything() {
        let kafka = kafka("");
        let consumer = service_consumer(&kafka, Delivery::ExactlyOnce);
        assert_eq!(consumer.get("isolation.level"), Some("read_committed"));
        assert_eq!(consumer.get("enable.auto.commit"), Some("false"));
        let producer = service_producer(&kafka, Some("id"), Some(4000));
        assert_eq!(producer.get("enable.idempotence"), Some("true"));
        assert_eq!(producer.get("transactional.id"), Some("id"));
        assert_eq!(producer.get("batch.size"), Some("4000"));
        assert_eq!(service_producer(&kafka, None, None).get("transaction.timeout.ms"), None);
    }

    #[test]
    fn the_brokers_own_session_time_out_holds_in_the_new_group_protocol() {
        let consumer = consumer(&kafka("[kafka.consumer]\ngroup.protocol = \"consumer\"\n"));
        assert_eq!(consumer.get("session.timeout.ms"), None);
    }

    #[test]
    fn librdkafkas_refusal_is_a_sentence_without_the_secret() {
        let refused = consumer(&kafka("[kafka]\nfetch.min.byte = 1\n")).create_native_config();
        let sentence = refusal(&refused.err().expect("there is no such property")).expect("a sentence");
        assert!(sentence.contains("fetch.min.byte"), "{sentence}");
    }
}
