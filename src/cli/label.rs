//! `newswire label`: pages from files or standard input, without a broker.

mod read;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::settings::SettingsArguments;
use super::{embedded, terminal};
use crate::news::page::{self, InputFormat, PageShape, Reject};
use crate::news::pipeline::{LabelOptions, Pipeline};
use crate::news::record::{LabelledRecord, Position};
use crate::service::worker::rfc3339_now;
use read::{Batches, RawPage};

/// Label pages from files or standard input: one JSON line an item on standard output.
///
/// A record's page.topic is the file's name and its page.offset the line on which the page begins, counted from
/// 1. Pages that give no records are named on standard error, and the exit status is then 1.
#[derive(Debug, Args)]
pub struct LabelArguments {
    /// Files of pages; `-`, or no file at all, is standard input.
    files: Vec<PathBuf>,
    /// How the files hold pages; without it, by extension: `.json`, `.jsonl` and `.ndjson` say so, everything
    /// else and standard input are text.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// For people: coloured, aligned, wrapped.
    #[arg(long)]
    pretty: bool,
    /// How many of the terms that weighed most on the topic a record names; over `output.evidence`.
    #[arg(long, value_name = "N")]
    evidence: Option<usize>,
    /// Give articles and teasers their body; over `output.body`.
    #[arg(long)]
    body: bool,
    /// Below this probability a topic is `other`, where the model knows that topic; over `topic.threshold`.
    #[arg(long, value_name = "P", value_parser = super::probability)]
    threshold: Option<f64>,
    /// Models of your own, a directory that `newswire train` wrote; over `models.dir`.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// How a file holds pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The whole file is one page's text.
    Text,
    /// The whole file is one page as a JSON object.
    Json,
    /// One page a line, each a JSON object; blank lines are skipped.
    Jsonl,
}

impl Format {
    /// What a file's extension says; text where it says nothing.
    fn of(path: &Path) -> Format {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_deref().and_then(|extension| extension.to_str()) {
            Some("json") => Format::Json,
            Some("jsonl" | "ndjson") => Format::Jsonl,
            _ => Format::Text,
        }
    }

    fn input(self) -> InputFormat {
        match self {
            Format::Text => InputFormat::Text,
            Format::Json | Format::Jsonl => InputFormat::Json,
        }
    }
}

/// Labels every page; the exit status is 1 if a file could not be read or a page gave no records.
pub fn run(arguments: LabelArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings.load()?;
    let models = arguments.models.unwrap_or_else(|| settings.models.dir.clone());
    let asked = settings.label_options();
    let labeller = Labeller {
        pipeline: Pipeline {
            models: Arc::new(embedded::models(
                Some(models.as_path()).filter(|dir| !dir.as_os_str().is_empty()),
            )?),
            options: LabelOptions {
                threshold: arguments.threshold.unwrap_or(asked.threshold),
                evidence: arguments.evidence.unwrap_or(asked.evidence),
                body: arguments.body || asked.body,
            },
        },
        shape: settings.page_shape(),
        pretty: arguments.pretty.then(terminal::width),
    };
    let mut files = arguments.files;
    if files.is_empty() {
        files.push(PathBuf::from("-"));
    }
    let mut output = anstream::AutoStream::auto(io::stdout().lock());
    let mut all_labelled = true;
    for path in &files {
        let format = arguments.format.unwrap_or_else(|| Format::of(path));
        match labeller.label_file(path, format, &mut output) {
            Ok(labelled) => all_labelled &= labelled,
            Err(error) if super::is_broken_pipe(&error) => return Ok(ExitCode::SUCCESS),
            Err(error) => {
                anstream::eprintln!("newswire: {error:#}");
                all_labelled = false;
            }
        }
    }
    Ok(if all_labelled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Labeller {
    pipeline: Pipeline,
    shape: PageShape,
    /// The width of the lines for people; `None` for JSON lines.
    pretty: Option<usize>,
}

impl Labeller {
    /// Labels a file's pages and writes their records in page order; whether every page gave some.
    fn label_file(&self, path: &Path, format: Format, output: &mut impl Write) -> anyhow::Result<bool> {
        let (name, reader) = read::open(path)?;
        let mut all_labelled = true;
        for batch in Batches::new(reader, format, self.shape.max_page_bytes) {
            let batch = batch.with_context(|| format!("cannot read {name:?}"))?;
            let labelled_at = rfc3339_now();
            let shown: Vec<Result<Vec<u8>, Reject>> =
                batch.par_iter().map(|page| self.label_page(&name, format, page, &labelled_at)).collect();
            for (page, shown) in batch.iter().zip(shown) {
                match shown {
                    Ok(bytes) => output.write_all(&bytes).context("standard output")?,
                    Err(reject) => {
                        all_labelled = false;
                        anstream::eprintln!("newswire: {name}, line {}: {reject}", page.line);
                    }
                }
            }
            output.flush().context("standard output")?;
        }
        Ok(all_labelled)
    }

    /// One page's records as the bytes to be written.
    fn label_page(
        &self,
        name: &str,
        format: Format,
        page: &RawPage,
        labelled_at: &str,
    ) -> Result<Vec<u8>, Reject> {
        let shape = PageShape { format: format.input(), ..self.shape.clone() };
        let position = Position { topic: name.to_owned(), partition: 0, offset: page.line };
        let decoded = page::decode(Some(&page.bytes), &shape)?;
        let records = self.pipeline.label(&decoded, &position, labelled_at)?;
        Ok(match self.pretty {
            None => json_lines(&records),
            Some(width) => pretty_lines(&records, &format!("{name}:{}", page.line), width),
        })
    }
}

fn json_lines(records: &[LabelledRecord]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len() * 512);
    for record in records {
        serde_json::to_writer(&mut bytes, record).expect("a record of strings and numbers is always JSON");
        bytes.push(b'\n');
    }
    bytes
}

fn pretty_lines(records: &[LabelledRecord], place: &str, width: usize) -> Vec<u8> {
    let heading = records.first().map(|record| terminal::page_line(record, place)).unwrap_or_default();
    let lines = records.iter().map(|record| terminal::record_lines(record, width));
    [heading].into_iter().chain(lines).chain(["\n".to_owned()]).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_format(path: &str, expected: Format) {
        assert_eq!(Format::of(Path::new(path)), expected);
    }

    #[test]
    fn the_extension_tells_the_format() {
        check_format("pages.jsonl", Format::Jsonl);
        check_format("a/b.NDJSON", Format::Jsonl);
        check_format("page.json", Format::Json);
        check_format("page.txt", Format::Text);
        check_format("page", Format::Text);
        check_format("-", Format::Text);
    }
}
