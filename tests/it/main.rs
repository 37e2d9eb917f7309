//! Every integration test, in one binary.

mod container;
mod lexicon;
mod pages;
mod schema;
