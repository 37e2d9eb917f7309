//! Layers of settings: a file, the environment, the command line; and what can be wrong with them.

use std::path::PathBuf;
use std::{fmt, io};

use toml::{Table, Value};

use super::kafka::{KafkaSettings, Properties, is_secret};

/// Environment variables of this name's kind that are no settings.
const NOT_SETTINGS: [&str; 4] =
    ["NEWSWIRE_CONFIG", "NEWSWIRE_FAILPOINT", "NEWSWIRE_SABOTAGE", "NEWSWIRE_TEST"];

/// What is wrong with the settings, and where.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read the settings file {path:?}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("{source_name} is not TOML: {message}")]
    Syntax { source_name: String, message: String },
    #[error("unknown setting {key:?} in {source_name}{}", did_you_mean(.nearest))]
    Unknown { key: String, source_name: String, nearest: Option<String> },
    #[error("setting {key} in {source_name} is {value}; expected {expected}")]
    Type { key: String, source_name: String, value: String, expected: &'static str },
    #[error("a setting has a value that is not one of its kind: {0}")]
    Value(String),
    #[error("setting {key} is {value}; expected {expected}")]
    Range { key: String, value: String, expected: String },
    #[error("setting {key} cannot be {value:?}: {why}; leave it out")]
    Guarded { key: String, value: String, why: String },
    #[error("--set {argument:?} has no '='; expected key=value, such as batch.max_pages=50")]
    Flag { argument: String },
    #[error("cannot read the secret {key} from {path:?}: {error}")]
    Secret { key: String, path: PathBuf, error: io::Error },
}

fn did_you_mean(name: &Option<String>) -> String {
    match name {
        Some(name) => format!("; did you mean {name:?}?"),
        None => "; newswire.toml in the repository lists every setting".into(),
    }
}

/// Where a layer came from, for its errors.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File(PathBuf),
    Environment,
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => write!(f, "{}", path.display()),
            Source::Environment => f.write_str("the environment"),
            Source::CommandLine => f.write_str("the command line"),
        }
    }
}

/// One layer: settings as a tree, not yet held against what exists.
#[derive(Debug)]
pub(super) struct Layer {
    table: Table,
    source: Source,
}

impl Layer {
    pub(super) fn from_toml(text: &str, source: Source) -> Result<Layer, SettingsError> {
        let table = text.parse::<Table>().map_err(|error| SettingsError::Syntax {
            source_name: source.to_string(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        Ok(Layer { table, source })
    }

    /// `NEWSWIRE_KAFKA__CONSUMER__FETCH_MIN_BYTES=1` is `kafka.consumer."fetch.min.bytes"`.
    pub(super) fn from_environment(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Layer, SettingsError> {
        let mut layer = Layer { table: Table::new(), source: Source::Environment };
        for (name, value) in variables {
            let Some(path) = name.strip_prefix("NEWSWIRE_") else { continue };
            if NOT_SETTINGS.contains(&name.as_str()) {
                continue;
            }
            let mut path: Vec<String> = path.to_ascii_lowercase().split("__").map(str::to_owned).collect();
            if path.first().is_some_and(|first| first == "kafka") {
                // librdkafka's names have dots where a variable can only have underscores. The one property with
                // an underscore that is worth setting keeps it.
                for part in path.iter_mut().skip(1).filter(|part| *part != "log_level") {
                    *part = part.replace('_', ".");
                }
            }
            insert(&mut layer.table, &path, value);
        }
        Ok(layer)
    }

    /// `batch.max_pages=50`, `kafka.consumer.fetch.min.bytes=1`.
    pub(super) fn from_flags(flags: &[String]) -> Result<Layer, SettingsError> {
        let mut layer = Layer { table: Table::new(), source: Source::CommandLine };
        for flag in flags {
            let (key, value) =
                flag.split_once('=').ok_or_else(|| SettingsError::Flag { argument: flag.clone() })?;
            let path: Vec<String> = key.trim().split('.').map(|part| part.replace('"', "")).collect();
            insert(&mut layer.table, &path, value.to_owned());
        }
        Ok(layer)
    }

    /// Puts this layer over `table`, which holds every setting at its default, and over `kafka`.
    pub(super) fn apply(mut self, table: &mut Table, kafka: &mut KafkaSettings) -> Result<(), SettingsError> {
        match self.table.remove("kafka") {
            None => {}
            Some(Value::Table(properties)) => self.apply_kafka(properties, kafka)?,
            Some(other) => return Err(self.wrong_type("kafka", &other, "a table")),
        }
        self.overlay(table, &self.table, "")
    }

    fn overlay(&self, base: &mut Table, over: &Table, above: &str) -> Result<(), SettingsError> {
        for (name, value) in over {
            let key = join(above, name);
            let Some(slot) = base.get_mut(name) else {
                return Err(self.unknown(key));
            };
            match (slot, value) {
                (Value::Table(inner), Value::Table(over)) => self.overlay(inner, over, &key)?,
                (slot, value) => *slot = self.fitted(slot, value, &key)?,
            }
        }
        Ok(())
    }

    /// `value` as the type that the default has. Text from the environment or the command line is parsed.
    fn fitted(&self, default: &Value, value: &Value, key: &str) -> Result<Value, SettingsError> {
        let text = match (&self.source, value) {
            (Source::File(_), _) => None,
            (_, Value::String(text)) => Some(text.trim()),
            _ => None,
        };
        let (fitted, expected) = match (default, value) {
            (Value::String(_), Value::String(text)) => (Some(Value::String(text.clone())), "text"),
            (Value::String(_), _) => (None, "text in quotes"),
            (Value::Integer(_), &Value::Integer(number)) if number >= 0 => (Some(Value::Integer(number)), ""),
            (Value::Integer(_), _) => {
                let parsed = text.and_then(|text| text.parse::<u32>().ok());
                (parsed.map(|number| Value::Integer(number.into())), "a whole number of 0 or more")
            }
            (Value::Float(_), &Value::Float(number)) => (Some(Value::Float(number)), ""),
            (Value::Float(_), &Value::Integer(number)) => (Some(Value::Float(number as f64)), ""),
            (Value::Float(_), _) => {
                (text.and_then(|text| text.parse::<f64>().ok()).map(Value::Float), "a number")
            }
            (Value::Boolean(_), &Value::Boolean(truth)) => (Some(Value::Boolean(truth)), ""),
            (Value::Boolean(_), _) => {
                (text.and_then(|text| text.parse::<bool>().ok()).map(Value::Boolean), "true or false")
            }
            _ => (None, "a table"),
        };
        fitted.ok_or_else(|| self.wrong_type(key, value, expected))
    }

    fn apply_kafka(&self, table: Table, kafka: &mut KafkaSettings) -> Result<(), SettingsError> {
        for (name, value) in table {
            match (name.as_str(), value) {
                ("consumer", Value::Table(inner)) => {
                    self.apply_properties("", inner, &mut kafka.consumer)?;
                }
                ("producer", Value::Table(inner)) => {
                    self.apply_properties("", inner, &mut kafka.producer)?;
                }
                (_, value) => self.apply_property(name, value, &mut kafka.common)?,
            }
        }
        Ok(())
    }

    /// Names may come whole (`"group.id" = ...`) or as TOML's own nesting (`group.id = ...`).
    fn apply_properties(
        &self,
        above: &str,
        table: Table,
        properties: &mut Properties,
    ) -> Result<(), SettingsError> {
        for (name, value) in table {
            self.apply_property(join(above, &name), value, properties)?;
        }
        Ok(())
    }

    fn apply_property(
        &self,
        name: String,
        value: Value,
        properties: &mut Properties,
    ) -> Result<(), SettingsError> {
        match value {
            Value::String(text) => properties.set(&name, text),
            Value::Integer(number) => properties.set(&name, number.to_string()),
            Value::Float(number) => properties.set(&name, number.to_string()),
            Value::Boolean(truth) => properties.set(&name, truth.to_string()),
            // A secret may stand in a file of its own: `"sasl.password" = { file = "/run/secrets/kafka" }`.
            Value::Table(inner) if is_secret(&name) && inner.len() == 1 && inner.contains_key("file") => {
                let Some(Value::String(path)) = inner.get("file") else {
                    return Err(self.wrong_type(&name, &Value::Table(inner), "{ file = \"path\" }"));
                };
                let secret = std::fs::read_to_string(path).map_err(|error| SettingsError::Secret {
                    key: name.clone(),
                    path: path.into(),
                    error,
                })?;
                properties.set(&name, secret.trim_end_matches(['\r', '\n']));
            }
            Value::Table(inner) => self.apply_properties(&name, inner, properties)?,
            other => return Err(self.wrong_type(&join("kafka", &name), &other, "text, a number or a truth")),
        }
        Ok(())
    }

    fn unknown(&self, key: String) -> SettingsError {
        let mut known = Vec::new();
        let defaults =
            Table::try_from(super::Settings::default()).expect("the defaults are plain TOML values");
        collect_keys(&defaults, "", &mut known);
        known.push("kafka".into());
        // A name that shares less than this with a known one is not a slip of the hand.
        const ALIKE: f64 = 0.6;
        let nearest = known
            .into_iter()
            .map(|known| (strsim::normalized_damerau_levenshtein(&known, &key), known))
            .filter(|(likeness, _)| *likeness >= ALIKE)
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map(|(_, known)| known);
        SettingsError::Unknown { key, source_name: self.source.to_string(), nearest }
    }

    fn wrong_type(&self, key: &str, value: &Value, expected: &'static str) -> SettingsError {
        let value = if is_secret(key) { "***".to_owned() } else { value.to_string() };
        SettingsError::Type { key: key.to_owned(), source_name: self.source.to_string(), value, expected }
    }
}

fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

/// Puts text at a path, making the tables on the way; what stood there before goes.
fn insert(table: &mut Table, path: &[String], value: String) {
    match path {
        [] => {}
        [name] => {
            table.insert(name.clone(), Value::String(value));
        }
        [name, rest @ ..] => {
            let slot = table.entry(name.clone()).or_insert_with(|| Value::Table(Table::new()));
            if !slot.is_table() {
                *slot = Value::Table(Table::new());
            }
            if let Value::Table(inner) = slot {
                insert(inner, rest, value);
            }
        }
    }
}

fn collect_keys(table: &Table, above: &str, keys: &mut Vec<String>) {
    for (name, value) in table {
        let key = join(above, name);
        if let Value::Table(inner) = value {
            collect_keys(inner, &key, keys);
        }
        keys.push(key);
    }
}
