//! A suite that cannot fail proves nothing: four services with a safeguard taken away, each of which the judge and
//! `newswire audit` must catch.

use std::thread;
use std::time::Duration;

use super::stage::{PARTITIONS, PAST_CALM_SESSION, PAST_PATIENT_TRANSACTION, calm, patient, undying};
use crate::kit::brokers::Brokers;
use crate::kit::judge::{Fed, Verdict, judge};
use crate::kit::kafka::{Feeder, Reader, create_topics};
use crate::kit::process::{Installation, Service, Topics};
use crate::kit::wait_until;

const PAGES: usize = 1_500;
const WITHIN: Duration = Duration::from_secs(60);

/// Topics full of pages, and a group that has read none of them.
struct Scene {
    internal: String,
    topics: Topics,
    fed: Fed,
    calm: Installation,
    patient: Installation,
    undying: Installation,
}

impl Scene {
    fn set(brokers: &Brokers, name: &str) -> Scene {
        let internal = brokers.internal.clone();
        let topics = Topics::named(&format!("sabotage-{name}"));
        create_topics(
            &internal,
            &[(&topics.input, PARTITIONS), (&topics.output, PARTITIONS), (&topics.dead_letter, 1)],
        );
        let fed = Fed { seed: 77, count: PAGES, partitions: PARTITIONS };
        let feeder = Feeder::new(&internal, &topics.input);
        (0..PAGES).for_each(|number| feeder.feed(&fed.page(number)));
        feeder.flush();
        Scene {
            calm: calm(&internal, &topics),
            patient: patient(&internal, &topics),
            undying: undying(&internal, &topics),
            internal,
            topics,
            fed,
        }
    }

    /// Lets the service come to the end; what then stands in the output is judged twice.
    #[track_caller]
    fn judge(&self, last: Service) -> Verdict {
        Reader::of_group(&self.internal, &self.topics.group).wait_committed(&self.topics.input, WITHIN);
        drop(last);
        let uncommitted = Reader::new(&self.internal, "read_uncommitted");
        let committed = Reader::new(&self.internal, "read_committed");
        wait_until("no open transaction hides the output", WITHIN, || {
            committed.ends(&self.topics.output) == uncommitted.ends(&self.topics.output)
        });
        let verdict = judge(&self.internal, &self.topics, self.fed);
        let audit = self.calm.run_to_end("audit", &[]);
        let holds = audit.status.success();
        assert_eq!(holds, verdict.is_clean(), "{verdict:?}\n{}", String::from_utf8_lossy(&audit.stdout));
        verdict
    }
}

/// The scenes that catch the saboteurs, with a service that has every safeguard: they must find nothing.
#[derive(Debug, Clone, Copy)]
enum Scenario {
    /// The service dies at this failpoint and is started again.
    Kill(&'static str),
    /// The service sleeps past its transaction and goes on.
    Sleep,
    /// The service sleeps past its session while another takes over, and wakes.
    Zombie,
}

fn play(brokers: &Brokers, name: &str, scenario: Scenario, sabotage: Option<&str>) -> Verdict {
    let scene = Scene::set(brokers, name);
    let with = |failpoint: &str| {
        let mut variables = Vec::new();
        if let Some(sabotage) = sabotage {
            variables.push(("NEWSWIRE_SABOTAGE", sabotage.to_owned()));
        }
        if !failpoint.is_empty() {
            variables.push(("NEWSWIRE_FAILPOINT", failpoint.to_owned()));
        }
        variables
    };
    let start = |installation: &Installation, failpoint: &str| {
        let variables = with(failpoint);
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        installation.start(&variables)
    };
    let last = match scenario {
        Scenario::Kill(place) => {
            let mut doomed = start(&scene.calm, &format!("{place}:4"));
            let status = doomed.wait_ended(WITHIN);
            assert!(!status.success(), "it killed itself:\n{}", doomed.log());
            start(&scene.calm, "")
        }
        Scenario::Sleep => {
            let mut sleeper = start(&scene.patient, "after-produce:4:stop");
            wait_until("it stands still with a transaction open", WITHIN, || sleeper.is_stopped());
            thread::sleep(PAST_PATIENT_TRANSACTION);
            sleeper.signal("CONT");
            sleeper
        }
        Scenario::Zombie => {
            let mut zombie = start(&scene.undying, "after-produce:4:stop");
            wait_until("it stands still with a transaction open", WITHIN, || zombie.is_stopped());
            let heir = start(&scene.calm, "");
            thread::sleep(PAST_CALM_SESSION);
            let reader = Reader::of_group(&scene.internal, &scene.topics.group);
            reader.wait_committed(&scene.topics.input, WITHIN);
            zombie.signal("CONT");
            // Time enough to commit what it has in hand, if anything lets it.
            zombie.wait_ready(WITHIN);
            drop(zombie);
            heir
        }
    };
    scene.judge(last)
}

#[test]
#[ignore = "needs a real Kafka: ./test faults"]
fn every_saboteur_is_caught_and_the_whole_service_is_not() {
    let brokers = Brokers::start("saboteurs", &[]);
    let before_commit = Scenario::Kill("after-send-offsets");
    for (name, scenario) in
        [("none-kill", before_commit), ("none-sleep", Scenario::Sleep), ("none-zombie", Scenario::Zombie)]
    {
        let verdict = play(&brokers, name, scenario, None);
        assert!(verdict.is_clean(), "{name}: {verdict:?}");
    }
    let caught = |sabotage: &str, scenario| {
        let verdict = play(&brokers, sabotage, scenario, Some(sabotage));
        println!("{sabotage}: {} lost, {} duplicated", verdict.lost, verdict.duplicated);
        verdict
    };
    assert!(caught("commit-before-produce", Scenario::Kill("after-produce")).lost > 0);
    assert!(caught("no-rewind", Scenario::Sleep).lost > 0);
    assert!(!caught("offsets-outside-transaction", before_commit).is_clean());
    assert!(caught("random-id-stale-metadata", Scenario::Zombie).duplicated > 0);
}
