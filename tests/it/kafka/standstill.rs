//! A broker that is gone for longer than `stall_timeout_ms`: the service says that it stands still, starts its
//! clients anew, and goes on where it was once the broker is back.

use std::time::Duration;

use crate::kit::brokers::Brokers;
use crate::kit::judge::{Fed, judge};
use crate::kit::kafka::{Feeder, Reader, create_topics};
use crate::kit::process::{Installation, More, Topics};
use crate::kit::wait_until;

const PAGES: usize = 300;

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn a_standstill_is_told_and_the_clients_start_anew() {
    let brokers = Brokers::start("standstill", &[]);
    let topics = Topics::named("standstill");
    create_topics(&brokers.internal, &[(&topics.input, 2), (&topics.output, 2), (&topics.dead_letter, 1)]);
    let fed = Fed { seed: 23, count: 2 * PAGES, partitions: 2 };
    let feed = |numbers: std::ops::Range<usize>| {
        let feeder = Feeder::new(&brokers.internal, &topics.input);
        numbers.for_each(|number| feeder.feed(&fed.page(number)));
        feeder.flush();
        Reader::of_group(&brokers.internal, &topics.group)
            .wait_committed(&topics.input, Duration::from_secs(90));
    };
    let more = More { root: "stall_timeout_ms = 3000", ..More::default() };
    let installation = Installation::new(&brokers.clients, &topics, more);
    let mut service = installation.start_ready(&[]);
    feed(0..PAGES);

    brokers.signal(1, "KILL");
    wait_until("it is not ready, and says why", Duration::from_secs(60), || {
        service
            .get("/health/ready")
            .is_some_and(|(status, body)| status == 503 && body.contains("no progress for"))
    });
    wait_until("the clients start anew", Duration::from_secs(60), || {
        service.metric("newswire_rebuilds_total").is_some_and(|rebuilds| rebuilds >= 1.0)
    });
    assert_eq!(service.get("/health/live").map(|(status, _)| status), Some(200));

    brokers.revive(1);
    service.wait_ready(Duration::from_secs(90));
    feed(PAGES..2 * PAGES);
    service.stop();
    let verdict = judge(&brokers.internal, &topics, fed);
    assert!(verdict.is_clean(), "{verdict:?}");
}
