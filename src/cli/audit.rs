//! `newswire audit`: proves or refutes that every page has exactly what is due.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::settings::SettingsArguments;
use crate::service::audit::{AuditOptions, Until, audit};
use crate::service::kafka::client;
use crate::service::kafka::scan::{Isolation, Scanner};

/// Prove page by page that nothing is lost, duplicated, partial or out of order.
///
/// Reads the input, output and dead-letter topics of the settings as a committed reader, works out anew what each
/// page owes, and exits with status 1 on any breach, naming the first ones. Nothing is written, and the service may
/// run meanwhile (with `--until committed`).
#[derive(Debug, Args)]
pub struct AuditArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Judge pages up to here: `end`, each partition's end when the audit starts; `committed`, what the group has
    /// committed when it starts; or offsets such as `0=1500,1=1480`.
    #[arg(long, value_name = "OFFSETS", default_value = "end", value_parser = until)]
    until: Until,
    /// How many seconds to wait for open transactions that hide the end of an output topic.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    settle: u64,
    /// Accept pages that an older version of newswire cut into more or fewer items than this one does.
    #[arg(long)]
    accept_other_cuts: bool,
    /// The report as one JSON object.
    #[arg(long)]
    json: bool,
}

fn until(argument: &str) -> Result<Until, String> {
    match argument {
        "end" => return Ok(Until::End),
        "committed" => return Ok(Until::Committed),
        _ => {}
    }
    let pair = |pair: &str| {
        let (partition, offset) = pair.split_once('=')?;
        let (partition, offset) = (partition.trim().parse::<i32>().ok()?, offset.trim().parse::<i64>().ok()?);
        (partition >= 0 && offset >= 0).then_some((partition, offset))
    };
    let offsets: Option<Vec<_>> = argument.split(',').map(pair).collect();
    offsets.map(Until::Offsets).ok_or_else(|| {
        "expected `end`, `committed`, or PARTITION=OFFSET pairs such as 0=1500,1=1480".to_owned()
    })
}

pub fn run(arguments: AuditArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings.load()?;
    let client = client::consumer(&settings.kafka);
    let committed = Scanner::open(&client, Isolation::Committed)?;
    let uncommitted = Scanner::open(&client, Isolation::Uncommitted)?;
    let options = AuditOptions {
        until: arguments.until,
        settle: Duration::from_secs(arguments.settle),
        accept_other_cuts: arguments.accept_other_cuts,
    };
    let report = audit(&settings, &committed, &uncommitted, &options)?;
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(if report.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(argument: &str, expected: Option<Until>) {
        assert_eq!(until(argument).ok(), expected, "{argument}");
    }

    #[test]
    fn the_end_of_an_audit_is_read() {
        check("end", Some(Until::End));
        check("committed", Some(Until::Committed));
        check("0=1500, 1=1480", Some(Until::Offsets(vec![(0, 1500), (1, 1480)])));
        check("0", None);
        check("0=-1", None);
        check("pages=7", None);
        check("", None);
    }
}
