//! From the logs' records to the ledger's entries: what pages owe, and what was published for them.

use std::borrow::Cow;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3;

use super::ledger::{DeadLetterEntry, Due, ItemEntry, Ledger, Range};
use super::plan::Plan;
use crate::news::page::{self, PageShape, RejectReason};
use crate::news::record::{self, Position};
use crate::news::segment;
use crate::service::dead_letter;
use crate::service::kafka::scan::{LogRange, ScanError, ScannedRecord, Scanner};

/// So many input pages are cut at once, on every core.
const CUT_AT_ONCE: usize = 512;

impl Plan {
    /// Enters the window's pages. Returns the last page's offset of each partition.
    pub(super) fn enter_pages(
        &self,
        ledger: &mut Ledger,
        windows: &[Range],
        scanner: &Scanner,
    ) -> Result<Vec<Option<i64>>, ScanError> {
        let mut last_pages = vec![None; windows.len()];
        let mut waiting: Vec<InputPage> = Vec::with_capacity(CUT_AT_ONCE);
        let ranges: Vec<_> = (0..)
            .zip(windows)
            .map(|(partition, window)| LogRange { partition, from: window.from, until: window.until })
            .collect();
        let mut enter = |waiting: &mut Vec<InputPage>| {
            let dues: Vec<_> =
                waiting.par_iter().map(|page| due(page.value.as_deref(), &self.shape)).collect();
            for (page, due) in waiting.drain(..).zip(dues) {
                ledger.enter_page(page.partition, page.offset, due, page.content);
            }
        };
        scanner.read(&self.input, &ranges, |record| {
            let index = usize::try_from(record.partition).unwrap_or(usize::MAX);
            if let Some(last) = last_pages.get_mut(index) {
                *last = Some(record.offset);
            }
            waiting.push(InputPage {
                partition: record.partition,
                offset: record.offset,
                content: content_hash(&record),
                value: record.value.map(<[u8]>::to_vec),
            });
            if waiting.len() == CUT_AT_ONCE {
                enter(&mut waiting);
            }
            Ok::<(), ScanError>(())
        })?;
        enter(&mut waiting);
        Ok(last_pages)
    }

    /// Enters a record of an output topic. Returns whether it is of the audited input.
    pub(super) fn enter_item(&self, ledger: &mut Ledger, output: u32, record: &ScannedRecord<'_>) -> bool {
        let labelled = record.value.and_then(|value| serde_json::from_slice::<Labelled>(value).ok());
        let Some(Labelled { id, page }) = labelled.filter(|labelled| labelled.page.topic == self.input)
        else {
            return false;
        };
        let position =
            Position { topic: page.topic.into_owned(), partition: page.partition, offset: page.offset };
        let id_is_right = id == record::record_id(&position, page.item as usize);
        let Position { partition, offset, .. } = position;
        let entry = ItemEntry { partition, offset, item: page.item, items: page.items, id_is_right };
        ledger.enter_item(output, record.offset, entry);
        true
    }

    /// Enters a dead letter. Returns whether it is of the audited input.
    pub(super) fn enter_dead_letter(
        &self,
        ledger: &mut Ledger,
        output: u32,
        record: &ScannedRecord<'_>,
    ) -> bool {
        let header = |name: &str| {
            let found = record.headers.iter().rev().find(|(key, _)| *key == name);
            found.and_then(|(_, value)| std::str::from_utf8((*value)?).ok())
        };
        let number = |name| header(name).and_then(|text| text.parse::<i64>().ok());
        let partition = number(dead_letter::PARTITION).and_then(|number| i32::try_from(number).ok());
        let (Some(partition), Some(offset)) = (partition, number(dead_letter::OFFSET)) else {
            return false;
        };
        if header(dead_letter::TOPIC) != Some(&self.input) {
            return false;
        }
        let any_page = [RejectReason::Refused, RejectReason::Failed].map(RejectReason::code);
        let entry = DeadLetterEntry {
            partition,
            offset,
            content: content_hash(record),
            any_page: header(dead_letter::REASON).is_some_and(|reason| any_page.contains(&reason)),
        };
        ledger.enter_dead_letter(output, record.offset, entry);
        true
    }
}

struct InputPage {
    partition: i32,
    offset: i64,
    content: u64,
    value: Option<Vec<u8>>,
}

/// The part of a labelled record that an audit reads.
#[derive(Deserialize)]
struct Labelled<'v> {
    #[serde(borrow)]
    id: Cow<'v, str>,
    #[serde(borrow)]
    page: LabelledPage<'v>,
}

#[derive(Deserialize)]
struct LabelledPage<'v> {
    #[serde(borrow)]
    topic: Cow<'v, str>,
    partition: i32,
    offset: i64,
    item: u32,
    items: u32,
}

/// What a page owes.
fn due(value: Option<&[u8]>, shape: &PageShape) -> Due {
    let Ok(page) = page::decode(value, shape) else {
        return Due::DeadLetter;
    };
    match segment::segment(&page.text, page.title.as_deref()).items.len() {
        0 => Due::DeadLetter,
        items => Due::Items(u32::try_from(items).unwrap_or(u32::MAX)),
    }
}

/// A hash of a record's value, key and headers; newswire's own headers of a dead letter do not count.
fn content_hash(record: &ScannedRecord<'_>) -> u64 {
    let mut hash = Xxh3::new();
    // Each part behind its length, so that no two different records run together to the same bytes.
    let mut part = |bytes: Option<&[u8]>| {
        hash.update(&bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(bytes.unwrap_or_default());
    };
    part(record.value);
    part(record.key);
    for (name, value) in record.headers.iter().filter(|(name, _)| !dead_letter::HEADERS.contains(name)) {
        part(Some(name.as_bytes()));
        part(*value);
    }
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_hash_tells_what_a_dead_letter_must_keep() {
        let record = |key, value, headers| ScannedRecord { partition: 0, offset: 0, key, value, headers };
        let (key, value): (Option<&[u8]>, Option<&[u8]>) = (Some(b"k"), Some(b"v"));
        let header: (&str, Option<&[u8]>) = ("trace", Some(b"1"));
        let whole = content_hash(&record(key, value, vec![header]));
        let stamped = vec![header, (dead_letter::REASON, Some(b"empty".as_slice()))];
        assert_eq!(whole, content_hash(&record(key, value, stamped)));
        for other in [
            record(None, value, vec![header]),
            record(Some(b""), value, vec![header]),
            record(key, None, vec![header]),
            record(key, Some(b"w"), vec![header]),
            record(value, key, vec![header]),
            record(key, value, vec![]),
            record(key, value, vec![("trace", None)]),
            record(key, value, vec![header, header]),
        ] {
            assert_ne!(whole, content_hash(&other), "{other:?}");
        }
    }
}
