//! Reads a broker's log files themselves, to know which records belong to aborted transactions. No client library
//! is asked: this is what their answers are held against.
//!
//! The layout is that of record batches of version 2 (Kafka's documentation, "Record Batch" and "Control Batches").

use std::collections::HashMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// The bytes of a batch before its records.
const HEADER: usize = 61;
const IS_TRANSACTIONAL: i16 = 0x10;
const IS_CONTROL: i16 = 0x20;

/// The aborted stretches of one partition, and how many records they hold.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Aborted {
    ranges: Vec<RangeInclusive<i64>>,
    pub records: usize,
    pub transactions: usize,
}

impl Aborted {
    pub fn contains(&self, offset: i64) -> bool {
        self.ranges.iter().any(|range| range.contains(&offset))
    }
}

/// Reads a partition's segments in a broker's data folder.
pub fn aborted(data: &Path, topic: &str, partition: i32) -> Aborted {
    let folder = data.join(format!("{topic}-{partition}"));
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut segments: Vec<_> = files
        .map(|file| file.expect("a folder's entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    // A segment is named by its first offset, with zeros before it.
    segments.sort();
    let mut aborted = Aborted::default();
    let mut open: HashMap<i64, Vec<(RangeInclusive<i64>, usize)>> = HashMap::new();
    for segment in segments {
        let bytes = fs::read(&segment).expect("a segment is read");
        walk(&bytes, &mut open, &mut aborted);
    }
    aborted.ranges.sort_by_key(|range| *range.start());
    aborted
}

type Open = HashMap<i64, Vec<(RangeInclusive<i64>, usize)>>;

fn walk(bytes: &[u8], open: &mut Open, aborted: &mut Aborted) {
    let mut rest = bytes;
    while rest.len() >= HEADER {
        let base = number(rest, 0, 8);
        let length = 12 + number(rest, 8, 4) as usize;
        // A segment is allocated ahead: zeros stand behind its last batch. A batch that is being written is cut.
        if length <= 12 || length > rest.len() {
            return;
        }
        let (batch, behind) = rest.split_at(length);
        rest = behind;
        let attributes = number(batch, 21, 2) as i16;
        let producer = number(batch, 43, 8);
        if attributes & IS_CONTROL != 0 {
            let transaction = open.remove(&producer).unwrap_or_default();
            if !is_commit(&batch[HEADER..]) {
                aborted.transactions += 1;
                for (range, records) in transaction {
                    aborted.ranges.push(range);
                    aborted.records += records;
                }
            }
        } else if attributes & IS_TRANSACTIONAL != 0 {
            let last = base + number(batch, 23, 4);
            let records = number(batch, 57, 4) as usize;
            open.entry(producer).or_default().push((base..=last, records));
        }
    }
}

/// A big-endian number of so many bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> i64 {
    let unsigned = bytes[at..at + width].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let shift = 64 - 8 * width;
    ((unsigned << shift) as i64) >> shift
}

/// Whether a control record is a commit marker. It starts with its length, its attributes, two deltas and the key's
/// length (all but the attributes of variable width); the key is a version and a type of two bytes each.
fn is_commit(record: &[u8]) -> bool {
    let mut rest = record;
    let mut skip_number = || {
        let width = 1 + rest.iter().position(|byte| byte & 0x80 == 0).expect("a number ends");
        rest = &rest[width..];
    };
    skip_number();
    skip_number(); // The attributes are one byte below 0x80.
    skip_number();
    skip_number();
    skip_number();
    number(rest, 2, 2) == 1
}
