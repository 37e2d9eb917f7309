//! The worker's broker over Kafka: one consumer, one producer, both owned by the worker's thread.
//!
//! [`super::recovery`] settles everything that a failure or a rebalance left open before the next page is handed out;
//! [`super::publication`] is what a batch goes through.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, warn};

use super::errors;
use super::membership::{self, Membership, Rebalance, Standing};
use super::publisher::Publisher;
use crate::config::{Delivery, Settings};
use crate::news::record::Position;
use crate::service::broker::{Broker, BrokerError, Event, InputRecord, PageOutput, PublishError};
use crate::service::stop::Stop;

/// How long one request to the broker may take before the loop looks at other things.
pub(super) const REQUEST: Duration = Duration::from_secs(5);
/// How long old clients may take to leave before new ones are made.
const LEAVE: Duration = Duration::from_secs(5);

/// Kafka, as one member of the consumer group.
pub struct KafkaBroker {
    pub(super) settings: Settings,
    /// The topics that must exist.
    pub(super) topics: Vec<String>,
    pub(super) stop: Stop,
    pub(super) consumer: Option<BaseConsumer<Membership>>,
    /// Whether the broker has answered, the topics exist, and the consumer is in its group.
    pub(super) subscribed: bool,
    pub(super) publisher: Option<Publisher>,
    /// The partition that the publisher's transactional id is made of.
    pub(super) publisher_partition: Option<i32>,
    pub(super) owned: BTreeSet<i32>,
    /// The next offset of each partition behind what was handed out.
    pub(super) next: BTreeMap<i32, i64>,
    /// The next offset of each partition behind what was published.
    pub(super) published: BTreeMap<i32, i64>,
    /// The largest request, in bytes, that every topic written to takes, where that is known.
    pub(super) request_limit: Option<u64>,
    pub(super) must_rewind: bool,
    pub(super) must_look_for_topics: bool,
}

impl KafkaBroker {
    /// Connects on the first poll. `output_topics` are those that records may go to.
    pub fn new(settings: Settings, output_topics: Vec<String>, stop: Stop) -> KafkaBroker {
        let mut topics = vec![settings.topics.input.clone(), settings.topics.dead_letter.clone()];
        topics.extend(output_topics);
        KafkaBroker {
            settings,
            topics,
            stop,
            consumer: None,
            subscribed: false,
            publisher: None,
            publisher_partition: None,
            owned: BTreeSet::new(),
            next: BTreeMap::new(),
            published: BTreeMap::new(),
            request_limit: None,
            must_rewind: false,
            must_look_for_topics: false,
        }
    }

    pub(super) fn exactly_once(&self) -> bool {
        self.settings.delivery == Delivery::ExactlyOnce
    }

    pub(super) fn input(&self) -> &str {
        &self.settings.topics.input
    }

    /// What the group wants.
    fn rebalance(&mut self, rebalance: Rebalance) -> Result<Event, BrokerError> {
        match rebalance {
            Rebalance::Assign(partitions) => {
                self.accept(&partitions)?;
                Ok(Event::Assigned(partitions))
            }
            Rebalance::Revoke(partitions) => {
                let lost = self.consumer.as_ref().is_some_and(Consumer::assignment_lost);
                Ok(Event::Revoked { partitions, lost })
            }
        }
    }

    fn consumer_error(&mut self, error: &KafkaError) -> Result<Event, BrokerError> {
        let code = error.rdkafka_error_code();
        let remedied = code.and_then(errors::remedy).is_some();
        match (error, code) {
            (KafkaError::MessageConsumptionFatal(_), _) if !remedied => {
                warn!(error = errors::sentence(error), "the consumer is of no use any more");
                self.rebuild()?;
                Err(errors::broker_error("reading", error))
            }
            (_, Some(Code::SaslAuthenticationFailed | Code::Authentication | Code::SSL)) => {
                Err(BrokerError::Wait(self.unreachable(error).to_string()))
            }
            (_, Some(Code::AllBrokersDown)) => {
                self.must_rewind = true;
                Err(BrokerError::Wait(self.unreachable(error).to_string()))
            }
            (_, Some(Code::UnknownTopicOrPartition | Code::UnknownTopic)) => {
                self.must_look_for_topics = true;
                self.must_rewind = true;
                Err(errors::broker_error(&format!("reading topic {}", self.input()), error))
            }
            _ if remedied => Err(errors::broker_error("reading", error)),
            // The rest heals by itself or shows as a rebalance.
            _ => {
                debug!(error = errors::sentence(error), "consumer");
                Ok(Event::Nothing)
            }
        }
    }

    /// How many records of a partition still wait: behind what was handed out, or, where the rest are markers of
    /// transactions, behind what the consumer has passed.
    fn waiting(&self, partition: i32, end: i64, standing: Option<&Standing>) -> i64 {
        let handed_out = self.next.get(&partition).copied().unwrap_or(0);
        let passed = standing.filter(|standing| standing.read_ahead == 0).map_or(0, |s| s.next_fetch);
        (end - handed_out.max(passed)).max(0)
    }
}

/// The message as a page; `None` for what was read ahead before a rewind, which is not handed out again.
fn page(next: &mut BTreeMap<i32, i64>, message: &BorrowedMessage<'_>) -> Option<InputRecord> {
    let (partition, offset) = (message.partition(), message.offset());
    let next = next.entry(partition).or_insert(offset);
    if offset < *next {
        return None;
    }
    *next = offset + 1;
    let headers = message.headers().into_iter().flat_map(Headers::iter);
    Some(InputRecord {
        position: Position { topic: message.topic().to_owned(), partition, offset },
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect(),
    })
}

pub(super) fn no_consumer() -> BrokerError {
    BrokerError::Wait("there is no consumer yet".into())
}

impl Broker for KafkaBroker {
    fn poll(&mut self, timeout: Duration) -> Result<Event, BrokerError> {
        let asked = self.consumer.as_ref().and_then(|consumer| consumer.context().next_rebalance());
        if let Some(rebalance) = asked {
            return self.rebalance(rebalance);
        }
        if let Err(error) = self.recover() {
            // The group is to know that this instance lives. What is read here is read again after the rewind.
            if let Some(consumer) = &self.consumer
                && let Some(Ok(_)) = consumer.poll(Duration::ZERO)
            {
                self.must_rewind = true;
            }
            return Err(error);
        }
        let Some(consumer) = &self.consumer else { return Err(no_consumer()) };
        let polled = match consumer.poll(timeout) {
            None => Ok(None),
            Some(Ok(message)) => Ok(page(&mut self.next, &message)),
            Some(Err(error)) => Err(error),
        };
        match polled {
            Ok(page) => Ok(page.map_or(Event::Nothing, Event::Page)),
            Err(error) => self.consumer_error(&error),
        }
    }

    fn publish(&mut self, pages: &[PageOutput]) -> Result<(), PublishError> {
        let published = if self.exactly_once() {
            self.publish_exactly_once(pages)
        } else {
            self.publish_at_least_once(pages)
        };
        published.map_err(|failure| self.after_failure(failure))
    }

    fn release(&mut self) -> Result<(), BrokerError> {
        let Some(consumer) = &self.consumer else { return Ok(()) };
        let Some(rebalance @ Rebalance::Revoke(_)) = consumer.context().next_rebalance() else {
            return Ok(());
        };
        let Rebalance::Revoke(partitions) = &rebalance else { return Ok(()) };
        if !self.published.is_empty() && !consumer.assignment_lost() {
            let committed = self
                .offset_list(&self.published)
                .and_then(|offsets| consumer.commit(&offsets, CommitMode::Sync));
            if let Err(error) = committed {
                debug!(error = errors::sentence(&error), "committing offsets before giving partitions up");
            }
        }
        membership::answer(consumer, self.input(), &rebalance)
            .map_err(|error| errors::broker_error("giving partitions up", &error))?;
        consumer.context().answered();
        for partition in partitions {
            self.owned.remove(partition);
            self.next.remove(partition);
            self.published.remove(partition);
        }
        // The id goes with the partition that it is made of.
        if self.exactly_once() && self.owned.first().copied() != self.publisher_partition {
            self.publisher = None;
            self.publisher_partition = None;
        }
        Ok(())
    }

    fn known_lag(&self) -> BTreeMap<i32, i64> {
        let Some(consumer) = &self.consumer else { return BTreeMap::new() };
        let standings = consumer.context().standings();
        let known = self.owned.iter().filter_map(|partition| {
            let standing = standings.get(partition)?;
            Some((*partition, self.waiting(*partition, standing.end, Some(standing))))
        });
        known.collect()
    }

    fn measure_lag(&mut self) -> Result<BTreeMap<i32, i64>, BrokerError> {
        let Some(consumer) = &self.consumer else { return Ok(BTreeMap::new()) };
        if self.owned.is_empty() {
            return Ok(BTreeMap::new());
        }
        let failed = |error: KafkaError| errors::broker_error("asking for the lag", &error);
        let mut ends = TopicPartitionList::with_capacity(self.owned.len());
        for &partition in &self.owned {
            // One request a broker for all partitions; asked one by one, each would wait behind a fetch.
            ends.add_partition_offset(self.input(), partition, Offset::End).map_err(failed)?;
        }
        let ends = consumer.offsets_for_times(ends, self.stop.time_left(REQUEST)).map_err(failed)?;
        let standings = consumer.context().standings();
        let mut lag = BTreeMap::new();
        for place in ends.elements() {
            place.error().map_err(failed)?;
            let (partition, end) = (place.partition(), place.offset().to_raw().unwrap_or(0));
            lag.insert(partition, self.waiting(partition, end, standings.get(&partition)));
        }
        Ok(lag)
    }

    fn rebuild(&mut self) -> Result<(), BrokerError> {
        self.drop_clients(LEAVE);
        self.must_rewind = false;
        Ok(())
    }

    fn close(&mut self) {
        if !self.published.is_empty()
            && let Some(consumer) = &self.consumer
        {
            let committed = self
                .offset_list(&self.published)
                .and_then(|offsets| consumer.commit(&offsets, CommitMode::Sync));
            if let Err(error) = committed {
                warn!(error = errors::sentence(&error), "the last offsets could not be committed");
            }
        }
        self.drop_clients(self.stop.time_left(LEAVE));
    }
}
