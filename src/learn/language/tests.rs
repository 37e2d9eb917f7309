//! Training end to end, on languages made up for it.

use super::*;
use crate::news::language::Language;

/// Words of a made-up language: syllables of its own consonants and vowels.
fn words(consonants: &str, vowels: &str, seed: usize, count: usize) -> String {
    let consonants: Vec<char> = consonants.chars().collect();
    let vowels: Vec<char> = vowels.chars().collect();
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let mut text = String::new();
    for _ in 0..count {
        for _ in 0..1 + next(3) {
            text.extend(consonants.get(next(consonants.len())));
            text.extend(vowels.get(next(vowels.len())));
        }
        text.push(' ');
    }
    text
}

fn corpus() -> Vec<(Language, String, String, bool)> {
    let languages = [("aa", "bdgl", "aeo", true), ("ru", "бдгл", "аео", true), ("zz", "krtz", "iuy", false)];
    let mut rows = Vec::new();
    for (code, consonants, vowels, is_headline) in languages {
        let language = Language::new(code).expect("the code is well-formed");
        for number in 0..600 {
            let text = words(consonants, vowels, number, 3 + number % 9);
            rows.push((language, format!("source {}", number % 4), text, is_headline));
        }
    }
    rows
}

fn samples(corpus: &[(Language, String, String, bool)]) -> Vec<Sample<'_>> {
    corpus
        .iter()
        .map(|(language, source, text, is_headline)| Sample {
            language: *language,
            source,
            text,
            is_headline: *is_headline,
        })
        .collect()
}

#[test]
fn languages_are_those_of_the_corpus_whatever_their_script() {
    let corpus = corpus();
    let samples = samples(&corpus);
    let model = train(&samples, "a test").expect("the corpus has headlines");
    let codes: Vec<&str> = model.languages().iter().map(Language::as_str).collect();
    assert_eq!(codes, ["aa", "ru"]);
    let read = LanguageModel::read(&model.write()).expect("it was just written");
    let check = |consonants: &str, vowels: &str, expected: &str| {
        for seed in 9_000..9_020 {
            let text = words(consonants, vowels, seed, 6);
            assert_eq!(read.identify(&text, None).language.as_str(), expected, "{text:?}");
        }
    };
    check("bdgl", "aeo", "aa");
    check("бдгл", "аео", "ru");
    check("krtz", "iuy", "und");
    let again = train(&samples, "a test").expect("the corpus has headlines");
    assert_eq!(model.write(), again.write(), "the same samples give the same bytes");
}

#[test]
fn cross_validation_judges_every_headline_and_stranger_once() {
    let corpus = corpus();
    let report = cross_validate(&samples(&corpus), false).expect("the corpus has headlines");
    let texts: Vec<(&str, usize)> =
        report.languages.iter().map(|(code, outcome)| (code.as_str(), outcome.texts)).collect();
    assert_eq!(texts, [("aa", 600), ("ru", 600), ("zz", 600)]);
    assert!(report.languages.values().all(|outcome| outcome.accuracy() > 0.99), "{report:?}");
    assert!(report.calibration_error() < 0.03, "{}", report.calibration_error());
}

#[test]
fn without_a_headline_nothing_is_trained() {
    let language = Language::new("aa").expect("the code is well-formed");
    let sentence = Sample { language, source: "s", text: "bada lego", is_headline: false };
    let error = train(&[sentence], "a test").expect_err("there is no headline");
    assert!(matches!(error, LanguageTrainingError::NoHeadline), "{error}");
}

#[test]
fn sources_stay_together_when_held_out() {
    let corpus = corpus();
    let samples = samples(&corpus);
    let folds = folds::assign(&samples);
    let mut fold_of = BTreeMap::new();
    for (sample, fold) in samples.iter().zip(&folds) {
        let first = *fold_of.entry((sample.language, sample.source)).or_insert(*fold);
        assert_eq!(first, *fold, "{sample:?}");
    }
    assert_eq!(folds.iter().collect::<BTreeSet<_>>().len(), FOLDS);
}

#[test]
fn few_words_are_fewer_than_the_text_has_and_stand_in_it() {
    assert_eq!(folds::few_words(""), None);
    assert_eq!(folds::few_words("bada lego"), None);
    let mut lengths = BTreeSet::new();
    for seed in 0..100 {
        let text = words("bdgl", "aeo", seed, 8);
        let few = folds::few_words(&text).expect("the text has eight words");
        assert!(text.contains(&few), "{few:?} of {text:?}");
        lengths.insert(few.split(' ').count());
    }
    assert_eq!(Vec::from_iter(lengths), [2, 3, 4, 5]);
}
