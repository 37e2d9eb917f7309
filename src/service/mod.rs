//! The shell around the core: brokers, the worker's loop, health and metrics.

pub mod broker;
pub mod kafka;
pub mod memory;

pub mod dead_letter;
pub mod faults;
pub mod models;
pub mod outcome;
pub mod stats;
pub mod stop;
pub mod worker;

pub mod http;
pub mod metrics;

pub mod audit;
