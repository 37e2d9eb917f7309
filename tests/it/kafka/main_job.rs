use crate::kit::brokers;
use crate::kit::process::More;
use crate::main_job;

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn the_main_job_on_a_real_kafka() {
    let verdict = main_job::run(&brokers::shared(), "kafka-main-job", 5_000, 6, More::default());
    assert!(verdict.is_clean(), "{verdict:?}");
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn the_main_job_at_least_once() {
    let more = More { root: "delivery = \"at-least-once\"", ..More::default() };
    let verdict = main_job::run(&brokers::shared(), "kafka-at-least-once", 2_000, 6, more);
    // No instance was killed, so not even this delivery has a reason to repeat anything.
    assert!(verdict.is_clean(), "{verdict:?}");
}
