//! `newswire evaluate --report DIR`: a page that a person would rather look at than a table, and its figures as
//! files of their own for documents that show them.

pub mod figures;
mod page;

use xxhash_rust::xxh3::xxh3_64;

use super::corpus::{Example, Split};
use super::documents;
use super::evaluate::{Evaluation, evaluate};
use super::knowledge::Knowledge;
use super::train::{TrainError, TrainSettings, train};
use crate::news::language::Language;
use crate::news::pipeline::DEFAULT_THRESHOLD;
use figures::FigureError;

/// All that is to be said of one language's topic model.
#[derive(Debug, Clone)]
pub struct Section {
    pub evaluation: Evaluation,
    /// Empty where no learning curve was asked for.
    pub learning: Vec<LearningPoint>,
}

/// What a number of labelled headlines gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningPoint {
    /// Training headlines in the model's language.
    pub headlines: usize,
    pub macro_f1: f64,
}

/// The shares of a corpus that a learning curve is drawn through, in sixteenths.
const LEARNING_SIXTEENTHS: [u64; 5] = [1, 2, 4, 8, 16];

/// Trains on more and more of `corpus` and measures each model on `judged`. Which headlines a share holds follows
/// from their text, so that a larger share holds the smaller ones and a second run gives the same curve. A share
/// that is too small to train on has no point.
pub fn learning_curve(
    corpus: &[Example],
    knowledge: &Knowledge,
    language: Language,
    judged: &[&Example],
) -> Result<Vec<LearningPoint>, TrainError> {
    let settings = TrainSettings::default();
    let mut curve = Vec::new();
    for sixteenths in LEARNING_SIXTEENTHS {
        let share: Vec<Example> =
            corpus.iter().filter(|row| sixteenth(&row.title) < sixteenths).cloned().collect();
        let documents = documents::collect(&share, knowledge, settings.rubric_cap);
        let trained = match train(&documents, language, &settings, "for a learning curve") {
            Err(TrainError::NoHeadlines(_) | TrainError::OneTopic(_)) => continue,
            trained => trained?,
        };
        let own = documents.documents.iter();
        let own = own.filter(|document| document.language == language && document.split == Split::Train);
        let figures = evaluate(&trained.model, judged, DEFAULT_THRESHOLD).figures;
        curve.push(LearningPoint { headlines: own.count(), macro_f1: figures.macro_f1 });
    }
    Ok(curve)
}

/// The sixteenth of the corpus that a headline falls into.
fn sixteenth(title: &str) -> u64 {
    xxh3_64(title.as_bytes()) >> 60
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
            files.extend(svg.map(|svg| (format!("{name}-{}.svg", section.evaluation.language), svg)));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
