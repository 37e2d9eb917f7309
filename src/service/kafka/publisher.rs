//! The producer's side: records out, acknowledged or not at all; in a transaction, or without one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use tracing::debug;

use super::{client, errors, membership};
use crate::config::KafkaSettings;
use crate::service::broker::{OutputRecord, PageOutput};
use crate::service::stop::Stop;

/// One poll for acknowledgements. rdkafka's own flush sleeps for 100 ms at a time, which a transaction would wait
/// for.
const POLL: Duration = Duration::from_millis(1);
/// One try of a transaction's step; a step that is not done by then is tried again, as librdkafka asks.
const STEP: Duration = Duration::from_secs(5);
/// How long a transaction's step may take in all before its outcome counts as unknown.
const STEPS: Duration = Duration::from_secs(60);
/// How long an abort may take before the producer is dropped, whose successor aborts at the coordinator.
const ABORT: Duration = Duration::from_secs(10);

/// What went wrong with a batch.
#[derive(Debug)]
pub(super) enum Failure {
    /// The transaction has to be aborted; then the producer is as good as before.
    Aborted { reason: String, code: Option<Code> },
    /// A record is to blame for what it is. librdkafka numbers an idempotent producer's requests, and a refused one
    /// leaves a gap that the next transaction stumbles over, so the producer is of no use any more either.
    /// `suspects`: see [`PublishError::Refused`](crate::service::broker::PublishError::Refused).
    Refused { reason: String, suspects: BTreeSet<usize> },
    /// The producer is of no use any more, or nobody knows what became of the transaction: only a new producer
    /// with the same id settles it.
    Broken { reason: String, code: Option<Code> },
}

/// What the broker says of each record that it did not take.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    failures: Mutex<Vec<Undelivered>>,
}

/// A record that the broker did not take.
#[derive(Debug)]
struct Undelivered {
    code: Code,
    topic: String,
    /// The place of its page in what was sent.
    page: usize,
}

impl Deliveries {
    fn failures(&self) -> MutexGuard<'_, Vec<Undelivered>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        membership::log(level, facility, message);
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        debug!(reason, "producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, page: usize) {
        if let Err((error, message)) = result {
            let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
            self.failures().push(Undelivered { code, topic: message.topic().to_owned(), page });
        }
    }
}

/// A producer that publishes whole batches.
pub(super) struct Publisher {
    producer: Arc<BaseProducer<Deliveries>>,
    transactional: bool,
    stop: Stop,
}

impl Publisher {
    /// With an id, transactions have to be initialised before the first batch.
    pub(super) fn new(
        settings: &KafkaSettings,
        id: Option<&str>,
        request_limit: Option<u64>,
        stop: Stop,
    ) -> KafkaResult<Publisher> {
        let config = client::service_producer(settings, id, request_limit);
        let producer = BaseProducer::from_config_and_context(&config, Deliveries::default())?;
        Ok(Publisher { producer: Arc::new(producer), transactional: id.is_some(), stop })
    }

    /// Aborts what was open under the id and fences who had it.
    pub(super) fn initialise(&self, timeout: Duration) -> KafkaResult<()> {
        self.producer.init_transactions(timeout)
    }

    fn failures(&self) -> MutexGuard<'_, Vec<Undelivered>> {
        self.producer.client().context().failures()
    }

    pub(super) fn begin(&self) -> Result<(), Failure> {
        self.failures().clear();
        self.producer.begin_transaction().map_err(|error| self.broken("a transaction cannot begin", &error))
    }

    /// Sends every record and waits until all are acknowledged. A single page's records go one by one, so that no
    /// other shares their fate.
    pub(super) fn send(&self, pages: &[PageOutput]) -> Result<(), Failure> {
        let apart = pages.len() == 1;
        for (place, page) in pages.iter().enumerate() {
            for record in &page.records {
                self.enqueue(record, place)?;
                if apart {
                    self.drain()?;
                }
            }
        }
        self.drain()
    }

    /// `page` is the place of the record's page in what is sent.
    fn enqueue(&self, record: &OutputRecord, page: usize) -> Result<(), Failure> {
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (name, value) in &record.headers {
            headers = headers.insert(Header { key: name, value: value.as_deref() });
        }
        let mut message: BaseRecord<'_, [u8], [u8], usize> =
            BaseRecord::with_opaque_to(&record.topic, page).headers(headers);
        message.key = record.key.as_deref();
        message.payload = record.value.as_deref();
        loop {
            match self.producer.send(message) {
                Ok(()) => return Ok(()),
                // The queue is bounded: the input waits while the output does.
                Err((KafkaError::MessageProduction(Code::QueueFull), returned)) => {
                    message = returned;
                    self.producer.poll(POLL);
                    self.check_failures()?;
                    self.check_stop()?;
                }
                Err((error, _)) => {
                    self.check_failures()?;
                    let code = error.rdkafka_error_code();
                    let reason = format!("a record for topic {}: {}", record.topic, errors::sentence(&error));
                    return Err(match code {
                        Some(code) if errors::is_refusal(code) => {
                            Failure::Refused { reason, suspects: [page].into() }
                        }
                        _ => Failure::Aborted { reason, code },
                    });
                }
            }
        }
    }

    /// Waits until the broker has answered for every record. A transaction that has failed is not waited for:
    /// librdkafka sends none of its records any more, and keeps those it has until they time out.
    fn drain(&self) -> Result<(), Failure> {
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(POLL);
            self.check_stop()?;
            if self.transactional {
                self.check_failures()?;
            }
        }
        self.check_failures()
    }

    fn check_stop(&self) -> Result<(), Failure> {
        if self.stop.is_overdue() {
            return Err(Failure::Broken { reason: "the time for a clean stop is over".into(), code: None });
        }
        Ok(())
    }

    /// The first failure that says something; a record that was purged only shares another's fate.
    fn check_failures(&self) -> Result<(), Failure> {
        let failures = self.failures();
        let refused = || failures.iter().filter(|failure| errors::is_refusal(failure.code));
        if let Some(Undelivered { code, topic, .. }) = refused().next() {
            let suspects = refused().map(|failure| failure.page).collect();
            return Err(Failure::Refused { reason: format!("a record for topic {topic}: {code}"), suspects });
        }
        let says_something =
            |failure: &&Undelivered| !matches!(failure.code, Code::PurgeQueue | Code::PurgeInflight);
        match failures.iter().find(says_something).or(failures.first()) {
            None => Ok(()),
            Some(Undelivered { code, topic, .. }) => Err(Failure::Aborted {
                reason: format!("a record for topic {topic}: {code}"),
                code: Some(*code),
            }),
        }
    }

    /// Makes the offsets part of the transaction, under this instance's membership of the group as it is now.
    pub(super) fn send_offsets(
        &self,
        offsets: &TopicPartitionList,
        membership: ConsumerGroupMetadata,
    ) -> Result<(), Failure> {
        let membership = Arc::new(membership);
        self.step("the offsets cannot join the transaction", || {
            let (offsets, membership) = (offsets.clone(), Arc::clone(&membership));
            self.left_behind_if_it_hangs(2 * STEP, move |producer| {
                producer.send_offsets_to_transaction(&offsets, &membership, STEP)
            })
        })
    }

    /// Makes a call on a thread of its own, and leaves both behind with the producer if it takes longer: once
    /// the group's coordinator has left the cluster, librdkafka may wait for it for ever, whatever the time-out
    /// (its issue 5511). The producer that takes the id next fences this one.
    fn left_behind_if_it_hangs(
        &self,
        longest: Duration,
        call: impl FnOnce(&BaseProducer<Deliveries>) -> KafkaResult<()> + Send + 'static,
    ) -> KafkaResult<()> {
        let producer = Arc::clone(&self.producer);
        let (answer, wait) = mpsc::channel();
        let calling = move || {
            let result = call(&producer);
            // Before the answer, so that whoever hears it may drop the last.
            drop(producer);
            // Nobody may be waiting any more.
            answer.send(result).ok();
        };
        let spawned = std::thread::Builder::new().name("transaction".into()).spawn(calling);
        let answered = spawned.ok().and_then(|_| wait.recv_timeout(longest).ok());
        answered.unwrap_or(Err(KafkaError::Global(Code::OperationTimedOut)))
    }

    pub(super) fn commit(&self) -> Result<(), Failure> {
        self.step("the transaction cannot commit", || self.producer.commit_transaction(STEP))
    }

    /// One step, tried again while librdkafka asks for that.
    fn step(&self, what: &str, step: impl Fn() -> KafkaResult<()>) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            let Err(error) = step() else { return Ok(()) };
            let KafkaError::Transaction(native) = &error else { return Err(self.broken(what, &error)) };
            let reason = format!("{what}: {}", native.string());
            if native.is_fatal() {
                return Err(self.broken(what, &error));
            }
            if native.txn_requires_abort() {
                return Err(Failure::Aborted { reason, code: Some(native.code()) });
            }
            let give_up = started.elapsed() > STEPS || self.stop.is_overdue();
            if !native.is_retriable() || give_up {
                return Err(self.broken(what, &error));
            }
            debug!(reason, "trying again");
        }
    }

    fn broken(&self, what: &str, error: &KafkaError) -> Failure {
        let reason = format!("{what}: {}", errors::sentence(error));
        Failure::Broken { reason, code: error.rdkafka_error_code() }
    }

    /// Aborts the open transaction; whether that succeeded.
    pub(super) fn abort(&self) -> bool {
        let started = Instant::now();
        loop {
            // librdkafka waits here for acknowledgements that only our poll takes in: so a short wait, and again.
            match self.producer.abort_transaction(POLL * 50) {
                Ok(()) => return true,
                Err(KafkaError::Transaction(error)) if error.is_retriable() && !error.is_fatal() => {
                    debug!(reason = error.string(), "aborting");
                }
                Err(error) => {
                    debug!(%error, "the transaction cannot be aborted");
                    return false;
                }
            }
            if started.elapsed() > ABORT || self.stop.is_overdue() {
                return false;
            }
            self.producer.poll(POLL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_call_that_hangs_is_left_behind_and_holds_nobody_up() {
        let settings = Settings::default().kafka;
        let publisher = Publisher::new(&settings, Some("id"), None, Stop::new()).expect("a producer");
        let answered = publisher.left_behind_if_it_hangs(STEP, |_| Ok(()));
        assert!(answered.is_ok(), "{answered:?}");

        let (end_it, hangs) = mpsc::channel::<()>();
        let (ended, wait) = mpsc::channel();
        let answered = publisher.left_behind_if_it_hangs(POLL, move |_| {
            // An error once the test lets go: either way it hung until then.
            hangs.recv().ok();
            ended.send(()).ok();
            Ok(())
        });
        assert!(matches!(answered, Err(KafkaError::Global(Code::OperationTimedOut))), "{answered:?}");
        // Its producer is the call's now.
        drop(publisher);
        assert!(wait.try_recv().is_err(), "the call still hangs");
        drop(end_it);
        wait.recv_timeout(STEP).expect("it comes back at last");
    }
}
