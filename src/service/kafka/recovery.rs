//! Everything that is settled before the next page is handed out, in one place and in this order: the connection,
//! the topics, a producer whose id is initialised, and then the consumer moved to the committed offsets. Only once the
//! producer has taken its id is it certain whether the batch before was committed, and only then do the committed
//! offsets say so.

use std::sync::mpsc;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, info, warn};

use super::broker::{KafkaBroker, REQUEST, no_consumer};
use super::membership::{self, Membership, Rebalance};
use super::publisher::Publisher;
use super::{admin, client, embedded, errors, ids};
use crate::service::broker::BrokerError;
use crate::service::faults::{self, Sabotage};

/// How long the initialisation of a transactional id may take: another instance's open transaction must end first.
const INITIALISE: Duration = Duration::from_secs(15);

impl KafkaBroker {
    /// Settles whatever is not settled; quick when nothing is.
    pub(super) fn recover(&mut self) -> Result<(), BrokerError> {
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
            membership::hear(consumer);
            return Err(self.unreachable(&error));
        }
        admin::ensure(consumer.client(), &self.settings, &self.topics)?;
        self.request_limit = self.known_request_limit();
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

    /// The largest request that every topic takes, in bytes, where this user may know it.
    pub(super) fn known_request_limit(&self) -> Option<u64> {
        let consumer = self.consumer.as_ref()?;
        if embedded::is_embedded(consumer.client()) {
            return None;
        }
        admin::smallest_limit(&self.settings, self.topics.get(1..).unwrap_or_default())
    }

    /// No broker answers: why, as far as the connections have told.
    pub(super) fn unreachable(&self, error: &KafkaError) -> BrokerError {
        let brokers = self.settings.kafka.consumer_property("bootstrap.servers").unwrap_or_default();
        let told = self.consumer.as_ref().and_then(|consumer| consumer.context().last_error());
        errors::unreachable(brokers, error, told)
    }

    /// A new producer under the id of the lowest partition; whatever was open under that id is aborted.
    pub(super) fn take_publisher(&mut self, lowest: Option<i32>) -> Result<(), BrokerError> {
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

    /// Takes partitions: first whatever was open under their ids is aborted (see [`ids`]), then they are read.
    pub(super) fn accept(&mut self, partitions: &[i32]) -> Result<(), BrokerError> {
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

    /// Drops the clients, at most `limit` long: a broker that does not answer must not hold the service.
    pub(super) fn drop_clients(&mut self, limit: Duration) {
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
