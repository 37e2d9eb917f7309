//! Making the models, and measuring them. Pure but for the paths handed in.

pub mod bayes;
pub mod language;

pub mod report;
