//! Looks at the broker as `run` will use it, without changing anything in it.

use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::membership::{self, Membership};
use super::{admin, client, errors, ids};
use crate::config::{Delivery, Settings};

/// How long the broker may take to answer the first request.
const CONNECT: Duration = Duration::from_secs(10);
/// How long each later request may take.
const REQUEST: Duration = Duration::from_secs(10);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Right(String),
    /// What is wrong and what to do: `run` would fail.
    Wrong(String),
    /// What cannot be known without changing something.
    Unknown(String),
}

/// Looks at the connection, the topics, the group and the transactions; stops at what makes the rest pointless.
/// `output_topics` are those that records may go to.
pub fn look(settings: &Settings, output_topics: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let consumer = match connect(settings) {
        Ok((consumer, sentence)) => {
            findings.push(Finding::Right(sentence));
            consumer
        }
        Err(sentence) => return vec![Finding::Wrong(sentence)],
    };
    let input = &settings.topics.input;
    let mut names = vec![input.clone(), settings.topics.dead_letter.clone()];
    names.extend_from_slice(output_topics);
    let mut input_partitions = 0;
    for name in &names {
        let (partitions, finding) = topic(settings, &consumer, name);
        if name == input {
            input_partitions = partitions;
        }
        findings.push(finding);
    }
    findings.push(group(settings, &consumer, input_partitions));
    if settings.delivery == Delivery::ExactlyOnce {
        findings.push(transactions(settings));
    }
    findings.push(Finding::Unknown(format!(
        "whether this user may write to {} shows with the first record: to try it would leave one there",
        names.get(1..).unwrap_or_default().join(" and ")
    )));
    findings
}

fn connect(settings: &Settings) -> Result<(BaseConsumer<Membership>, String), String> {
    let brokers = settings.kafka.consumer_property("bootstrap.servers").unwrap_or_default();
    let config = client::service_consumer(&settings.kafka, settings.delivery);
    let context = Membership::new(&settings.topics.input);
    let consumer =
        BaseConsumer::from_config_and_context(&config, context).map_err(|error| errors::sentence(&error))?;
    let protocol = settings.kafka.consumer_property("security.protocol").unwrap_or("plaintext");
    let started = Instant::now();
    loop {
        match consumer.fetch_metadata(None, Duration::from_secs(2)) {
            Ok(metadata) => {
                let count = metadata.brokers().len();
                return Ok((consumer, format!("{count} broker(s) answer at {brokers} over {protocol}")));
            }
            Err(error) => {
                // Why a connection fails is told to the client's queue.
                membership::hear(&consumer);
                let told = consumer.context().last_error();
                let hopeless = matches!(
                    told,
                    Some((Code::SaslAuthenticationFailed | Code::Authentication | Code::SSL, _))
                );
                if hopeless || started.elapsed() >= CONNECT {
                    return Err(errors::unreachable(brokers, &error, told).to_string());
                }
            }
        }
    }
}

/// A topic's number of partitions, and what to say of it.
fn topic(settings: &Settings, consumer: &BaseConsumer<Membership>, name: &str) -> (usize, Finding) {
    let finding = match admin::partitions(consumer.client(), name) {
        Ok(0) if settings.topics.create => {
            Finding::Right(format!("topic {name} is missing and will be created (topics.create = true)"))
        }
        Ok(0) => Finding::Wrong(format!("topic {name} is missing; create it, or set topics.create = true")),
        Ok(count) => return (count, Finding::Right(format!("topic {name} has {count} partition(s)"))),
        Err(error) => Finding::Wrong(errors::broker_error(&format!("topic {name}"), &error).to_string()),
    };
    (0, finding)
}

fn group(settings: &Settings, consumer: &BaseConsumer<Membership>, partitions: usize) -> Finding {
    let group = settings.kafka.group_id();
    if partitions == 0 {
        return Finding::Unknown(format!("group {group} cannot be looked at without the input topic"));
    }
    let mut list = TopicPartitionList::new();
    list.add_partition_range(&settings.topics.input, 0, i32::try_from(partitions).unwrap_or(i32::MAX) - 1);
    let started = Instant::now();
    let answer = loop {
        let answer = consumer.committed_offsets(list.clone(), REQUEST);
        let code = answer.as_ref().err().and_then(KafkaError::rdkafka_error_code);
        // The first question about any group makes a new cluster set up its coordinators.
        let is_passing = matches!(
            code,
            Some(Code::NotCoordinator | Code::CoordinatorNotAvailable | Code::CoordinatorLoadInProgress)
        );
        if !is_passing || started.elapsed() >= CONNECT {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    match answer {
        Ok(offsets) => {
            let committed = offsets
                .elements()
                .iter()
                .filter(|place| place.offset().to_raw().is_some_and(|o| o >= 0))
                .count();
            Finding::Right(format!(
                "group {group} may read, and has committed offsets for {committed} of {partitions} partition(s)"
            ))
        }
        Err(error) => Finding::Wrong(errors::broker_error(&format!("group {group}"), &error).to_string()),
    }
}

fn transactions(settings: &Settings) -> Finding {
    // No instance has this partition, so nobody is fenced.
    const NO_PARTITION: i32 = -1;
    let id = ids::transactional_id(settings.kafka.group_id(), &settings.topics.input, NO_PARTITION);
    match ids::initialise(&settings.kafka, &[id], REQUEST) {
        Ok(()) => Finding::Right("the broker grants transactions: delivery is exactly-once".into()),
        Err(KafkaError::Transaction(error)) if errors::remedy(error.code()).is_none() => {
            Finding::Wrong(format!(
                "the broker grants no transactions: {} (set delivery = \"at-least-once\" for a broker without them)",
                error.string()
            ))
        }
        Err(error) => Finding::Wrong(errors::broker_error("transactions", &error).to_string()),
    }
}
