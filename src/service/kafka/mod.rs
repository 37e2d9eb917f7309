//! Kafka: the one place that names rdkafka.

pub mod client;
pub mod feed;
pub mod redrive;
pub mod scan;
