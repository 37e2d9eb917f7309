//! The topic step, on thousands of different headlines so that nothing is warm but the model.

use divan::counter::ItemsCount;
use newswire::cli::embedded;
use newswire::news::language::Language;
use newswire::news::lexicon::Lexicon;
use newswire::news::tokens::Terms;

const HEADLINES: usize = 5_000;

/// Headlines of about ten words, put together from the lexicon's terms.
fn headlines() -> Vec<String> {
    const TABLES: [&str; 4] = [
        include_str!("../../models/lexicon/diplomacy.tsv"),
        include_str!("../../models/lexicon/economy.tsv"),
        include_str!("../../models/lexicon/other.tsv"),
        include_str!("../../models/lexicon/sport.tsv"),
    ];
    let terms: Vec<&str> = TABLES
        .iter()
        .flat_map(|table| table.lines())
        .filter_map(|line| line.split('\t').next())
        .filter(|term| term.len() < 20)
        .collect();
    let mut state = 1usize;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        terms.get((state >> 33) % terms.len()).copied().unwrap_or_default()
    };
    (0..HEADLINES).map(|_| format!("{} : le {} de {} et {}", draw(), draw(), draw(), draw())).collect()
}

#[divan::bench]
fn classify(bencher: divan::Bencher) {
    let models = embedded::models(None).expect("the shipped models are whole");
    let french = Language::new("fr").expect("a code");
    let model = models.topics.get(&french).expect("French is shipped");
    let headlines = headlines();
    bencher
        .counter(ItemsCount::new(HEADLINES))
        .bench(|| headlines.iter().map(|headline| model.classify(headline, 0.0).confidence).sum::<f64>());
}

#[divan::bench]
fn terms_with_lexicon(bencher: divan::Bencher) {
    let models = embedded::models(None).expect("the shipped models are whole");
    let french = Language::new("fr").expect("a code");
    let lexicon = &models.topics.get(&french).expect("French is shipped").weights().lexicon;
    cut(bencher, lexicon);
}

#[divan::bench]
fn terms_without_lexicon(bencher: divan::Bencher) {
    cut(bencher, &Lexicon::default());
}

fn cut(bencher: divan::Bencher, lexicon: &Lexicon) {
    let headlines = headlines();
    let mut terms = Terms::default();
    bencher
        .counter(ItemsCount::new(HEADLINES))
        .bench_local(|| headlines.iter().map(|headline| terms.of(headline, lexicon).len()).sum::<usize>());
}

#[divan::bench]
fn load_all_models() -> usize {
    embedded::models(None).expect("the shipped models are whole").topics.len()
}
