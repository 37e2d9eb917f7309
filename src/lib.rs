//! newswire reads scraped news pages from a Kafka topic, cuts each page into its items, finds each item's
//! language and topic, and publishes one labelled record per item.
//!
//! A record's way is one straight line, and no step looks back:
//!
//! ```text
//! broker -> page -> segment -> language -> tokens -> model -> topic -> record -> broker
//! ```
//!
//! - [`news`] is the pure core: bytes in, labelled records out.
//! - [`learn`] makes the models that the core scores with, and measures them.
//! - [`service`] is the shell: brokers, the worker's loop and its guarantee, HTTP.
//! - [`cli`] wires them into commands.

pub mod news;

pub mod learn;

pub mod config;
pub mod service;

pub mod cli;

#[doc(hidden)] // for `fuzz/` and the property tests alone
pub mod fuzzing;
