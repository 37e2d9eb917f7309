//! Which transactional id an instance takes, and what it does with the others.
//!
//! The rules that an id must obey pull apart. Two live instances must never share one, or they fence each other
//! without end. And what a killed instance left open (records that no reader may pass, offsets that no consumer may
//! fetch) should be aborted at once by whoever comes next, which only a producer with the same id can do: a fresh
//! random id leaves it to `transaction.timeout.ms`.
//!
//! So the id follows the partitions, which the group gives to one live instance at a time:
//!
//! - An instance produces under `GROUP/TOPIC/P`, where `P` is the lowest partition that is its own. It takes a new
//!   producer whenever `P` changes, and only between two batches.
//! - Before it reads newly assigned partitions, it initialises the id of each of them. Whoever produced under one
//!   of those ids held that partition and holds it no more: a killed instance's transaction is aborted, a zombie is
//!   fenced. Any host can do this, since nothing of it is remembered on a disk.
//!
//! What stays: a zombie whose lowest partition went to one instance and another partition to a second. The second
//! does not initialise the zombie's id, but the first does; until then the second's consumer is told that the
//! partition's offset is not stable yet (`read_committed` asks for stable offsets) and waits. If the zombie had not
//! yet sent its offsets, the group's coordinator refuses them, because they name a member or a generation that is
//! gone. Static members and cooperative assignors change nothing in this: a partition has one owner, and an instance
//! that gives up its lowest partition takes a new id before its next batch.

use std::time::Duration;

use rdkafka::error::KafkaResult;
use rdkafka::producer::{BaseProducer, DefaultProducerContext, Producer};
use xxhash_rust::xxh3::xxh3_64;

use super::client;
use crate::config::KafkaSettings;

/// Kafka's own limit is 32,767 bytes, but an id is also a key of the transaction log and a name in its metrics.
const LONGEST_ID: usize = 249;

/// How many ids are initialised at the same time.
const AT_ONCE: usize = 8;

/// The id of an instance whose lowest partition this is.
pub(super) fn transactional_id(group: &str, topic: &str, partition: i32) -> String {
    // A topic's name cannot hold a slash, so no other group and topic give the same id.
    let id = format!("{group}/{topic}/{partition}");
    if id.len() <= LONGEST_ID {
        return id;
    }
    format!("newswire/{:016x}/{partition}", xxh3_64(format!("{group}\0{topic}").as_bytes()))
}

/// Initialises ids with producers that live for this only, so that whatever was open under them is aborted.
/// Returns the first failure; `timeout` is for each.
pub(super) fn initialise(settings: &KafkaSettings, ids: &[String], timeout: Duration) -> KafkaResult<()> {
    for some in ids.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let initialise_one = |id| {
                let producer: BaseProducer<DefaultProducerContext> =
                    client::service_producer(settings, Some(id), None).create()?;
                producer.init_transactions(timeout)
            };
            let threads: Vec<_> = some.iter().map(|id| scope.spawn(move || initialise_one(id))).collect();
            // A panic in such a thread would be librdkafka's own; it ends this one too.
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_on_every_host_and_no_other_partition_has_it() {
        assert_eq!(transactional_id("g", "pages", 3), "g/pages/3");
        let long = "g".repeat(300);
        let id = transactional_id(&long, "pages", 3);
        assert!(id.len() <= LONGEST_ID, "{id}");
        assert_eq!(id, transactional_id(&long, "pages", 3));
        assert_ne!(id, transactional_id(&long, "pages", 4));
        assert_ne!(id, transactional_id(&long, "pagez", 3));
        assert_ne!(transactional_id("a-b", "c", 0), transactional_id("a", "b-c", 0));
    }
}
