//! A naive Bayes topic model of one language: read, write, score, explain.

use super::language::Language;
use super::model_file::ModelFileError;
use super::record::ModelOrigin;
use super::topic::{Evidence, Label, TopicVerdict};

/// A topic model of one language.
#[derive(Debug, Clone)]
pub struct TopicModel {
    origin: ModelOrigin,
}

impl TopicModel {
    pub fn read(bytes: &[u8]) -> Result<TopicModel, ModelFileError> {
        let _ = bytes;
        Ok(TopicModel { origin: ModelOrigin { name: String::new(), hash: String::new() } })
    }

    pub fn write(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The model's name and hash, as records name it.
    pub fn origin(&self) -> &ModelOrigin {
        &self.origin
    }

    pub fn language(&self) -> Language {
        Language::UND
    }

    /// The topics, in the model's order.
    pub fn labels(&self) -> &[Label] {
        &[]
    }

    /// The topic of a headline. Below `threshold` the topic is `other` where the model knows that label.
    pub fn classify(&self, headline: &str, threshold: f64) -> TopicVerdict {
        let _ = (headline, threshold);
        TopicVerdict { topic: "other".into(), confidence: 0.0, scores: Vec::new() }
    }

    /// The terms of `headline` that weighed most for and against `topic`, heaviest first, at most `most`.
    pub fn evidence(&self, headline: &str, topic: &str, most: usize) -> Vec<Evidence> {
        let _ = (headline, topic, most);
        Vec::new()
    }
}
