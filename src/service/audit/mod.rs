//! Proves or refutes, page by page, that a service did what its guarantee says: every page has exactly its records
//! or exactly one dead letter, in order, and the group's offsets have passed it.
//!
//! What a page owes is worked out anew from the input, by the decoding and cutting that the service uses; nothing
//! that the service wrote is believed. Only what a committed reader sees is counted, and only once no open
//! transaction hides the end of an output topic, so that a record of an aborted transaction would show as a
//! duplicate and a missing one as a loss.
//!
//! What an audit cannot prove: pages whose records retention has deleted (they are counted apart), and topics
//! that are compacted, where a missing record means nothing (they are refused).

pub mod ledger;
pub mod report;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3;

use self::ledger::{DeadLetterEntry, Due, ItemEntry, Ledger, OutputPartition, Range, Strictness};
use self::report::{AuditedRange, Breach, Fault, FaultClass, Found, PageName, Report};
use super::dead_letter;
use super::kafka::scan::{LogRange, ScanError, ScannedRecord, Scanner};
use crate::config::{Delivery, Settings};
use crate::news::page::{self, PageShape, RejectReason};
use crate::news::record::{self, Position};
use crate::news::segment;

/// So many pages are held at once: about 40 bytes each, so that an audit stays under 100 MB.
const WINDOW_PAGES: i64 = 2_000_000;

/// So many input pages are cut at once, on every core.
const CUT_AT_ONCE: usize = 512;

/// Up to where the input is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// The end of each partition when the audit starts.
    End,
    /// The group's committed offsets when the audit starts: what a running service has done so far.
    Committed,
    /// These offsets, by partition; a partition that is not named is judged to its end.
    Offsets(Vec<(i32, i64)>),
}

/// What is asked of an audit beside the service's own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOptions {
    pub until: Until,
    /// How long open transactions may hide the end of an output topic before the audit gives up.
    pub settle: Duration,
    /// Whether records that are whole among themselves, but cut otherwise than this version does, are accepted.
    pub accept_other_cuts: bool,
}

/// Why an audit came to no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("topic '{0}' does not exist; set `{1}` to the topic that the service uses")]
    NoTopic(String, &'static str),
    #[error("no topic matches '{0}'; set `topics.output` to what the service uses")]
    NoOutput(String),
    #[error(
        "an open transaction has hidden the end of {topic}/{partition} ({hidden} offsets) for {seconds} s; wait until `transaction.timeout.ms` of its producer has passed, or raise --settle"
    )]
    Hidden { topic: String, partition: i32, hidden: i64, seconds: u64 },
    #[error("--until names partition {0}, which topic '{1}' does not have")]
    NoPartition(i32, String),
    #[error(
        "the consumer group '{0}' has committed nothing for topic '{1}'; set \"group.id\" to the service's, or use --until end"
    )]
    NothingCommitted(String, String),
}

/// Reads the logs and judges every page. `committed` and `uncommitted` read the same cluster, at either isolation.
pub fn audit(
    settings: &Settings,
    committed: &Scanner,
    uncommitted: &Scanner,
    options: &AuditOptions,
) -> Result<Report, AuditError> {
    let plan = Plan::make(settings, committed, options)?;
    let outputs = plan.outputs(committed, uncommitted, options.settle)?;
    let mut report = plan.empty_report(settings);
    let mut window_from: Vec<i64> = plan.ranges.iter().map(|range| range.from).collect();
    loop {
        let windows = plan.windows(&window_from);
        let (found, foreign) = plan.judge(&windows, &outputs, committed)?;
        report.found.add_window(found);
        report.foreign = report.foreign.max(foreign);
        window_from = windows.iter().map(|window| window.until).collect();
        if windows.iter().all(|window| window.until >= window.audit_until) {
            break;
        }
    }
    if options.accept_other_cuts {
        accept_other_cuts(&mut report.found);
    }
    report.holds = report.found.breached() == 0;
    Ok(report)
}

fn accept_other_cuts(found: &mut Found) {
    found.proven += found.breaches.remove(&FaultClass::CutOtherwise).unwrap_or(0);
    found.first_breaches.retain(|breach| breach.fault.class() != FaultClass::CutOtherwise);
}

/// One partition of an output topic or of the dead-letter topic, and how far it is read.
struct Output {
    partition: OutputPartition,
    range: LogRange,
}

/// What is read.
struct Plan {
    input: String,
    /// The output topics that exist, by name.
    output_topics: Vec<(String, i32)>,
    dead_letter: (String, i32),
    shape: PageShape,
    strictness: Strictness,
    ranges: Vec<AuditedRange>,
}

impl Plan {
    fn make(settings: &Settings, scanner: &Scanner, options: &AuditOptions) -> Result<Plan, AuditError> {
        let topics = scanner.topics()?;
        let named = |name: &str, setting| match topics.get(name) {
            Some(partitions) => Ok(*partitions),
            None => Err(AuditError::NoTopic(name.to_owned(), setting)),
        };
        let input = settings.topics.input.clone();
        let partitions = named(&input, "topics.input")?;
        let dead_letter = settings.topics.dead_letter.clone();
        let dead_letter_partitions = named(&dead_letter, "topics.dead_letter")?;
        let is_output = |name: &str| {
            name != input && name != dead_letter && matches_pattern(name, &settings.topics.output)
        };
        let output_topics: Vec<_> = topics.into_iter().filter(|(name, _)| is_output(name)).collect();
        if output_topics.is_empty() {
            return Err(AuditError::NoOutput(settings.topics.output.clone()));
        }
        let group = settings.kafka.group_id().to_owned();
        let ranges = ranges(&input, partitions, &group, scanner, &options.until)?;
        Ok(Plan {
            input,
            output_topics,
            dead_letter: (dead_letter, dead_letter_partitions),
            shape: settings.page_shape(),
            strictness: match settings.delivery {
                Delivery::ExactlyOnce => Strictness::ExactlyOnce,
                Delivery::AtLeastOnce => Strictness::AtLeastOnce,
            },
            ranges,
        })
    }

    fn empty_report(&self, settings: &Settings) -> Report {
        Report {
            input: self.input.clone(),
            outputs: self.output_topics.iter().map(|(name, _)| name.clone()).collect(),
            dead_letter: self.dead_letter.0.clone(),
            group: settings.kafka.group_id().to_owned(),
            delivery: settings.delivery.name().to_owned(),
            ranges: self.ranges.clone(),
            foreign: 0,
            found: Found::default(),
            holds: false,
        }
    }

    /// The partitions of the output topics and, after them, of the dead-letter topic; each to the end that it has
    /// now, once that end is visible.
    fn outputs(
        &self,
        committed: &Scanner,
        uncommitted: &Scanner,
        settle: Duration,
    ) -> Result<Vec<Output>, AuditError> {
        let mut outputs = Vec::new();
        let started = Instant::now();
        let topics = self.output_topics.iter().map(|topic| (topic, false));
        for ((topic, partitions), is_dead_letters) in topics.chain([(&self.dead_letter, true)]) {
            for partition in 0..*partitions {
                let (from, until) = uncommitted.ends(topic, partition)?;
                loop {
                    let (_, visible) = committed.ends(topic, partition)?;
                    if visible >= until {
                        break;
                    }
                    if started.elapsed() > settle {
                        let (topic, hidden, seconds) = (topic.clone(), until - visible, settle.as_secs());
                        return Err(AuditError::Hidden { topic, partition, hidden, seconds });
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
                let topic = topic.clone();
                let truncated = from > 0;
                outputs.push(Output {
                    partition: OutputPartition { topic, partition, is_dead_letters, truncated },
                    range: LogRange { partition, from, until },
                });
            }
        }
        Ok(outputs)
    }

    /// The next window of every partition.
    fn windows(&self, from: &[i64]) -> Vec<Range> {
        let partitions = i64::try_from(self.ranges.len().max(1)).unwrap_or(i64::MAX);
        let size = (WINDOW_PAGES / partitions).max(1);
        let ranges = self.ranges.iter().zip(from);
        ranges
            .map(|(range, &from)| Range {
                from,
                until: from.saturating_add(size).min(range.until),
                audit_from: range.from,
                audit_until: range.until,
            })
            .collect()
    }

    /// Judges one window. Returns what was found, and how many records were of other inputs or of nobody.
    fn judge(
        &self,
        windows: &[Range],
        outputs: &[Output],
        scanner: &Scanner,
    ) -> Result<(Found, u64), AuditError> {
        let partitions = outputs.iter().map(|output| output.partition.clone()).collect();
        let mut ledger = Ledger::open(self.strictness, windows, partitions);
        let last_pages = self.enter_pages(&mut ledger, windows, scanner)?;
        let mut foreign = 0;
        let mut first = 0;
        for (topic, partitions) in self.output_topics.iter().chain([&self.dead_letter]) {
            let count = usize::try_from(*partitions).unwrap_or(0);
            let is_dead_letters = *topic == self.dead_letter.0;
            let of_topic = outputs.get(first..first + count).unwrap_or_default();
            let ranges: Vec<_> = of_topic.iter().map(|output| output.range).collect();
            scanner.read(topic, &ranges, |record| {
                let output = u32::try_from(first).unwrap_or(0) + u32::try_from(record.partition).unwrap_or(0);
                let is_ours = if is_dead_letters {
                    self.enter_dead_letter(&mut ledger, output, &record)
                } else {
                    self.enter_item(&mut ledger, output, &record)
                };
                foreign += u64::from(!is_ours);
                Ok::<(), ScanError>(())
            })?;
            first += count;
        }
        let mut found = ledger.close();
        for (range, last_page) in self.ranges.iter().zip(last_pages) {
            let Some(offset) = last_page else { continue };
            let committed = range.committed.unwrap_or(0);
            if committed <= offset {
                let page = PageName { partition: range.partition, offset };
                found.blame(Breach { page, fault: Fault::NotCommitted { committed } });
            }
        }
        Ok((found, foreign))
    }

    /// Enters the window's pages. Returns the last page's offset of each partition.
    fn enter_pages(
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
    fn enter_item(&self, ledger: &mut Ledger, output: u32, record: &ScannedRecord<'_>) -> bool {
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
    fn enter_dead_letter(&self, ledger: &mut Ledger, output: u32, record: &ScannedRecord<'_>) -> bool {
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

/// The offsets to judge, a range a partition.
fn ranges(
    input: &str,
    partitions: i32,
    group: &str,
    scanner: &Scanner,
    until: &Until,
) -> Result<Vec<AuditedRange>, AuditError> {
    let committed = scanner.committed(input, partitions)?;
    if *until == Until::Committed && committed.iter().all(Option::is_none) {
        return Err(AuditError::NothingCommitted(group.to_owned(), input.to_owned()));
    }
    if let Until::Offsets(offsets) = until
        && let Some((partition, _)) =
            offsets.iter().find(|(partition, _)| !(0..partitions).contains(partition))
    {
        return Err(AuditError::NoPartition(*partition, input.to_owned()));
    }
    let range = |(partition, committed): (i32, Option<i64>)| {
        let (from, end) = scanner.ends(input, partition)?;
        let asked = match until {
            Until::End => end,
            Until::Committed => committed.unwrap_or(from),
            Until::Offsets(offsets) => {
                offsets.iter().find(|(named, _)| *named == partition).map_or(end, |(_, offset)| *offset)
            }
        };
        Ok(AuditedRange { partition, from, until: asked.clamp(from, end), committed })
    };
    (0..).zip(committed).map(range).collect()
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

/// Whether a topic's name is one that a pattern with `{topic}` and `{language}` makes.
fn matches_pattern(name: &str, pattern: &str) -> bool {
    let normal = pattern.replace("{language}", "{topic}");
    let mut literals = normal.split("{topic}");
    let Some(mut rest) = literals.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let literals: Vec<_> = literals.collect();
    let Some((last, between)) = literals.split_last() else {
        return rest.is_empty();
    };
    for literal in between {
        // Each placeholder stands for at least one character; labels hold no blanks or separators to speak of,
        // so the first match is the right one.
        let found = rest.char_indices().skip(1).find_map(|(at, _)| rest.get(at..)?.strip_prefix(literal));
        match found {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.strip_suffix(last).is_some_and(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, name: &str, expected: bool) {
        assert_eq!(matches_pattern(name, pattern), expected, "{name} by {pattern}");
    }

    #[test]
    fn output_topics_are_found_by_their_pattern() {
        check("labelled", "labelled", true);
        check("labelled", "labelled-2", false);
        check("news.{topic}.{language}", "news.sport.fr", true);
        check("news.{topic}.{language}", "news.sport", false);
        check("news.{topic}.{language}", "news..fr", false);
        check("news.{topic}.{language}", "olds.sport.fr", false);
        check("{language}-news", "fr-news", true);
        check("{language}-news", "-news", false);
        check("{language}{topic}", "frsport", true);
        check("news.{language}", "news.", false);
    }

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
