//! The wish to stop, told to everything that can wait.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A stop that is asked for once and cannot be taken back. Clones are the same stop.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<OnceLock<Instant>>);

impl Stop {
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Asks for the stop, which is to be done within `time`. Only the first call counts.
    pub fn ask(&self, time: Duration) {
        self.0.get_or_init(|| Instant::now() + time);
    }

    pub fn is_asked(&self) -> bool {
        self.0.get().is_some()
    }

    /// Whether the time for a clean stop is over.
    pub fn is_overdue(&self) -> bool {
        self.0.get().is_some_and(|deadline| Instant::now() >= *deadline)
    }

    /// What is left of the time for a clean stop, at most `limit`; `limit` itself while nobody asked.
    pub fn time_left(&self, limit: Duration) -> Duration {
        self.0.get().map_or(limit, |deadline| deadline.saturating_duration_since(Instant::now()).min(limit))
    }

    /// Waits `time`, or until the stop is asked for.
    pub fn wait(&self, time: Duration) {
        const STEP: Duration = Duration::from_millis(20);
        let end = Instant::now() + time;
        while !self.is_asked() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(STEP));
        }
    }
}
