//! The pure core, in the order in which a page passes through it. Nothing here names tokio, rdkafka, the file
//! system, the environment or a clock.

pub mod page;
pub mod segment;

pub mod fold;
pub mod language;
pub mod lexicon;
pub mod tokens;

pub mod model;
pub mod model_file;
pub mod model_weights;
pub mod models;
pub mod topic;

pub mod pipeline;
pub mod record;
