//! The models that the binary carries, so that nothing beside it is needed, and those of a directory instead.

use std::path::Path;

use anyhow::{Context, bail};

use crate::news::models::Models;

/// The shipped model files: name and bytes.
pub const FILES: &[(&str, &[u8])] = &[
    ("language.model", include_bytes!("../../models/language.model")),
    ("topic-fr.model", include_bytes!("../../models/topic-fr.model")),
    ("topic-es.model", include_bytes!("../../models/topic-es.model")),
    ("topic-en.model", include_bytes!("../../models/topic-en.model")),
];

/// The models of `directory` (`models.dir`: every `*.model` file in it), or the shipped ones where none is named.
pub fn models(directory: Option<&Path>) -> anyhow::Result<Models> {
    match directory {
        None => Models::from_files(FILES.iter().copied()).context("the models within this binary"),
        Some(directory) => from_directory(directory),
    }
}

fn from_directory(directory: &Path) -> anyhow::Result<Models> {
    let shown = directory.display();
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("models directory {shown:?}: name one that `newswire train --out` wrote"))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("models directory {shown:?}"))?.path();
        if path.extension().is_some_and(|extension| extension == "model") {
            let bytes = std::fs::read(&path).with_context(|| format!("model file {:?}", path.display()))?;
            files.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes));
        }
    }
    if files.is_empty() {
        bail!(
            "models directory {shown:?} holds no `*.model` file; name one that `newswire train --out` wrote"
        );
    }
    files.sort();
    Models::from_files(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
        .with_context(|| format!("models directory {shown:?}"))
}
