//! `newswire evaluate --report DIR`: a page that a person would rather look at than a table, and its figures as
//! files of their own for documents that show them.

pub mod figures;
mod page;

use crate::news::language::Language;
use crate::news::record::ModelOrigin;
use crate::news::topic::Evidence;
use figures::FigureError;

/// All that is to be said of one language's topic model.
#[derive(Debug, Clone)]
pub struct Section {
    pub language: Language,
    pub model: ModelOrigin,
    /// How many headlines were judged.
    pub headlines: usize,
    pub accuracy: f64,
    /// The same, counting labels that a fair reader would accept besides; `None` where the data name none.
    pub accuracy_also: Option<f64>,
    pub macro_f1: f64,
    pub calibration_error: f64,
    pub topics: Vec<TopicFigures>,
    /// Rows are the true topics, columns the model's, both in the order of `topics`.
    pub confusion: Vec<Vec<usize>>,
    pub curve: Vec<CurvePoint>,
    pub bins: Vec<ReliabilityBin>,
    /// Empty where no learning curve was asked for.
    pub learning: Vec<LearningPoint>,
    /// The worst first.
    pub mistakes: Vec<Mistake>,
}

/// One topic's figures and its most telling terms.
#[derive(Debug, Clone)]
pub struct TopicFigures {
    pub label: String,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    pub support: usize,
    /// The heaviest first.
    pub telling: Vec<Evidence>,
}

/// What a threshold would give.
#[derive(Debug, Clone, Copy)]
pub struct CurvePoint {
    pub threshold: f64,
    /// The share of right ones among the headlines at or above the threshold.
    pub precision: f64,
    /// The share of headlines at or above the threshold.
    pub coverage: f64,
}

/// Headlines of about the same confidence.
#[derive(Debug, Clone, Copy)]
pub struct ReliabilityBin {
    pub confidence: f64,
    pub accuracy: f64,
    pub count: usize,
}

/// What a number of labelled headlines gives.
#[derive(Debug, Clone, Copy)]
pub struct LearningPoint {
    pub headlines: usize,
    pub macro_f1: f64,
}

/// A headline that was labelled wrong.
#[derive(Debug, Clone)]
pub struct Mistake {
    pub headline: String,
    pub source: String,
    /// The true topic.
    pub label: String,
    /// What the model said, how sure it was, and why.
    pub labelled: String,
    pub confidence: f64,
    pub evidence: Vec<Evidence>,
}

/// The report's files by name: `index.html`, and each figure as an SVG. `made` says how and of what it was made.
pub fn files(title: &str, made: &str, sections: &[Section]) -> Result<Vec<(String, String)>, FigureError> {
    let drawn = sections.iter().map(page::draw).collect::<Result<Vec<_>, _>>()?;
    let mut files = vec![("index.html".to_owned(), page::html(title, made, sections, &drawn))];
    for (section, drawn) in sections.iter().zip(drawn) {
        let figures = [
            ("confusion", Some(drawn.confusion)),
            ("threshold", Some(drawn.threshold)),
            ("reliability", Some(drawn.reliability)),
            ("learning", drawn.learning),
        ];
        for (name, svg) in figures {
            files.extend(svg.map(|svg| (format!("{name}-{}.svg", section.language), svg)));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
