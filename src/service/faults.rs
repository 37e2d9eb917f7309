//! Failpoints and saboteurs: what the fault run breaks on purpose. They exist only with the cargo feature `faults`,
//! which no release has; without it every function here is empty and nothing of the environment is read.
//!
//! - `NEWSWIRE_FAILPOINT=after-produce:3` kills this process (as SIGKILL does, nothing is flushed) when it comes to
//!   that place for the third time; `after-produce:3:stop` makes it stand still there (SIGSTOP) until somebody sends
//!   SIGCONT.
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

    use rustix::process::Signal;

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

    /// What `NEWSWIRE_FAILPOINT` orders: where, at which time of coming there, and by which signal.
    struct Order {
        place: String,
        time: u64,
        signal: Signal,
    }

    fn read_order() -> Option<Order> {
        let order = std::env::var("NEWSWIRE_FAILPOINT").ok()?;
        let expected = "NEWSWIRE_FAILPOINT is PLACE:TIME or PLACE:TIME:stop";
        let mut parts = order.split(':');
        let place = parts.next().expect(expected).to_owned();
        let time = parts.next().and_then(|time| time.parse().ok()).expect(expected);
        let signal = match parts.next() {
            None => Signal::KILL,
            Some("stop") => Signal::STOP,
            Some(other) => panic!("{expected}, not {other:?}"),
        };
        Some(Order { place, time, signal })
    }

    /// The signal that is due here, this time.
    fn due(here: Failpoint) -> Option<Signal> {
        static ORDER: OnceLock<Option<Order>> = OnceLock::new();
        static REACHED: AtomicU64 = AtomicU64::new(0);
        let order = ORDER.get_or_init(read_order).as_ref()?;
        let is_due =
            order.place == failpoint_name(here) && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == order.time;
        is_due.then_some(order.signal)
    }

    fn strike(signal: Signal) {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, signal).expect("a process may always signal itself");
    }

    pub fn reach(here: Failpoint) {
        if let Some(signal) = due(here) {
            strike(signal);
        }
    }

    /// Strikes while `work` is being done: a moment after it has begun, or at its end if that is sooner.
    pub fn during<T>(here: Failpoint, work: impl FnOnce() -> T) -> T {
        let Some(signal) = due(here) else { return work() };
        let striking = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_micros(500));
            strike(signal);
        });
        let done = work();
        striking.join().expect("a signal is sent");
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
