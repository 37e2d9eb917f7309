//! `newswire train`: a corpus to models.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::evaluate::headline_figures;
use crate::learn::corpus::{self, Example, LabelledBy, Split};
use crate::learn::documents::{self, Documents};
use crate::learn::evaluate::{Evaluation, evaluate};
use crate::learn::knowledge::Knowledge;
use crate::learn::train::{TrainSettings, train};
use crate::news::language::Language;
use crate::news::model::TopicModel;
use crate::news::pipeline::DEFAULT_THRESHOLD;

/// Train topic models from labelled headlines, one for each language that has some.
///
/// A corpus row is a JSON object: {"lang":"fr","topic":"sport","title":"..."}, and where known "source", "also"
/// (topics that would be right too), "by" ("rubric" where the newspaper's section told the topic) and "split"
/// ("dev": held out). The topics are those of the corpus.
#[derive(Debug, Args)]
pub struct TrainArguments {
    /// Files of labelled headlines, .jsonl or .jsonl.gz.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    corpus: Vec<PathBuf>,
    /// Where the models go: topic-LANGUAGE.model for each language.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What is known beforehand: a folder of .tsv files (see models/lexicon/README.md).
    #[arg(long, value_name = "DIR")]
    lexicon: Option<PathBuf>,
    /// Train these languages alone; the others' headlines still teach names.
    #[arg(long, value_delimiter = ',', value_name = "CODES", value_parser = language)]
    languages: Vec<Language>,
}

fn language(code: &str) -> Result<Language, String> {
    Language::new(code).ok_or_else(|| "a language code of two or three lower-case letters is needed".into())
}

pub fn run(arguments: TrainArguments) -> anyhow::Result<ExitCode> {
    let bytes = corpus_bytes(&arguments.corpus)?;
    let bar = progress_bar(bytes);
    bar.set_message("reading");
    let examples = corpus::read(&arguments.corpus, &|read| bar.inc(read))?;
    let knowledge = match &arguments.lexicon {
        Some(folder) => Knowledge::read(folder)?,
        None => Knowledge::default(),
    };
    let settings = TrainSettings::default();
    bar.set_message("cutting headlines into terms");
    let documents = documents::collect(&examples, &knowledge, settings.rubric_cap);
    let languages = languages(&examples, &arguments.languages)?;
    fs::create_dir_all(&arguments.out)
        .with_context(|| format!("cannot make the folder {:?}", arguments.out.display()))?;
    for language in languages {
        bar.set_message(format!("fitting {language}"));
        let made_by = made_by(&arguments, &documents, language);
        let trained = train(&documents, language, &settings, &made_by)?;
        let path = arguments.out.join(format!("topic-{language}.model"));
        let before = replaced(&path)?;
        fs::write(&path, trained.model.write())
            .with_context(|| format!("cannot write {:?}", path.display()))?;
        let held_out: Vec<&Example> = examples.iter().filter(|example| example.split == Split::Dev).collect();
        let now = evaluate(&trained.model, &held_out, DEFAULT_THRESHOLD);
        let before = before.map(|model| evaluate(&model, &held_out, DEFAULT_THRESHOLD));
        bar.suspend(|| {
            anstream::println!("{}", path.display());
            anstream::println!("  unseen sources  {}", headline_figures(&trained.cross_validated));
            anstream::println!("  held out (dev)  {}", headline_figures(&now.figures));
            anstream::println!("  {}", difference(&now, before.as_ref()));
        });
    }
    bar.finish_and_clear();
    Ok(ExitCode::SUCCESS)
}

fn corpus_bytes(paths: &[PathBuf]) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for path in paths {
        let metadata = fs::metadata(path).with_context(|| {
            format!("cannot read corpus file {:?}; name an existing .jsonl or .jsonl.gz file", path.display())
        })?;
        bytes += metadata.len();
    }
    Ok(bytes)
}

/// A bar over the corpus's bytes; it shows on a terminal alone.
fn progress_bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:30} {wide_bar} {percent:>3} % {elapsed}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The languages that have hand-labelled headlines, or those asked for.
fn languages(examples: &[Example], asked: &[Language]) -> anyhow::Result<BTreeSet<Language>> {
    let by_hand = |example: &&Example| {
        example.topic.is_some() && example.labelled_by == LabelledBy::Hand && example.split == Split::Train
    };
    let found: BTreeSet<Language> = examples.iter().filter(by_hand).map(|example| example.language).collect();
    if found.is_empty() {
        bail!(
            "no hand-labelled training headline in the corpus; rows without \"by\":\"rubric\" count as such"
        );
    }
    match asked {
        [] => Ok(found),
        _ => Ok(asked.iter().copied().collect()),
    }
}

/// What a person wants to know of how a model came to be.
fn made_by(arguments: &TrainArguments, documents: &Documents, language: Language) -> String {
    let names: Vec<String> = arguments
        .corpus
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    let own = documents.documents.iter().filter(|document| document.language == language);
    let training = own.filter(|document| document.split == Split::Train).count();
    format!(
        "newswire {} train on {}: {training} headlines of its own language, {} lexicon",
        env!("CARGO_PKG_VERSION"),
        names.join(", "),
        if arguments.lexicon.is_some() { "with a" } else { "without a" },
    )
}

/// The model that stands where the new one goes.
fn replaced(path: &Path) -> anyhow::Result<Option<TopicModel>> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = fs::read(path).with_context(|| format!("cannot read {:?}", path.display()))?;
    // A model of an older format is replaced, not compared.
    Ok(TopicModel::read(&bytes).ok())
}

/// How the new model's held-out figures differ from those of the model that it replaces.
fn difference(now: &Evaluation, before: Option<&Evaluation>) -> String {
    let Some(before) = before else {
        return "replaces no model".into();
    };
    let (now, before) = (&now.figures, &before.figures);
    format!(
        "against the model it replaces: macro-F1 {:+.3}, accuracy {:+.3}, calibration error {:+.3}",
        now.macro_f1 - before.macro_f1,
        now.accuracy - before.accuracy,
        now.calibration_error - before.calibration_error,
    )
}
