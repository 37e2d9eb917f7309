//! What the demo saw, counted as its records came in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::cli::terminal::{BAD, BOLD, DIM, GOOD, topic_style};
use crate::news::language::Language;
use crate::news::record::LabelledRecord;

/// Stands for the topic of items that have none.
const NO_TOPIC: &str = "-";

/// A page's place in the input topic.
type Place = (i32, i64);

/// Counts by topic and language, dead letters by reason, and which pages are whole.
#[derive(Debug, Default)]
pub struct Summary {
    items: BTreeMap<String, BTreeMap<Language, u64>>,
    fingerprints: BTreeSet<String>,
    dead_letters: BTreeMap<String, u64>,
    /// Pages of which some records are still to come, with the number that came.
    partial: HashMap<Place, usize>,
    whole_pages: u64,
}

impl Summary {
    pub fn add_record(&mut self, record: &LabelledRecord) {
        let topic = record.topic.as_deref().unwrap_or(NO_TOPIC).to_owned();
        *self.items.entry(topic).or_default().entry(record.language).or_default() += 1;
        self.fingerprints.insert(record.fingerprint.clone());
        let place = (record.page.partition, record.page.offset);
        let came = self.partial.entry(place).or_default();
        *came += 1;
        if *came >= record.page.items {
            self.partial.remove(&place);
            self.whole_pages += 1;
        }
    }

    pub fn add_dead_letter(&mut self, reason: &str) {
        *self.dead_letters.entry(reason.to_owned()).or_default() += 1;
    }

    /// The pages of which everything has come.
    pub fn pages(&self) -> u64 {
        self.whole_pages + self.dead_letters.values().sum::<u64>()
    }

    /// The table for a person. `took`: from the first page that was sent to the last record that came.
    pub fn table(&self, took: Duration) -> String {
        let languages: BTreeSet<Language> =
            self.items.values().flat_map(|by_language| by_language.keys().copied()).collect();
        let count = |topic: &str, language| {
            self.items.get(topic).and_then(|counts| counts.get(language)).copied().unwrap_or_default()
        };
        let mut table = format!("{BOLD}{:<12}{BOLD:#}", "items");
        for language in &languages {
            table += &format!("{DIM}{language:>7}{DIM:#}");
        }
        table += &format!("{DIM}{:>8}{DIM:#}\n", "all");
        for topic in self.items.keys() {
            let style = topic_style(topic);
            let name = if topic == NO_TOPIC { "no topic" } else { topic };
            table += &format!("{style}{name:<12}{style:#}");
            for language in &languages {
                match count(topic, language) {
                    0 => table += &format!("{DIM}{:>7}{DIM:#}", "·"),
                    items => table += &format!("{items:>7}"),
                }
            }
            table +=
                &format!("{:>8}\n", languages.iter().map(|language| count(topic, language)).sum::<u64>());
        }
        table += &format!("{BOLD}{:<12}", "all");
        for language in &languages {
            table += &format!("{:>7}", self.items.keys().map(|topic| count(topic, language)).sum::<u64>());
        }
        let items: u64 = self.items.values().flat_map(BTreeMap::values).sum();
        table +=
            &format!("{items:>8}{BOLD:#}   {DIM}{} of them different{DIM:#}\n\n", self.fingerprints.len());
        table += &format!("{GOOD}{:>6}{GOOD:#} pages labelled\n", self.whole_pages);
        for (reason, letters) in &self.dead_letters {
            table += &format!("{BAD}{letters:>6}{BAD:#} dead letters: {reason}\n");
        }
        table
            + &format!(
                "{DIM}{:>6.1} s, every page's records and its offset in one transaction{DIM:#}\n",
                took.as_secs_f64()
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(topic: Option<&str>, language: &str, offset: i64, items: usize) -> LabelledRecord {
        let schema = include_str!("../../../schemas/labelled.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).expect("the schema is JSON");
        let example = schema.pointer("/examples/0").cloned().expect("the schema has an example");
        let mut record: LabelledRecord = serde_json::from_value(example).expect("the example is a record");
        record.topic = topic.map(Into::into);
        record.language = Language::new(language).expect("a language code");
        record.page.offset = offset;
        record.page.items = items;
        record
    }

    #[test]
    fn a_page_counts_once_all_its_records_are_there() {
        let mut summary = Summary::default();
        summary.add_record(&record(Some("sport"), "fr", 1, 2));
        assert_eq!(summary.pages(), 0);
        summary.add_record(&record(Some("economy"), "es", 2, 1));
        assert_eq!(summary.pages(), 1);
        summary.add_record(&record(None, "und", 1, 2));
        assert_eq!(summary.pages(), 2);
        summary.add_dead_letter("not_json");
        assert_eq!(summary.pages(), 3);
        let table = anstream::adapter::strip_str(&summary.table(Duration::from_secs(2))).to_string();
        for line in [
            "items            es     fr    und     all",
            "sport             ·      1      ·       1",
            "no topic          ·      ·      1       1",
            "all               1      1      1       3   1 of them different",
            "     2 pages labelled",
            "     1 dead letters: not_json",
        ] {
            assert!(table.contains(line), "{line:?} is missing in\n{table}");
        }
    }
}
