//! End to end on librdkafka's embedded broker, which every machine has. It keeps only some 5 MiB of a partition and
//! forgets a transaction's offsets, so the output is spread wide and the delivery is at-least-once; what only a real
//! broker can judge stands in `kafka` and `faults`.

use rdkafka::mocking::MockCluster;

use crate::kit::process::More;
use crate::main_job;

#[test]
fn the_main_job_on_the_embedded_broker() {
    let cluster = MockCluster::new(1).expect("an embedded broker");
    let verdict = main_job::run(
        &cluster.bootstrap_servers(),
        "embedded-main-job",
        2_000,
        24,
        More { root: "delivery = \"at-least-once\"", ..More::default() },
    );
    assert!(verdict.is_clean(), "{verdict:?}");
}
