//! Exactly once under faults, on a real Apache Kafka: `./test faults` for minutes, `bench/faults` for as long as
//! wanted. A seeded plan throws every kind of fault at running instances; then `newswire audit` and a judge that
//! shares nothing with it must find that nothing is lost, duplicated, partial or out of order. Four sabotaged
//! services show that the judges can tell.

mod kinds;
mod report;
mod saboteurs;
mod stage;

use std::time::{Duration, Instant};

use self::kinds::Fault;
use self::stage::Stage;
use crate::kit::Dice;

/// A number from the environment, such as `bench/faults` sets.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text:?} is no whole number")))
}

/// Every kind of fault at least once, in an order that the seed decides; with `FAULTS_MINUTES`, round after round
/// for so long and until `FAULTS_PAGES` are fed.
#[test]
#[ignore = "needs a real Kafka: ./test faults, or bench/faults"]
fn nothing_is_lost_or_repeated_whatever_fails() {
    let started = Instant::now();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    let seed = number("FAULTS_SEED").unwrap_or(now.as_secs());
    println!("seed {seed}: repeat with FAULTS_SEED={seed}");
    let lasting = Duration::from_secs(60 * number("FAULTS_MINUTES").unwrap_or(0));
    let pages = number("FAULTS_PAGES").unwrap_or(0);
    let brokers = number("FAULTS_BROKERS").unwrap_or(1) as usize;
    // A round takes about two minutes; the pages come evenly, and no slower than makes every batch a full one.
    let pace = (pages * 11 / 10).checked_div(lasting.as_secs()).unwrap_or(0).max(60);

    let mut dice = Dice::new(seed);
    let mut stage = Stage::set_up(seed, brokers, pace);
    while {
        let mut round = Fault::ALL.to_vec();
        while !round.is_empty() {
            let fault = round.swap_remove(dice.below(round.len()));
            stage.throw(fault, &mut dice);
        }
        started.elapsed() < lasting || stage.fed() < pages
    } {}
    let outcome = stage.finish();
    println!("{outcome}");
    if let Ok(file) = std::env::var("FAULTS_REPORT") {
        std::fs::write(&file, outcome.to_string()).expect("the report is written");
    }
    outcome.assert_clean();
}
