//! The commands, one a file.

pub mod audit;
pub mod check;
pub mod demo;
pub mod evaluate;
pub mod explain;
pub mod feed;
pub mod health;
pub mod label;
pub mod redrive;
pub mod run;
pub mod train;

pub mod embedded;
mod language_figures;
mod samples;
mod settings;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A streaming Kafka consumer that cuts scraped news pages into labelled headlines.
#[derive(Debug, Parser)]
#[command(name = "newswire", version, about, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArguments),
    Check(check::CheckArguments),
    Demo(demo::DemoArguments),
    Label(label::LabelArguments),
    Train(train::TrainArguments),
    Evaluate(evaluate::EvaluateArguments),
    Explain(explain::ExplainArguments),
    Audit(audit::AuditArguments),
    Redrive(redrive::RedriveArguments),
    Feed(feed::FeedArguments),
    Health(health::HealthArguments),
}

/// Runs one command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Label(arguments) => label::run(arguments),
        Command::Train(arguments) => train::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Feed(arguments) => feed::run(arguments),
        Command::Health(arguments) => health::run(arguments),
        Command::Audit(arguments) => audit::run(arguments),
        Command::Redrive(arguments) => redrive::run(arguments),
    }
}

/// An argument that is a probability.
fn probability(argument: &str) -> Result<f64, String> {
    match argument.parse() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
        _ => Err("a probability from 0 to 1 is needed".into()),
    }
}

/// Whoever read standard output and closed it has seen enough: no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
