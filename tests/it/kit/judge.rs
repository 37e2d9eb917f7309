//! Holds what stands in the output against what the pages were made of. Shares nothing with `newswire audit`: it
//! knows the pages by their number, not by their place, and their items' texts from the generator.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::kafka::{ReadRecord, Reader};
use super::pages::{self, Due, FedPage};
use super::process::Topics;
use crate::schema;

/// What is wrong, by kind; the first cases in words.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub records: usize,
    pub dead_letters: usize,
    pub lost: usize,
    pub duplicated: usize,
    pub partial: usize,
    pub out_of_order: usize,
    /// Texts, positions, keys, headers or dead letters that are not what they should be.
    pub wrong: usize,
    pub first: Vec<String>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.lost + self.duplicated + self.partial + self.out_of_order + self.wrong == 0
    }

    fn note(&mut self, count: fn(&mut Verdict) -> &mut usize, what: impl FnOnce() -> String) {
        *count(self) += 1;
        if self.first.len() < 10 {
            self.first.push(what());
        }
    }
}

/// The pages that were fed: the first `count` of a seed.
#[derive(Debug, Clone, Copy)]
pub struct Fed {
    pub seed: u64,
    pub count: usize,
    pub partitions: i32,
}

impl Fed {
    pub fn page(&self, number: usize) -> FedPage {
        pages::page(self.seed, number, self.partitions)
    }
}

/// Reads the output and the dead letters as a committed reader and judges them.
pub fn judge(bootstrap: &str, topics: &Topics, fed: Fed) -> Verdict {
    let reader = Reader::new(bootstrap, "read_committed");
    let mut judge = Judge::new(topics, fed);
    reader.read(&topics.output, |record| judge.record(&record));
    reader.read(&topics.dead_letter, |record| judge.dead_letter(&record));
    judge.verdict()
}

struct Judge {
    topic: String,
    fed: Fed,
    verdict: Verdict,
    /// How often each item of each page was found.
    found: HashMap<usize, Vec<u16>>,
    letters: HashMap<usize, usize>,
    /// By partition of the output: the last page and item that it brought of each partition of the input.
    last: BTreeMap<(i32, i32), (usize, usize)>,
    last_letter: BTreeMap<(i32, i32), usize>,
    /// The page that was looked at last; records of a page come together.
    current: FedPage,
}

impl Judge {
    fn new(topics: &Topics, fed: Fed) -> Judge {
        Judge {
            topic: topics.input.clone(),
            fed,
            verdict: Verdict::default(),
            found: HashMap::new(),
            letters: HashMap::new(),
            last: BTreeMap::new(),
            last_letter: BTreeMap::new(),
            current: fed.page(0),
        }
    }

    fn look_up(&mut self, number: usize) {
        if self.current.number != number {
            self.current = self.fed.page(number);
        }
    }

    fn record(&mut self, read: &ReadRecord) {
        self.verdict.records += 1;
        let text = String::from_utf8_lossy(read.value.as_deref().unwrap_or_default());
        let record: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Err(breach) = schema::validate(&record) {
            self.verdict.note(|v| &mut v.wrong, || breach);
            return;
        }
        let page = &record["page"];
        let number = page["id"].as_str().and_then(pages::number_of).filter(|number| *number < self.fed.count);
        let (Some(number), Some(item)) = (number, page["item"].as_u64()) else {
            self.verdict.note(|v| &mut v.wrong, || format!("no page was fed for {text}"));
            return;
        };
        let item = item as usize;
        self.look_up(number);
        let due = match &self.current.due {
            Due::Items(items) => items.as_slice(),
            Due::DeadLetter(_) => &[],
        };
        let is_right = due.get(item).map(String::as_str) == record["text"].as_str()
            && page["items"].as_u64() == Some(due.len() as u64)
            && page["topic"].as_str() == Some(&self.topic)
            && page["partition"].as_i64() == Some(i64::from(self.current.partition))
            && is_right_key(read, &self.current, &record, item)
            && read.header("trace") == Some(&self.current.trace)
            && read.header("ce_id") == record["id"].as_str();
        if !is_right {
            let due = due.get(item).cloned();
            self.verdict
                .note(|v| &mut v.wrong, || format!("page {number}, item {item}: {due:?} due, found {text}"));
        }
        let partition = self.current.partition;
        let here = (number, item);
        if let Some(last) = self.last.insert((read.partition, partition), here)
            && here < last
        {
            self.verdict.note(|v| &mut v.out_of_order, || format!("page and item {here:?} after {last:?}"));
        }
        let found = self.found.entry(number).or_default();
        if found.len() <= item {
            found.resize(item + 1, 0);
        }
        found[item] += 1;
    }

    fn dead_letter(&mut self, read: &ReadRecord) {
        self.verdict.dead_letters += 1;
        let Some(number) = read.header("trace").and_then(|trace| trace.strip_prefix("trace-")?.parse().ok())
        else {
            self.verdict
                .note(|v| &mut v.wrong, || format!("a dead letter without its page's header: {read:?}"));
            return;
        };
        self.look_up(number);
        let page = &self.current;
        let reason = match page.due {
            Due::DeadLetter(reason) => Some(reason),
            Due::Items(_) => None,
        };
        let is_right = number < self.fed.count
            && read.value == page.value
            && read.key == page.key
            && read.header("newswire-reason") == reason
            && read.header("newswire-detail").is_some_and(|detail| !detail.is_empty())
            && read.header("newswire-topic") == Some(&self.topic)
            && read.header("newswire-partition") == Some(&page.partition.to_string())
            && read.header("newswire-offset").is_some_and(|offset| offset.parse::<i64>().is_ok())
            && read.header("newswire-time").is_some();
        let partition = page.partition;
        if !is_right {
            self.verdict
                .note(|v| &mut v.wrong, || format!("page {number}: {reason:?} due, dead letter {read:?}"));
        }
        if let Some(last) = self.last_letter.insert((read.partition, partition), number)
            && number < last
        {
            self.verdict.note(|v| &mut v.out_of_order, || format!("dead letter {number} after {last}"));
        }
        *self.letters.entry(number).or_default() += 1;
    }

    fn verdict(mut self) -> Verdict {
        for number in 0..self.fed.count {
            let page = self.fed.page(number);
            let found = self.found.remove(&number).unwrap_or_default();
            let letters = self.letters.remove(&number).unwrap_or(0);
            let (due, due_letters) = match page.due {
                Due::Items(items) => (items.len(), 0),
                Due::DeadLetter(_) => (0, 1),
            };
            let distinct = found.iter().filter(|count| **count > 0).count();
            let again: usize = found.iter().map(|count| usize::from(*count).saturating_sub(1)).sum();
            if distinct == 0 && letters == 0 {
                self.verdict.note(|v| &mut v.lost, || format!("page {number} is lost"));
            } else if distinct < due {
                self.verdict.note(|v| &mut v.partial, || format!("page {number}: {distinct} of {due} items"));
            }
            for _ in 0..again + letters.saturating_sub(due_letters) {
                self.verdict.note(|v| &mut v.duplicated, || format!("page {number} is there more than once"));
            }
        }
        self.verdict
    }
}

/// A record has its page's key; where the page has none, one that keeps the page's records together: what stands
/// before the item's number in its identifier.
fn is_right_key(read: &ReadRecord, page: &FedPage, record: &Value, item: usize) -> bool {
    match (&page.key, &read.key) {
        (Some(due), Some(found)) => due == found,
        (None, Some(found)) => {
            let together = format!("{}-{item}", String::from_utf8_lossy(found));
            record["id"].as_str() == Some(&together)
        }
        (_, None) => false,
    }
}
