//! Kafka: the one place that names rdkafka.

pub mod broker;

pub mod admin;
pub mod check;
pub mod client;
pub mod errors;
mod ids;
mod membership;
mod publication;
mod publisher;
mod recovery;

pub mod embedded;

pub mod feed;
pub mod redrive;
pub mod scan;
