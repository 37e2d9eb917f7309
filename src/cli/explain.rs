//! `newswire explain`: why a headline has its language and topic.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::terminal::{self, BAD, BOLD, DIM, GOOD};
use super::{embedded, is_broken_pipe};
use crate::news::language::{Language, Witness};
use crate::news::models::Models;
use crate::news::pipeline::DEFAULT_THRESHOLD;
use crate::news::record::ModelOrigin;
use crate::news::topic::{Evidence, Label};

/// How wide the longest bar is, in characters.
const BAR_WIDTH: usize = 24;

/// Explain a headline's language and topic: the witnesses, the scores, the terms that weighed most.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The headlines, each in quotes.
    #[arg(required = true)]
    headlines: Vec<String>,
    /// What the headline's page speaks, such as `fr`: it decides where the headline alone leaves doubt.
    #[arg(long, value_name = "CODE", value_parser = language)]
    page_language: Option<Language>,
    /// How many terms to show for the topic, and how many against it.
    #[arg(long, value_name = "N", default_value_t = 10)]
    terms: usize,
    /// Below this probability a topic is `other`, where the model knows that topic.
    #[arg(long, value_name = "P", default_value_t = DEFAULT_THRESHOLD, value_parser = super::probability)]
    threshold: f64,
    /// Models of your own, a directory that `newswire train` wrote.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// One JSON line a headline, with every term.
    #[arg(long)]
    json: bool,
}

fn language(argument: &str) -> Result<Language, String> {
    Language::new(argument).ok_or_else(|| "a code of two or three lower-case letters is needed".into())
}

/// What is to be said of one headline.
#[derive(Debug, Serialize)]
struct Explanation {
    headline: String,
    language: Language,
    language_confidence: f64,
    witnesses: Vec<Witness>,
    /// `None` where the language is `und` or no topic model speaks it.
    topic: Option<TopicExplanation>,
}

#[derive(Debug, Serialize)]
struct TopicExplanation {
    topic: Label,
    confidence: f64,
    model: ModelOrigin,
    /// Every topic's probability, the likeliest first.
    scores: Vec<(Label, f64)>,
    /// Every term's log-odds for the topic against the other topics, in nats, the heaviest first.
    evidence: Vec<Evidence>,
    /// What a headline without a known term starts from, in nats.
    start: f64,
    /// The start and every term's log-odds together: the topic's score less the mean of the others'. Whatever the
    /// topic's threshold, it is the log of the probability less the mean log of the others'.
    log_odds: f64,
}

/// Explains each headline on standard output.
pub fn run(arguments: ExplainArguments) -> anyhow::Result<ExitCode> {
    let models = embedded::models(arguments.models.as_deref())?;
    let mut output = anstream::AutoStream::auto(std::io::stdout().lock());
    for headline in &arguments.headlines {
        let explanation = explain(&models, headline, arguments.page_language, arguments.threshold);
        let text = if arguments.json {
            serde_json::to_string(&explanation)? + "\n"
        } else {
            for_people(&explanation, arguments.terms)
        };
        match output.write_all(text.as_bytes()).context("standard output") {
            Err(error) if is_broken_pipe(&error) => break,
            written => written?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(models: &Models, headline: &str, page: Option<Language>, threshold: f64) -> Explanation {
    let verdict = models.language.identify(headline, page);
    let topic = models.topics.get(&verdict.language).map(|model| {
        let topic = model.classify(headline, threshold);
        let mut scores = topic.scores;
        scores.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let evidence = model.evidence(headline, &topic.topic, usize::MAX);
        let start = model.bias_log_odds(&topic.topic).unwrap_or_default();
        TopicExplanation {
            log_odds: start + evidence.iter().map(|term| term.log_odds).sum::<f64>(),
            start,
            evidence,
            model: model.origin().clone(),
            topic: topic.topic,
            confidence: topic.confidence,
            scores,
        }
    });
    Explanation {
        headline: headline.to_owned(),
        language: verdict.language,
        language_confidence: verdict.confidence,
        witnesses: models.language.witnesses(headline, page),
        topic,
    }
}

fn for_people(explanation: &Explanation, terms: usize) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n\n", terminal::clean(&explanation.headline));
    text += &format!(
        "{DIM}language{DIM:#}  {BOLD}{}{BOLD:#}  {}\n",
        explanation.language,
        precise(explanation.language_confidence)
    );
    let names = explanation.witnesses.iter().map(|witness| witness.name.chars().count());
    let name_width = names.max().unwrap_or_default();
    for Witness { name, language, says } in &explanation.witnesses {
        let language = language.map_or_else(|| "-".into(), |language| language.to_string());
        text +=
            &format!("          {name:<name_width$}  {language:<3}  {DIM}{}{DIM:#}\n", terminal::clean(says));
    }
    match &explanation.topic {
        Some(topic) => text += &topic_for_people(topic, terms),
        None => {
            let why = match explanation.language {
                Language::UND => "no language was told",
                _ => "no topic model speaks this language",
            };
            text += &format!("\n{DIM}topic{DIM:#}     none: {why}\n");
        }
    }
    text + "\n"
}

fn topic_for_people(explanation: &TopicExplanation, terms: usize) -> String {
    let TopicExplanation { topic, confidence, model, scores, evidence, start, log_odds } = explanation;
    let style = terminal::topic_style(topic);
    let mut text = format!(
        "\n{DIM}topic{DIM:#}     {style}{topic}{style:#}  {}  {DIM}{} {}{DIM:#}\n",
        precise(*confidence),
        model.name,
        model.hash.get(..8).unwrap_or_default()
    );
    let label_width = scores.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
    for (label, score) in scores {
        let style = terminal::topic_style(label);
        text += &format!(
            "          {label:<label_width$}  {:>7}  {style}{}{style:#}\n",
            precise(*score),
            terminal::bar(*score, BAR_WIDTH)
        );
    }
    let heaviest = evidence.first().map_or(1.0, |first| first.log_odds.abs());
    let (for_topic, against): (Vec<_>, Vec<_>) = evidence.iter().partition(|term| term.log_odds >= 0.0);
    for (side, style, side_terms) in [("for", GOOD, for_topic), ("against", BAD, against)] {
        if side_terms.is_empty() {
            continue;
        }
        text += &format!("\n{DIM}{side:<8}{DIM:#}  ");
        let shown = side_terms.iter().take(terms).map(|Evidence { term, log_odds }| {
            let bar = terminal::bar(log_odds.abs() / heaviest, BAR_WIDTH);
            let padding = " ".repeat(BAR_WIDTH.saturating_sub(bar.chars().count()));
            format!("{log_odds:>+8.3}  {style}{bar}{style:#}{padding}  {}\n", terminal::clean(term))
        });
        text += &shown.collect::<Vec<_>>().join("          ");
        let left_out = side_terms.iter().skip(terms);
        if left_out.len() > 0 {
            let count = left_out.len();
            let sum: f64 = left_out.map(|term| term.log_odds).sum();
            text += &format!("          {sum:>+8.3}  {DIM}and {count} more{DIM:#}\n");
        }
    }
    text += &format!(
        "\n{DIM}start{DIM:#}     {start:>+8.3}  {DIM}what a headline of no known term begins with{DIM:#}\n"
    );
    text += &format!(
        "{DIM}sum{DIM:#}       {log_odds:>+8.3}  {DIM}nats for {topic} against the other topics{DIM:#}\n"
    );
    text
}

/// A probability in per cent with one place, or as many as tell it from certainty.
fn precise(probability: f64) -> String {
    let percent = probability * 100.0;
    if probability < 1.0 && percent > 99.95 { ">99.9 %".into() } else { format!("{percent:.1} %") }
}
