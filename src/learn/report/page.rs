//! The report's page: one HTML file with everything in it, figures, style and all.

use super::Section;
use super::figures::{self, Axes, Bin, FigureError, Line};
use crate::learn::evaluate::{CoveragePoint, Evaluation, Figures, Mistake, TellingTerms};

/// What the page looks like; within the page, so that it can be sent as one file.
const STYLE: &str = include_str!("style.css");

/// A language's figures as SVG, by name.
pub struct Drawn {
    pub confusion: String,
    pub threshold: String,
    pub reliability: String,
    /// Where a learning curve was asked for.
    pub learning: Option<String>,
}

/// Draws a language's figures.
pub fn draw(section: &Section) -> Result<Drawn, FigureError> {
    let figures = &section.evaluation.figures;
    let labels: Vec<&str> = figures.labels.iter().map(String::as_str).collect();
    let curve = |name: &str, y: fn(&CoveragePoint) -> Option<f64>| Line {
        name: name.into(),
        points: figures.curve.iter().filter_map(|point| Some((point.threshold, y(point)?))).collect(),
    };
    let share = (0.0, 1.0);
    let threshold_axes = Axes { x: "topic.threshold", y: "share", x_range: share, y_range: share };
    let lines = [
        curve("precision: right among the sure", |point| point.precision),
        curve("coverage: sure among all", |point| Some(point.coverage)),
    ];
    let bins: Vec<Bin> = figures
        .calibration
        .iter()
        .map(|bin| Bin { confidence: bin.confidence, accuracy: bin.accuracy, count: bin.headlines })
        .collect();
    Ok(Drawn {
        confusion: figures::confusion(&labels, &figures.confusion)?,
        threshold: figures::lines(&threshold_axes, &lines)?,
        reliability: figures::reliability(&bins)?,
        learning: learning(section)?,
    })
}

fn learning(section: &Section) -> Result<Option<String>, FigureError> {
    let Some(last) = section.learning.last() else { return Ok(None) };
    let most = last.headlines as f64;
    let least = section.learning.iter().map(|point| point.macro_f1).fold(1.0, f64::min);
    // The figure begins at the tenth below the lowest value, so that the curve has its room.
    let floor = (least * 10.0 - 0.5).floor().max(0.0) / 10.0;
    let axes = Axes { x: "labelled headlines", y: "macro-F1", x_range: (0.0, most), y_range: (floor, 1.0) };
    let points = section.learning.iter().map(|point| (point.headlines as f64, point.macro_f1)).collect();
    figures::lines(&axes, &[Line { name: "macro-F1".into(), points }]).map(Some)
}

/// The whole page. `drawn` holds each section's figures, in the sections' order.
pub fn html(title: &str, made: &str, sections: &[Section], drawn: &[Drawn]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1><p>{made}</p></header>\n<main>\n",
        title = escaped(title),
        made = escaped(made),
    );
    page += &overview(sections);
    for (section, drawn) in sections.iter().zip(drawn) {
        page += &section_html(section, drawn);
    }
    page + "</main>\n</body>\n</html>\n"
}

fn overview(sections: &[Section]) -> String {
    let mut table = String::from(
        "<table class=\"overview\"><thead><tr><th>language</th><th>macro-F1</th><th>accuracy</th>\
         <th>counting fair labels</th><th>calibration error</th><th>headlines</th><th>model</th></tr></thead><tbody>",
    );
    for Section { evaluation, .. } in sections {
        let Evaluation { language, model, figures, .. } = evaluation;
        table += &format!(
            "<tr><td><a href=\"#{language}\">{language}</a></td><td class=\"main\">{:.3}</td><td>{:.3}</td>\
             <td>{:.3}</td><td>{:.3}</td><td>{}</td><td class=\"model\">{} <code>{}</code></td></tr>",
            figures.macro_f1,
            figures.accuracy,
            figures.accuracy_with_also,
            figures.calibration_error,
            figures.headlines,
            escaped(&model.name),
            escaped(model.hash.get(..8).unwrap_or_default()),
        );
    }
    table + "</tbody></table>\n"
}

fn section_html(section: &Section, drawn: &Drawn) -> String {
    let Evaluation { language: id, figures, telling, mistakes, .. } = &section.evaluation;
    let mut html = format!("<section id=\"{id}\">\n<h2>{id}</h2>\n<div class=\"figures\">\n");
    html += &figure(&drawn.confusion, "Rows are what the headlines are, columns what they were labelled as.");
    html += &figure(&drawn.threshold, "What a higher threshold gains in precision and costs in coverage.");
    let caption = format!(
        "How often labels of a given confidence are right; on the line, confidence is probability. \
         Expected calibration error {:.3}.",
        figures.calibration_error
    );
    html += &figure(&drawn.reliability, &caption);
    if let Some(learning) = &drawn.learning {
        html += &figure(learning, "What more labelled headlines bring.");
    }
    html += "</div>\n";
    html += &topics_table(figures);
    html += &telling_terms(telling);
    html += &mistakes_table(mistakes);
    html + "</section>\n"
}

fn figure(svg: &str, caption: &str) -> String {
    format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", escaped(caption))
}

fn topics_table(figures: &Figures) -> String {
    let mut table = String::from(
        "<table><thead><tr><th>topic</th><th>precision</th><th>recall</th><th>F1</th><th>headlines</th></tr>\
         </thead><tbody>",
    );
    for topic in &figures.topics {
        table += &format!(
            "<tr><td>{}</td><td>{:.3}</td><td>{:.3}</td><td class=\"main\">{:.3}</td><td>{}</td></tr>",
            escaped(&topic.label),
            topic.precision,
            topic.recall,
            topic.f1,
            topic.support
        );
    }
    table + "</tbody></table>\n"
}

fn telling_terms(telling: &[TellingTerms]) -> String {
    if telling.iter().all(|topic| topic.terms.is_empty()) {
        return String::new();
    }
    let mut html = String::from("<h3>The most telling terms</h3>\n<div class=\"terms\">\n");
    for TellingTerms { label, terms } in telling {
        html += &format!("<div><h4>{}</h4><p>", escaped(label));
        let heaviest = terms.iter().map(|term| term.log_odds).fold(f64::MIN_POSITIVE, f64::max);
        for term in terms {
            // The heavier a term, the darker it stands.
            let weight = (0.45 + 0.55 * term.log_odds / heaviest).clamp(0.45, 1.0);
            html += &format!(
                "<span style=\"opacity:{weight:.2}\" title=\"{:+.2} nats in {} headlines\">{}</span> ",
                term.log_odds,
                term.headlines,
                escaped(&term.term)
            );
        }
        html += "</p></div>\n";
    }
    html + "</div>\n"
}

fn mistakes_table(mistakes: &[Mistake]) -> String {
    if mistakes.is_empty() {
        return String::new();
    }
    let mut table = String::from(
        "<h3>The worst mistakes</h3>\n<p>Wrong, and the surest of it.</p>\n<table class=\"mistakes\"><thead><tr>\
         <th>headline</th><th>is</th><th>was labelled</th><th>confidence</th><th>because of</th></tr></thead><tbody>",
    );
    for mistake in mistakes {
        let evidence: Vec<String> = mistake
            .evidence
            .iter()
            .map(|term| format!("{}&nbsp;<small>{:+.1}</small>", escaped(&term.term), term.log_odds))
            .collect();
        table += &format!(
            "<tr><td>{}<br><small>{}</small></td><td>{}</td><td>{}</td><td>{:.2}</td><td>{}</td></tr>",
            escaped(&mistake.title),
            escaped(&mistake.source),
            escaped(&mistake.truth),
            escaped(&mistake.topic),
            mistake.confidence,
            evidence.join(", ")
        );
    }
    table + "</tbody></table>\n"
}

fn escaped(text: &str) -> String {
    html_escape::encode_quoted_attribute(text).into_owned()
}
