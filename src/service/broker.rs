//! The small trait between the worker and a log.
//!
//! A broker hands out pages in the order of their partitions and takes back what became of them, together with
//! the offsets that pass them. How it makes the two one (a transaction, or acknowledgement before commit) is its
//! own affair; what the worker may rely on is written at each method.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::news::record::Position;

/// A record's headers, in order; a name may come twice, a value may be null.
pub type Headers = Vec<(String, Option<Vec<u8>>)>;

/// A record of the input topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRecord {
    pub position: Position,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Headers,
}

impl InputRecord {
    /// The bytes that the record holds in memory, about.
    pub fn bytes(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let headers = self.headers.iter().map(|(name, value)| name.len() + length(value));
        length(&self.key) + length(&self.value) + headers.sum::<usize>()
    }
}

/// A record to be published: a labelled record or a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRecord {
    pub topic: Arc<str>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Headers,
}

/// All that one page gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOutput {
    pub position: Position,
    pub records: Vec<OutputRecord>,
}

/// What happened at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Page(InputRecord),
    /// The group gave this instance more partitions; pages of them will follow.
    Assigned(Vec<i32>),
    /// The group takes partitions away. They stay this instance's until [`Broker::release`]: by then the worker
    /// has published the pages it holds, or, if they are `lost` already, dropped them.
    Revoked {
        partitions: Vec<i32>,
        lost: bool,
    },
    Nothing,
}

/// Why a broker cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// Time may heal it: the worker drops the pages it holds, waits and polls again. The broker goes back to the
    /// committed offsets by itself.
    #[error("{0}")]
    Wait(String),
    /// A person must act; the service ends.
    #[error("{0}")]
    Stop(String),
}

/// Why a batch was not published. Nothing of it is visible to a `read_committed` reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The broker went back to the committed offsets, or will before it hands out the next page: the worker drops
    /// every page it holds.
    #[error("{0}")]
    Rewound(String),
    /// Some record is refused for what it is (too large, say). The pages are still the worker's: it may publish
    /// them again, in parts. `suspects` are the places, in what was given, of the pages whose records were refused,
    /// some perhaps for the record beside them: one at least.
    #[error("{reason}")]
    Refused { reason: String, suspects: BTreeSet<usize> },
    #[error(transparent)]
    Broker(BrokerError),
}

/// A log to read pages from and to publish to.
pub trait Broker {
    /// What happens next; waits at most `timeout`, or until [`super::stop::Stop`] is asked.
    fn poll(&mut self, timeout: Duration) -> Result<Event, BrokerError>;

    /// Publishes what `pages` gave and moves the offsets past them, as one where the delivery is exactly-once.
    /// Within each partition the pages stand in the order in which they were handed out. A single page is
    /// published so that no other record can be the cause if it is refused.
    fn publish(&mut self, pages: &[PageOutput]) -> Result<(), PublishError>;

    /// Answers [`Event::Revoked`]: the worker holds no page of those partitions any more.
    fn release(&mut self) -> Result<(), BrokerError>;

    /// How many records each assigned partition still holds for this instance, as last heard; costs nothing.
    fn known_lag(&self) -> BTreeMap<i32, i64>;

    /// The same, asked of the broker now.
    fn measure_lag(&mut self) -> Result<BTreeMap<i32, i64>, BrokerError>;

    /// Drops every client and starts anew from the committed offsets.
    fn rebuild(&mut self) -> Result<(), BrokerError>;

    /// Leaves the group. Nothing that is unpublished gets published.
    fn close(&mut self);
}
