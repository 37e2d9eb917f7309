//! What the service has done and how it is: counters, health, and a ring of recent records.
//!
//! The worker writes once a batch; HTTP and the demo read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tokio::sync::broadcast;

use super::outcome::{HandledPage, Outcome};
use crate::news::language::Language;
use crate::news::models::Models;
use crate::news::page::RejectReason;
use crate::news::record::{LabelledRecord, ModelOrigin};
use crate::news::segment::Kind;
use crate::news::topic::Label;

/// How many records the ring keeps for those who come late.
const RECENT: usize = 100;
/// How many records a batch gives to the ring and to those who watch: what a person can read, not the stream.
const RECENT_A_BATCH: usize = 20;

/// What has been committed so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// Pages by outcome: `labelled`, `rejected`, `refused`, `failed`.
    pub pages: BTreeMap<&'static str, u64>,
    pub items: BTreeMap<(Kind, Language, Option<Label>), u64>,
    pub dead_letters: BTreeMap<RejectReason, u64>,
    /// Batches that were committed.
    pub batches: u64,
    /// Batches that were given up and read again.
    pub rewinds: u64,
    /// How often the clients were dropped and made anew.
    pub rebuilds: u64,
    /// How often new models came into force, and how often they were bad.
    pub model_reloads: u64,
    pub bad_model_reloads: u64,
    /// The records that each assigned partition still holds.
    pub lag: BTreeMap<i32, i64>,
    /// The models in force.
    pub models: Vec<ModelOrigin>,
}

/// A reading of the counters at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub counts: Counts,
    pub uptime: Duration,
}

/// Whether the service can do its work, and if not, why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether the group has accepted this instance.
    pub joined: bool,
    /// The partitions that are this instance's.
    pub partitions: Vec<i32>,
    /// Why pages do not move, while they do not.
    pub trouble: Option<String>,
}

impl Health {
    /// Ready, or the reason why not.
    pub fn ready(&self) -> Result<(), String> {
        match &self.trouble {
            Some(trouble) => Err(trouble.clone()),
            None if !self.joined => Err("the consumer group has not accepted this instance yet".into()),
            None => Ok(()),
        }
    }
}

/// The shared state. Cheap to read and written once a batch.
#[derive(Debug)]
pub struct Stats {
    counts: Mutex<Counts>,
    health: Mutex<Health>,
    /// When the worker's loop has to come round again.
    due: Mutex<Option<Instant>>,
    recent: Mutex<VecDeque<Arc<LabelledRecord>>>,
    watchers: broadcast::Sender<Arc<LabelledRecord>>,
    started: Instant,
    /// Seconds from a batch's first page to the end of its labelling.
    pub label_seconds: Histogram,
    /// Seconds that a publication takes.
    pub publish_seconds: Histogram,
    /// Pages a batch.
    pub batch_pages: Histogram,
}

impl Default for Stats {
    fn default() -> Self {
        Stats {
            counts: Mutex::default(),
            health: Mutex::default(),
            due: Mutex::default(),
            recent: Mutex::default(),
            watchers: broadcast::channel(RECENT).0,
            started: Instant::now(),
            label_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            publish_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            batch_pages: Histogram::new(exponential_buckets(1.0, 2.0, 12)),
        }
    }
}

/// A counter that a panicking thread left behind is still a counter.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stats {
    pub fn new() -> Arc<Stats> {
        Arc::new(Stats::default())
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot { counts: locked(&self.counts).clone(), uptime: self.started.elapsed() }
    }

    pub fn health(&self) -> Health {
        let mut health = locked(&self.health).clone();
        let overdue = locked(&self.due).map_or(Duration::ZERO, |due| due.elapsed());
        if !overdue.is_zero() {
            let overdue = overdue.as_secs();
            health.trouble =
                Some(format!("the Kafka client does not answer newswire; overdue for {overdue} s"));
        }
        health
    }

    /// The worker's loop came round, and will again within `time` or is not well; `None`: it has ended.
    pub fn came_round(&self, time: Option<Duration>) {
        *locked(&self.due) = time.map(|time| Instant::now() + time);
    }

    /// The newest records, oldest first.
    pub fn recent(&self) -> Vec<Arc<LabelledRecord>> {
        locked(&self.recent).iter().cloned().collect()
    }

    /// Records as they are committed. Who reads too slowly misses some.
    pub fn watch(&self) -> broadcast::Receiver<Arc<LabelledRecord>> {
        self.watchers.subscribe()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut locked(&self.counts));
    }

    pub(super) fn update_health(&self, change: impl FnOnce(&mut Health)) {
        change(&mut locked(&self.health));
    }

    /// Says why pages do not move; whether that is news.
    pub(super) fn trouble(&self, reason: &str) -> bool {
        let mut health = locked(&self.health);
        let news = health.trouble.is_none();
        health.trouble = Some(reason.to_owned());
        news
    }

    /// Pages move; whether that is news.
    pub(super) fn well(&self) -> bool {
        locked(&self.health).trouble.take().is_some()
    }

    pub(super) fn models(&self, models: &Models) {
        let topics = models.topics.values().map(|model| model.origin());
        let origins = topics.chain([models.language.origin()]).cloned().collect();
        self.update(|counts| counts.models = origins);
    }

    /// Counts a batch that is committed.
    pub(super) fn committed(&self, pages: &[HandledPage]) {
        let mut counts = locked(&self.counts);
        counts.batches += 1;
        for page in pages {
            *counts.pages.entry(page.outcome.name()).or_default() += 1;
            if let Some(reject) = page.outcome.reject() {
                *counts.dead_letters.entry(reject.reason).or_default() += 1;
            }
            for record in records(page) {
                let key = (record.kind, record.language, record.topic.clone());
                *counts.items.entry(key).or_default() += 1;
            }
        }
        drop(counts);
        let newest = pages.iter().rev().flat_map(|page| records(page).iter().rev()).take(RECENT_A_BATCH);
        let newest: Vec<Arc<LabelledRecord>> = newest.cloned().map(Arc::new).collect();
        let mut recent = locked(&self.recent);
        for record in newest.into_iter().rev() {
            // Nobody watching is no error.
            self.watchers.send(Arc::clone(&record)).ok();
            recent.push_back(record);
        }
        let surplus = recent.len().saturating_sub(RECENT);
        recent.drain(..surplus);
    }
}

fn records(page: &HandledPage) -> &[LabelledRecord] {
    match &page.outcome {
        Outcome::Labelled(records) => records,
        _ => &[],
    }
}
