//! The models that serve together: one that tells languages apart, and a topic model for each language.

use std::collections::BTreeMap;

use super::language::{Language, LanguageModel};
use super::model::TopicModel;
use super::model_file::{self, ModelFileError, ModelKind};

/// The models in force.
#[derive(Debug, Clone)]
pub struct Models {
    pub language: LanguageModel,
    pub topics: BTreeMap<Language, TopicModel>,
}

/// Why a set of files does not make the models of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelsError {
    #[error("{file}: {error}")]
    File { file: String, error: ModelFileError },
    #[error("no language model among the model files ({0}); `newswire train` writes `language.model`")]
    NoLanguageModel(String),
    #[error("no topic model among the model files ({0}); `newswire train` writes `topic-LANGUAGE.model`")]
    NoTopicModel(String),
    #[error("{first} and {second} both hold a model for {what}; keep one of them")]
    Twice { first: String, second: String, what: String },
}

impl Models {
    /// Puts models together from files, given as name and bytes. What a file holds is told by its header.
    pub fn from_files<'f>(
        files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
    ) -> Result<Models, ModelsError> {
        let mut language: Option<(&str, LanguageModel)> = None;
        let mut topics: BTreeMap<Language, (&str, TopicModel)> = BTreeMap::new();
        let mut names = Vec::new();
        for (name, bytes) in files {
            names.push(name);
            let broken = |error| ModelsError::File { file: name.to_owned(), error };
            let twice = |first: &str, what: String| ModelsError::Twice {
                first: first.to_owned(),
                second: name.to_owned(),
                what,
            };
            if model_file::peek_kind(bytes) == Some(ModelKind::Language) {
                let model = LanguageModel::read(bytes).map_err(broken)?;
                if let Some((first, _)) = language.replace((name, model)) {
                    return Err(twice(first, "languages".into()));
                }
            } else {
                let model = TopicModel::read(bytes).map_err(broken)?;
                let speaks = model.language();
                if let Some((first, _)) = topics.insert(speaks, (name, model)) {
                    return Err(twice(first, speaks.to_string()));
                }
            }
        }
        let named = names.join(", ");
        let Some((_, language)) = language else {
            return Err(ModelsError::NoLanguageModel(named));
        };
        if topics.is_empty() {
            return Err(ModelsError::NoTopicModel(named));
        }
        let topics = topics.into_iter().map(|(speaks, (_, model))| (speaks, model)).collect();
        Ok(Models { language, topics })
    }
}
