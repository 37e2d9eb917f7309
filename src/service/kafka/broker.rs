//! The worker's broker over Kafka: one consumer, one producer, both owned by the worker's thread.
//!
//! What makes a failure harmless is that everything is settled in one place, [`KafkaBroker::recover`], before the
//! next page is handed out: the connection, the topics, a producer whose id is initialised, and then the consumer
//! moved to the committed offsets. In this order: only once the producer has taken its id is it certain whether the
//! batch before was committed, and only then do the committed offsets say so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, info, warn};

use super::membership::{self, Membership, Rebalance, Standing};
use super::publisher::{Failure, Publisher};
use super::{admin, client, errors, ids};
use crate::config::{Delivery, Settings};
use crate::news::record::Position;
use crate::service::broker::{Broker, BrokerError, Event, InputRecord, PageOutput, PublishError};
use crate::service::faults::{self, Failpoint, Sabotage};
use crate::service::stop::Stop;

/// How long one request to the broker may take before the loop looks at other things.
const REQUEST: Duration = Duration::from_secs(5);
/// How long the initialisation of a transactional id may take: another instance's open transaction must end first.
const INITIALISE: Duration = Duration::from_secs(15);
/// How long old clients may take to leave before new ones are made.
const LEAVE: Duration = Duration::from_secs(5);

/// Kafka, as one member of the consumer group.
pub struct KafkaBroker {
    settings: Settings,
    /// The topics that must exist.
    topics: Vec<String>,
    stop: Stop,
    consumer: Option<BaseConsumer<Membership>>,
    /// Whether the broker has answered, the topics exist, and the consumer is in its group.
    subscribed: bool,
    publisher: Option<Publisher>,
    /// The partition that the publisher's transactional id is made of.
    publisher_partition: Option<i32>,
    owned: BTreeSet<i32>,
    /// The next offset of each partition behind what was handed out.
    next: BTreeMap<i32, i64>,
    /// The next offset of each partition behind what was published.
    published: BTreeMap<i32, i64>,
    /// The largest request, in bytes, that every topic written to takes, where that is known.
    request_limit: Option<u64>,
    must_rewind: bool,
    must_look_for_topics: bool,
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

    fn exactly_once(&self) -> bool {
        self.settings.delivery == Delivery::ExactlyOnce
    }

    fn input(&self) -> &str {
        &self.settings.topics.input
    }

    /// Settles whatever is not settled; quick when nothing is.
    fn recover(&mut self) -> Result<(), BrokerError> {
        if !self.subscribed {
            self.subscribe()?;
        }
        if self.must_look_for_topics {
            // A topic that is gone may come back: the service waits for it, and skips nothing.
            let consumer = self.consumer.as_ref().ok_or_else(no_consumer)?;
            admin::ensure(consumer.client(), &self.settings, &self.topics)
                .map_err(|error| BrokerError::Wait(error.to_string()))?;
            self.must_look_for_topics = false;
        }
        if self.publisher.is_none() && (!self.owned.is_empty() || !self.exactly_once()) {
            self.take_publisher(self.owned.first().copied())?;
        }
        if self.must_rewind {
            self.rewind()?;
        }
        Ok(())
    }

    fn subscribe(&mut self) -> Result<(), BrokerError> {
        if self.consumer.is_none() {
            let config = client::service_consumer(&self.settings.kafka, self.settings.delivery);
            let consumer = BaseConsumer::from_config_and_context(&config, Membership::new(self.input()))
                .map_err(|error| errors::broker_error("making a consumer", &error))?;
            self.consumer = Some(consumer);
        }
        let consumer = self.consumer.as_ref().ok_or_else(no_consumer)?;
        let answer = consumer.fetch_metadata(Some(self.input()), self.stop.time_left(REQUEST));
        if let Err(error) = answer {
            // librdkafka tells only its queue why it cannot connect.
            while consumer.poll(Duration::ZERO).is_some() {}
            return Err(self.unreachable(&error));
        }
        admin::ensure(consumer.client(), &self.settings, &self.topics)?;
        let written = self.topics.get(1..).unwrap_or_default();
        self.request_limit = admin::smallest_limit(&self.settings, written);
        consumer
            .subscribe(&[self.input()])
            .map_err(|error| errors::broker_error("subscribing to the input topic", &error))?;
        self.subscribed = true;
        info!(
            brokers = self.settings.kafka.consumer_property("bootstrap.servers").unwrap_or_default(),
            group = self.settings.kafka.group_id(),
            topic = self.input(),
            delivery = self.settings.delivery.name(),
            "connected; joining the group"
        );
        Ok(())
    }

    /// No broker answers: why, as far as the connections have told.
    fn unreachable(&self, error: &KafkaError) -> BrokerError {
        let brokers = self.settings.kafka.consumer_property("bootstrap.servers").unwrap_or_default();
        let told = self.consumer.as_ref().and_then(|consumer| consumer.context().last_error());
        errors::unreachable(brokers, error, told)
    }

    /// A new producer under the id of the lowest partition; whatever was open under that id is aborted.
    fn take_publisher(&mut self, lowest: Option<i32>) -> Result<(), BrokerError> {
        self.publisher = None;
        let failed = |error: KafkaError| errors::broker_error("starting the producer", &error);
        let id = lowest.filter(|_| self.exactly_once()).map(|partition| self.id(partition));
        let publisher =
            Publisher::new(&self.settings.kafka, id.as_deref(), self.request_limit, self.stop.clone())
                .map_err(failed)?;
        if id.is_some() {
            publisher.initialise(self.stop.time_left(INITIALISE)).map_err(failed)?;
        }
        self.publisher = Some(publisher);
        self.publisher_partition = lowest;
        Ok(())
    }

    fn id(&self, partition: i32) -> String {
        if faults::sabotaged(Sabotage::RandomIdStaleMetadata) {
            let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
            return format!("sabotaged-{}-{now}", std::process::id());
        }
        ids::transactional_id(self.settings.kafka.group_id(), self.input(), partition)
    }

    /// Moves the consumer back to the committed offsets.
    fn rewind(&mut self) -> Result<(), BrokerError> {
        let Some(consumer) = &self.consumer else { return Ok(()) };
        if self.owned.is_empty() || faults::sabotaged(Sabotage::NoRewind) {
            self.must_rewind = false;
            return Ok(());
        }
        let failed = |error: KafkaError| errors::broker_error("going back to the committed offsets", &error);
        let mut list = TopicPartitionList::with_capacity(self.owned.len());
        for &partition in &self.owned {
            list.add_partition(self.input(), partition);
        }
        let committed = consumer.committed_offsets(list, self.stop.time_left(REQUEST)).map_err(failed)?;
        let mut places = TopicPartitionList::with_capacity(self.owned.len());
        self.next.clear();
        for place in committed.elements() {
            place.error().map_err(failed)?;
            let offset = match place.offset() {
                Offset::Offset(offset) => {
                    self.next.insert(place.partition(), offset);
                    Offset::Offset(offset)
                }
                // Nothing is committed yet: the beginning, as `auto.offset.reset` says.
                _ => Offset::Beginning,
            };
            places.add_partition_offset(self.input(), place.partition(), offset).map_err(failed)?;
        }
        let sought = consumer.seek_partitions(places, self.stop.time_left(REQUEST)).map_err(failed)?;
        for place in sought.elements() {
            place.error().map_err(failed)?;
        }
        self.must_rewind = false;
        debug!(offsets = ?self.next, "went back to the committed offsets");
        Ok(())
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

    /// Takes partitions: first whatever was open under their ids is aborted (see [`ids`]), then they are read.
    fn accept(&mut self, partitions: &[i32]) -> Result<(), BrokerError> {
        let mut owned = self.owned.clone();
        owned.extend(partitions);
        let lowest = owned.first().copied();
        if self.exactly_once() && !partitions.is_empty() {
            let others = partitions.iter().filter(|partition| Some(**partition) != lowest);
            let others: Vec<String> = others.map(|partition| self.id(*partition)).collect();
            ids::initialise(&self.settings.kafka, &others, self.stop.time_left(INITIALISE))
                .map_err(|error| errors::broker_error("taking over the partitions", &error))?;
            if self.publisher.is_none() || self.publisher_partition != lowest {
                self.take_publisher(lowest)?;
            }
        }
        let consumer = self.consumer.as_ref().ok_or_else(no_consumer)?;
        membership::answer(consumer, self.input(), &Rebalance::Assign(partitions.to_vec()))
            .map_err(|error| errors::broker_error("taking partitions", &error))?;
        consumer.context().answered();
        for partition in partitions {
            self.next.remove(partition);
            self.published.remove(partition);
        }
        self.owned = owned;
        Ok(())
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

    fn offsets(&self, pages: &[PageOutput]) -> Result<TopicPartitionList, KafkaError> {
        let mut next: BTreeMap<i32, i64> = BTreeMap::new();
        for page in pages {
            next.insert(page.position.partition, page.position.offset + 1);
        }
        self.offset_list(&next)
    }

    fn offset_list(&self, next: &BTreeMap<i32, i64>) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::with_capacity(next.len());
        for (&partition, &offset) in next {
            list.add_partition_offset(self.input(), partition, Offset::Offset(offset))?;
        }
        Ok(list)
    }

    fn publish_exactly_once(&self, pages: &[PageOutput]) -> Result<(), Failure> {
        let (Some(consumer), Some(publisher)) = (&self.consumer, &self.publisher) else {
            return Err(Failure::Broken { reason: "there is no producer yet".into(), code: None });
        };
        let aborted = |error: KafkaError| Failure::Aborted {
            reason: errors::sentence(&error),
            code: error.rdkafka_error_code(),
        };
        let offsets = self.offsets(pages).map_err(aborted)?;
        let beside = |mode| consumer.commit(&offsets, mode).map_err(aborted);
        if faults::sabotaged(Sabotage::CommitBeforeProduce) {
            beside(CommitMode::Sync)?;
        }
        publisher.begin()?;
        publisher.send(pages)?;
        faults::reach(Failpoint::AfterProduce);
        if faults::sabotaged(Sabotage::OffsetsOutsideTransaction) {
            beside(CommitMode::Sync)?;
        } else if !faults::sabotaged(Sabotage::CommitBeforeProduce) {
            // Fresh each time: it names the generation that the commit is bound to.
            let Some(membership) = self.membership() else {
                return Err(Failure::Aborted {
                    reason: "the group has not accepted this instance".into(),
                    code: None,
                });
            };
            publisher.send_offsets(&offsets, &membership)?;
        }
        faults::reach(Failpoint::AfterSendOffsets);
        faults::during(Failpoint::DuringCommit, || publisher.commit())
    }

    fn membership(&self) -> Option<rdkafka::consumer::ConsumerGroupMetadata> {
        #[cfg(feature = "faults")]
        if faults::sabotaged(Sabotage::RandomIdStaleMetadata) {
            // A consumer that never joined names the group and no member, and so is fenced by nobody.
            let config = client::service_consumer(&self.settings.kafka, self.settings.delivery);
            let stranger: BaseConsumer = config.create().ok()?;
            return stranger.group_metadata();
        }
        self.consumer.as_ref()?.group_metadata()
    }

    fn publish_at_least_once(&mut self, pages: &[PageOutput]) -> Result<(), Failure> {
        let (Some(consumer), Some(publisher)) = (&self.consumer, &self.publisher) else {
            return Err(Failure::Broken { reason: "there is no producer yet".into(), code: None });
        };
        publisher.send(pages)?;
        let commit = self.offsets(pages).and_then(|offsets| consumer.commit(&offsets, CommitMode::Async));
        if let Err(error) = commit {
            // The pages are out; that they may be read again is what this delivery allows.
            debug!(error = errors::sentence(&error), "committing offsets");
        }
        for page in pages {
            self.published.insert(page.position.partition, page.position.offset + 1);
        }
        Ok(())
    }

    /// What a failed publication leaves to settle, and what the worker is to know of it.
    fn after_failure(&mut self, failure: Failure) -> PublishError {
        let (reason, code) = match failure {
            Failure::Refused { reason } => match self.take_publisher(self.publisher_partition) {
                Ok(()) => return PublishError::Refused(reason),
                Err(error) => {
                    debug!(%error, "after a refusal");
                    (reason, None)
                }
            },
            Failure::Aborted { reason, code } => {
                if self.exactly_once() && !self.publisher.as_ref().is_some_and(Publisher::abort) {
                    self.publisher = None;
                }
                (reason, code)
            }
            Failure::Broken { reason, code } => {
                self.publisher = None;
                (reason, code)
            }
        };
        self.must_rewind = true;
        match code {
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => self.must_look_for_topics = true,
            Some(code) => {
                if let Some(remedy) = errors::remedy(code) {
                    return PublishError::Broker(BrokerError::Stop(format!("{reason} ({remedy})")));
                }
            }
            None => {}
        }
        PublishError::Rewound(reason)
    }

    /// How many records of a partition still wait: behind what was handed out, or, where the rest are markers of
    /// transactions, behind what the consumer has passed.
    fn waiting(&self, partition: i32, end: i64, standing: Option<&Standing>) -> i64 {
        let handed_out = self.next.get(&partition).copied().unwrap_or(0);
        let passed = standing.filter(|standing| standing.read_ahead == 0).map_or(0, |s| s.next_fetch);
        (end - handed_out.max(passed)).max(0)
    }

    /// Drops the clients, at most `limit` long: a broker that does not answer must not hold the service.
    fn drop_clients(&mut self, limit: Duration) {
        self.publisher = None;
        self.publisher_partition = None;
        self.subscribed = false;
        self.owned.clear();
        self.next.clear();
        self.published.clear();
        let Some(consumer) = self.consumer.take() else { return };
        consumer.context().close();
        let (done, wait) = mpsc::channel::<()>();
        let leave = move || {
            // Leaves the group, so that its partitions go to the others at once.
            drop(consumer);
            drop(done);
        };
        let spawned = std::thread::Builder::new().name("leave-group".into()).spawn(leave);
        match spawned {
            Ok(_) => {
                // Ends when the sender is dropped, or at the limit.
                if let Err(mpsc::RecvTimeoutError::Timeout) = wait.recv_timeout(limit) {
                    warn!("the broker did not let this instance leave the group in time");
                }
            }
            Err(error) => warn!(%error, "no thread to leave the group on"),
        }
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

fn no_consumer() -> BrokerError {
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
