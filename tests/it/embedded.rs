//! End to end on librdkafka's embedded broker, which every machine has. It keeps only some 5 MiB of a partition and
//! forgets a transaction's offsets, so the output is spread wide and the delivery is at-least-once; what only a real
//! broker can judge stands in `kafka` and `faults`.

use rdkafka::mocking::MockCluster;

use crate::kit::process::More;
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
