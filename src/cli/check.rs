//! `newswire check`: would `run` work?

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::settings::SettingsArguments;
use super::{embedded, terminal};
use crate::config::Settings;
use crate::news::models::Models;
use crate::news::pipeline::Pipeline;
use crate::service::kafka::check::{Finding, look};
use crate::service::outcome::Labeller;

/// Say whether `run` would work: settings, models, broker, topics, permissions.
///
/// One sentence each; the exit status is 1 if `run` would fail. Nothing is changed anywhere.
#[derive(Debug, Args)]
pub struct CheckArguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Prints the findings as they come; failure if one of them would stop `run`.
pub fn run(arguments: CheckArguments) -> anyhow::Result<ExitCode> {
    let mut all_right = true;
    let mut report = |finding: Finding| {
        let (mark, style, sentence) = match &finding {
            Finding::Right(sentence) => ("✓", terminal::GOOD, sentence),
            Finding::Wrong(sentence) => ("✗", terminal::BAD, sentence),
            Finding::Unknown(sentence) => ("?", terminal::DIM, sentence),
        };
        all_right &= !matches!(finding, Finding::Wrong(_));
        anstream::println!("{style}{mark}{style:#} {sentence}");
    };
    match arguments.settings.load() {
        Err(error) => report(Finding::Wrong(format!("{error:#}"))),
        Ok(settings) => {
            report(Finding::Right(format!(
                "the settings are sound; delivery is {}",
                settings.delivery.name()
            )));
            report(listen(&settings));
            let directory = &settings.models.dir;
            let directory = (!directory.as_os_str().is_empty()).then_some(directory.as_path());
            match embedded::models(directory) {
                Err(error) => report(Finding::Wrong(format!("{error:#}"))),
                Ok(models) => {
                    report(describe(&models));
                    let pipeline = Pipeline { models: Arc::new(models), options: settings.label_options() };
                    let topics = Labeller::new(pipeline, &settings).output_topics();
                    look(&settings, &topics).into_iter().for_each(&mut report);
                }
            }
        }
    }
    Ok(if all_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listen(settings: &Settings) -> Finding {
    let address = &settings.http.listen;
    if address.is_empty() {
        return Finding::Right("HTTP is off (http.listen is empty)".into());
    }
    match TcpListener::bind(address) {
        Ok(_) => Finding::Right(format!("{address} is free for health, metrics and the live page")),
        Err(error) => Finding::Wrong(format!(
            "http.listen: {address} cannot be had ({error}); choose another, or stop what listens there"
        )),
    }
}

fn describe(models: &Models) -> Finding {
    let topics = models.topics.iter().map(|(language, model)| {
        let labels: Vec<&str> = model.labels().iter().map(|label| &**label).collect();
        format!("{language} ({})", labels.join(", "))
    });
    let topics: Vec<String> = topics.collect();
    Finding::Right(format!("the models load: {}", topics.join("; ")))
}
