//! The loop: pages from the broker, through the labeller, back to the broker.
//!
//! # What it guarantees
//!
//! With `delivery = "exactly-once"`, every page of the input topic gives all its labelled records or one dead
//! letter, once, to readers with `isolation.level = read_committed`; a partition's pages give them in order. A
//! batch's records, its dead letters and the offsets that pass its pages are one Kafka transaction, and the
//! transaction is bound to this instance's membership of the group (its generation), so that an instance that
//! lost its partitions without knowing cannot commit.
//!
//! With `delivery = "at-least-once"`, offsets move only after every record of the batch is acknowledged by all
//! in-sync replicas: nothing is lost, and a crash, a rebalance or a record that the broker refuses may repeat
//! records, with the same `id`s.
//!
//! A dead letter is part of the batch that passes its page. If it cannot be written, the batch is not committed
//! and the page is not passed.
//!
//! # When it breaks
//!
//! - Readers with `read_uncommitted`, which is the default of many clients, see the records of batches that were
//!   given up.
//! - Input that is deleted (by retention) before it is read is lost.
//! - An output topic that is not replicated, or a broker with unclean leader election, can lose what it has
//!   acknowledged.
//! - If every offset of the group expires (`offsets.retention.minutes`), the group begins at the start again.
//!
//! # How
//!
//! One thread, the caller's, owns the broker. A batch belongs to the partitions that it was read from: before the
//! group takes partitions away, the batch is published, or dropped where they are lost already. After any failure
//! what is in hand is dropped and the broker hands the same pages out again from the committed offsets. While a
//! batch is published, the next is labelled, so that neither waits for the other. Memory is bounded: two batches,
//! each by pages and by bytes, and a bounded read-ahead; an output that stands still stops the input.

mod publishing;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{debug, error, info, warn};

use super::broker::{Broker, BrokerError, Event, InputRecord};
use super::models::ModelSource;
use super::outcome::{HandledPage, Labeller};
use super::stats::Stats;
use super::stop::Stop;
use crate::config::Settings;

/// The longest wait for a page before the loop looks at other things.
const IDLE_WAIT: Duration = Duration::from_millis(100);
/// The waits between attempts while the broker is at fault.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// How often an idle instance asks the broker whether pages wait.
const LONGEST_BETWEEN_MEASURES: Duration = Duration::from_secs(5);
/// How often the metrics learn of the lag.
const LAG_EVERY: Duration = Duration::from_secs(1);

/// Why the service ended otherwise than by being stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    #[error("{0}")]
    Broker(String),
    #[error(
        "the dead letter of {page} cannot be written: {reason}; newswire does not skip a page, so it stops here: \
         mend the dead-letter topic (its max.message.bytes, perhaps) and start again"
    )]
    DeadLetter { page: String, reason: String },
}

/// The worker and all that it works with.
pub struct Worker<B> {
    broker: B,
    labeller: Arc<Labeller>,
    models: ModelSource,
    stats: Arc<Stats>,
    stop: Stop,
    limits: Limits,
    /// The batch before the one that is being read, to be published.
    labelled: Vec<HandledPage>,
    batch: Vec<InputRecord>,
    batch_bytes: usize,
    batch_since: Instant,
    /// When pages last moved, or none were waiting.
    progress: Instant,
    lag_known: Instant,
    lag_measured: Instant,
    backoff: Duration,
    /// Partition and offset of pages that go out by themselves, since a refused record may stand on them.
    suspects: BTreeSet<(i32, i64)>,
}

/// When a batch closes, and when a standstill is one.
#[derive(Debug, Clone)]
struct Limits {
    max_pages: usize,
    max_bytes: usize,
    max_wait: Duration,
    stall: Duration,
}

/// What the worker does next.
enum Next {
    GoOn,
    /// The broker went back: the batch is void.
    Again(String),
    End(WorkerError),
}

impl<B: Broker> Worker<B> {
    pub fn new(
        broker: B,
        labeller: Labeller,
        models: ModelSource,
        settings: &Settings,
        stats: Arc<Stats>,
        stop: Stop,
    ) -> Worker<B> {
        let now = Instant::now();
        stats.models(&labeller.pipeline.models);
        Worker {
            broker,
            labeller: Arc::new(labeller),
            models,
            stats,
            stop,
            limits: Limits {
                max_pages: settings.batch.max_pages,
                max_bytes: settings.batch.max_bytes,
                max_wait: Duration::from_millis(settings.batch.max_wait_ms),
                stall: Duration::from_millis(settings.stall_timeout_ms),
            },
            labelled: Vec::new(),
            batch: Vec::new(),
            batch_bytes: 0,
            batch_since: now,
            progress: now,
            lag_known: now,
            lag_measured: now,
            backoff: FIRST_BACKOFF,
            suspects: BTreeSet::new(),
        }
    }

    /// Works until the stop is asked for, then finishes the batch in hand and leaves the group. Gives the broker
    /// back.
    pub fn run(mut self) -> (B, Result<(), WorkerError>) {
        let result = loop {
            self.stats.came_round(Some(self.limits.stall));
            let stopping = self.stop.is_asked();
            let next = if stopping {
                self.finish_in_hand()
            } else if self.batch_is_due() {
                self.advance()
            } else {
                self.step()
            };
            match next {
                Next::GoOn if stopping => break Ok(()),
                Next::GoOn => {}
                Next::Again(reason) => {
                    self.drop_in_hand();
                    if stopping {
                        info!(reason, "the last batch was not committed; its pages will be read again");
                        break Ok(());
                    }
                    self.wait_out(&reason);
                }
                Next::End(reason) => break Err(reason),
            }
        };
        self.stats.came_round(None);
        self.broker.close();
        self.stats.update_health(|health| {
            health.joined = false;
            health.trouble = Some("stopped".into());
        });
        (self.broker, result)
    }

    fn batch_is_due(&self) -> bool {
        !self.batch.is_empty()
            && (self.batch.len() >= self.limits.max_pages
                || self.batch_bytes >= self.limits.max_bytes
                || self.batch_since.elapsed() >= self.limits.max_wait)
    }

    /// One event of the broker, and what is due between batches.
    fn step(&mut self) -> Next {
        let wait = if !self.labelled.is_empty() {
            Duration::ZERO
        } else if self.batch.is_empty() {
            self.look_for_models();
            IDLE_WAIT
        } else {
            self.limits.max_wait.saturating_sub(self.batch_since.elapsed()).min(IDLE_WAIT)
        };
        let event = match self.broker.poll(wait) {
            Ok(event) => event,
            Err(error) => return self.after_broker_error(error),
        };
        match event {
            Event::Page(page) => {
                if self.batch.is_empty() {
                    self.batch_since = Instant::now();
                }
                self.batch_bytes += page.bytes();
                self.batch.push(page);
                Next::GoOn
            }
            Event::Assigned(partitions) => {
                info!(?partitions, "partitions assigned");
                self.stats.update_health(|health| {
                    health.joined = true;
                    health.partitions.extend(partitions);
                    health.partitions.sort_unstable();
                    health.partitions.dedup();
                });
                self.progress = Instant::now();
                Next::GoOn
            }
            Event::Revoked { partitions, lost } => self.give_up(&partitions, lost),
            // No next batch comes at once: the labelled one need not wait for it.
            Event::Nothing if !self.labelled.is_empty() => self.publish_labelled(),
            Event::Nothing => self.watch(),
        }
    }

    /// The group takes partitions away: their pages are published first, or dropped where they are lost.
    fn give_up(&mut self, partitions: &[i32], lost: bool) -> Next {
        info!(?partitions, lost, "partitions revoked");
        let published = if lost { Next::GoOn } else { self.finish_in_hand() };
        self.drop_in_hand();
        self.suspects.retain(|(partition, _)| !partitions.contains(partition));
        self.stats.update_health(|health| health.partitions.retain(|own| !partitions.contains(own)));
        self.stats.update(|counts| counts.lag.retain(|own, _| !partitions.contains(own)));
        match self.broker.release() {
            Ok(()) => published,
            Err(error) => self.after_broker_error(error),
        }
    }

    fn after_broker_error(&self, error: BrokerError) -> Next {
        match error {
            BrokerError::Wait(reason) => Next::Again(reason),
            BrokerError::Stop(reason) => Next::End(WorkerError::Broker(reason)),
        }
    }

    fn drop_in_hand(&mut self) {
        self.labelled.clear();
        self.batch.clear();
        self.batch_bytes = 0;
    }

    /// Waits while the broker is at fault, and says so once.
    fn wait_out(&mut self, reason: &str) {
        if self.stats.trouble(reason) {
            warn!(reason, "the broker is at fault; waiting, and trying again");
        } else {
            debug!(reason, "still waiting");
        }
        self.stop.wait(self.backoff);
        self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
        self.rebuild_if_stalled();
    }

    /// With no page at hand: are there pages that should have come?
    fn watch(&mut self) -> Next {
        if !self.batch.is_empty() {
            return Next::GoOn;
        }
        let measure_every = (self.limits.stall / 4).min(LONGEST_BETWEEN_MEASURES);
        if self.lag_measured.elapsed() < measure_every || self.progress.elapsed() < measure_every {
            return Next::GoOn;
        }
        self.lag_measured = Instant::now();
        match self.broker.measure_lag() {
            Ok(lag) => {
                let nothing_waits = lag.values().all(|waiting| *waiting <= 0);
                self.stats.update(|counts| counts.lag = lag);
                if nothing_waits {
                    self.progress = Instant::now();
                    if self.stats.well() {
                        info!("nothing waits; all is well again");
                    }
                }
            }
            Err(BrokerError::Wait(reason)) => debug!(reason, "the lag cannot be measured"),
            Err(error @ BrokerError::Stop(_)) => return self.after_broker_error(error),
        }
        self.rebuild_if_stalled();
        Next::GoOn
    }

    /// Pages wait and nothing moves: says so and starts the clients anew.
    fn rebuild_if_stalled(&mut self) {
        let standing = self.progress.elapsed();
        if standing < self.limits.stall || self.stop.is_asked() {
            return;
        }
        let known = self.stats.health().trouble.unwrap_or_else(|| "pages wait".into());
        let reason = format!("no progress for {} s: {known}", standing.as_secs());
        self.stats.update_health(|health| health.trouble = Some(reason.clone()));
        error!(reason, "starting the Kafka clients anew");
        self.drop_in_hand();
        self.stats.update(|counts| counts.rebuilds += 1);
        self.stats.update_health(|health| health.partitions.clear());
        if let Err(error) = self.broker.rebuild() {
            warn!(%error, "the Kafka clients could not be started anew yet");
        }
        self.progress = Instant::now();
    }

    fn look_at_lag(&mut self) {
        if self.lag_known.elapsed() >= LAG_EVERY {
            self.lag_known = Instant::now();
            let lag = self.broker.known_lag();
            self.stats.update(|counts| counts.lag = lag);
        }
    }

    /// New models come into force between two batches; bad ones leave the old in force.
    fn look_for_models(&mut self) {
        match self.models.look() {
            None => {}
            Some(Ok(models)) => {
                Arc::make_mut(&mut self.labeller).pipeline.models = Arc::new(models);
                self.stats.models(&self.labeller.pipeline.models);
                self.stats.update(|counts| counts.model_reloads += 1);
                info!("new models are in force");
            }
            Some(Err(error)) => {
                self.stats.update(|counts| counts.bad_model_reloads += 1);
                error!(error = format!("{error:#}"), "the new models are bad; the old ones stay in force");
            }
        }
    }
}

/// The time as records give it: RFC 3339, UTC, milliseconds.
pub fn rfc3339_now() -> String {
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    );
    let now = time::OffsetDateTime::now_utc();
    now.format(format).expect("every field of the format is one of a date and time")
}

#[cfg(test)]
mod tests;
