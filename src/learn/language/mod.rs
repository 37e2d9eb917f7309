//! Texts in known languages to the language model.

mod attributes;
mod calibrate;
mod counts;
mod evaluate;
mod fit;
mod folds;
mod lessons;
mod strangers;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use self::calibrate::Heard;
use self::counts::Counts;
use self::fit::Class;
use self::folds::FOLDS;
use self::strangers::Group;
use self::tables::Counted;
use super::bayes::BayesError;
use crate::news::language::letters::Alphabet;
use crate::news::language::table::{MOST_CLASSES, NgramTable};
use crate::news::language::{Language, LanguageModel, Parts, second_opinion};

pub use self::evaluate::{LanguageReport, Outcome, SHORT_CHARACTERS, cross_validate, evaluate};

/// A text whose language is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample<'t> {
    pub language: Language,
    /// The outlet or collection. Its texts stay together when some are held out.
    pub source: &'t str,
    pub text: &'t str,
    /// A headline: a text of the kind that the model will be asked about. Sentences of an own language are learnt
    /// from but not calibrated on.
    pub is_headline: bool,
}

/// Why no language model can be trained.
#[derive(Debug, thiserror::Error)]
pub enum LanguageTrainingError {
    #[error("no headline to learn a language from; name corpus files whose lines have a \"title\"")]
    NoHeadline,
    #[error(
        "{found} languages are more than the {MOST_CLASSES} that a model holds; leave some strangers out"
    )]
    TooMany { found: usize },
    #[error(transparent)]
    Bayes(#[from] BayesError),
}

/// How many texts of one source are learnt from at most, so that no outlet's style is taken for its language's.
const MOST_OF_A_SOURCE: usize = 15_000;
/// How many texts of one language are calibrated on at most.
const MOST_CALIBRATED: usize = 12_000;
/// The mix that probabilities are calibrated for: so many headlines in own languages to one stranger's text.
/// Pages are chosen for their languages, so strangers are rare; but a rarer stranger would be believed in too
/// seldom to be found.
const OWN_TO_STRANGERS: f64 = 15.0;

/// Trains on `samples`. The languages that have a headline are the model's own; all others are strangers, which
/// it learns to answer with `und`. Deterministic: the same samples in the same order give the same model.
pub fn train(samples: &[Sample<'_>], made_by: &str) -> Result<LanguageModel, LanguageTrainingError> {
    let samples = folds::thinned(samples, MOST_OF_A_SOURCE);
    let classes = Classes::of(&samples)?;
    let own = classes.own.len();
    let of_language = |language: &Language| {
        let language = *language;
        samples.iter().filter(move |sample| sample.language == language)
    };
    let alphabet = counts::alphabet(classes.own.iter().map(|own| of_language(own).map(|sample| sample.text)));
    let folds = folds::assign(&samples);
    let mut parts: BTreeMap<Language, Vec<Counts>> = BTreeMap::new();
    for &language in classes.own.iter().chain(&classes.strangers) {
        let texts = |fold: usize| {
            let all = samples.iter().zip(&folds);
            let chosen = all.filter(move |(sample, at)| sample.language == language && **at == fold);
            chosen.map(|(sample, _)| sample.text)
        };
        parts.insert(language, (0..FOLDS).map(|fold| counts::count(&alphabet, texts(fold))).collect());
    }
    let groups = strangers::group(&stranger_counts(&samples, &classes, &parts));
    let found = own + groups.len();
    if found > MOST_CLASSES {
        return Err(LanguageTrainingError::TooMany { found });
    }
    let counts_but = |group: &[Language], left_out: Option<usize>| -> Counts {
        let of_members = group.iter().filter_map(|language| parts.get(language));
        let members: Vec<Counts> = of_members
            .map(|parts| {
                merged(parts.iter().zip(0..).filter(|&(_, at)| Some(at) != left_out).map(|(part, _)| part))
            })
            .collect();
        strangers::together(&members)
    };
    let own_groups: Vec<Group> = classes.own.iter().map(|&language| vec![language]).collect();
    let all: Vec<&Group> = own_groups.iter().chain(&groups).collect();
    let counted = |left_out| all.iter().map(|group| Class::new(counts_but(group, left_out))).collect();
    let counted = Counted {
        whole: counted(None),
        without: (0..FOLDS).map(|fold| counted(Some(fold))).collect(),
        groups: &all,
        own,
        samples: &samples,
        folds: &folds,
        alphabet: &alphabet,
    };
    let mut heard = Vec::new();
    for fold in 0..FOLDS {
        let table = counted.table_without(fold)?;
        let tested = samples.iter().zip(&folds).filter(|&(_, &at)| at == fold).map(|(sample, _)| *sample);
        heard.extend(hear(tested, &table, &alphabet, &classes));
    }
    weigh(&mut heard);
    let calibration = calibrate::calibrate(&heard, own);
    let table = counted.table()?;
    let named = |group: &Vec<Language>| group.iter().map(Language::to_string).collect::<Vec<_>>().join("+");
    let strangers = groups.iter().map(named).collect();
    let parts =
        Parts { languages: classes.own, strangers, alphabet, table, quantum: fit::QUANTUM, calibration };
    Ok(LanguageModel::new(parts, made_by))
}

/// Each stranger's number of texts and its counts.
fn stranger_counts(
    samples: &[Sample<'_>],
    classes: &Classes,
    parts: &BTreeMap<Language, Vec<Counts>>,
) -> BTreeMap<Language, (usize, Counts)> {
    let told = classes.strangers.iter().map(|&language| {
        let texts = samples.iter().filter(|sample| sample.language == language).count();
        (language, (texts, merged(parts.get(&language).into_iter().flatten())))
    });
    told.collect()
}

/// The languages of the samples.
struct Classes {
    own: Vec<Language>,
    strangers: Vec<Language>,
}

impl Classes {
    fn of(samples: &[Sample<'_>]) -> Result<Classes, LanguageTrainingError> {
        let all: BTreeSet<Language> = samples.iter().map(|sample| sample.language).collect();
        let headlines = samples.iter().filter(|sample| sample.is_headline && !sample.language.is_und());
        let own: BTreeSet<Language> = headlines.map(|sample| sample.language).collect();
        if own.is_empty() {
            return Err(LanguageTrainingError::NoHeadline);
        }
        Ok(Classes { strangers: all.difference(&own).copied().collect(), own: own.into_iter().collect() })
    }

    fn own_class(&self, language: Language) -> Option<usize> {
        self.own.iter().position(|&own| own == language)
    }
}

fn merged<'c>(parts: impl Iterator<Item = &'c Counts>) -> Counts {
    let mut whole = Counts::default();
    for part in parts {
        part.iter().for_each(|(&key, &count)| *whole.entry(key).or_default() += count);
    }
    whole
}

/// Lets all witnesses speak of texts that `table` was not counted from: headlines as they stand, strangers' texts
/// whole and cut to a headline's length.
fn hear<'t>(
    tested: impl Iterator<Item = Sample<'t>>,
    table: &NgramTable,
    alphabet: &Alphabet,
    classes: &Classes,
) -> Vec<Heard> {
    let mut heard = Vec::new();
    let mut taken: BTreeMap<Language, usize> = BTreeMap::new();
    for sample in tested {
        let truth = classes.own_class(sample.language);
        let count = taken.entry(sample.language).or_default();
        if (truth.is_some() && !sample.is_headline) || *count >= MOST_CALIBRATED / FOLDS {
            continue;
        }
        *count += 1;
        let mut hear_one = |text: &str| {
            let tally = table.tally(alphabet.symbols(text), fit::QUANTUM);
            let opinion = second_opinion::ask(text, &classes.own)
                .map(|opinion| (classes.own_class(opinion.language), opinion));
            if tally.letters > 0 {
                heard.push(Heard { tally, truth, weight: 1.0, opinion });
            }
        };
        hear_one(sample.text);
        if truth.is_none() {
            hear_one(&folds::headline_length(sample.text));
        }
    }
    heard
}

/// Gives own languages and strangers the weights of [`OWN_TO_STRANGERS`], each language its even part.
fn weigh(heard: &mut [Heard]) {
    let mut counts: BTreeMap<Option<usize>, f64> = BTreeMap::new();
    heard.iter().for_each(|text| *counts.entry(text.truth).or_default() += 1.0);
    let own = counts.keys().filter(|truth| truth.is_some()).count().max(1) as f64;
    let all = heard.len() as f64;
    for text in heard {
        let share = match text.truth {
            Some(_) => OWN_TO_STRANGERS / (OWN_TO_STRANGERS + 1.0) / own,
            None => 1.0 / (OWN_TO_STRANGERS + 1.0),
        };
        text.weight = all * share / counts.get(&text.truth).copied().unwrap_or(1.0);
    }
}

#[cfg(test)]
mod tests;
