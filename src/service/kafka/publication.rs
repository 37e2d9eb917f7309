//! One batch: in a transaction, or acknowledged before its offsets move; and what a failure leaves to settle.

use std::collections::BTreeMap;

use rdkafka::consumer::{CommitMode, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};
use tracing::debug;

use super::broker::KafkaBroker;
use super::publisher::{Failure, Publisher};
use super::{client, errors};
use crate::service::broker::{BrokerError, PageOutput, PublishError};
use crate::service::faults::{self, Failpoint, Sabotage};

/// In bytes: a record's frame alone is some 100.
const SMALLEST_REQUEST: u64 = 1_000;

impl KafkaBroker {
    fn offsets(&self, pages: &[PageOutput]) -> Result<TopicPartitionList, KafkaError> {
        let mut next: BTreeMap<i32, i64> = BTreeMap::new();
        for page in pages {
            next.insert(page.position.partition, page.position.offset + 1);
        }
        self.offset_list(&next)
    }

    pub(super) fn offset_list(&self, next: &BTreeMap<i32, i64>) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::with_capacity(next.len());
        for (&partition, &offset) in next {
            list.add_partition_offset(self.input(), partition, Offset::Offset(offset))?;
        }
        Ok(list)
    }

    pub(super) fn publish_exactly_once(&self, pages: &[PageOutput]) -> Result<(), Failure> {
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
            publisher.send_offsets(&offsets, membership)?;
        }
        faults::reach(Failpoint::AfterSendOffsets);
        faults::during(Failpoint::DuringCommit, || publisher.commit())
    }

    fn membership(&self) -> Option<ConsumerGroupMetadata> {
        #[cfg(feature = "faults")]
        if faults::sabotaged(Sabotage::RandomIdStaleMetadata) {
            // A consumer that never joined names the group and no member, and so is fenced by nobody.
            let config = client::service_consumer(&self.settings.kafka, self.settings.delivery);
            let stranger: rdkafka::consumer::BaseConsumer = config.create().ok()?;
            return stranger.group_metadata();
        }
        self.consumer.as_ref()?.group_metadata()
    }

    pub(super) fn publish_at_least_once(&mut self, pages: &[PageOutput]) -> Result<(), Failure> {
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

    /// A new producer, whose requests are such that a refusal is a record's own fault.
    fn after_refusal(&mut self, suspects: usize) -> Result<(), BrokerError> {
        // Else the new producer waits, by a whole back-off, until the coordinator has aborted.
        if let Some(publisher) = self.publisher.as_ref().filter(|_| self.exactly_once()) {
            publisher.abort();
        }
        if suspects > 1 {
            // They may have shared a request that was too large, though none of their records is.
            let halved = self.request_limit.unwrap_or(client::BATCH_BYTES) / 2;
            self.request_limit = self.known_request_limit().or(Some(halved.max(SMALLEST_REQUEST)));
        }
        self.take_publisher(self.publisher_partition)
    }

    /// What a failed publication leaves to settle, and what the worker is to know of it.
    pub(super) fn after_failure(&mut self, failure: Failure) -> PublishError {
        let (reason, code) = match failure {
            Failure::Refused { reason, suspects } => match self.after_refusal(suspects.len()) {
                Ok(()) => return PublishError::Refused { reason, suspects },
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
            // A record for a topic that is gone may time out before the clients know that it is gone.
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::MessageTimedOut) => {
                self.must_look_for_topics = true;
            }
            Some(code) => {
                if let Some(remedy) = errors::remedy(code) {
                    return PublishError::Broker(BrokerError::Stop(format!("{reason} ({remedy})")));
                }
            }
            None => {}
        }
        PublishError::Rewound(reason)
    }
}
