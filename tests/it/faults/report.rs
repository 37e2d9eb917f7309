//! What a fault run came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::kit::judge::Verdict;

/// A fault that was thrown, and how long after it every partition had committed anew.
#[derive(Debug, Clone)]
pub struct Noted {
    pub fault: String,
    pub next_commit: Duration,
}

#[derive(Debug)]
pub struct Outcome {
    pub seed: u64,
    pub brokers: usize,
    pub took: Duration,
    pub pages: u64,
    pub verdict: Verdict,
    pub audit_holds: bool,
    pub audit: String,
    /// Records that a reader of uncommitted data sees beside those of committed transactions.
    pub uncommitted_duplicates: usize,
    pub aborted_transactions: usize,
    pub aborted_records: usize,
    /// Records of aborted transactions, by the brokers' log files, that a committed reader saw.
    pub aborted_but_visible: usize,
    pub noted: Vec<Noted>,
    pub peak_memory_kib: u64,
}

impl Outcome {
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.verdict.is_clean(), "{:?}", self.verdict);
        assert!(self.audit_holds, "{}", self.audit);
        assert_eq!(self.aborted_but_visible, 0);
        assert!(
            self.uncommitted_duplicates > 0,
            "no fault hit an open transaction, so the run proves nothing"
        );
        assert_eq!(
            self.uncommitted_duplicates, self.aborted_records,
            "what only an uncommitted reader sees is what the log files call aborted"
        );
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { seed, brokers, took, pages, verdict, .. } = self;
        writeln!(f, "| what | count |\n|---|---:|")?;
        let mut line = |what: &str, count: String| writeln!(f, "| {what} | {count} |");
        line("seed", seed.to_string())?;
        line("brokers", brokers.to_string())?;
        line("duration", format!("{:.1} min", took.as_secs_f64() / 60.0))?;
        line("pages fed", pages.to_string())?;
        line("labelled records", verdict.records.to_string())?;
        line("dead letters", verdict.dead_letters.to_string())?;
        line("lost", verdict.lost.to_string())?;
        line("duplicated", verdict.duplicated.to_string())?;
        line("partial", verdict.partial.to_string())?;
        line("out of order", verdict.out_of_order.to_string())?;
        line("wrong in any other way", verdict.wrong.to_string())?;
        line("aborted but visible", self.aborted_but_visible.to_string())?;
        line("`newswire audit`", if self.audit_holds { "holds".into() } else { "BREACHED".into() })?;
        line("aborted transactions", self.aborted_transactions.to_string())?;
        line("duplicates that a `read_uncommitted` reader sees", self.uncommitted_duplicates.to_string())?;
        line("peak memory of an instance", format!("{} MiB", self.peak_memory_kib / 1024))?;
        writeln!(
            f,
            "\n| fault | times | to the next commit of every partition: median | worst |\n|---|---:|---:|---:|"
        )?;
        let mut by_fault: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
        for noted in &self.noted {
            by_fault.entry(&noted.fault).or_default().push(noted.next_commit);
        }
        for (fault, mut times) in by_fault {
            times.sort();
            let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
            let (median, worst) = (median.as_secs_f64(), worst.as_secs_f64());
            writeln!(f, "| {fault} | {} | {median:.1} s | {worst:.1} s |", times.len())?;
        }
        Ok(())
    }
}
