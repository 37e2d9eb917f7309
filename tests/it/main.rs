//! Every integration test, in one binary.

mod container;
mod demo;
mod documents;
mod label;
mod lexicon;
mod never_panics;
mod pages;
mod report;
mod schema;
mod train;

mod kit;

mod embedded;
mod faults;
mod kafka;
mod main_job;
