//! A model's scores to one topic with a calibrated confidence.

use std::sync::Arc;

/// A topic's name. The labels are data: those of the corpus that the model was trained on.
pub type Label = Arc<str>;

/// One topic's probability, and all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicVerdict {
    /// The label after `topic.threshold`.
    pub topic: Label,
    /// The calibrated probability of `topic`.
    pub confidence: f64,
    /// Every label's calibrated probability, in the model's label order; they add up to one.
    pub scores: Vec<(Label, f64)>,
}

/// A term that weighed on the verdict.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evidence {
    /// The term in a form that a person can read.
    pub term: String,
    /// How much it weighed for the verdict's topic against the other topics, in nats; negative: against.
    pub log_odds: f64,
}
