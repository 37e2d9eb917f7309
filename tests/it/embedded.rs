//! End to end on librdkafka's embedded broker, which every machine has. It keeps only some 5 MiB of a partition and
//! forgets a transaction's offsets, so the output is spread wide and the delivery is at-least-once; what only a real
//! broker can judge stands in `kafka` and `faults`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rdkafka::mocking::MockCluster;

use crate::kit::process::{Installation, More, Service, Topics};
use crate::kit::wait_until;
use crate::main_job;

#[test]
fn the_main_job_on_the_embedded_broker() {
    let test = "embedded-main-job";
    let cluster = MockCluster::new(1).expect("an embedded broker");
    for (topic, partitions) in main_job::topics(test, 24) {
        cluster.create_topic(&topic, partitions, 1).expect("a topic");
    }
    let verdict = main_job::run(
        &cluster.bootstrap_servers(),
        test,
        2_000,
        More { root: "delivery = \"at-least-once\"", ..More::default() },
    );
    // Two instances on it have been seen to repeat pages when the machine is busy, as this delivery may; that a real
    // broker sees none is asserted in `kafka`.
    assert_eq!((verdict.lost, verdict.partial, verdict.wrong), (0, 0, 0), "{verdict:?}");
}

/// A running service takes up a changed model, and keeps what it has where the new file is bad.
#[test]
fn a_running_service_takes_up_new_models_and_no_bad_ones() {
    let cluster = MockCluster::new(1).expect("an embedded broker");
    let topics = Topics::named("embedded-models");
    for topic in [&topics.input, &topics.output, &topics.dead_letter] {
        cluster.create_topic(topic, 1, 1).expect("a topic");
    }
    let folder = tempfile::tempdir().expect("a folder for models");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for name in ["language", "topic-fr", "topic-es", "topic-en"] {
        let file = format!("{name}.model");
        fs::copy(shipped.join(&file), folder.path().join(&file)).expect("the model is copied");
    }
    let tables = format!("[models]\ndir = {:?}\n", folder.path());
    let more = More { root: "delivery = \"at-least-once\"", tables: &tables, ..More::default() };
    let installation = Installation::new(&cluster.bootstrap_servers(), &topics, more);
    let mut service = installation.start_ready(&[]);
    let french = folder.path().join("topic-fr.model");
    fs::write(&french, "half a model").expect("the file is written");
    wait_for_models(&service, "newswire_model_reload_failures_total", 1.0, 4);

    // A folder with a topic model fewer is another set of models.
    fs::remove_file(&french).expect("the file is removed");
    wait_for_models(&service, "newswire_model_reloads_total", 1.0, 3);

    service.signal("HUP");
    wait_for_models(&service, "newswire_model_reloads_total", 2.0, 3);
    service.stop();
}

/// Waits until a metric has this value, when so many models are in force.
#[track_caller]
fn wait_for_models(service: &Service, metric: &str, value: f64, models: usize) {
    wait_until(metric, Duration::from_secs(30), || service.metric(metric) == Some(value));
    let (_, metrics) = service.get("/metrics").expect("the service answers");
    assert_eq!(metrics.matches("newswire_model{").count(), models, "{metrics}");
}
