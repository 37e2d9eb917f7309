use super::*;

fn section() -> Section {
    let topic = |label: &str, term: &str| TopicFigures {
        label: label.into(),
        precision: 0.9,
        recall: 0.8,
        f1: 0.847,
        support: 50,
        telling: vec![
            Evidence { term: term.into(), log_odds: 3.0 },
            Evidence { term: "second".into(), log_odds: 1.0 },
        ],
    };
    Section {
        language: Language::new("fr").expect("a language code"),
        model: ModelOrigin { name: "topic-fr".into(), hash: "0123456789abcdef".into() },
        headlines: 100,
        accuracy: 0.85,
        accuracy_also: Some(0.9),
        macro_f1: 0.8471,
        calibration_error: 0.021,
        topics: vec![topic("sport", "buteur"), topic("other", "procès")],
        confusion: vec![vec![40, 10], vec![5, 45]],
        curve: vec![
            CurvePoint { threshold: 0.0, precision: 0.85, coverage: 1.0 },
            CurvePoint { threshold: 0.5, precision: 0.88, coverage: 0.9 },
            CurvePoint { threshold: 0.9, precision: 0.97, coverage: 0.5 },
        ],
        bins: vec![
            ReliabilityBin { confidence: 0.55, accuracy: 0.5, count: 20 },
            ReliabilityBin { confidence: 0.95, accuracy: 0.94, count: 80 },
        ],
        learning: vec![
            LearningPoint { headlines: 1000, macro_f1: 0.7 },
            LearningPoint { headlines: 10_000, macro_f1: 0.84 },
        ],
        mistakes: vec![Mistake {
            headline: "Le <b>stade</b> & la banque".into(),
            source: "a \"journal\"".into(),
            label: "economy".into(),
            labelled: "sport".into(),
            confidence: 0.99,
            evidence: vec![Evidence { term: "stade".into(), log_odds: 4.2 }],
        }],
    }
}

#[test]
fn the_page_holds_every_figure_and_needs_nothing_else() {
    let files = files("Topics", "on dev", &[section()]).expect("the figures can be drawn");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let figures = ["confusion-fr.svg", "threshold-fr.svg", "reliability-fr.svg", "learning-fr.svg"];
    assert_eq!(names, [&["index.html"], &figures[..]].concat());
    let page = &files.first().expect("the page comes first").1;
    assert_eq!(page.matches("<svg").count(), 4);
    for shown in ["0.847", "0.900", "buteur", "procès", "stade", "+4.2", "0.021", "topic-fr", "01234567"] {
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
