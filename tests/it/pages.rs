//! Every page in `tests/data/pages` gives exactly the items beside it.
//!
//! `NAME.txt` is the page, `NAME.items.jsonl` its items in page order (`kind`, `text`, and for other tests `lang`
//! and `topic`), `NAME.page.json`, where it is there, what else is told: `title` (the scraper's, an input),
//! `outlet`, `published`, and `body` (strings that the article's body holds) and `no_body` (strings that no body
//! holds). `NEWSWIRE_PAGES` names another folder of the same form, for pages that cannot stand in this repository.

use std::path::{Path, PathBuf};

use newswire::news::segment::{Field, Kind, segment};
use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
struct ExpectedItem {
    kind: Kind,
    text: String,
}

/// What is told of a page beside its items.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Told {
    title: Option<String>,
    outlet: Option<String>,
    published: Option<String>,
    body: Vec<String>,
    no_body: Vec<String>,
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder of pages can be read");
    let paths = entries.map(|entry| entry.expect("the folder of pages can be listed").path());
    let mut pages: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    pages.sort();
    pages
}

/// What differs between the page's items and the expected ones, for a person; empty where nothing does.
fn differences(page: &Path) -> Vec<String> {
    let read = |end: &str| std::fs::read_to_string(page.with_extension(end));
    let text = read("txt").expect("a page is UTF-8");
    let told: Told = read("page.json")
        .map(|json| serde_json::from_str(&json).expect("NAME.page.json fits `Told`"))
        .unwrap_or_default();
    let items = read("items.jsonl").expect("every page has its items");
    let expected: Vec<ExpectedItem> = items
        .lines()
        .map(|line| serde_json::from_str(line).expect("an item is JSON with kind and text"))
        .collect();
    let segments = segment(&text, told.title.as_deref());
    let found: Vec<ExpectedItem> = segments
        .items
        .iter()
        .map(|item| {
            let source = match item.field {
                Field::Text => text.as_str(),
                Field::Title => told.title.as_deref().unwrap_or_default(),
            };
            let text =
                html_escape::decode_html_entities(source.get(item.text.clone()).expect("an item is a slice"))
                    .into_owned();
            ExpectedItem { kind: item.kind, text }
        })
        .collect();
    let mut differences = Vec::new();
    differences.extend(
        expected.iter().filter(|item| !found.contains(item)).map(|item| format!("missing: {item:?}")),
    );
    differences.extend(
        found.iter().filter(|item| !expected.contains(item)).map(|item| format!("not expected: {item:?}")),
    );
    if differences.is_empty() && found != expected {
        differences.push("the items' order differs".to_owned());
    }
    let outlet = segments.outlet.map(|range| text.get(range).expect("an outlet is a slice").to_owned());
    if told.outlet.is_some() && outlet != told.outlet {
        differences.push(format!("outlet {outlet:?}, not {:?}", told.outlet));
    }
    if told.published.is_some() && segments.published != told.published {
        differences.push(format!("published {:?}, not {:?}", segments.published, told.published));
    }
    let article = segments.items.iter().find(|item| item.kind == Kind::Article);
    let body: Vec<&str> = article
        .iter()
        .flat_map(|item| &item.body)
        .map(|range| text.get(range.clone()).expect("a body is slices"))
        .collect();
    let body = body.join("\n");
    let missing = told.body.iter().filter(|part| !body.contains(*part));
    differences.extend(missing.map(|part| format!("not in the body: {part:?}")));
    let furniture = told.no_body.iter().filter(|part| body.contains(*part));
    differences.extend(furniture.map(|part| format!("in the body: {part:?}")));
    differences
}

#[track_caller]
fn check_folder(folder: &Path) {
    let pages = pages(folder);
    assert!(!pages.is_empty(), "no page in {}", folder.display());
    let reports = pages.iter().map(|page| (page, differences(page))).filter(|(_, found)| !found.is_empty());
    let reports: Vec<String> =
        reports.map(|(page, found)| format!("{}\n  {}", page.display(), found.join("\n  "))).collect();
    assert!(reports.is_empty(), "{} of {} pages differ:\n{}", reports.len(), pages.len(), reports.join("\n"));
}

#[test]
fn every_page_gives_its_items() {
    check_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pages"));
}

#[test]
#[ignore = "needs NEWSWIRE_PAGES, a folder of pages with their items"]
fn pages_elsewhere_give_their_items() {
    let folder = std::env::var_os("NEWSWIRE_PAGES").expect("NEWSWIRE_PAGES names a folder");
    check_folder(Path::new(&folder));
}
