//! Proves or refutes, page by page, that a service did what its guarantee says: every page has exactly its records
//! or exactly one dead letter, in order, and the group's offsets have passed it.
//!
//! What a page owes is worked out anew from the input, by the decoding and cutting that the service uses; nothing
//! that the service wrote is believed. Only what a committed reader sees is counted, and only once no open
//! transaction hides the end of an output topic, so that a record of an aborted transaction would show as a
//! duplicate and a missing one as a loss.
//!
//! What an audit cannot prove: pages whose records retention has deleted (they are counted apart), and topics
//! that are compacted, where a missing record means nothing (they are refused).

mod entries;
pub mod ledger;
mod plan;
pub mod report;

use std::time::Duration;

use self::ledger::{Ledger, Range};
use self::plan::{Output, Plan};
use self::report::{Breach, Fault, FaultClass, Found, PageName, Report};
use super::kafka::scan::{ScanError, Scanner};
use crate::config::Settings;

/// Up to where the input is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// The end of each partition when the audit starts.
    End,
    /// The group's committed offsets when the audit starts: what a running service has done so far.
    Committed,
    /// These offsets, by partition; a partition that is not named is judged to its end.
    Offsets(Vec<(i32, i64)>),
}

/// What is asked of an audit beside the service's own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOptions {
    pub until: Until,
    /// How long open transactions may hide the end of an output topic before the audit gives up.
    pub settle: Duration,
    /// Whether records that are whole among themselves, but cut otherwise than this version does, are accepted.
    pub accept_other_cuts: bool,
}

/// Why an audit came to no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("topic '{0}' does not exist; set `{1}` to the topic that the service uses")]
    NoTopic(String, &'static str),
    #[error("no topic matches '{0}'; set `topics.output` to what the service uses")]
    NoOutput(String),
    #[error(
        "an open transaction has hidden the end of {topic}/{partition} ({hidden} offsets) for {seconds} s; wait until `transaction.timeout.ms` of its producer has passed, or raise --settle"
    )]
    Hidden { topic: String, partition: i32, hidden: i64, seconds: u64 },
    #[error("--until names partition {0}, which topic '{1}' does not have")]
    NoPartition(i32, String),
    #[error(
        "the consumer group '{0}' has committed nothing for topic '{1}'; set \"group.id\" to the service's, or use --until end"
    )]
    NothingCommitted(String, String),
}

/// Reads the logs and judges every page. `committed` and `uncommitted` read the same cluster, at either isolation.
pub fn audit(
    settings: &Settings,
    committed: &Scanner,
    uncommitted: &Scanner,
    options: &AuditOptions,
) -> Result<Report, AuditError> {
    let plan = Plan::make(settings, committed, options)?;
    let outputs = plan.outputs(committed, uncommitted, options.settle)?;
    let mut report = plan.empty_report(settings);
    let mut window_from: Vec<i64> = plan.ranges.iter().map(|range| range.from).collect();
    loop {
        let windows = plan.windows(&window_from);
        let (found, foreign) = plan.judge(&windows, &outputs, committed)?;
        report.found.add_window(found);
        report.foreign = report.foreign.max(foreign);
        window_from = windows.iter().map(|window| window.until).collect();
        if windows.iter().all(|window| window.until >= window.audit_until) {
            break;
        }
    }
    if options.accept_other_cuts {
        accept_other_cuts(&mut report.found);
    }
    report.holds = report.found.breached() == 0;
    Ok(report)
}

fn accept_other_cuts(found: &mut Found) {
    found.proven += found.breaches.remove(&FaultClass::CutOtherwise).unwrap_or(0);
    found.first_breaches.retain(|breach| breach.fault.class() != FaultClass::CutOtherwise);
}

impl Plan {
    /// Judges one window. Returns what was found, and how many records were of other inputs or of nobody.
    fn judge(
        &self,
        windows: &[Range],
        outputs: &[Output],
        scanner: &Scanner,
    ) -> Result<(Found, u64), AuditError> {
        let partitions = outputs.iter().map(|output| output.partition.clone()).collect();
        let mut ledger = Ledger::open(self.strictness, windows, partitions);
        let last_pages = self.enter_pages(&mut ledger, windows, scanner)?;
        let mut foreign = 0;
        let mut first = 0;
        for (topic, partitions) in self.output_topics.iter().chain([&self.dead_letter]) {
            let count = usize::try_from(*partitions).unwrap_or(0);
            let is_dead_letters = *topic == self.dead_letter.0;
            let of_topic = outputs.get(first..first + count).unwrap_or_default();
            let ranges: Vec<_> = of_topic.iter().map(|output| output.range).collect();
            scanner.read(topic, &ranges, |record| {
                let output = u32::try_from(first).unwrap_or(0) + u32::try_from(record.partition).unwrap_or(0);
                let is_ours = if is_dead_letters {
                    self.enter_dead_letter(&mut ledger, output, &record)
                } else {
                    self.enter_item(&mut ledger, output, &record)
                };
                foreign += u64::from(!is_ours);
                Ok::<(), ScanError>(())
            })?;
            first += count;
        }
        let mut found = ledger.close();
        for (range, last_page) in self.ranges.iter().zip(last_pages) {
            let Some(offset) = last_page else { continue };
            let committed = range.committed.unwrap_or(0);
            if committed <= offset {
                let page = PageName { partition: range.partition, offset };
                found.blame(Breach { page, fault: Fault::NotCommitted { committed } });
            }
        }
        Ok((found, foreign))
    }
}
