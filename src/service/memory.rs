//! A broker over a Vec: the worker's own loop runs on it in tests, with faults on order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::broker::{Broker, BrokerError, Event, InputRecord, OutputRecord, PageOutput, PublishError};
use super::stats::{Health, Stats};
use super::stop::Stop;

/// What goes wrong, and when: each is used up once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The next publication is aborted.
    Abort(String),
    /// The next publication fails in a way that no time heals.
    Die(String),
    /// The next poll fails for a while.
    Unreachable(String),
    /// Polls give nothing, though pages wait, until the clients are rebuilt.
    Stall,
    /// These partitions are taken away and given back.
    Rebalance { partitions: Vec<i32>, lost: bool },
}

/// A log in memory with one consumer. It stops the worker once it has nothing left to give.
#[derive(Debug)]
pub struct MemoryBroker {
    input: BTreeMap<i32, Vec<InputRecord>>,
    /// What is committed: the next offset of each partition.
    pub committed: BTreeMap<i32, i64>,
    /// What is published.
    pub output: Vec<OutputRecord>,
    /// How many pages each publication held.
    pub publications: Vec<usize>,
    /// Faults to come: each with the number of polls to wait for first.
    pub faults: VecDeque<(usize, Fault)>,
    /// Which records are refused for what they are.
    pub refuses: fn(&OutputRecord) -> bool,
    /// Whose health is noted whenever the clients are rebuilt.
    pub watched: Option<Arc<Stats>>,
    pub health_at_rebuilds: Vec<Health>,
    pub rebuilds: usize,
    /// Asks for the stop once this many pages are handed out.
    pub stop_after: Option<usize>,
    handed_out: usize,
    pub closed: bool,
    position: BTreeMap<i32, i64>,
    releasing: Option<Vec<i32>>,
    stalled: bool,
    stop: Stop,
}

impl MemoryBroker {
    /// A log of `records`, which stand in offset order within each partition.
    pub fn new(records: impl IntoIterator<Item = InputRecord>, stop: Stop) -> MemoryBroker {
        let mut input: BTreeMap<i32, Vec<InputRecord>> = BTreeMap::new();
        for record in records {
            input.entry(record.position.partition).or_default().push(record);
        }
        MemoryBroker {
            input,
            committed: BTreeMap::new(),
            output: Vec::new(),
            publications: Vec::new(),
            faults: VecDeque::new(),
            refuses: |_| false,
            watched: None,
            health_at_rebuilds: Vec::new(),
            rebuilds: 0,
            stop_after: None,
            handed_out: 0,
            closed: false,
            position: BTreeMap::new(),
            releasing: None,
            stalled: false,
            stop,
        }
    }

    fn rewind(&mut self) {
        self.position =
            self.input.keys().map(|&p| (p, self.committed.get(&p).copied().unwrap_or(0))).collect();
    }

    /// The next fault, once its number of polls is over.
    fn due_fault(&mut self) -> Option<Fault> {
        let (polls, _) = self.faults.front_mut()?;
        match polls.checked_sub(1) {
            Some(left) => {
                *polls = left;
                None
            }
            None => self.faults.pop_front().map(|(_, fault)| fault),
        }
    }

    fn next_page(&mut self) -> Option<InputRecord> {
        for (partition, next) in &mut self.position {
            let records = self.input.get(partition)?;
            let first = records.partition_point(|record| record.position.offset < *next);
            if let Some(record) = records.get(first) {
                *next = record.position.offset + 1;
                return Some(record.clone());
            }
        }
        None
    }

    fn lag(&self) -> BTreeMap<i32, i64> {
        let end = |records: &Vec<InputRecord>| records.last().map_or(0, |last| last.position.offset + 1);
        self.position.iter().map(|(p, next)| (*p, self.input.get(p).map_or(0, end) - next)).collect()
    }
}

impl Broker for MemoryBroker {
    fn poll(&mut self, _timeout: Duration) -> Result<Event, BrokerError> {
        if self.position.is_empty() {
            self.rewind();
            return Ok(Event::Assigned(self.input.keys().copied().collect()));
        }
        match self.due_fault() {
            Some(Fault::Unreachable(reason)) => {
                self.rewind();
                return Err(BrokerError::Wait(reason));
            }
            Some(Fault::Stall) => self.stalled = true,
            Some(Fault::Rebalance { partitions, lost }) => {
                self.releasing = Some(partitions.clone());
                return Ok(Event::Revoked { partitions, lost });
            }
            Some(fault) => self.faults.push_front((0, fault)),
            None => {}
        }
        if self.stalled {
            return Ok(Event::Nothing);
        }
        match self.next_page() {
            Some(page) => {
                self.handed_out += 1;
                if self.stop_after == Some(self.handed_out) {
                    self.stop.ask(Duration::from_secs(60));
                }
                Ok(Event::Page(page))
            }
            None => {
                let all_committed = self.input.iter().all(|(p, records)| {
                    let end = records.last().map_or(0, |last| last.position.offset + 1);
                    self.committed.get(p).copied().unwrap_or(0) >= end
                });
                if all_committed {
                    self.stop.ask(Duration::from_secs(60));
                }
                Ok(Event::Nothing)
            }
        }
    }

    fn publish(&mut self, pages: &[PageOutput]) -> Result<(), PublishError> {
        match self.faults.front() {
            Some((0, Fault::Abort(_))) => {
                if let Some((_, Fault::Abort(reason))) = self.faults.pop_front() {
                    self.rewind();
                    return Err(PublishError::Rewound(reason));
                }
            }
            Some((0, Fault::Die(reason))) => {
                return Err(PublishError::Broker(BrokerError::Stop(reason.clone())));
            }
            _ => {}
        }
        let is_refused = |page: &PageOutput| page.records.iter().any(self.refuses);
        let suspects: BTreeSet<usize> =
            pages.iter().enumerate().filter(|(_, page)| is_refused(page)).map(|(place, _)| place).collect();
        if !suspects.is_empty() {
            return Err(PublishError::Refused { reason: "a record is too large".into(), suspects });
        }
        self.output.extend(pages.iter().flat_map(|page| &page.records).cloned());
        self.publications.push(pages.len());
        for page in pages {
            self.committed.insert(page.position.partition, page.position.offset + 1);
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), BrokerError> {
        // The same partitions come back at once, from what is committed.
        for partition in self.releasing.take().into_iter().flatten() {
            self.position.insert(partition, self.committed.get(&partition).copied().unwrap_or(0));
        }
        Ok(())
    }

    fn known_lag(&self) -> BTreeMap<i32, i64> {
        self.lag()
    }

    fn measure_lag(&mut self) -> Result<BTreeMap<i32, i64>, BrokerError> {
        Ok(self.lag())
    }

    fn rebuild(&mut self) -> Result<(), BrokerError> {
        self.stalled = false;
        self.rebuilds += 1;
        self.health_at_rebuilds.extend(self.watched.as_ref().map(|stats| stats.health()));
        self.rewind();
        Ok(())
    }

    fn close(&mut self) {
        self.closed = true;
    }
}
