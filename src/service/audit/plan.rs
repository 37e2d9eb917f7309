//! What an audit reads: the topics, and how far each of their partitions.

use std::time::{Duration, Instant};

use super::ledger::{OutputPartition, Range, Strictness};
use super::report::{AuditedRange, Found, Report};
use super::{AuditError, AuditOptions, Until};
use crate::config::{Delivery, Settings};
use crate::news::page::PageShape;
use crate::service::kafka::scan::{LogRange, Scanner};

/// So many pages are held at once: about 40 bytes each, so that an audit stays under 100 MB.
const WINDOW_PAGES: i64 = 2_000_000;

/// One partition of an output topic or of the dead-letter topic, and how far it is read.
pub(super) struct Output {
    pub(super) partition: OutputPartition,
    pub(super) range: LogRange,
}

/// What is read.
pub(super) struct Plan {
    pub(super) input: String,
    /// The output topics that exist, by name.
    pub(super) output_topics: Vec<(String, i32)>,
    pub(super) dead_letter: (String, i32),
    pub(super) shape: PageShape,
    pub(super) strictness: Strictness,
    pub(super) ranges: Vec<AuditedRange>,
}

impl Plan {
    pub(super) fn make(
        settings: &Settings,
        scanner: &Scanner,
        options: &AuditOptions,
    ) -> Result<Plan, AuditError> {
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

    pub(super) fn empty_report(&self, settings: &Settings) -> Report {
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
    pub(super) fn outputs(
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
    pub(super) fn windows(&self, from: &[i64]) -> Vec<Range> {
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
}
