//! What an audit found, for people and for machines.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// So many breaches are named; all are counted.
const MOST_NAMED: usize = 20;

/// A page of the audited input topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PageName {
    pub partition: i32,
    pub offset: i64,
}

/// What is wrong with a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    Lost {
        due: u32,
    },
    DeadLetterLost,
    Partial {
        due: u32,
        found: u32,
    },
    ItemTwice {
        item: u32,
    },
    DeadLetterTwice,
    OutOfOrder {
        topic: String,
        #[serde(rename = "output_partition")]
        partition: i32,
        at: i64,
        after: i64,
    },
    RecordsAndDeadLetter {
        due: u32,
        found: u32,
    },
    RecordsOfBadPage {
        found: u32,
    },
    DeadLetterOfSoundPage {
        due: u32,
    },
    DeadLetterAltered,
    /// The records agree among themselves, but this version of newswire cuts the page otherwise.
    CutOtherwise {
        due: u32,
        found: u32,
    },
    WrongId {
        item: u32,
    },
    UnknownPage,
    /// The consumer group has not passed the page.
    NotCommitted {
        committed: i64,
    },
}

impl Fault {
    /// The class under which breaches are counted.
    pub fn class(&self) -> FaultClass {
        match self {
            Fault::Lost { .. } | Fault::DeadLetterLost => FaultClass::Lost,
            Fault::Partial { .. } => FaultClass::Partial,
            Fault::ItemTwice { .. } | Fault::DeadLetterTwice | Fault::RecordsAndDeadLetter { .. } => {
                FaultClass::Duplicated
            }
            Fault::OutOfOrder { .. } => FaultClass::OutOfOrder,
            Fault::NotCommitted { .. } => FaultClass::NotCommitted,
            Fault::CutOtherwise { .. } => FaultClass::CutOtherwise,
            Fault::RecordsOfBadPage { .. }
            | Fault::DeadLetterOfSoundPage { .. }
            | Fault::DeadLetterAltered
            | Fault::WrongId { .. }
            | Fault::UnknownPage => FaultClass::Wrong,
        }
    }
}

/// The classes of breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// A page without records and without a dead letter.
    Lost,
    Partial,
    Duplicated,
    OutOfOrder,
    /// Something else was written than the page owes.
    Wrong,
    CutOtherwise,
    NotCommitted,
}

impl FaultClass {
    pub const ALL: [FaultClass; 7] = [
        FaultClass::Lost,
        FaultClass::Partial,
        FaultClass::Duplicated,
        FaultClass::OutOfOrder,
        FaultClass::Wrong,
        FaultClass::CutOtherwise,
        FaultClass::NotCommitted,
    ];

    fn words(self) -> &'static str {
        match self {
            FaultClass::Lost => "lost",
            FaultClass::Partial => "partial",
            FaultClass::Duplicated => "duplicated",
            FaultClass::OutOfOrder => "out of order",
            FaultClass::Wrong => "wrong",
            FaultClass::CutOtherwise => "cut otherwise",
            FaultClass::NotCommitted => "not committed",
        }
    }
}

/// One thing that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    #[serde(flatten)]
    pub page: PageName,
    #[serde(flatten)]
    pub fault: Fault,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PageName { partition, offset } = self.page;
        write!(f, "page {partition}/{offset}: ")?;
        match &self.fault {
            Fault::Lost { due } => {
                write!(f, "lost: {due} records are due, and neither they nor a dead letter exist")
            }
            Fault::DeadLetterLost => write!(f, "lost: a dead letter is due and none exists"),
            Fault::Partial { due, found } => write!(f, "partial: {found} of {due} records exist"),
            Fault::ItemTwice { item } => write!(f, "item {item} was published more than once"),
            Fault::DeadLetterTwice => write!(f, "more than one dead letter exists"),
            Fault::OutOfOrder { topic, partition, at, after } => {
                write!(
                    f,
                    "out of order: its record at {topic}/{partition}/{at} comes after one of offset {after}"
                )
            }
            Fault::RecordsAndDeadLetter { due, found } => {
                write!(f, "both a dead letter and {found} of {due} records exist")
            }
            Fault::RecordsOfBadPage { found } => {
                write!(f, "{found} records exist of a page that owes a dead letter")
            }
            Fault::DeadLetterOfSoundPage { due } => {
                write!(f, "a dead letter exists of a page that owes {due} records")
            }
            Fault::DeadLetterAltered => {
                write!(f, "the dead letter's value, key or headers are not the page's")
            }
            Fault::CutOtherwise { due, found } => write!(
                f,
                "cut into {found} records where this version of newswire cuts {due}; audit with the version that wrote them, or pass --accept-other-cuts"
            ),
            Fault::WrongId { item } => write!(f, "the identifier of item {item} is not that of its place"),
            Fault::UnknownPage => write!(f, "a record names it, but the input topic has no such partition"),
            Fault::NotCommitted { committed } => {
                write!(f, "the group's committed offset, {committed}, has not passed it")
            }
        }
    }
}

/// What the books of one or more windows add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Pages of the input.
    pub pages: u64,
    /// Labelled records of them, as a committed reader sees them.
    pub items: u64,
    pub dead_letters: u64,
    /// Pages whose records or dead letter are exactly what is due.
    pub proven: u64,
    /// Pages that cannot be judged, because retention deleted the start of an output topic.
    pub not_verified: u64,
    /// Pages that retention deleted, judged by their records alone.
    pub input_gone: u64,
    /// Records and dead letters that an at-least-once delivery wrote again.
    pub repeated: u64,
    /// Breaches by class.
    pub breaches: BTreeMap<FaultClass, u64>,
    /// The first breaches.
    pub first_breaches: Vec<Breach>,
}

impl Found {
    pub fn blame(&mut self, breach: Breach) {
        *self.breaches.entry(breach.fault.class()).or_default() += 1;
        if self.first_breaches.len() < MOST_NAMED {
            self.first_breaches.push(breach);
        }
    }

    /// Adds what a later window found. Its readings of the same output are not counted twice.
    pub fn add_window(&mut self, later: Found) {
        self.pages += later.pages;
        self.items += later.items;
        self.dead_letters += later.dead_letters;
        self.proven += later.proven;
        self.not_verified += later.not_verified;
        self.input_gone += later.input_gone;
        self.repeated += later.repeated;
        for (class, count) in later.breaches {
            *self.breaches.entry(class).or_default() += count;
        }
        let room = MOST_NAMED.saturating_sub(self.first_breaches.len());
        self.first_breaches.extend(later.first_breaches.into_iter().take(room));
    }

    pub fn breached(&self) -> u64 {
        self.breaches.values().sum()
    }
}

/// An audit's outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub input: String,
    pub outputs: Vec<String>,
    pub dead_letter: String,
    pub group: String,
    pub delivery: String,
    /// The offsets judged, a line a partition: from, until.
    pub ranges: Vec<AuditedRange>,
    /// Records in the output topics that are of other inputs, or of nobody.
    pub foreign: u64,
    #[serde(flatten)]
    pub found: Found,
    /// Whether every page was proven or could not be judged, and nothing was breached.
    pub holds: bool,
}

/// The part of an input partition that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditedRange {
    pub partition: i32,
    pub from: i64,
    pub until: i64,
    pub committed: Option<i64>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.found;
        writeln!(f, "audit of {} -> {} and {}", self.input, self.outputs.join(", "), self.dead_letter)?;
        writeln!(f, "group {}, delivery {}", self.group, self.delivery)?;
        for range in &self.ranges {
            let committed = range.committed.map_or("none".to_owned(), |offset| offset.to_string());
            let AuditedRange { partition, from, until, .. } = range;
            writeln!(f, "  partition {partition}: offsets {from} to {until}, committed {committed}")?;
        }
        let mut line = |count: u64, what: &str| writeln!(f, "{count:>12}  {what}");
        line(found.pages, "pages")?;
        line(found.items, "labelled records")?;
        line(found.dead_letters, "dead letters")?;
        line(found.proven, "pages proven: exactly their records, or exactly one dead letter")?;
        if found.not_verified > 0 {
            line(found.not_verified, "pages not verified: retention deleted the start of an output topic")?;
        }
        if found.input_gone > 0 {
            line(found.input_gone, "pages deleted by retention, judged by their records alone")?;
        }
        if self.foreign > 0 {
            line(self.foreign, "records of other inputs, passed over")?;
        }
        if found.repeated > 0 {
            line(found.repeated, "repeats, which at-least-once allows")?;
        }
        for class in FaultClass::ALL {
            line(found.breaches.get(&class).copied().unwrap_or(0), class.words())?;
        }
        for breach in &found.first_breaches {
            writeln!(f, "  {breach}")?;
        }
        let named = found.first_breaches.len() as u64;
        if found.breached() > named {
            writeln!(f, "  ... and {} more", found.breached() - named)?;
        }
        if self.holds {
            writeln!(f, "holds: nothing lost, duplicated, partial or out of order")
        } else {
            writeln!(f, "BREACHED: {} faults", found.breached())
        }
    }
}
