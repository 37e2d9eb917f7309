//! A page's four possible outcomes, and the records that each one publishes.
//!
//! A labelled record's headers: the input's, then the CloudEvents Kafka binding's (binary mode) with `language` and
//! `topic`, so that a subscriber can filter without parsing. A dead letter is the input record as it came, with
//! the headers of [`dead_letter`] added.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::broker::{Headers, InputRecord, OutputRecord, PageOutput};
use super::dead_letter;
use crate::config::{OutputKey, Settings};
use crate::news::page::{self, PageShape, Reject, RejectReason};
use crate::news::pipeline::Pipeline;
use crate::news::record::{LabelledRecord, Position};

/// The CloudEvents type of a labelled record.
pub const EVENT_TYPE: &str = "newswire.labelled.v1";

/// The headers that a labelled record has over the input record's own.
const LABELLED_HEADERS: [&str; 12] = [
    "content-type",
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_time",
    "ce_subject",
    "ce_datacontenttype",
    "ce_language",
    "ce_topic",
    "language",
    "topic",
];

/// What stands for a topic that is null where `topics.output` holds `{topic}`.
const NO_TOPIC: &str = "none";

/// What became of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Labelled(Vec<LabelledRecord>),
    /// The page is bad input.
    Rejected(Reject),
    /// The broker refuses a record of the page.
    Refused(Reject),
    /// newswire itself failed on the page.
    Failed(Reject),
}

impl Outcome {
    /// The outcome's name in the metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Labelled(_) => "labelled",
            Outcome::Rejected(_) => "rejected",
            Outcome::Refused(_) => "refused",
            Outcome::Failed(_) => "failed",
        }
    }

    /// Why the page is a dead letter, where it is one.
    pub fn reject(&self) -> Option<&Reject> {
        match self {
            Outcome::Labelled(_) => None,
            Outcome::Rejected(reject) | Outcome::Refused(reject) | Outcome::Failed(reject) => Some(reject),
        }
    }
}

/// A page, what became of it, and what it publishes.
#[derive(Debug, Clone, PartialEq)]
pub struct HandledPage {
    pub input: InputRecord,
    pub outcome: Outcome,
    pub output: PageOutput,
}

/// Everything that turns an input record into output records.
#[derive(Debug, Clone)]
pub struct Labeller {
    pub pipeline: Pipeline,
    shape: PageShape,
    key: OutputKey,
    output_topic: Arc<str>,
    output_is_pattern: bool,
    dead_letter_topic: Arc<str>,
}

impl Labeller {
    pub fn new(pipeline: Pipeline, settings: &Settings) -> Labeller {
        Labeller {
            pipeline,
            shape: settings.page_shape(),
            key: settings.output.key,
            output_topic: settings.topics.output.as_str().into(),
            output_is_pattern: settings.topics.output.contains('{'),
            dead_letter_topic: settings.topics.dead_letter.as_str().into(),
        }
    }

    /// Labels one page. Never fails and never panics: a page that cannot be labelled becomes a dead letter.
    /// `now` is RFC 3339, UTC.
    pub fn handle(&self, input: InputRecord, now: &str) -> HandledPage {
        let labelled = catch_unwind(AssertUnwindSafe(|| self.label(&input, now)));
        let outcome = match labelled {
            Ok(Ok(records)) => Outcome::Labelled(records),
            Ok(Err(reject)) => Outcome::Rejected(reject),
            Err(panic) => Outcome::Failed(Reject {
                reason: RejectReason::Failed,
                detail: format!("newswire failed on this page: {}", panic_message(&*panic)),
            }),
        };
        self.with_output(input, outcome, now)
    }

    /// The page as a dead letter, after the broker refused a record of it.
    pub fn refuse(&self, page: HandledPage, reason: &str, now: &str) -> HandledPage {
        let reject = Reject {
            reason: RejectReason::Refused,
            detail: format!("the broker refuses a record of this page: {reason}"),
        };
        self.with_output(page.input, Outcome::Refused(reject), now)
    }

    fn label(&self, input: &InputRecord, now: &str) -> Result<Vec<LabelledRecord>, Reject> {
        let page = page::decode(input.value.as_deref(), &self.shape)?;
        self.pipeline.label(&page, &input.position, now)
    }

    fn with_output(&self, input: InputRecord, outcome: Outcome, now: &str) -> HandledPage {
        let records = match &outcome {
            Outcome::Labelled(records) => {
                records.iter().map(|record| self.labelled_record(&input, record)).collect()
            }
            Outcome::Rejected(reject) | Outcome::Refused(reject) | Outcome::Failed(reject) => {
                vec![self.dead_letter(&input, reject, now)]
            }
        };
        let output = PageOutput { position: input.position.clone(), records };
        HandledPage { input, outcome, output }
    }

    fn labelled_record(&self, input: &InputRecord, record: &LabelledRecord) -> OutputRecord {
        let key = match self.key {
            OutputKey::Fingerprint => record.fingerprint.clone().into_bytes(),
            // A page without a key still keeps its records together.
            OutputKey::Page => input.key.clone().unwrap_or_else(|| page_name(&input.position).into_bytes()),
        };
        OutputRecord {
            topic: self.output_topic(record),
            key: Some(key),
            value: Some(serde_json::to_vec(record).expect("a record of strings and numbers is always JSON")),
            headers: labelled_headers(input, record),
        }
    }

    fn output_topic(&self, record: &LabelledRecord) -> Arc<str> {
        if !self.output_is_pattern {
            return Arc::clone(&self.output_topic);
        }
        let topic = record.topic.as_deref().unwrap_or(NO_TOPIC);
        let topic =
            self.output_topic.replace("{topic}", topic).replace("{language}", record.language.as_str());
        // A label is a user's own word; a topic's name allows less.
        let legal = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        topic.chars().map(legal).collect::<String>().into()
    }

    /// The output topics that the models' labels and languages can lead to.
    pub fn output_topics(&self) -> Vec<String> {
        if !self.output_is_pattern {
            return vec![self.output_topic.to_string()];
        }
        let models = &self.pipeline.models;
        let mut names = Vec::new();
        let und = crate::news::language::Language::UND;
        for language in models.language.languages().iter().copied().chain([und]) {
            let labels = models.topics.get(&language).map(|model| model.labels()).unwrap_or_default();
            let labels = labels.iter().map(|label| &**label);
            // A language without a topic model has no topics.
            let none = [NO_TOPIC].into_iter().filter(|_| labels.len() == 0);
            for label in labels.clone().chain(none) {
                names.push(
                    self.output_topic.replace("{topic}", label).replace("{language}", language.as_str()),
                );
            }
        }
        names.sort();
        names.dedup();
        names
    }

    fn dead_letter(&self, input: &InputRecord, reject: &Reject, now: &str) -> OutputRecord {
        use dead_letter::{DETAIL, HEADERS, OFFSET, PARTITION, REASON, TIME, TOPIC};
        // A page that was driven back once and failed again tells of its last failure.
        let mut headers = without(&input.headers, &HEADERS);
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), Some(value.into())));
        add(REASON, reject.reason.code());
        add(DETAIL, &reject.detail);
        add(TOPIC, &input.position.topic);
        add(PARTITION, &input.position.partition.to_string());
        add(OFFSET, &input.position.offset.to_string());
        add(TIME, now);
        OutputRecord {
            topic: Arc::clone(&self.dead_letter_topic),
            key: input.key.clone(),
            value: input.value.clone(),
            headers,
        }
    }
}

fn labelled_headers(input: &InputRecord, record: &LabelledRecord) -> Headers {
    let mut headers = without(&input.headers, &LABELLED_HEADERS);
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), Some(value.into())));
    add("content-type", "application/json");
    add("ce_specversion", "1.0");
    add("ce_id", &record.id);
    add("ce_source", &format!("/newswire/{}", input.position.topic));
    add("ce_type", EVENT_TYPE);
    add("ce_time", &record.labelled_at);
    if let Some(url) = &record.page.url {
        add("ce_subject", url);
    }
    for name in ["language", "ce_language"] {
        add(name, record.language.as_str());
    }
    if let Some(topic) = &record.topic {
        for name in ["topic", "ce_topic"] {
            add(name, topic);
        }
    }
    headers
}

fn without(headers: &Headers, names: &[&str]) -> Headers {
    let kept = headers.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    let mut copy = Vec::with_capacity(headers.len() + names.len());
    copy.extend(kept.cloned());
    copy
}

fn page_name(position: &Position) -> String {
    format!("{}-{}-{}", position.topic, position.partition, position.offset)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::language::LanguageModel;
    use crate::news::model::TopicModel;
    use crate::news::models::Models;

    fn labeller(changes: &str) -> Labeller {
        let language = LanguageModel::read(include_bytes!("../../models/language.model")).expect("shipped");
        let topic = TopicModel::read(include_bytes!("../../models/topic-fr.model")).expect("shipped");
        let models = Models { language, topics: [(topic.language(), topic)].into() };
        let settings = Settings::from_toml(changes).expect("valid settings");
        Labeller::new(Pipeline { models: Arc::new(models), options: settings.label_options() }, &settings)
    }

    fn handled(changes: &str, value: &str) -> HandledPage {
        let position = Position { topic: "pages".into(), partition: 1, offset: 2 };
        let headers = vec![("language".into(), Some(b"the input's own".to_vec()))];
        let input = InputRecord { position, key: None, value: Some(value.into()), headers };
        labeller(changes).handle(input, "2026-01-02T03:04:05.678Z")
    }

    const PAGE: &str =
        r#"{"text": "Le ministre des Affaires étrangères reçoit son homologue espagnol à Paris"}"#;

    #[test]
    fn a_pattern_sends_each_record_to_the_topic_of_its_labels() {
        let page = handled("[topics]\noutput = \"news.{language}.{topic}\"\n", PAGE);
        let Outcome::Labelled(records) = &page.outcome else { panic!("{:?}", page.outcome) };
        let topic = records[0].topic.as_deref().expect("French has topics");
        assert_eq!(&*page.output.records[0].topic, format!("news.fr.{topic}"));
        let all = labeller("[topics]\noutput = \"news.{language}.{topic}\"\n").output_topics();
        assert!(
            all.contains(&format!("news.fr.{topic}")) && all.contains(&"news.und.none".to_owned()),
            "{all:?}"
        );
        assert_eq!(labeller("").output_topics(), ["labelled"]);
    }

    #[test]
    fn a_page_without_a_key_still_keeps_its_records_together() {
        assert_eq!(handled("", PAGE).output.records[0].key.as_deref(), Some(&b"pages-1-2"[..]));
        let page = handled("[output]\nkey = \"fingerprint\"\n", PAGE);
        let Outcome::Labelled(records) = &page.outcome else { panic!("{:?}", page.outcome) };
        assert_eq!(page.output.records[0].key.as_deref(), Some(records[0].fingerprint.as_bytes()));
    }

    #[test]
    fn our_headers_stand_in_place_of_the_inputs_of_the_same_name() {
        let page = handled("", PAGE);
        let headers = &page.output.records[0].headers;
        let language: Vec<_> = headers.iter().filter(|(name, _)| name == "language").collect();
        assert_eq!(language, [&("language".to_owned(), Some(b"fr".to_vec()))]);
    }

    #[test]
    fn a_value_over_the_limit_is_a_dead_letter_of_the_same_bytes() {
        let page = handled("[input]\nmax_page_bytes = 10\n", PAGE);
        assert_eq!(page.outcome.reject().map(|reject| reject.reason), Some(RejectReason::TooLarge));
        let letter = &page.output.records[0];
        assert_eq!((letter.value.as_deref(), &*letter.topic), (Some(PAGE.as_bytes()), "dead-letters"));
    }
}
