//! `newswire demo`: the whole service in one process, on a broker that is in it too.

mod screen;
mod summary;

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;

use super::is_broken_pipe;
use super::run::Service;
use super::samples::{self, Sample};
use crate::config::Settings;
use crate::news::record::LabelledRecord;
use crate::service::dead_letter;
use crate::service::kafka::embedded::EmbeddedBroker;
use crate::service::kafka::feed::{Feeder, Tail, TailedRecord};
use crate::service::stop::Stop;

use screen::Screen;
use summary::Summary;

/// How many partitions the pages are spread over.
const PARTITIONS: i32 = 3;

/// The pause between two pages, so that a person sees them come.
const PAUSE: Duration = Duration::from_millis(40);
/// The same for a stream that goes on and on.
const KEEP_GOING_PAUSE: Duration = Duration::from_millis(700);

/// How long the demo waits for a record that is due.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the worker may take to finish its batch at the end.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Show the service at work: pages in, labelled headlines out, on a broker inside this process.
///
/// The worker is the one of `newswire run`; a feeder sends it sample pages and some bad input, and what is shown
/// is read back from the output and dead-letter topics. It needs no set-up, no network and no files.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Stream until Ctrl-C, and serve the live page.
    #[arg(long)]
    keep_going: bool,
    /// Stop after this many pages.
    #[arg(long, value_name = "N")]
    pages: Option<usize>,
    /// Where health, metrics and the live page are served; a free port of this machine with --keep-going.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
}

/// Runs the demo to its end, or until Ctrl-C.
pub fn run(arguments: DemoArguments) -> anyhow::Result<ExitCode> {
    match perform(&arguments) {
        // Whoever watched has seen enough.
        Err(error) if !is_broken_pipe(&error) => Err(error),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn perform(arguments: &DemoArguments) -> anyhow::Result<()> {
    let broker = EmbeddedBroker::start().context("cannot start the broker inside this process")?;
    let settings = settings(&broker.bootstrap_servers()?, arguments)?;
    for topic in [&settings.topics.input, &settings.topics.output, &settings.topics.dead_letter] {
        broker.create_topic(topic, PARTITIONS).with_context(|| format!("cannot create the topic {topic}"))?;
    }
    let service = Service::start(&settings)?;
    let mut screen = Screen::new(anstream::AutoStream::auto(io::stdout().lock()));
    screen.welcome(service.address)?;

    let samples = samples::feed();
    let count = match arguments.pages {
        Some(pages) => Some(pages),
        None if arguments.keep_going => None,
        None => Some(samples.len()),
    };
    let pause = if arguments.keep_going { KEEP_GOING_PAUSE } else { PAUSE };
    let feeder = Feeder::open(&settings.kafka, &settings.topics.input)?;
    let tail = Tail::open(&settings.kafka, &[&settings.topics.output, &settings.topics.dead_letter])?;

    let started = Instant::now();
    let stop = service.stop.clone();
    let shown = std::thread::scope(|scope| {
        let feeding = scope.spawn(|| feed(&feeder, &samples, count, pause, &stop));
        let shown = show(&tail, &settings, count, &stop, &mut screen);
        stop.ask(STOP_TIME);
        match feeding.join() {
            Ok(fed) => fed.and(shown),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    service.wait()?;
    screen.farewell(&shown?, started.elapsed())
}

/// The settings of `newswire run`, with what the demo needs otherwise.
fn settings(bootstrap_servers: &str, arguments: &DemoArguments) -> anyhow::Result<Settings> {
    let listen = match (&arguments.listen, arguments.keep_going) {
        (Some(address), _) => address.as_str(),
        (None, true) => "127.0.0.1:0",
        (None, false) => "",
    };
    let flags = [
        format!("kafka.bootstrap.servers={bootstrap_servers}"),
        format!("http.listen={listen}"),
        "log.level=error".to_owned(),
    ];
    Ok(Settings::load(None, [], &flags)?)
}

/// Sends `count` pages, or pages without end, one every `pause`.
fn feed(
    feeder: &Feeder,
    samples: &[Sample],
    count: Option<usize>,
    pause: Duration,
    stop: &Stop,
) -> anyhow::Result<()> {
    for sample in samples.iter().cycle().take(count.unwrap_or(usize::MAX)) {
        if stop.is_asked() {
            break;
        }
        feeder.send(sample.key.as_bytes(), &sample.value)?;
        stop.wait(pause);
    }
    Ok(feeder.finish()?)
}

/// Shows what is published, until everything of `count` pages has come or the stop is asked for.
fn show<W: io::Write>(
    tail: &Tail,
    settings: &Settings,
    count: Option<usize>,
    stop: &Stop,
    screen: &mut Screen<W>,
) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    let mut last = Instant::now();
    while !stop.is_asked() && count.is_none_or(|count| summary.pages() < count as u64) {
        let Some(record) = tail.next(Duration::from_millis(50))? else {
            if last.elapsed() > PATIENCE {
                bail!("nothing was published for {} s, though pages were sent", PATIENCE.as_secs());
            }
            continue;
        };
        last = Instant::now();
        if record.topic == settings.topics.dead_letter {
            summary.add_dead_letter(&record.header(dead_letter::REASON).unwrap_or_default());
            screen.dead_letter(&record)?;
        } else {
            let record: LabelledRecord = serde_json::from_slice(&record.value)
                .context("an output record is not what was published")?;
            summary.add_record(&record);
            screen.record(&record)?;
        }
    }
    Ok(summary)
}
