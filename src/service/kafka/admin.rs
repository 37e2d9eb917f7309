//! Topics: which are there, and the making of those that are not.

use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResourceResult, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use tracing::info;

use super::errors;
use crate::config::Settings;
use crate::service::broker::BrokerError;

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How many partitions a topic has; 0 where there is no such topic.
pub(super) fn partitions<C: ClientContext>(client: &Client<C>, name: &str) -> Result<usize, KafkaError> {
    let metadata = client.fetch_metadata(Some(name), REQUEST_TIMEOUT)?;
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else {
        return Ok(0);
    };
    match topic.error().map(Code::from) {
        None => Ok(topic.partitions().len()),
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(0),
        Some(code) => Err(KafkaError::MetadataFetch(code)),
    }
}

/// Sees to it that the topics exist: makes those that are missing where `topics.create` says so, else names them.
/// `client` is a consumer's: a producer's question may itself create a topic.
pub(super) fn ensure<C: ClientContext>(
    client: &Client<C>,
    settings: &Settings,
    names: &[String],
) -> Result<(), BrokerError> {
    let mut missing = Vec::new();
    for name in names {
        let partitions = partitions(client, name)
            .map_err(|error| errors::broker_error(&format!("asking for topic {name}"), &error))?;
        if partitions == 0 {
            missing.push(name.as_str());
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !settings.topics.create {
        return Err(BrokerError::Stop(format!(
            "missing on the broker: topic {}; create what is missing, or set topics.create = true",
            missing.join(", topic ")
        )));
    }
    let admin: AdminClient<DefaultClientContext> = super::client::producer(&settings.kafka)
        .create()
        .map_err(|error| errors::broker_error("making topics", &error))?;
    // -1 leaves the number to the broker (num.partitions, default.replication.factor).
    let partitions = i32::try_from(settings.topics.partitions).unwrap_or(i32::MAX);
    let partitions = if partitions == 0 { -1 } else { partitions };
    let topics: Vec<NewTopic<'_>> =
        missing.iter().map(|name| NewTopic::new(name, partitions, TopicReplication::Fixed(-1))).collect();
    let options = AdminOptions::new().operation_timeout(Some(REQUEST_TIMEOUT));
    let made = block_on(admin.create_topics(&topics, &options))
        .map_err(|error| errors::broker_error("making topics", &error))?;
    for result in made {
        match result {
            Ok(name) => info!(topic = name, "topic created"),
            // Another instance was first.
            Err((_, Code::TopicAlreadyExists)) => {}
            Err((name, code)) => {
                let remedy = errors::remedy(code).unwrap_or("create it by hand");
                return Err(BrokerError::Stop(format!("topic {name} cannot be created: {code} ({remedy})")));
            }
        }
    }
    Ok(())
}

/// The smallest `max.message.bytes` among topics: the largest request that all of them take. `None` where this user
/// may not know it.
pub(super) fn smallest_limit(settings: &Settings, names: &[String]) -> Option<u64> {
    let admin: AdminClient<DefaultClientContext> = super::client::producer(&settings.kafka).create().ok()?;
    let topics: Vec<ResourceSpecifier<'_>> =
        names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT));
    let answers = block_on(admin.describe_configs(&topics, &options)).ok()?;
    let limit =
        |answer: ConfigResourceResult| answer.ok()?.get("max.message.bytes")?.value.as_ref()?.parse().ok();
    answers.into_iter().filter_map(limit).min()
}

/// rdkafka's admin calls are futures that its own thread completes.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime of this thread alone needs nothing that could be missing");
    runtime.block_on(future)
}
