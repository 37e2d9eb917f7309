//! The commands, one a file.

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
enum Command {}

/// Runs one command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {}
}
