use super::*;
use crate::learn::evaluate::{Mistake, Prediction, TellingTerm, TellingTerms, figures};
use crate::news::record::ModelOrigin;
use crate::news::topic::Evidence;

fn prediction(truth: usize, probabilities: [f64; 2]) -> Prediction {
    let chosen = usize::from(probabilities[1] > probabilities[0]);
    Prediction { truth, also: Vec::new(), chosen, probabilities: probabilities.to_vec() }
}

fn section() -> Section {
    let predictions = [
        prediction(0, [0.95, 0.05]),
        prediction(0, [0.65, 0.35]),
        prediction(0, [0.35, 0.65]),
        prediction(1, [0.05, 0.95]),
    ];
    let telling = |label: &str, term: &str| TellingTerms {
        label: label.into(),
        terms: vec![
            TellingTerm { term: term.into(), log_odds: 3.0, headlines: 12 },
            TellingTerm { term: "second".into(), log_odds: 1.0, headlines: 3 },
        ],
    };
    let evaluation = Evaluation {
        language: Language::new("fr").expect("a language code"),
        model: ModelOrigin { name: "topic-fr".into(), hash: "0123456789abcdef".into() },
        threshold: 0.0,
        figures: figures(&["sport".to_owned(), "other".to_owned()], &predictions, 0.0),
        telling: vec![telling("sport", "buteur"), telling("other", "procès")],
        mistakes: vec![Mistake {
            title: "Le <b>stade</b> & la banque".into(),
            source: "a \"journal\"".into(),
            truth: "economy".into(),
            also: Vec::new(),
            topic: "sport".into(),
            confidence: 0.99,
            evidence: vec![Evidence { term: "stade".into(), log_odds: 4.2 }],
        }],
    };
    let learning = [(1000, 0.7), (10_000, 0.84)];
    let learning = learning.map(|(headlines, macro_f1)| LearningPoint { headlines, macro_f1 });
    Section { evaluation, learning: learning.to_vec() }
}

#[test]
fn the_page_holds_every_figure_and_needs_nothing_else() {
    let files = files("Topics", "on dev", &[section()]).expect("the figures can be drawn");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let figures = ["confusion-fr.svg", "threshold-fr.svg", "reliability-fr.svg", "learning-fr.svg"];
    assert_eq!(names, [&["index.html"], &figures[..]].concat());
    let page = &files.first().expect("the page comes first").1;
    assert_eq!(page.matches("<svg").count(), 4);
    for shown in
        ["0.733", "0.750", "0.800", "buteur", "procès", "stade", "+4.2", "0.100", "topic-fr", "01234567"]
    {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    for fetched in ["src=", "<link", "url(", "@import", "<script"] {
        assert!(!page.contains(fetched), "the page fetches something: {fetched}");
    }
}

#[test]
fn text_of_the_data_is_text_in_the_page() {
    let files = files("A < B", "on \"dev\"", &[section()]).expect("the figures can be drawn");
    let page = &files.first().expect("the page comes first").1;
    assert!(page.contains("Le &lt;b&gt;stade&lt;/b&gt; &amp; la banque"), "{page}");
    assert!(page.contains("<h1>A &lt; B</h1>"), "{page}");
}

#[test]
fn a_learning_curve_is_drawn_only_where_there_is_one() {
    let without = Section { learning: Vec::new(), ..section() };
    let files = files("Topics", "", &[without]).expect("the figures can be drawn");
    assert!(files.iter().all(|(name, _)| !name.starts_with("learning")));
}
