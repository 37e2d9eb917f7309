//! The shell around the core: brokers, the worker's loop, HTTP.

pub mod dead_letter;
pub mod kafka;

pub mod audit;
