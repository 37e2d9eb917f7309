//! Making the models, and measuring them. Pure but for the paths handed in.

pub mod report;
