//! Making the models, and measuring them. Pure but for the paths handed in.

pub mod bayes;
pub mod language;

pub mod assemble;
pub mod attributes;
pub mod calibrate;
pub mod corpus;
pub mod descent;
pub mod documents;
pub mod fit;
pub mod folds;
pub mod held_out;
pub mod knowledge;
pub mod labels;
pub mod merge;
pub mod multinomials;
pub mod train;
pub mod weigh;

pub mod evaluate;

pub mod report;
