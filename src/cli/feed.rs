//! `newswire feed`: sample pages to the input topic, for trying newswire out on a Kafka of one's own.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use super::samples;
use super::settings::SettingsArguments;
use crate::service::kafka::feed::Feeder;

/// How often `--keep-going` waits for the broker and says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Send sample pages, and some bad input, to the input topic.
#[derive(Debug, Args)]
pub struct FeedArguments {
    /// Begin again after the last page, until ended.
    #[arg(long)]
    keep_going: bool,
    /// Pages a second; 0 sends them as fast as the broker takes them.
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = pages_a_second)]
    rate: f64,
    #[command(flatten)]
    settings: SettingsArguments,
}

fn pages_a_second(argument: &str) -> Result<f64, String> {
    match argument.parse() {
        Ok(rate) if (0.0..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a number of pages from 0 to 1000000 is needed".into()),
    }
}

/// Sends every sample once, or without end; says how many.
pub fn run(arguments: FeedArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings.load()?;
    let feeder = Feeder::open(&settings.kafka, &settings.topics.input)?;
    let pause =
        if arguments.rate > 0.0 { Duration::from_secs_f64(1.0 / arguments.rate) } else { Duration::ZERO };
    let mut sent = 0;
    let mut told = Instant::now();
    loop {
        for sample in samples::feed() {
            feeder.send(sample.key.as_bytes(), &sample.value)?;
            sent += 1;
            std::thread::sleep(pause);
        }
        // Not after every round: waiting until all are acknowledged takes longer than sending them.
        if arguments.keep_going && told.elapsed() < TELL_EVERY {
            continue;
        }
        feeder.finish()?;
        anstream::eprintln!("newswire: {sent} pages sent to {}", settings.topics.input);
        if !arguments.keep_going {
            return Ok(ExitCode::SUCCESS);
        }
        told = Instant::now();
    }
}
