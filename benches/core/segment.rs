//! Pages of each family to their items.

use divan::Bencher;
use divan::counter::BytesCount;
use newswire::news::segment::segment;

/// A page of each family, from `tests/data/pages`.
const PAGES: &[(&str, &str)] = &[
    ("ribbon in one row, article", include_str!("../../tests/data/pages/ribbon-tabs-fr.txt")),
    ("bulleted ribbon, article", include_str!("../../tests/data/pages/bullets-own-line-fr.txt")),
    ("crumbs, article, teasers", include_str!("../../tests/data/pages/crumbs-lines-en.txt")),
    ("article, glued teasers", include_str!("../../tests/data/pages/aggregator-glued-fr.txt")),
    ("article alone, wrapped", include_str!("../../tests/data/pages/article-wrapped-en.txt")),
    ("ribbon alone", include_str!("../../tests/data/pages/long-ribbon-en.txt")),
    ("furniture alone", include_str!("../../tests/data/pages/furniture-only-en.txt")),
    ("entities and marks without width", include_str!("../../tests/data/pages/entities-en.txt")),
];

#[divan::bench(args = PAGES.iter().map(|(family, _)| *family))]
fn family(bencher: Bencher, family: &str) {
    let page = PAGES.iter().find(|(name, _)| *name == family).map_or("", |(_, page)| page);
    bencher.counter(BytesCount::of_str(page)).bench(|| segment(divan::black_box(page), None));
}

/// The same ribbon and article again and again: ten times the page takes ten times as long.
#[divan::bench(args = [1, 10])]
fn megabytes(bencher: Bencher, megabytes: usize) {
    let page = PAGES.first().map_or("", |(_, page)| page);
    let page = page.repeat(megabytes * 1_000_000 / page.len());
    bencher.counter(BytesCount::of_str(&page)).bench(|| segment(divan::black_box(&page), None));
}
