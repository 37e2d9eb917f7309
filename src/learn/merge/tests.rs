use super::*;
use crate::learn::corpus::{LabelledBy, Split};
use crate::learn::documents::collect;
use crate::learn::knowledge::Knowledge;
use crate::learn::train::{TrainSettings, train};
use crate::news::language::Language;

fn example(topic: &str, title: String) -> Example {
    Example {
        language: Language::new("en").expect("a code"),
        source: String::new(),
        topic: Some(topic.to_owned()),
        also: Vec::new(),
        labelled_by: LabelledBy::Hand,
        split: Split::Train,
        title,
        is_headline: true,
    }
}

/// Headlines of two topics that a handful of words tells.
fn shipped() -> Vec<Example> {
    let sport = ["match", "coach", "league", "goal"];
    let other = ["storm", "court", "school", "museum"];
    let headlines = (0..160).map(|n| {
        let (topic, words) = if n % 2 == 0 { ("sport", sport) } else { ("other", other) };
        example(topic, format!("town{} {} {} report {n}", n % 7, words[n % 4], words[(n / 4) % 4]))
    });
    headlines.collect()
}

fn model() -> TopicModel {
    let documents = collect(&shipped(), &Knowledge::default(), 100);
    let language = Language::new("en").expect("a code");
    train(&documents, language, &TrainSettings::default(), "a test").expect("the headlines teach").model
}

#[test]
fn counts_come_back_from_a_model() {
    let model = model();
    let counts = Counts::of(&model);
    let mut terms = Terms::default();
    let term = terms.of("museum", &Lexicon::default())[0];
    let row = counts.row(Family::Word, term.key & ((1 << KEY_BITS) - 1)).expect("the word was seen");
    let other = model.labels().iter().position(|label| &**label == "other").expect("the label is there");
    let seen: usize = shipped()
        .iter()
        .map(|example| example.title.split(' ').filter(|word| *word == "museum").count())
        .sum();
    // A hand-labelled headline counts three times; the file's steps keep a count to a thousandth of it.
    assert!((row.counts[other] - 3.0 * seen as f32).abs() < 0.1, "{:?} for {seen}", row.counts);
    assert!(row.counts[1 - other] < 0.1, "{:?}", row.counts);
}

#[test]
fn a_users_headlines_teach_their_words() {
    let model = model();
    let taught: Vec<Example> = (0..20)
        .flat_map(|n| {
            let sport = example("sport", format!("kabaddi raid number {n}"));
            [sport, example("other", format!("bazaar opens gate {n}"))]
        })
        .collect();
    let taught: Vec<&Example> = taught.iter().collect();
    let (merged, weight) = merge(&model, &taught, None, "a test").expect("the topics are the model's");
    assert!(WEIGHTS.contains(&weight));
    assert_eq!(&*merged.classify("kabaddi final", 0.0).topic, "sport");
    assert_eq!(&*merged.classify("bazaar closes", 0.0).topic, "other");
    // What the model knew, it still knows.
    assert_eq!(&*merged.classify("coach before the match", 0.0).topic, "sport");
    assert_eq!(&*merged.classify("storm over the museum", 0.0).topic, "other");
    let read = TopicModel::read(&merged.write()).expect("a merged model is a model");
    assert_eq!(read.classify("kabaddi final", 0.0), merged.classify("kabaddi final", 0.0));
}

#[test]
fn a_topic_that_the_model_lacks_is_refused() {
    let culture = example("culture", "a new opera".to_owned());
    let error = merge(&model(), &[&culture], None, "a test").expect_err("the topic is new").to_string();
    assert!(error.contains("\"culture\"") && error.contains("other, sport"), "{error}");
    assert!(merge(&model(), &[], None, "a test").is_err());
}
