//! A language model's figures as `newswire train` and `newswire evaluate` print them.

use crate::learn::corpus::Example;
use crate::learn::language::{LanguageReport, Outcome, SHORT_CHARACTERS, Sample};

/// Headlines and sentences as the language model takes them.
pub fn samples<'t>(examples: impl Iterator<Item = &'t Example>) -> Vec<Sample<'t>> {
    let sample = |example: &'t Example| Sample {
        language: example.language,
        source: &example.source,
        text: &example.title,
        is_headline: example.is_headline,
    };
    examples.map(sample).collect()
}

/// The figures that matter most, on one line.
pub fn line(report: &LanguageReport) -> String {
    let own = report.own.iter().filter_map(|code| Some((code, report.languages.get(code)?)));
    let each: Vec<String> =
        own.map(|(code, outcome)| format!("{code} {:.2} %", outcome.accuracy() * 100.0)).collect();
    format!("right: {}; calibration error {:.4}", each.join(", "), report.calibration_error())
}

/// All figures as tables.
pub fn tables(report: &LanguageReport) -> String {
    let percent = |outcome: Option<&Outcome>| {
        outcome.map_or_else(|| "-".into(), |outcome| format!("{:.2}", outcome.accuracy() * 100.0))
    };
    let mut text = format!("{}\n\n", line(report));
    text += &format!(
        "headlines     texts    right  lost to und  up to {SHORT_CHARACTERS} characters  the same, page known\n"
    );
    for code in &report.own {
        let Some(outcome) = report.languages.get(code) else { continue };
        text += &format!(
            "{code:9} {:9} {:>8} {:12.2} {:>20} {:>21}\n",
            outcome.texts,
            percent(Some(outcome)),
            outcome.lost as f64 / outcome.texts.max(1) as f64 * 100.0,
            percent(report.short.get(code)),
            percent(report.short_on_page.get(code)),
        );
    }
    text += "\nstrangers     texts      und  cut to a headline\n";
    for (code, outcome) in report.languages.iter().filter(|(code, _)| !report.own.contains(code)) {
        let cut = percent(report.strangers_cut.get(code));
        text += &format!("{code:9} {:9} {:>8} {cut:>18}\n", outcome.texts, percent(Some(outcome)));
    }
    text += "\nsource                                              texts    right\n";
    for (source, outcome) in &report.sources {
        text += &format!("{source:47} {:9} {:>8}\n", outcome.texts, percent(Some(outcome)));
    }
    text += "\nconfidence        texts  mean confidence  share right\n";
    for (bin, from) in report.reliability.iter().zip(0..).filter(|(bin, _)| bin.texts > 0) {
        text += &format!(
            "{:.1} to {:.1} {:12} {:16.3} {:12.3}\n",
            f64::from(from) / 10.0,
            f64::from(from + 1) / 10.0,
            bin.texts,
            bin.confidence_sum / bin.texts as f64,
            bin.right as f64 / bin.texts as f64,
        );
    }
    text + "\n"
}
