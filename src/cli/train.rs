//! `newswire train`: a corpus to models.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::evaluate::headline_figures;
use super::language_figures;
use crate::learn::corpus::{self, Example, LabelledBy, Split};
use crate::learn::documents::{self, Documents};
use crate::learn::evaluate::evaluate;
use crate::learn::held_out::UnseenSources;
use crate::learn::knowledge::Knowledge;
use crate::learn::labels::Labels;
use crate::learn::language::{self, Sample};
use crate::learn::merge::merge;
use crate::learn::train::{TrainSettings, cross_validate, train};
use crate::news::language::{Language, LanguageModel};
use crate::news::model::TopicModel;
use crate::news::pipeline::DEFAULT_THRESHOLD;

/// Train models from labelled headlines: one of topics for each language that has some, and one that tells the
/// languages apart.
///
/// A corpus row is a JSON object: {"lang":"fr","topic":"sport","title":"..."}, and where known "source", "also"
/// (topics that would be right too), "by" ("rubric" where the newspaper's section told the topic) and "split"
/// ("dev": held out; where no row is, one in ten will be). The topics are those of the corpus. A row with "text" in
/// place of "title" is a sentence in a language that is to be told apart.
#[derive(Debug, Args)]
pub struct TrainArguments {
    /// Files of labelled headlines, .jsonl or .jsonl.gz.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    corpus: Vec<PathBuf>,
    /// Where the models go: topic-LANGUAGE.model for each language, and language.model.
    #[arg(long, value_name = "DIR", required_unless_present = "cross_validate")]
    out: Option<PathBuf>,
    /// Merge the corpus into this folder's topic models in place of training new ones: for a few hundred headlines
    /// of your own.
    #[arg(long, value_name = "DIR", conflicts_with = "cross_validate")]
    init: Option<PathBuf>,
    /// Only measure models, on sources that are held out in turn; write nothing.
    #[arg(long, conflicts_with = "out")]
    cross_validate: bool,
    /// What is known beforehand: a folder of .tsv files (see models/lexicon/README.md). With --init, in place of what
    /// the models hold.
    #[arg(long, value_name = "DIR")]
    lexicon: Option<PathBuf>,
    /// Labels of headlines that the corpus holds without one: .tsv files of fingerprints and topics (see
    /// models/labels/README.md).
    #[arg(long, num_args = 1.., value_name = "FILE")]
    labels: Vec<PathBuf>,
    /// Train the topic models of these languages alone; the others' headlines still teach names.
    #[arg(long, value_delimiter = ',', value_name = "CODES", value_parser = parse_language)]
    languages: Vec<Language>,
}

fn parse_language(code: &str) -> Result<Language, String> {
    Language::new(code).ok_or_else(|| "a language code of two or three lower-case letters is needed".into())
}

pub fn run(arguments: TrainArguments) -> anyhow::Result<ExitCode> {
    let bar = progress_bar(corpus_bytes(&arguments.corpus)?);
    bar.set_message("reading");
    let mut examples = corpus::read(&arguments.corpus, &|read| bar.inc(read))?;
    Labels::read(&arguments.labels)?.apply(&mut examples)?;
    let knowledge = arguments.lexicon.as_deref().map(Knowledge::read).transpose()?;
    let languages = languages(&examples, &arguments.languages)?;
    bar.suspend(|| anstream::eprint!("newswire: {}", rows(&examples)));
    let task = Task { arguments: &arguments, examples: &examples, knowledge, bar: &bar };
    match (&arguments.init, &arguments.out) {
        (Some(from), Some(out)) => task.merge(from, out, languages)?,
        (None, Some(out)) => task.train(out, languages)?,
        (_, None) => task.measure(languages)?,
    }
    bar.finish_and_clear();
    Ok(ExitCode::SUCCESS)
}

/// What all ways of training share.
struct Task<'t> {
    arguments: &'t TrainArguments,
    examples: &'t [Example],
    knowledge: Option<Knowledge>,
    bar: &'t ProgressBar,
}

impl Task<'_> {
    fn documents(&self, settings: &TrainSettings) -> Documents {
        self.bar.set_message("cutting headlines into terms");
        let none = Knowledge::default();
        documents::collect(self.examples, self.knowledge.as_ref().unwrap_or(&none), settings.rubric_cap)
    }

    fn train(&self, out: &Path, languages: BTreeSet<Language>) -> anyhow::Result<()> {
        make_folder(out)?;
        let settings = TrainSettings::default();
        let documents = self.documents(&settings);
        for language in languages {
            self.bar.set_message(format!("fitting the topics of {language}"));
            let trained = train(&documents, language, &settings, &self.made_by("trained on"))?;
            let path = topic_path(out, language);
            // One that cannot be read is replaced without being compared.
            let before = read_model(&path).ok().flatten();
            write_file(&path, &trained.model.write())?;
            let (train, dev) = unseen_figures(&trained.unseen);
            let unseen = format!("  {train}\n") + &dev.map_or_else(String::new, |dev| format!("  {dev}\n"));
            self.tell(&path, &unseen, &trained.model, before.as_ref());
        }
        if self.arguments.languages.is_empty() {
            self.bar.set_message("telling languages apart");
            let samples = self.samples(Split::Train);
            let spoken: BTreeSet<Language> = self.examples.iter().map(|example| example.language).collect();
            if let (1, Some(only)) = (spoken.len(), spoken.first()) {
                self.say(&format!(
                    "the corpus has one language: language.model will take every text for {only}; add rows of other \
                     languages (\"text\" in place of \"title\"), or put the shipped language.model in its place\n"
                ));
            }
            let model = language::train(&samples, &self.made_by("trained on"))?;
            let path = out.join("language.model");
            let before = fs::read(&path).ok().and_then(|bytes| LanguageModel::read(&bytes).ok());
            write_file(&path, &model.write())?;
            let held_out = self.samples(Split::Dev);
            let line = |model| language_figures::line(&language::evaluate(model, &held_out));
            let compared = match &before {
                None => "replaces no model".to_owned(),
                Some(before) => format!("the model before  {}", line(before)),
            };
            self.say(&format!("{}\n  held out (dev)  {}\n  {compared}\n", path.display(), line(&model)));
        }
        Ok(())
    }

    fn merge(&self, from: &Path, out: &Path, languages: BTreeSet<Language>) -> anyhow::Result<()> {
        make_folder(out)?;
        for &language in &languages {
            let path = topic_path(from, language);
            let Some(before) = read_model(&path)? else {
                bail!(
                    "--init has no model of language {language}: {path:?} is missing; train one without --init, or \
                     name the languages to merge with --languages"
                );
            };
            let own = |example: &&Example| {
                example.language == language && example.topic.is_some() && example.split == Split::Train
            };
            let own: Vec<&Example> = self.examples.iter().filter(own).collect();
            let lexicon = self.knowledge.as_ref().map(|knowledge| knowledge.lexicon(language));
            self.bar.set_message(format!("merging into the topics of {language}"));
            let made_by = self.made_by(&format!("{} merged with", before.origin().hash));
            let (model, weight) = merge(&before, &own, lexicon.as_ref(), &made_by)?;
            let path = topic_path(out, language);
            write_file(&path, &model.write())?;
            let merged = format!("  merged {} headlines, each counted {weight} times\n", own.len());
            self.tell(&path, &merged, &model, Some(&before));
        }
        copy_models(from, out, &languages)
    }

    fn measure(&self, languages: BTreeSet<Language>) -> anyhow::Result<()> {
        let settings = TrainSettings::default();
        let documents = self.documents(&settings);
        for language in languages {
            self.bar.set_message(format!("cross-validating {language}"));
            let unseen = cross_validate(&documents, language, &settings)?;
            let (train, dev) = unseen_figures(&unseen);
            let mut text = format!("{language}  {train}\n");
            for topic in unseen.train.topics {
                text += &format!(
                    "    {:12} precision {:.3}  recall {:.3}  F1 {:.3}  {:6} headlines\n",
                    topic.label, topic.precision, topic.recall, topic.f1, topic.support
                );
            }
            if let Some(dev) = dev {
                text += &format!("    {dev}\n");
            }
            self.say(&text);
        }
        if self.arguments.languages.is_empty() {
            self.bar.set_message("cross-validating the language model");
            let samples = self.samples(Split::Train);
            for (title, unseen_strangers) in
                [("unseen sources", false), ("unseen sources and strangers never met", true)]
            {
                let report = language::cross_validate(&samples, unseen_strangers)?;
                self.say(&format!("\nlanguage: {title}\n{}", language_figures::tables(&report)));
            }
        }
        Ok(())
    }

    /// The texts of one split, as the language model takes them.
    fn samples(&self, split: Split) -> Vec<Sample<'_>> {
        language_figures::samples(self.examples.iter().filter(|example| example.split == split))
    }

    /// Ends with what the held-out headlines say, and how that differs from the model before.
    fn tell(&self, path: &Path, first: &str, model: &TopicModel, before: Option<&TopicModel>) {
        let held_out: Vec<&Example> =
            self.examples.iter().filter(|example| example.split == Split::Dev).collect();
        let now = evaluate(model, &held_out, DEFAULT_THRESHOLD).figures;
        let compared = match before {
            None => "replaces no model".to_owned(),
            Some(before) => {
                let before = evaluate(before, &held_out, DEFAULT_THRESHOLD).figures;
                format!(
                    "against the model before: macro-F1 {:+.3}  accuracy {:+.3}  calibration error {:+.3}",
                    now.macro_f1 - before.macro_f1,
                    now.accuracy - before.accuracy,
                    now.calibration_error - before.calibration_error,
                )
            }
        };
        let held_out = headline_figures(&now);
        self.say(&format!("{}\n{first}  held out (dev)  {held_out}\n  {compared}\n", path.display()));
    }

    /// Prints without tearing the progress bar.
    fn say(&self, text: &str) {
        self.bar.suspend(|| anstream::print!("{text}"));
    }

    /// What a person wants to know of how a model came to be.
    fn made_by(&self, how: &str) -> String {
        let names = self.arguments.corpus.iter().filter_map(|path| path.file_name());
        let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        let lexicon = match (&self.knowledge, &self.arguments.init) {
            (Some(_), _) => ", with a lexicon",
            (None, None) => ", without a lexicon",
            // The lexicon stays that of the model before.
            (None, Some(_)) => "",
        };
        format!("newswire {}: {how} {}{lexicon}", env!("CARGO_PKG_VERSION"), names.join(", "))
    }
}

/// The figures of cross-validation, a line for the training split, and one for the dev split if it has headlines.
fn unseen_figures(unseen: &UnseenSources) -> (String, Option<String>) {
    let title = if unseen.by_source { "unseen sources" } else { "unseen headlines (fewer than six sources)" };
    let dev = (unseen.dev.headlines > 0).then(|| format!("{title}, dev  {}", headline_figures(&unseen.dev)));
    (format!("{title}  {}", headline_figures(&unseen.train)), dev)
}

/// How many rows of which use a corpus has, in a line.
fn rows(examples: &[Example]) -> String {
    let count = |held: &dyn Fn(&Example) -> bool| examples.iter().filter(|example| held(example)).count();
    let train = count(&|example| example.topic.is_some() && example.split == Split::Train);
    let dev = count(&|example| example.topic.is_some() && example.split == Split::Dev);
    let without = count(&|example| example.topic.is_none());
    format!(
        "{train} rows with a topic to train on, {dev} held out, {without} without a topic tell languages alone\n"
    )
}

fn topic_path(folder: &Path, language: Language) -> PathBuf {
    folder.join(format!("topic-{language}.model"))
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {:?}", folder.display()))
}

/// Copies the models that nothing was merged into: the folder is to serve as it is.
fn copy_models(from: &Path, out: &Path, merged: &BTreeSet<Language>) -> anyhow::Result<()> {
    let merged: Vec<PathBuf> = merged.iter().map(|&language| topic_path(from, language)).collect();
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {:?}", from.display()))? {
        let model = entry?.path();
        let is_model = model.extension().is_some_and(|extension| extension == "model");
        let copy = out.join(model.file_name().unwrap_or_default());
        if is_model && !merged.contains(&model) && copy != model {
            fs::copy(&model, &copy)
                .with_context(|| format!("cannot copy {:?} to {:?}", model.display(), copy.display()))?;
        }
    }
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {:?}", path.display()))
}

/// The model that stands at `path`; `None` where nothing does.
fn read_model(path: &Path) -> anyhow::Result<Option<TopicModel>> {
    if !path.exists() {
        return Ok(None);
    }
    let cannot_read = || format!("cannot read {:?}", path.display());
    let bytes = fs::read(path).with_context(cannot_read)?;
    TopicModel::read(&bytes).map(Some).with_context(cannot_read)
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
