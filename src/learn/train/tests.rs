use super::*;
use crate::learn::documents::Vocabulary;

/// Headlines of six sources, read and labelled: term 0 is of label 0, term 1 of label 1. A seventh, and one of
/// the six, have headlines by rubric, every other of them under the wrong topic.
fn documents() -> Documents {
    let document = |label: usize, term: u32, source: usize, labelled_by: LabelledBy| Document {
        language: french(),
        label,
        also: Vec::new(),
        labelled_by,
        split: Split::Train,
        source,
        example: 0,
        terms: vec![term],
    };
    let read = (0..240).map(|n| document(n % 2, (n % 2) as u32, n / 2 % 6, LabelledBy::Hand));
    let by_rubric = (0..40).map(|n| document(n / 2 % 2, (n % 2) as u32, 5 + n / 4 % 2, LabelledBy::Rubric));
    Documents {
        labels: vec!["economy".to_owned(), "other".to_owned()],
        sources: (0..7).map(|n| format!("source {n}")).collect(),
        documents: read.chain(by_rubric).collect(),
        vocabulary: Vocabulary { keys: vec![0, 1], families: vec![Family::Word; 2] },
        lexicons: Default::default(),
    }
}

fn french() -> Language {
    Language::new("fr").expect("a code")
}

fn workshop(documents: &Documents) -> Workshop<'_> {
    let settings = TrainSettings::default();
    Workshop::new(documents, french(), &settings).expect("there are headlines of two topics")
}

fn rubric_counts(workshop: &Workshop<'_>) -> Vec<f32> {
    // Each term's hand-labelled headlines, under their own label alone, aside.
    let by_hand = 120.0 * workshop.settings.own_hand;
    let counts = |term: u32| workshop.all.0.row(term).to_vec();
    let (first, second) = (counts(0), counts(1));
    vec![first[0] - by_hand, first[1], second[0], second[1] - by_hand]
}

#[test]
fn headlines_whose_rubric_is_doubted_are_not_counted() {
    let documents = documents();
    let workshop = workshop(&documents);
    assert_eq!(rubric_counts(&workshop), [10.0; 4], "half of the rubrics are wrong");
    let trusted = workshop.without_doubted(None);
    assert_eq!(rubric_counts(&trusted), [10.0, 0.0, 0.0, 10.0]);
}

#[test]
fn a_language_of_one_topic_is_refused_whatever_the_others_have() {
    let mut documents = documents();
    let spanish = Language::new("es").expect("a code");
    documents.documents.iter_mut().filter(|document| document.label == 0).for_each(|document| {
        document.language = spanish;
    });
    let refused = cross_validate(&documents, spanish, &TrainSettings::default());
    assert!(matches!(refused, Err(TrainError::OneTopic(language)) if language == spanish), "{refused:?}");
}

#[test]
fn sources_are_unseen_where_there_are_enough_of_them() {
    let mut documents = documents();
    assert!(workshop(&documents).folds.by_source);
    documents.documents.iter_mut().for_each(|document| document.source = 0);
    assert!(!workshop(&documents).folds.by_source);
}

#[test]
fn dev_headlines_are_judged_apart_and_teach_nothing() {
    let mut documents = documents();
    let without = workshop(&documents).cross_validate();
    // As many headlines again, all under the wrong label: as dev, they change no score of the others.
    let wrong: Vec<Document> = documents
        .documents
        .iter()
        .filter(|document| is_judged(document, french()))
        .map(|document| Document { label: 1 - document.label, split: Split::Dev, ..document.clone() })
        .collect();
    documents.documents.extend(wrong);
    let workshop = workshop(&documents);
    let held_out = workshop.cross_validate();
    let train = |folds: &[Vec<HeldOut>]| -> Vec<Vec<f64>> {
        let train = folds.iter().flatten().filter(|headline| headline.split == Split::Train);
        train.map(|headline| headline.scores.clone()).collect()
    };
    assert_eq!(train(&held_out), train(&without));
    assert_eq!(calibrate(held_out.iter().flatten()), calibrate(without.iter().flatten()));
    let unseen = workshop.figures(&held_out);
    assert_eq!((unseen.train.headlines, unseen.train.accuracy), (240, 1.0));
    assert_eq!((unseen.dev.headlines, unseen.dev.accuracy), (240, 0.0));
}

#[test]
fn labels_of_a_file_teach_but_nothing_is_judged_by_them() {
    let mut documents = documents();
    documents
        .documents
        .iter_mut()
        .step_by(3)
        .for_each(|document| document.labelled_by = LabelledBy::LabelsFile);
    let by_hand = |document: &&Document| document.labelled_by == LabelledBy::Hand;
    let judged = documents.documents.iter().filter(by_hand).count();
    let workshop = workshop(&documents);
    assert_eq!(workshop.cross_validate().iter().flatten().count(), judged);
    let read = documents.documents.iter().filter(|document| is_read(document, french())).count();
    assert!(read > judged, "{read} {judged}");
    let counted: f32 = workshop.all.0.row(0).iter().sum();
    let expected: f32 = documents
        .documents
        .iter()
        .filter(|document| document.terms == [0])
        .map(|document| if document.labelled_by == LabelledBy::Rubric { 1.0 } else { 3.0 })
        .sum();
    assert_eq!(counted, expected);
}
