//! Kafka: the one place that names rdkafka.

pub mod scan;
