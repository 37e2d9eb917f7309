//! The settings' properties as librdkafka takes them.

use rdkafka::ClientConfig;

use crate::config::KafkaSettings;

/// The properties of a consumer: the common ones, and the consumer's own over them.
pub fn consumer(settings: &KafkaSettings) -> ClientConfig {
    layered([&settings.common, &settings.consumer])
}

/// The properties of a producer: the common ones but for the group, and the producer's own over them.
pub fn producer(settings: &KafkaSettings) -> ClientConfig {
    let mut config = layered([&settings.common, &settings.producer]);
    config.remove("group.id");
    config
}

fn layered(layers: [&crate::config::Properties; 2]) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in layers.into_iter().flat_map(|properties| properties.iter()) {
        config.set(name, value);
    }
    config
}
