//! What no input may break, one function an entry point. The fuzz targets in `fuzz/` and the property tests in
//! `tests/it/never_panics.rs` call the same functions; each panics when a promise is broken.

use std::ops::Range;

use crate::config::Settings;
use crate::news::language::{Language, LanguageModel};
use crate::news::lexicon::Lexicon;
use crate::news::model::TopicModel;
use crate::news::model_file::{self, Header, ModelKind};
use crate::news::page::{self, FieldNames, InputFormat, PageShape, RejectReason};
use crate::news::segment::{Field, Segments, segment};
use crate::news::tokens::Terms;

/// Decodes bytes as a page in both formats: a page has text that can be seen, and only a value that is too large
/// is refused for its size.
pub fn page_decode(value: &[u8]) {
    for format in [InputFormat::Json, InputFormat::Text] {
        let shape = PageShape { format, fields: FieldNames::default(), max_page_bytes: value.len() };
        match page::decode(Some(value), &shape) {
            Ok(page) => {
                assert!(page.text.chars().any(|c| !c.is_whitespace()), "a page's text is never blank")
            }
            Err(reject) => {
                assert_ne!(reject.reason, RejectReason::TooLarge);
                assert!(!reject.detail.is_empty(), "a reject says why");
            }
        }
        if let Some(max_page_bytes) = value.len().checked_sub(1) {
            let small = PageShape { format, fields: FieldNames::default(), max_page_bytes };
            let reject = page::decode(Some(value), &small).expect_err("the value is one byte too large");
            assert_eq!(reject.reason, RejectReason::TooLarge);
        }
    }
}

/// Cuts bytes, read as text, into items. The first line is the title as well, in every second input, so that
/// titles that stand in the text come up.
pub fn segment_page(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let titled = bytes.len() % 2 == 1;
    let title = titled.then(|| text.lines().next().unwrap_or_default());
    check_segments(&text, title, &segment(&text, title));
}

/// Items stand in page order, do not overlap, are trimmed and not empty; an item's text is one item by itself.
pub fn check_segments(text: &str, title: Option<&str>, segments: &Segments) {
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut last = 0;
    for item in &segments.items {
        let source = match item.field {
            Field::Text => text,
            Field::Title => title.expect("an item from the title field needs a title"),
        };
        let headline = source.get(item.text.clone()).expect("an item is cut on character boundaries");
        assert!(!headline.is_empty() && headline.trim() == headline, "an item is trimmed: {headline:?}");
        if item.field == Field::Text {
            assert!(last <= item.text.start, "items stand in page order: {headline:?}");
            last = item.text.start;
            taken.push(item.text.clone());
            assert_alone(headline);
        }
        assert!(item.field == Field::Text || !item.body.is_empty(), "a title without a body is no article");
        for range in &item.body {
            let part = text.get(range.clone()).expect("a body is cut on character boundaries");
            assert!(!part.is_empty(), "a body's part is never empty");
            taken.push(range.clone());
        }
    }
    taken.sort_by_key(|range| range.start);
    for pair in taken.windows(2) {
        if let [first, second] = pair {
            assert!(first.end <= second.start, "ranges overlap: {first:?} and {second:?}");
        }
    }
    if let Some(outlet) = &segments.outlet {
        assert!(text.get(outlet.clone()).is_some_and(|name| !name.is_empty()), "an outlet has a name");
    }
}

/// Taken for a page, an item's text gives that one item.
#[track_caller]
fn assert_alone(headline: &str) {
    let again = segment(headline, None);
    match again.items.as_slice() {
        [only] if only.text == (0..headline.len()) => {}
        items => panic!("{headline:?} taken for a page gives {items:?}"),
    }
}

/// Cuts bytes, read as text, into terms: the same text always gives the same ones, and no more than a stated
/// multiple of its length.
pub fn tokenize(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lexicon = Lexicon::default();
    let mut terms = Terms::default();
    let first = format!("{:?}", terms.of(&text, &lexicon));
    let again = format!("{:?}", terms.of(&text, &lexicon));
    assert_eq!(first, again, "terms do not depend on what was cut before");
}

/// Reads bytes as model files, and as the weights of model files whose frame and checksum are right. What can be
/// read can score.
pub fn model_read(bytes: &[u8]) {
    use_models(bytes);
    let languages = |codes: &[&str]| codes.iter().filter_map(|code| Language::new(code)).collect::<Vec<_>>();
    let labels = ["economy", "other", "sport"].map(str::to_owned).to_vec();
    let topic = Header::new(ModelKind::Topic, "topic-fr", languages(&["fr"]), labels, "a fuzzer");
    let language = Header::new(
        ModelKind::Language,
        "language",
        languages(&["en", "es", "fr"]),
        vec!["de".into()],
        "a fuzzer",
    );
    for header in [topic, language] {
        use_models(&model_file::write(header, bytes).1);
    }
}

fn use_models(file: &[u8]) {
    const HEADLINE: &str = "L'Espagne et le Maroc signent un accord sur la pêche";
    if let Ok(model) = TopicModel::read(file) {
        let verdict = model.classify(HEADLINE, 0.5);
        assert_eq!(verdict.scores.len(), model.labels().len());
        model.evidence(HEADLINE, &verdict.topic, 5);
    }
    if let Ok(model) = LanguageModel::read(file) {
        model.identify(HEADLINE, None);
    }
}

/// Reads bytes as settings: an error is a sentence.
pub fn config(bytes: &[u8]) {
    if let Err(error) = Settings::from_toml(&String::from_utf8_lossy(bytes)) {
        assert!(!error.to_string().is_empty(), "an error says what is wrong");
    }
}
