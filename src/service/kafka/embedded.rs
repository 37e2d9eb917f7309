//! A broker inside this process: librdkafka's mock cluster, for the demo and for tests. It shows aborted records
//! to `read_committed` readers, forgets the offsets of transactions, does not fence, and keeps only the newest
//! ~5 MiB of a partition: only a real Kafka judges exactly-once.

use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::config::{ClientConfig, FromClientConfig};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::{BaseProducer, DefaultProducerContext, Producer};

/// The broker. It lives as long as this value; `bootstrap_servers` is where clients find it, on loopback.
pub struct EmbeddedBroker {
    producer: BaseProducer<DefaultProducerContext>,
}

impl EmbeddedBroker {
    pub fn start() -> KafkaResult<EmbeddedBroker> {
        let mut config = ClientConfig::new();
        config.set("test.mock.num.brokers", "1");
        let producer = BaseProducer::from_config(&config)?;
        let broker = EmbeddedBroker { producer };
        broker.join_groups_at_once()?;
        Ok(broker)
    }

    fn client(&self) -> &Client<DefaultProducerContext> {
        self.producer.client()
    }

    pub fn bootstrap_servers(&self) -> KafkaResult<String> {
        let cluster = self.client().mock_cluster().ok_or_else(no_cluster)?;
        Ok(cluster.bootstrap_servers())
    }

    pub fn create_topic(&self, name: &str, partitions: i32) -> KafkaResult<()> {
        self.client().mock_cluster().ok_or_else(no_cluster)?.create_topic(name, partitions, 1)
    }

    /// A group's first member waits three seconds for others; the demo has one member and two seconds.
    #[allow(unsafe_code)]
    fn join_groups_at_once(&self) -> KafkaResult<()> {
        // SAFETY: the client is alive for as long as `self`, and so is the mock cluster that it owns; both calls take
        // no other pointers. rdkafka has no safe way to this setting.
        unsafe {
            let cluster = rdkafka::bindings::rd_kafka_handle_mock_cluster(self.client().native_ptr());
            if cluster.is_null() {
                return Err(no_cluster());
            }
            rdkafka::bindings::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
        }
        Ok(())
    }
}

/// Whether a client talks to such a broker. It cannot tell its topics' settings: a question for them runs into its
/// time-out.
pub(super) fn is_embedded<C: ClientContext>(client: &Client<C>) -> bool {
    client.fetch_cluster_id(Duration::from_secs(5)).is_some_and(|id| id.starts_with("mockCluster"))
}

fn no_cluster() -> KafkaError {
    KafkaError::ClientCreation("the mock cluster did not start".into())
}
