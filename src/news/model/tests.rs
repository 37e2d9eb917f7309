use super::*;
use crate::news::lexicon::Mark;
use crate::news::model_file::ModelKind;

const LABELS: [&str; 3] = ["economy", "other", "sport"];

/// A model that knows two words and a club; each word's surprise under the three labels is given in nats.
fn model(bias: [f32; 3], labels: [&str; 3]) -> TopicModel {
    let club = Mark { name: "club".into(), family: Family::Kind };
    let lexicon = Lexicon::new([("raja", &club)], [("maroc", "ma"), ("madrid", "es")]);
    let mut terms = Terms::default();
    let mut rows = Vec::new();
    let known = [("impôt", [1.0, 3.0, 5.0]), ("but", [4.0, 4.0, 1.0]), ("raja", [6.0, 5.0, 2.0])];
    for (text, surprise) in known {
        let term = terms.of(text, &lexicon).last().copied().expect("the text has a term");
        let steps = surprise.map(|nats: f64| (nats * SURPRISE_STEPS) as u16).to_vec();
        let weights = TermWeights { key: term.key & ((1 << KEY_BITS) - 1), family: term.family as u8 };
        rows.push((weights, steps, vec![64, 64, 32]));
    }
    let family = FamilyWeights { weights: vec![0.5; 3], alpha: 0.1, totals: vec![9.0; 3], terms: 3 };
    let families = vec![family; Family::COUNT];
    let labels = labels.map(str::to_owned).to_vec();
    let language = Language::new("fr").expect("a code");
    let header = Header::new(ModelKind::Topic, "topic-fr", vec![language], labels, "by hand");
    TopicModel::new(header, Weights::new(families, bias.to_vec(), rows, lexicon))
}

#[track_caller]
fn check(headline: &str, threshold: f64, expected: &str) {
    let verdict = model([0.0, 0.2, 0.0], LABELS).classify(headline, threshold);
    assert_eq!(&*verdict.topic, expected, "{verdict:?}");
    let sum: f64 = verdict.scores.iter().map(|(_, score)| score).sum();
    assert!((sum - 1.0).abs() < 1e-12, "{verdict:?}");
}

#[test]
fn a_headline_gets_the_topic_of_its_terms() {
    check("L'impôt sur le revenu", 0.0, "economy");
    check("Un but, un autre but, encore un but", 0.0, "sport");
    check("RAJA", 0.0, "sport");
}

#[test]
fn below_the_threshold_the_topic_is_other() {
    check("L'impôt sur le revenu", 0.99, "other");
    check("L'impôt sur le revenu", 0.5, "economy");
}

#[test]
fn nothing_known_is_other() {
    check("", 0.0, "other");
    check("   ", 0.0, "other");
    check("zzz qqq", 0.0, "other");
    check("12345", 0.0, "other");
}

#[test]
fn a_tie_is_other_where_the_model_knows_it_else_the_first() {
    // The bias of two labels is the same, and no term tells them apart.
    let tied = model([9.0, 0.0, 9.0], LABELS).classify("zzz", 0.0);
    assert_eq!(&*tied.topic, "other");
    let without = model([9.0, 0.0, 9.0], ["a", "b", "c"]);
    assert_eq!(&*without.classify("zzz", 0.0).topic, "a");
    assert_eq!(&*without.classify("L'impôt", 0.999).topic, "a", "no threshold without `other`");
}

#[test]
fn a_score_is_its_bias_and_terms_put_together() {
    let model = model([0.1, 0.2, 0.3], LABELS);
    let headline = "L'impôt du Raja, un but";
    let scores = model.classify(headline, 0.0).scores;
    for (label, probability) in &scores {
        let terms: f64 = model.evidence(headline, label, usize::MAX).iter().map(|term| term.log_odds).sum();
        let summed = terms + model.bias_log_odds(label).expect("the label is the model's");
        // One label's logarithm less the mean of the others' is what the soft maximum keeps of the scores.
        let others: f64 =
            scores.iter().filter(|(other, _)| other != label).map(|(_, other)| other.ln()).sum();
        let expected = probability.ln() - others / 2.0;
        assert!((summed - expected).abs() < 1e-9, "{label}: {summed} is not {expected}");
    }
}

#[test]
fn evidence_is_worked_out_by_hand() {
    let evidence = model([0.0; 3], LABELS).evidence("un IMPÔT", "economy", 5);
    // impôt: mean surprise 3; (3-1)/2 = 1 for economy, 0 for other, (3-5)/2/2 = -0.5 for sport.
    assert_eq!(evidence.len(), 1);
    assert_eq!(evidence[0].term, "IMPÔT");
    assert!((evidence[0].log_odds - (1.0 - (0.0 - 0.5) / 2.0)).abs() < 1e-6, "{evidence:?}");
    let named = model([0.0; 3], LABELS).evidence("Allez Raja", "sport", 5);
    assert_eq!(named[0].term, "Raja [club]");
    assert!(model([0.0; 3], LABELS).evidence("l'impôt", "opera", 5).is_empty());
}

#[test]
fn a_model_reads_back_as_it_was_written() {
    let model = model([0.1, 0.2, 0.3], LABELS);
    let bytes = model.write();
    let read = TopicModel::read(&bytes).expect("the file is whole");
    assert_eq!(read.weights(), model.weights());
    assert_eq!(read.origin(), model.origin());
    assert_eq!(read.write(), bytes);
}

#[test]
fn cut_and_overlong_weights_are_refused() {
    let model = model([0.1, 0.2, 0.3], LABELS);
    let whole = model_weights::write(model.weights());
    for length in 0..whole.len() {
        let cut = whole.get(..length).expect("within the bytes");
        assert!(model_weights::read(cut, 3).is_err(), "{length} of {} bytes", whole.len());
    }
    let mut long = whole.clone();
    long.push(0);
    assert!(model_weights::read(&long, 3).is_err());
}
