//! The feed of `demo` and `feed`: pages of this project's own writing, and some input that no page can be made of.

use serde_json::json;

/// An input record: its key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub key: String,
    pub value: Vec<u8>,
}

/// Lists the pages under tests/data/pages by name.
macro_rules! pages {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../tests/data/pages/", $name, ".txt")))),+]
    };
}

/// Every page's name and text, in an order that mixes layouts and languages.
const PAGES: &[(&str, &str)] = pages![
    "ribbon-tabs-fr",
    "ribbon-bars-en",
    "bullets-same-line-es",
    "aggregator-glued-fr",
    "crumbs-lines-en",
    "ribbon-double-nbsp-es",
    "bullets-own-line-fr",
    "portal-list-en",
    "most-read-numbers-es",
    "furniture-only-fr",
    "ribbon-middots-fr",
    "aggregator-glued-en",
    "ribbon-sentences-es",
    "ribbon-times-fr",
    "entities-en",
    "arabic-ribbon-fr",
    "ribbon-lines-en",
    "aggregator-lines-es",
    "everything-in-one-row-fr",
    "bullets-arrows-en",
    "ribbon-slashes-es",
    "crumbs-slash-fr",
    "latest-after-article-en",
    "crumbs-chevrons-es",
    "home-sections-fr",
    "ribbon-plus-en",
    "unknown-notice-es",
    "ribbon-times-bars-fr",
    "subtitle-caption-en",
    "headline-alone-es",
];

/// One bad record stands behind this many pages.
const PAGES_A_BAD_RECORD: usize = 5;

/// The feed: every page once, bad input between them. It ends; `cycle` it for a stream.
pub fn feed() -> Vec<Sample> {
    let mut bad = bad_input().into_iter();
    let mut feed = Vec::new();
    for (number, (name, text)) in PAGES.iter().enumerate() {
        let value = json!({ "id": name, "url": format!("https://news.example/{name}"), "text": text });
        feed.push(Sample { key: (*name).to_owned(), value: value.to_string().into_bytes() });
        if (number + 1).is_multiple_of(PAGES_A_BAD_RECORD) {
            feed.extend(bad.next());
        }
    }
    feed.extend(bad);
    feed
}

/// One record of each kind that becomes a dead letter.
fn bad_input() -> Vec<Sample> {
    let bad = |key: &str, value: &[u8]| Sample { key: key.to_owned(), value: value.to_vec() };
    vec![
        bad("cut-off", br#"{"id": "cut-off", "text": "Le conseil municipal a adop"#),
        bad("no-text", br#"{"id": "no-text", "html": "<p>The scraper changed its mind</p>"}"#),
        bad("latin-1", b"{\"id\": \"latin-1\", \"text\": \"El a\xf1o empieza con lluvia\"}"),
        bad("numbers", br#"{"id": "numbers", "text": [4, 8, 15]}"#),
        bad("blank", br#"{"id": "blank", "text": " \n\t "}"#),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::news::page::{PageShape, decode};

    #[test]
    fn the_bad_input_is_bad_and_the_pages_are_not() {
        let bad: BTreeSet<String> = bad_input().into_iter().map(|sample| sample.key).collect();
        for sample in feed() {
            let decoded = decode(Some(&sample.value), &PageShape::default());
            assert_eq!(decoded.is_err(), bad.contains(&sample.key), "{}: {decoded:?}", sample.key);
        }
    }
}
