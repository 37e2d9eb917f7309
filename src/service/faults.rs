//! Failpoints and saboteurs: what the fault run breaks on purpose. They exist only with the cargo feature `faults`,
//! which no release has; without it every function here is empty and nothing of the environment is read.
//!
//! - `NEWSWIRE_FAILPOINT=after-produce:3` kills this process (as SIGKILL does, nothing is flushed) when it comes to
//!   that place for the third time; without a number, the first.
//! - `NEWSWIRE_SABOTAGE=no-rewind` takes one safeguard away. The fault run must notice.

/// A place in a batch's publication where a crash hurts most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failpoint {
    /// Every record is acknowledged; the offsets are not in the transaction yet.
    AfterProduce,
    /// The offsets are in the transaction; it is not committed.
    AfterSendOffsets,
    /// The commit is on its way.
    DuringCommit,
}

/// A safeguard that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Offsets are committed before the records are produced.
    CommitBeforeProduce,
    /// After an abort, the reading goes on where it was.
    NoRewind,
    /// Offsets are committed by the consumer, beside the transaction.
    OffsetsOutsideTransaction,
    /// A transactional id that nobody finds again, and a membership of the group that fences nobody.
    RandomIdStaleMetadata,
}

#[cfg(not(feature = "faults"))]
mod absent {
    use super::{Failpoint, Sabotage};

    #[inline(always)]
    pub fn reach(_: Failpoint) {}

    #[inline(always)]
    pub fn during<T>(_: Failpoint, work: impl FnOnce() -> T) -> T {
        work()
    }

    #[inline(always)]
    pub fn sabotaged(_: Sabotage) -> bool {
        false
    }
}

#[cfg(feature = "faults")]
mod present {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Failpoint, Sabotage};

    fn failpoint_name(failpoint: Failpoint) -> &'static str {
        match failpoint {
            Failpoint::AfterProduce => "after-produce",
            Failpoint::AfterSendOffsets => "after-send-offsets",
            Failpoint::DuringCommit => "during-commit",
        }
    }

    fn sabotage_name(sabotage: Sabotage) -> &'static str {
        match sabotage {
            Sabotage::CommitBeforeProduce => "commit-before-produce",
            Sabotage::NoRewind => "no-rewind",
            Sabotage::OffsetsOutsideTransaction => "offsets-outside-transaction",
            Sabotage::RandomIdStaleMetadata => "random-id-stale-metadata",
        }
    }

    /// Whether the order is to die here, this time.
    fn is_due(here: Failpoint) -> bool {
        static ORDERED: OnceLock<Option<(String, u64)>> = OnceLock::new();
        static REACHED: AtomicU64 = AtomicU64::new(0);
        let ordered = ORDERED.get_or_init(|| {
            let order = std::env::var("NEWSWIRE_FAILPOINT").ok()?;
            let (name, count) = order.split_once(':').unwrap_or((&order, "1"));
            Some((name.to_owned(), count.parse().expect("NEWSWIRE_FAILPOINT is NAME:COUNT")))
        });
        let Some((name, count)) = ordered else { return false };
        name == failpoint_name(here) && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count
    }

    fn die() {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::KILL)
            .expect("a process may always kill itself");
    }

    pub fn reach(here: Failpoint) {
        if is_due(here) {
            die();
        }
    }

    /// Dies while `work` is being done: a moment after it has begun, or at its end if that is sooner.
    pub fn during<T>(here: Failpoint, work: impl FnOnce() -> T) -> T {
        if !is_due(here) {
            return work();
        }
        std::thread::spawn(|| {
            std::thread::sleep(std::time::Duration::from_micros(500));
            die();
        });
        let done = work();
        die();
        done
    }

    pub fn sabotaged(sabotage: Sabotage) -> bool {
        static ORDERED: OnceLock<Option<String>> = OnceLock::new();
        let ordered = ORDERED.get_or_init(|| std::env::var("NEWSWIRE_SABOTAGE").ok());
        ordered.as_deref() == Some(sabotage_name(sabotage))
    }
}

#[cfg(not(feature = "faults"))]
pub use absent::{during, reach, sabotaged};
#[cfg(feature = "faults")]
pub use present::{during, reach, sabotaged};
