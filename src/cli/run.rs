//! `newswire run`: the service.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::embedded;
use super::settings::SettingsArguments;
use crate::config::{Log, LogFormat, Settings};
use crate::news::pipeline::Pipeline;
use crate::service::http;
use crate::service::kafka::broker::KafkaBroker;
use crate::service::models::ModelSource;
use crate::service::outcome::Labeller;
use crate::service::stats::Stats;
use crate::service::stop::Stop;
use crate::service::worker::{Worker, WorkerError};

/// Label the input topic's pages until stopped.
///
/// Stops on SIGTERM and Ctrl-C once the batch in hand is committed; SIGHUP reads the models anew.
#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Runs until stopped; the exit status is 0 if the stop was asked for.
pub fn run(arguments: RunArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings.load()?;
    start_log(&settings.log)?;
    Service::start(&settings)?.wait()?;
    info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The service at work in this process: the worker on a thread of its own, HTTP, and ears for signals.
pub(super) struct Service {
    pub(super) stop: Stop,
    /// Where HTTP is served, if it is.
    pub(super) address: Option<SocketAddr>,
    worker: JoinHandle<Result<(), WorkerError>>,
    runtime: Runtime,
}

impl Service {
    pub(super) fn start(settings: &Settings) -> anyhow::Result<Service> {
        let (source, models) = ModelSource::open(&settings.models.dir, embedded::models)?;
        let pipeline = Pipeline { models: Arc::new(models), options: settings.label_options() };
        let labeller = Labeller::new(pipeline, settings);
        let (stats, stop) = (Stats::new(), Stop::new());
        let broker = KafkaBroker::new(settings.clone(), labeller.output_topics(), stop.clone());

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("starting the HTTP server's thread")?;
        let address = runtime.block_on(serve(settings, Arc::clone(&stats)))?;
        let reload = source.ask();
        let time = Duration::from_millis(settings.shutdown_timeout_ms);
        runtime.block_on(async { listen_to_signals(stop.clone(), time, reload) })?;

        let worker = Worker::new(broker, labeller, source, settings, stats, stop.clone());
        let worker = std::thread::Builder::new()
            .name("worker".into())
            .spawn(move || worker.run().1)
            .context("starting the worker's thread")?;
        Ok(Service { stop, address, worker, runtime })
    }

    /// Waits until the service has stopped; an error where nobody asked it to.
    pub(super) fn wait(self) -> anyhow::Result<()> {
        let result = match self.worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        // The tasks of HTTP and signals live until here.
        self.runtime.shutdown_background();
        Ok(result?)
    }
}

/// Serves HTTP where the settings ask for it; the address that was taken.
async fn serve(settings: &Settings, stats: Arc<Stats>) -> anyhow::Result<Option<SocketAddr>> {
    let address = &settings.http.listen;
    if address.is_empty() {
        return Ok(None);
    }
    let (listener, address) = http::listen(address)
        .await
        .with_context(|| format!("http.listen is {address:?}; choose a free port, or \"\" for none"))?;
    info!(%address, "serving health, metrics and the live page at http://{address}/");
    tokio::spawn(http::serve(listener, stats));
    Ok(Some(address))
}

/// SIGTERM and Ctrl-C ask for the stop, SIGHUP for the models.
fn listen_to_signals(stop: Stop, time: Duration, reload: Arc<AtomicBool>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening to Ctrl-C")?;
    let mut hang_up = signal(SignalKind::hangup()).context("listening to SIGHUP")?;
    tokio::spawn(async move {
        while !stop.is_asked() {
            tokio::select! {
                Some(()) = hang_up.recv() => reload.store(true, Ordering::Relaxed),
                Some(()) = terminate.recv() => stop.ask(time),
                Some(()) = interrupt.recv() => stop.ask(time),
            }
        }
        info!("stopping: the batch in hand is finished first");
    });
    Ok(())
}

/// Logs go to standard error.
fn start_log(log: &Log) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&log.level)
        .with_context(|| format!("log.level is {:?}; expected info, or info,librdkafka=debug", log.level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}
