//! What the demo shows: records under their pages, dead letters, and the summary.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use super::TailedRecord;
use super::summary::Summary;
use crate::cli::terminal::{self, BAD, BOLD, DIM, GOOD};
use crate::news::record::LabelledRecord;
use crate::service::dead_letter;

/// How much of a dead letter's value is shown, in characters.
const VALUE_SHOWN: usize = 60;

/// A terminal, or whatever else the demo's lines go to.
pub struct Screen<W> {
    output: W,
    width: usize,
    /// The page of the record that was shown last.
    page: Option<(i32, i64)>,
}

impl<W: Write> Screen<W> {
    pub fn new(output: W) -> Screen<W> {
        Screen { output, width: terminal::width(), page: None }
    }

    /// The opening lines. `live` is where the live page is served, if it is.
    pub fn welcome(&mut self, live: Option<SocketAddr>) -> anyhow::Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        writeln!(
            self.output,
            "{BOLD}newswire {version}{BOLD:#}  {DIM}the whole service in one process:{DIM:#}"
        )?;
        writeln!(
            self.output,
            "{DIM}pages -> a broker -> the worker of `newswire run` -> the broker -> this screen{DIM:#}"
        )?;
        if let Some(address) = live {
            writeln!(
                self.output,
                "live page {GOOD}http://{address}/{GOOD:#}  {DIM}Ctrl-C ends the stream{DIM:#}"
            )?;
        }
        Ok(self.output.flush()?)
    }

    /// A labelled record, below its page's line.
    pub fn record(&mut self, record: &LabelledRecord) -> anyhow::Result<()> {
        let page = (record.page.partition, record.page.offset);
        if self.page.replace(page) != Some(page) {
            let unnamed = format!("page {}/{}", page.0, page.1);
            let place = record.page.id.as_deref().unwrap_or(&unnamed);
            write!(self.output, "\n{}", terminal::page_line(record, place))?;
        }
        self.output.write_all(terminal::record_lines(record, self.width).as_bytes())?;
        Ok(self.output.flush()?)
    }

    /// A page that gave no records: why, and how it begins.
    pub fn dead_letter(&mut self, record: &TailedRecord) -> anyhow::Result<()> {
        self.page = None;
        let header = |name| terminal::clean(&record.header(name).unwrap_or_default());
        let value = terminal::clean(&String::from_utf8_lossy(&record.value));
        let reason = header(dead_letter::REASON);
        let room = self.width.saturating_sub(15).max(1);
        writeln!(self.output, "\n{BAD}dead letter{BAD:#}    {BOLD}{reason}{BOLD:#}")?;
        for line in terminal::wrap(&header(dead_letter::DETAIL), room) {
            writeln!(self.output, "{:15}{line}", "")?;
        }
        let value = terminal::shortened(&value, VALUE_SHOWN.min(room));
        writeln!(self.output, "{:15}{DIM}{value}{DIM:#}", "")?;
        Ok(self.output.flush()?)
    }

    /// The summary.
    pub fn farewell(&mut self, summary: &Summary, took: Duration) -> anyhow::Result<()> {
        let line = "─".repeat(self.width.min(60));
        write!(self.output, "\n{DIM}{line}{DIM:#}\n{}", summary.table(took))?;
        Ok(self.output.flush()?)
    }
}
