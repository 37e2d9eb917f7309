//! `newswire redrive`: sends dead letters back to the input topic.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use super::settings::SettingsArguments;
use crate::news::page::RejectReason;
use crate::service::kafka::redrive::{Letter, preview, redrive};

/// So many letters of a reason are shown by a dry run.
const MOST_SHOWN: u64 = 20;

/// Send dead letters back to the input topic, exactly once.
///
/// Each reason is sent back on its own: what a run has sent back, no later run sends again. A page that is still bad
/// comes back as a new dead letter.
#[derive(Debug, Args)]
pub struct RedriveArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only dead letters of this reason, such as `too_large`; may be given again. Without it, all.
    #[arg(long = "reason", value_name = "REASON", value_parser = reason)]
    reasons: Vec<RejectReason>,
    /// Show what would be sent back, and send nothing.
    #[arg(long)]
    dry_run: bool,
}

fn reason(argument: &str) -> Result<RejectReason, String> {
    RejectReason::ALL.into_iter().find(|reason| reason.code() == argument).ok_or_else(|| {
        let known: Vec<_> = RejectReason::ALL.iter().map(|reason| reason.code()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

pub fn run(arguments: RedriveArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings.load()?;
    let mut reasons = arguments.reasons;
    if reasons.is_empty() {
        reasons = RejectReason::ALL.to_vec();
    }
    let mut out = anstream::stdout().lock();
    let mut total = 0;
    for reason in reasons {
        let count = if arguments.dry_run {
            let mut shown = Vec::new();
            let count = preview(&settings, reason, |letter| {
                if shown.len() < MOST_SHOWN as usize {
                    shown.push(describe(letter));
                }
            })?;
            for line in &shown {
                writeln!(out, "  {line}")?;
            }
            count
        } else {
            redrive(&settings, reason)?
        };
        if count > 0 {
            writeln!(out, "{count:>10}  {}", reason.code())?;
        }
        total += count;
    }
    let done = if arguments.dry_run { "would be sent" } else { "sent" };
    writeln!(out, "{total:>10}  dead letters {done} back to {}", settings.topics.input)?;
    Ok(ExitCode::SUCCESS)
}

fn describe(letter: &Letter) -> String {
    let place = |number: Option<i64>| number.map_or("?".to_owned(), |number| number.to_string());
    format!(
        "page {}/{}, {} bytes, {}",
        place(letter.page_partition.map(i64::from)),
        place(letter.page_offset),
        letter.value.as_ref().map_or(0, Vec::len),
        letter.detail
    )
}
