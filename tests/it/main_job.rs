//! The main job as a user runs it: generated pages over six partitions, two instances in one group, one of them
//! stopped half way; every item comes out once and in order, every bad page byte for byte.

use std::time::Duration;

use crate::kit::judge::{Fed, Verdict, judge};
use crate::kit::kafka::{Feeder, Reader};
use crate::kit::process::{Installation, More, Topics};
use crate::kit::wait_until;

const PARTITIONS: i32 = 6;

/// The topics that the flow needs, and how many partitions each has. Each broker has its own way to make them.
pub fn topics(test: &str, output_partitions: i32) -> [(String, i32); 3] {
    let topics = Topics::named(test);
    [(topics.input, PARTITIONS), (topics.output, output_partitions), (topics.dead_letter, 2)]
}

/// The flow on a broker that has the topics. `more` are further settings.
pub fn run(bootstrap: &str, test: &str, pages: usize, more: More<'_>) -> Verdict {
    let fed = Fed { seed: 20_261_125, count: pages, partitions: PARTITIONS };
    let topics = Topics::named(test);
    let installation = Installation::new(bootstrap, &topics, more);
    let feeder = Feeder::new(bootstrap, &topics.input);
    let feed = |numbers: std::ops::Range<usize>| {
        numbers.for_each(|number| feeder.feed(&fed.page(number)));
        feeder.flush();
    };
    let reader = Reader::of_group(bootstrap, &topics.group);
    let committed = || reader.committed(&topics.input, PARTITIONS).unwrap_or_default().values().sum::<i64>();

    feed(0..pages / 2);
    let first = installation.start_ready(&[]);
    let second = installation.start_ready(&[]);
    // Both are in the midst of it when the second half comes and the first instance is told to stop.
    wait_until("a quarter of the pages is committed", Duration::from_secs(60), || {
        committed() >= pages as i64 / 4
    });
    feed(pages / 2..pages * 3 / 4);
    first.stop();
    feed(pages * 3 / 4..pages);
    reader.wait_committed(&topics.input, Duration::from_secs(120));
    second.stop();

    let verdict = judge(bootstrap, &topics, fed);
    assert!(verdict.dead_letters > pages / 300, "one page in a hundred is bad: {verdict:?}");
    assert!(verdict.records > pages * 15, "a page holds up to 60 items: {verdict:?}");
    let audit = installation.run_to_end("audit", &["--set", "http.listen="]);
    let report = String::from_utf8_lossy(&audit.stdout);
    assert!(audit.status.success(), "{report}{}", String::from_utf8_lossy(&audit.stderr));
    assert!(report.contains(&format!("{pages:>12}  pages proven")), "{report}");
    verdict
}
