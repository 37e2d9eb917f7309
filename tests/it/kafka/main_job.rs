use crate::kit::brokers;
use crate::kit::judge::Verdict;
use crate::kit::kafka::create_topics;
use crate::kit::process::More;
use crate::main_job;

fn run(test: &str, pages: usize, more: More<'_>) -> Verdict {
    let bootstrap = brokers::shared();
    let topics = main_job::topics(test, 6);
    create_topics(&bootstrap, &topics.each_ref().map(|(topic, partitions)| (topic.as_str(), *partitions)));
    main_job::run(&bootstrap, test, pages, more)
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn the_main_job_on_a_real_kafka() {
    let verdict = run("kafka-main-job", 5_000, More::default());
    assert!(verdict.is_clean(), "{verdict:?}");
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn the_main_job_at_least_once() {
    let more = More { root: "delivery = \"at-least-once\"", ..More::default() };
    let verdict = run("kafka-at-least-once", 2_000, more);
    // No instance was killed, so not even this delivery has a reason to repeat anything.
    assert!(verdict.is_clean(), "{verdict:?}");
}
