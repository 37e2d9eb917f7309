//! Every setting, its default and its meaning.
//!
//! Settings come in layers, each over the one before: the defaults below, the file (`newswire.toml`), the
//! environment (`NEWSWIRE_BATCH__MAX_PAGES`, two underscores between the levels), `--set batch.max_pages=50`.
//! `newswire.toml` in the repository lists every key at its default; a test holds the two together.

mod kafka;
mod layers;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::kafka::{KafkaSettings, Properties, is_secret};
pub use self::layers::SettingsError;
use self::layers::{Layer, Source};
use crate::news::page::{FieldNames, InputFormat, PageShape};
use crate::news::pipeline::{DEFAULT_THRESHOLD, LabelOptions};

/// Everything that a user can set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What a page's records and the page's offset have to do with one another.
    pub delivery: Delivery,
    /// How long the service may make no progress while pages wait before it says so and starts its clients
    /// anew, in milliseconds.
    pub stall_timeout_ms: u64,
    /// How long a stop may take: the batch in hand is finished within this time, in milliseconds.
    pub shutdown_timeout_ms: u64,
    /// librdkafka's properties; read by hand, since they are not ours to list.
    #[serde(skip)]
    pub kafka: KafkaSettings,
    pub topics: Topics,
    pub batch: Batch,
    pub input: Input,
    pub output: Output,
    pub topic: Topic,
    pub models: ModelFiles,
    pub http: Http,
    pub log: Log,
}

/// The guarantee: see `service::worker`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Records, dead letters and offsets commit in one Kafka transaction.
    #[default]
    ExactlyOnce,
    /// Offsets are committed after every record is acknowledged; a crash between the two repeats records.
    AtLeastOnce,
}

impl Delivery {
    pub fn name(self) -> &'static str {
        match self {
            Delivery::ExactlyOnce => "exactly-once",
            Delivery::AtLeastOnce => "at-least-once",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topics {
    /// The pages.
    pub input: String,
    /// The labelled records; may hold `{topic}` and `{language}`, as in `news.{language}.{topic}`.
    pub output: String,
    /// The pages that give no records.
    pub dead_letter: String,
    /// Whether `run` creates the topics that are missing.
    pub create: bool,
    /// How many partitions a created topic has; 0: the broker's own default.
    pub partitions: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Batch {
    /// A batch is committed once it holds this many pages.
    pub max_pages: usize,
    /// A batch is committed once its pages hold this many bytes.
    pub max_bytes: usize,
    /// A batch is committed once its first page has waited this long, in milliseconds.
    pub max_wait_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// `json`: an object with the fields below; `text`: the whole value is the page's text.
    pub format: InputFormat,
    /// A page with a longer value, in bytes, becomes a dead letter unread.
    pub max_page_bytes: usize,
    /// The names of the JSON object's fields.
    pub fields: FieldNames,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// What a record's key is.
    pub key: OutputKey,
    /// How many of the terms that weighed most a record names; 0 leaves the evidence out.
    pub evidence: usize,
    /// Whether a record holds its item's body.
    pub body: bool,
}

/// What a record's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKey {
    /// The page's own key: a page's records stay together and in order.
    #[default]
    Page,
    /// The record's fingerprint: a compacted topic keeps one record a headline.
    Fingerprint,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topic {
    /// Below this probability, from 0 to 1, a topic is `other`, where the models know that topic.
    pub threshold: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelFiles {
    /// The folder that holds the models; empty: the models inside the binary. Its files are read anew when they
    /// change and on SIGHUP.
    pub dir: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Where health, metrics and the live page are served; port 0 picks a free one, empty turns them off.
    pub listen: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` for people, `json` for machines; on standard error.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,librdkafka=debug`.
    pub level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            delivery: Delivery::default(),
            stall_timeout_ms: 60_000,
            shutdown_timeout_ms: 30_000,
            kafka: KafkaSettings::default(),
            topics: Topics::default(),
            batch: Batch::default(),
            input: Input::default(),
            output: Output::default(),
            topic: Topic::default(),
            models: ModelFiles::default(),
            http: Http::default(),
            log: Log::default(),
        }
    }
}

impl Default for Topics {
    fn default() -> Self {
        Topics {
            input: "pages".into(),
            output: "labelled".into(),
            dead_letter: "dead-letters".into(),
            create: false,
            partitions: 0,
        }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Batch { max_pages: 500, max_bytes: 4_000_000, max_wait_ms: 20 }
    }
}

impl Default for Input {
    fn default() -> Self {
        let shape = PageShape::default();
        Input { format: shape.format, max_page_bytes: shape.max_page_bytes, fields: shape.fields }
    }
}

impl Default for Output {
    fn default() -> Self {
        Output { key: OutputKey::Page, evidence: 0, body: false }
    }
}

impl Default for Topic {
    fn default() -> Self {
        Topic { threshold: DEFAULT_THRESHOLD }
    }
}

impl Default for Http {
    fn default() -> Self {
        Http { listen: "127.0.0.1:8080".into() }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::Text, level: "info".into() }
    }
}

impl Settings {
    /// Puts the layers together: defaults, file, environment (`NEWSWIRE_...`; the caller passes
    /// `std::env::vars()`), then `key=value` pairs from the command line.
    ///
    /// `file` is an error if it cannot be read; `None` means no file.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[String],
    ) -> Result<Settings, SettingsError> {
        let mut layers = Vec::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| SettingsError::File { path: path.to_owned(), error })?;
            layers.push(Layer::from_toml(&text, Source::File(path.to_owned()))?);
        }
        layers.push(Layer::from_environment(environment)?);
        layers.push(Layer::from_flags(flags)?);
        Settings::from_layers(layers)
    }

    /// Settings from the text of a file alone.
    pub fn from_toml(text: &str) -> Result<Settings, SettingsError> {
        Settings::from_layers(vec![Layer::from_toml(text, Source::File("newswire.toml".into()))?])
    }

    fn from_layers(layers: Vec<Layer>) -> Result<Settings, SettingsError> {
        let mut kafka = KafkaSettings::default();
        let mut table =
            toml::Table::try_from(Settings::default()).expect("the defaults are plain TOML values");
        for layer in layers {
            layer.apply(&mut table, &mut kafka)?;
        }
        let mut settings: Settings = table
            .try_into()
            .map_err(|error: toml::de::Error| SettingsError::Value(error.message().into()))?;
        kafka.check(settings.delivery)?;
        settings.kafka = kafka;
        settings.check()?;
        Ok(settings)
    }

    /// What no type can say of the values.
    fn check(&self) -> Result<(), SettingsError> {
        let refuse = |key: &str, value: String, expected: &str| {
            Err(SettingsError::Range { key: key.into(), value, expected: expected.into() })
        };
        let topics = [
            ("topics.input", &self.topics.input),
            ("topics.output", &self.topics.output),
            ("topics.dead_letter", &self.topics.dead_letter),
        ];
        for (key, name) in topics {
            let literal = if key == "topics.output" {
                name.replace("{topic}", "").replace("{language}", "")
            } else {
                name.clone()
            };
            let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if name.is_empty() || !literal.chars().all(legal) {
                return refuse(
                    key,
                    format!("{name:?}"),
                    "a topic name of letters, digits, '.', '_' and '-' \
                     (topics.output may also hold {topic} and {language})",
                );
            }
        }
        if self.topics.input == self.topics.output || self.topics.input == self.topics.dead_letter {
            return refuse(
                "topics.input",
                format!("{:?}", self.topics.input),
                "a topic that newswire does not write to itself",
            );
        }
        if self.topics.output == self.topics.dead_letter {
            return refuse(
                "topics.dead_letter",
                format!("{:?}", self.topics.dead_letter),
                "another topic than topics.output",
            );
        }
        let at_least_one = [
            ("batch.max_pages", self.batch.max_pages),
            ("batch.max_bytes", self.batch.max_bytes),
            ("input.max_page_bytes", self.input.max_page_bytes),
        ];
        for (key, value) in at_least_one {
            if value == 0 {
                return refuse(key, "0".into(), "a whole number of 1 or more");
            }
        }
        for (key, value) in
            [("stall_timeout_ms", self.stall_timeout_ms), ("shutdown_timeout_ms", self.shutdown_timeout_ms)]
        {
            if value < 1000 {
                return refuse(key, value.to_string(), "at least 1000 milliseconds");
            }
        }
        if !(0.0..=1.0).contains(&self.topic.threshold) {
            return refuse("topic.threshold", self.topic.threshold.to_string(), "a probability from 0 to 1");
        }
        if !self.http.listen.is_empty() && self.http.listen.parse::<SocketAddr>().is_err() {
            return refuse(
                "http.listen",
                format!("{:?}", self.http.listen),
                "an address and port such as 127.0.0.1:8080, or nothing to turn it off",
            );
        }
        Ok(())
    }

    /// How input values are decoded.
    pub fn page_shape(&self) -> PageShape {
        PageShape {
            format: self.input.format,
            fields: self.input.fields.clone(),
            max_page_bytes: self.input.max_page_bytes,
        }
    }

    /// What a record holds and how sure a topic must be.
    pub fn label_options(&self) -> LabelOptions {
        LabelOptions {
            threshold: self.topic.threshold,
            evidence: self.output.evidence,
            body: self.output.body,
        }
    }
}

#[cfg(test)]
mod tests;
