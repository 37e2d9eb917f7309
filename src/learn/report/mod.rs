//! `newswire evaluate --report`: a page that a person would rather look at than a table.

pub mod figures;
