//! `newswire evaluate`: how good a model is on labelled headlines.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

use super::terminal::BOLD;
use super::{embedded, is_broken_pipe, language_figures};
use crate::learn;
use crate::learn::corpus::{self, Example};
use crate::learn::evaluate::{Evaluation, Figures, evaluate};
use crate::learn::knowledge::Knowledge;
use crate::learn::language::LanguageReport;
use crate::learn::report::{self, Section};
use crate::news::pipeline::DEFAULT_THRESHOLD;

/// Measure models on labelled headlines: precision, recall, F1 and support of each topic, accuracy, macro-F1, the
/// confusion matrix, coverage against precision, and how far confidence is from the truth.
#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// A folder of models; without it, those within this binary.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Files of labelled headlines, .jsonl or .jsonl.gz; rows whose split is "train" are left out where a file has
    /// others.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Below this probability a topic is `other`, where the model knows that topic.
    #[arg(long, value_name = "P", default_value_t = DEFAULT_THRESHOLD, value_parser = super::probability)]
    threshold: f64,
    /// For machines.
    #[arg(long)]
    json: bool,
    /// Write a page to look at, index.html, and its figures into this folder.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Draw how much more headlines bring into the report: a corpus to train on in growing parts.
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "report")]
    learning_curve: Vec<PathBuf>,
    /// What is known beforehand while training for the learning curve: a folder of .tsv files.
    #[arg(long, value_name = "DIR", requires = "learning_curve")]
    lexicon: Option<PathBuf>,
}

/// All that is measured, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Measured<'e> {
    topics: &'e [Evaluation],
    language: &'e LanguageReport,
}

pub fn run(arguments: EvaluateArguments) -> anyhow::Result<ExitCode> {
    let models = embedded::models(arguments.model.as_deref())?;
    let examples = corpus::read_to_judge(&arguments.data)?;
    let examples: Vec<&Example> = examples.iter().collect();
    let evaluations: Vec<Evaluation> = models
        .topics
        .values()
        .map(|model| evaluate(model, &examples, arguments.threshold))
        .filter(|evaluation| evaluation.figures.headlines > 0)
        .collect();
    if evaluations.is_empty() {
        bail!("no labelled headline is in a language of the models; name data in one of their languages");
    }
    if let Some(folder) = &arguments.report {
        write_report(folder, &arguments, &evaluations, &examples)?;
    }
    let samples = language_figures::samples(examples.iter().copied());
    let language = learn::language::evaluate(&models.language, &samples);
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&Measured { topics: &evaluations, language: &language })? + "\n",
        false => {
            let topics: String = evaluations.iter().map(tables).collect();
            format!("{topics}{BOLD}language{BOLD:#}\n{}", language_figures::tables(&language))
        }
    };
    match anstream::stdout().write_all(text.as_bytes()).map_err(anyhow::Error::from) {
        Err(error) if !is_broken_pipe(&error) => Err(error),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Writes the report's files into `folder`.
fn write_report(
    folder: &Path,
    arguments: &EvaluateArguments,
    evaluations: &[Evaluation],
    examples: &[&Example],
) -> anyhow::Result<()> {
    let corpus = match arguments.learning_curve.as_slice() {
        [] => Vec::new(),
        files => corpus::read(files, &|_| {})?,
    };
    let knowledge = match &arguments.lexicon {
        Some(lexicon) => Knowledge::read(lexicon)?,
        None => Knowledge::default(),
    };
    let mut sections = Vec::new();
    for evaluation in evaluations {
        let learning = match corpus.is_empty() {
            true => Vec::new(),
            false => report::learning_curve(&corpus, &knowledge, evaluation.language, examples)?,
        };
        sections.push(Section { evaluation: evaluation.clone(), learning });
    }
    let names = arguments.data.iter().filter_map(|path| path.file_name());
    let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
    let made = format!("newswire {} on {}", env!("CARGO_PKG_VERSION"), names.join(", "));
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {:?}", folder.display()))?;
    for (name, text) in report::files("How good the topics are", &made, &sections)? {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {:?}", path.display()))?;
    }
    anstream::eprintln!("newswire: the report is {}", folder.join("index.html").display());
    Ok(())
}

/// One line of the figures that matter most.
pub fn headline_figures(figures: &Figures) -> String {
    if figures.headlines == 0 {
        return "no headline to judge by".to_owned();
    }
    format!(
        "macro-F1 {:.3}  accuracy {:.3} (also {:.3})  calibration error {:.3}  {} headlines",
        figures.macro_f1,
        figures.accuracy,
        figures.accuracy_with_also,
        figures.calibration_error,
        figures.headlines
    )
}

/// All figures of one language as tables.
fn tables(evaluation: &Evaluation) -> String {
    let figures = &evaluation.figures;
    let mut text = format!("{BOLD}{}{BOLD:#}  {}\n", evaluation.language, headline_figures(figures));
    text += &format!("model {} {}\n\n", evaluation.model.name, evaluation.model.hash);
    text += "topic         precision   recall       F1  support\n";
    for topic in &figures.topics {
        text += &format!(
            "{:12} {:10.3} {:8.3} {:8.3} {:8}\n",
            topic.label, topic.precision, topic.recall, topic.f1, topic.support
        );
    }
    text += "\ntrue \\ said ";
    figures.labels.iter().for_each(|label| text += &format!(" {label:>10}"));
    for (label, row) in figures.labels.iter().zip(&figures.confusion) {
        text += &format!("\n{label:12}");
        row.iter().for_each(|count| text += &format!(" {count:10}"));
    }
    text += &format!(
        "\n\nthreshold  coverage  precision   (in force: {:.2}, which covers {:.3})\n",
        evaluation.threshold, figures.coverage
    );
    for point in figures.curve.iter().step_by(2) {
        let bar = "#".repeat((point.coverage * 40.0).round() as usize);
        let precision = point.precision.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
        text += &format!("{:9.2} {:9.3} {precision:>10}   {bar}\n", point.threshold, point.coverage);
    }
    text += "\nconfidence      headlines  mean confidence  share right\n";
    for bin in figures.calibration.iter().filter(|bin| bin.headlines > 0) {
        text += &format!(
            "{:.1} to {:.1} {:15} {:16.3} {:12.3}\n",
            bin.from, bin.to, bin.headlines, bin.confidence, bin.accuracy
        );
    }
    text + "\n"
}
