//! The consumer's side of the group: events are only written down when librdkafka brings them, and answered by the
//! loop, so that a batch never outlives its partitions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use tracing::{debug, info, warn};

/// What the group wants, not yet answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rebalance {
    Assign(Vec<i32>),
    Revoke(Vec<i32>),
}

/// Where a partition's reading stands, as the consumer's statistics tell it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The next offset to be asked of the broker: past transaction markers and aborted records.
    pub next_fetch: i64,
    /// How many records are read ahead and wait for the loop.
    pub read_ahead: i64,
    /// The end of what this reader may see.
    pub end: i64,
}

/// What librdkafka tells the consumer.
#[derive(Debug)]
pub(super) struct Membership {
    topic: String,
    rebalances: Mutex<VecDeque<Rebalance>>,
    standings: Mutex<BTreeMap<i32, Standing>>,
    last_error: Mutex<Option<(RDKafkaErrorCode, String)>>,
    closing: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Membership {
    pub(super) fn new(topic: &str) -> Membership {
        Membership {
            topic: topic.to_owned(),
            rebalances: Mutex::default(),
            standings: Mutex::default(),
            last_error: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }

    /// The oldest event that is not answered.
    pub(super) fn next_rebalance(&self) -> Option<Rebalance> {
        locked(&self.rebalances).front().cloned()
    }

    /// The oldest event is answered.
    pub(super) fn answered(&self) {
        locked(&self.rebalances).pop_front();
    }

    pub(super) fn standings(&self) -> BTreeMap<i32, Standing> {
        locked(&self.standings).clone()
    }

    /// The newest error of a connection: what a request that timed out was waiting for.
    pub(super) fn last_error(&self) -> Option<(RDKafkaErrorCode, String)> {
        locked(&self.last_error).clone()
    }

    /// From now on, answers events at once: the loop polls no more, and closing waits for the answer.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }
}

/// How long the reason of a failed connection may take to the client's queue.
const TOLD_WITHIN: Duration = Duration::from_millis(200);

/// Takes in what the connections tell, so that [`Membership::last_error`] knows it. Not until the queue is empty: a
/// client that is refused connects again and again, and has always more to tell.
pub(super) fn hear<C: ConsumerContext>(consumer: &BaseConsumer<C>) {
    let started = Instant::now();
    while started.elapsed() < TOLD_WITHIN {
        // What comes are errors, and the context has heard them: nothing is subscribed to yet.
        drop(consumer.poll(Duration::from_millis(20)));
    }
}

/// Answers an event: takes the partitions, or gives them back.
pub(super) fn answer<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    rebalance: &Rebalance,
) -> KafkaResult<()> {
    let incremental = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
    let (Rebalance::Assign(partitions) | Rebalance::Revoke(partitions)) = rebalance;
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for &partition in partitions {
        list.add_partition(topic, partition);
    }
    match (rebalance, incremental) {
        (Rebalance::Assign(_), true) => consumer.incremental_assign(&list),
        (Rebalance::Assign(_), false) => consumer.assign(&list),
        (Rebalance::Revoke(_), true) => consumer.incremental_unassign(&list),
        (Rebalance::Revoke(_), false) => consumer.unassign(),
    }
}

impl ConsumerContext for Membership {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        kind: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let partitions = partitions.elements().iter().map(|element| element.partition()).collect();
        let rebalance = if kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            Rebalance::Assign(partitions)
        } else {
            Rebalance::Revoke(partitions)
        };
        debug!(?rebalance, "the group");
        if !self.closing.load(Ordering::SeqCst) {
            locked(&self.rebalances).push_back(rebalance);
        } else if let Err(error) = answer(consumer, &self.topic, &rebalance) {
            debug!(%error, "while closing");
        }
    }
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        let standings = topic.partitions.values().filter(|partition| partition.desired).map(|partition| {
            let end = if partition.ls_offset >= 0 { partition.ls_offset } else { partition.hi_offset };
            let standing =
                Standing { next_fetch: partition.next_offset, read_ahead: partition.fetchq_cnt, end };
            (partition.partition, standing)
        });
        *locked(&self.standings) = standings.collect();
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code) = error.rdkafka_error_code() {
            // That a connection was closed, or that all are, says less than why.
            let says_little = |code: &RDKafkaErrorCode| {
                matches!(code, RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure)
            };
            let mut last = locked(&self.last_error);
            if !says_little(&code) || last.as_ref().is_none_or(|(last, _)| says_little(last)) {
                *last = Some((code, reason.to_owned()));
            }
        }
        debug!(reason, "consumer");
    }
}

/// librdkafka's log lines as ours, a level lower: what it meets it tries again; whether that matters, the service
/// says itself.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => warn!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            info!(target: "librdkafka", facility, "{message}");
        }
        RDKafkaLogLevel::Info => debug!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Debug => debug!(target: "librdkafka", facility, "{message}"),
    }
}
