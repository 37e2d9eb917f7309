//! Arguments to command to exit status.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = newswire::cli::Arguments::parse();
    match newswire::cli::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("newswire: {error:#}");
            ExitCode::FAILURE
        }
    }
}
