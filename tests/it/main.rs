//! Every integration test, in one binary.

mod container;
mod demo;
mod label;
mod lexicon;
mod pages;
mod schema;
