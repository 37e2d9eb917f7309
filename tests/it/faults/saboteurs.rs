//! A suite that cannot fail proves nothing: four services with a safeguard taken away, each of which the judge and
//! `newswire audit` must catch.

use std::ops::Range;
use std::thread;
use std::time::Duration;

use super::stage::{PARTITIONS, PAST_CALM_SESSION, PAST_PATIENT_TRANSACTION, calm, patient, undying};
use crate::kit::brokers::Brokers;
use crate::kit::judge::{Fed, Verdict, judge};
use crate::kit::kafka::{Feeder, Reader, create_topics};
use crate::kit::process::{Installation, Service, Topics};
use crate::kit::wait_until;

/// Five batches of the default size.
const PAGES: usize = 1_000;
/// So many are fed when the rest is done with, the same number to each partition.
const TAIL: usize = 60;
const WITHIN: Duration = Duration::from_secs(120);

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
        let topics = Topics::named(name);
        create_topics(
            &internal,
            &[(&topics.input, PARTITIONS), (&topics.output, PARTITIONS), (&topics.dead_letter, 1)],
        );
        let fed = Fed { seed: 77, count: PAGES, partitions: PARTITIONS };
        feed(&internal, &topics, fed, 0..PAGES - TAIL);
        Scene {
            calm: calm(&internal, &topics),
            patient: patient(&internal, &topics),
            undying: undying(&internal, &topics),
            internal,
            topics,
            fed,
        }
    }

    #[track_caller]
    fn wait_committed(&self) {
        let reader = Reader::of_group(&self.internal, &self.topics.group);
        reader.wait_committed(&self.topics.input, WITHIN);
    }

    /// Feeds the last pages, so that a service that has skipped some has something to commit, lets it come to the
    /// end; what then stands in the output is judged twice.
    #[track_caller]
    fn judge(&self, last: Service) -> Verdict {
        feed(&self.internal, &self.topics, self.fed, PAGES - TAIL..PAGES);
        self.wait_committed();
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

fn feed(bootstrap: &str, topics: &Topics, fed: Fed, numbers: Range<usize>) {
    let feeder = Feeder::new(bootstrap, &topics.input);
    numbers.for_each(|number| feeder.feed(&fed.page(number)));
    feeder.flush();
}

/// What befalls a service. Each is played with every safeguard in place too, and then must do no harm.
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
            let mut doomed = start(&scene.calm, &format!("{place}:2"));
            let status = doomed.wait_ended(WITHIN);
            assert!(!status.success(), "it killed itself:\n{}", doomed.log());
            start(&scene.calm, "")
        }
        Scenario::Sleep => {
            let mut sleeper = start(&scene.patient, "after-produce:2:stop");
            wait_until("it stands still with a transaction open", WITHIN, || sleeper.is_stopped());
            thread::sleep(PAST_PATIENT_TRANSACTION);
            sleeper.signal("CONT");
            sleeper
        }
        Scenario::Zombie => {
            let mut zombie = start(&scene.undying, "after-produce:2:stop");
            wait_until("it stands still with a transaction open", WITHIN, || zombie.is_stopped());
            let heir = start(&scene.calm, "");
            thread::sleep(PAST_CALM_SESSION);
            scene.wait_committed();
            zombie.signal("CONT");
            // A stop finishes what it has in hand, if anything lets it; how it ends then is its own affair.
            zombie.signal("TERM");
            zombie.wait_ended(WITHIN);
            heir
        }
    };
    scene.judge(last)
}

#[test]
#[ignore = "needs a real Kafka: ./test faults"]
fn every_saboteur_is_caught_and_the_whole_service_is_not() {
    const KILL: Scenario = Scenario::Kill("after-send-offsets");
    const PLAYS: [(Scenario, Option<&str>); 7] = [
        (KILL, None),
        (Scenario::Sleep, None),
        (Scenario::Zombie, None),
        (Scenario::Kill("after-produce"), Some("commit-before-produce")),
        (Scenario::Sleep, Some("no-rewind")),
        (KILL, Some("offsets-outside-transaction")),
        (Scenario::Zombie, Some("random-id-stale-metadata")),
    ];
    let brokers = &Brokers::start("saboteurs", &[]);
    // They share a broker and nothing else, and mostly they sleep: so all at once.
    let verdicts: Vec<Verdict> = thread::scope(|scope| {
        let plays = PLAYS.iter().enumerate();
        let playing: Vec<_> = plays
            .map(|(number, &(scenario, sabotage))| {
                scope.spawn(move || play(brokers, &format!("sabotage-{number}"), scenario, sabotage))
            })
            .collect();
        playing.into_iter().map(|play| play.join().expect("the play came to its end")).collect()
    });
    for ((scenario, sabotage), verdict) in PLAYS.iter().zip(verdicts) {
        let Verdict { lost, duplicated, .. } = verdict;
        println!("{}, {scenario:?}: {lost} lost, {duplicated} duplicated", sabotage.unwrap_or("no sabotage"));
        let is_caught = match sabotage {
            None => verdict.is_clean(),
            Some("random-id-stale-metadata") => duplicated > 0,
            Some(_) => lost > 0,
        };
        assert!(is_caught, "{sabotage:?}, {scenario:?}: {verdict:?}");
    }
}
