//! Bytes to a [`Page`], or the reason why they are none.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A scraped page: its text as the scraper kept it, and what the scraper knew about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The scraper's own identifier.
    pub id: Option<String>,
    pub url: Option<String>,
    /// The outlet, as the scraper names it.
    pub source: Option<String>,
    /// The page's title, where the scraper kept it apart from the text.
    pub title: Option<String>,
    /// The page's text; never blank.
    pub text: String,
    /// The publication time as the scraper wrote it.
    pub published: Option<String>,
    /// The time of the scrape as the scraper wrote it.
    pub fetched: Option<String>,
}

/// How an input record's value is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputFormat {
    /// A JSON object, its fields named by [`FieldNames`].
    #[default]
    Json,
    /// The whole value is the page's text in UTF-8.
    Text,
}

/// The names of the input's JSON fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldNames {
    pub id: String,
    pub url: String,
    pub source: String,
    pub title: String,
    pub text: String,
    pub published: String,
    pub fetched: String,
}

impl Default for FieldNames {
    fn default() -> Self {
        FieldNames {
            id: "id".into(),
            url: "url".into(),
            source: "source".into(),
            title: "title".into(),
            text: "text".into(),
            published: "published".into(),
            fetched: "fetched".into(),
        }
    }
}

/// How input values are decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageShape {
    pub format: InputFormat,
    pub fields: FieldNames,
    /// Values longer than this, in bytes, are rejected as [`RejectReason::TooLarge`].
    pub max_page_bytes: usize,
}

impl Default for PageShape {
    fn default() -> Self {
        PageShape { format: InputFormat::Json, fields: FieldNames::default(), max_page_bytes: 1_000_000 }
    }
}

/// Why a page gives no records. The code is part of the contract: it stands in a dead letter's headers and in
/// the metrics, and never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    NotUtf8,
    NotJson,
    NoText,
    WrongType,
    Empty,
    TooLarge,
    NoItem,
    /// The broker refuses a record of this page again and again.
    Refused,
    /// newswire itself failed on this page.
    Failed,
}

impl RejectReason {
    pub const ALL: [RejectReason; 9] = [
        RejectReason::NotUtf8,
        RejectReason::NotJson,
        RejectReason::NoText,
        RejectReason::WrongType,
        RejectReason::Empty,
        RejectReason::TooLarge,
        RejectReason::NoItem,
        RejectReason::Refused,
        RejectReason::Failed,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            RejectReason::NotUtf8 => "not_utf8",
            RejectReason::NotJson => "not_json",
            RejectReason::NoText => "no_text",
            RejectReason::WrongType => "wrong_type",
            RejectReason::Empty => "empty",
            RejectReason::TooLarge => "too_large",
            RejectReason::NoItem => "no_item",
            RejectReason::Refused => "refused",
            RejectReason::Failed => "failed",
        }
    }
}

/// A page that gives no records: the stable reason and a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub reason: RejectReason,
    pub detail: String,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.detail)
    }
}

/// Reads an input record's value. `None` is a record without a value (a tombstone), rejected as empty.
///
/// Of JSON: a byte order mark is skipped, unknown fields are ignored, the last of two fields of one name counts,
/// an optional field that is `null` or blank is absent, and `id`, `published` and `fetched` may be numbers, which
/// are kept as they are written out. A string with half a surrogate pair is not JSON.
pub fn decode(value: Option<&[u8]>, shape: &PageShape) -> Result<Page, Reject> {
    let value =
        value.ok_or_else(|| reject(RejectReason::Empty, "the record has no value, a page is needed"))?;
    if value.len() > shape.max_page_bytes {
        let (found, most) = (value.len(), shape.max_page_bytes);
        let detail = format!("the value has {found} bytes, at most {most} are taken (input.max_page_bytes)");
        return Err(reject(RejectReason::TooLarge, detail));
    }
    let value = std::str::from_utf8(value).map_err(|error| {
        let at = error.valid_up_to();
        reject(RejectReason::NotUtf8, format!("byte {at} of the value is not UTF-8, UTF-8 is needed"))
    })?;
    let value = value.strip_prefix('\u{feff}').unwrap_or(value);
    if is_blank_text(value) {
        return Err(reject(RejectReason::Empty, "the value is blank, a page is needed"));
    }
    match shape.format {
        InputFormat::Text => Ok(Page { text: value.to_owned(), ..Page::default() }),
        InputFormat::Json => decode_json(value, &shape.fields),
    }
}

fn reject(reason: RejectReason, detail: impl Into<String>) -> Reject {
    Reject { reason, detail: detail.into() }
}

/// Whether nothing of `text` would be seen on a page.
fn is_blank_text(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_zero_width(c))
}

/// A mark without width: joiners, direction marks, soft hyphens, byte order marks.
pub(super) fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

fn decode_json(value: &str, names: &FieldNames) -> Result<Page, Reject> {
    let mut reader = serde_json::Deserializer::from_str(value);
    let fields =
        ObjectFields(names).deserialize(&mut reader).and_then(|fields| reader.end().map(|()| fields));
    let mut fields = fields.map_err(|error| {
        if error.is_data() {
            let detail = format!("the value is {}, a JSON object is needed", json_shape(value));
            return reject(RejectReason::WrongType, detail);
        }
        reject(RejectReason::NotJson, format!("the value is not JSON ({error}), a JSON object is needed"))
    })?;
    let text = match fields.take(Field::Text) {
        Some(Value::String(text)) => text,
        None => {
            let detail = format!("there is no field {:?}, it has to hold the page's text", names.text);
            return Err(reject(RejectReason::NoText, detail));
        }
        Some(Value::Null) => {
            let detail = format!("field {:?} is null, it has to hold the page's text", names.text);
            return Err(reject(RejectReason::NoText, detail));
        }
        Some(other) => return Err(wrong_type(&names.text, &other, "a string")),
    };
    if is_blank_text(&text) {
        let detail = format!("field {:?} is blank, it has to hold the page's text", names.text);
        return Err(reject(RejectReason::Empty, detail));
    }
    Ok(Page {
        id: fields.string_or_number(Field::Id, &names.id)?,
        url: fields.string(Field::Url, &names.url)?,
        source: fields.string(Field::Source, &names.source)?,
        title: fields.string(Field::Title, &names.title)?,
        text,
        published: fields.string_or_number(Field::Published, &names.published)?,
        fetched: fields.string_or_number(Field::Fetched, &names.fetched)?,
    })
}

/// What a JSON text is, from how it opens.
fn json_shape(value: &str) -> &'static str {
    match value.trim_start().bytes().next() {
        Some(b'[') => "a JSON array",
        Some(b'"') => "a JSON string",
        Some(b't' | b'f') => "a JSON boolean",
        Some(b'n') => "a JSON null",
        _ => "a JSON number",
    }
}

fn wrong_type(name: &str, found: &Value, needed: &str) -> Reject {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    reject(RejectReason::WrongType, format!("field {name:?} holds {found}, {needed} is needed"))
}

/// The fields of [`FieldNames`], as places in [`Fields`].
#[derive(Debug, Clone, Copy)]
enum Field {
    Id,
    Url,
    Source,
    Title,
    Text,
    Published,
    Fetched,
}

/// An object's values in the order of [`Field`]; the other values are skipped unread.
#[derive(Default)]
struct Fields([Option<Value>; 7]);

impl Fields {
    fn take(&mut self, field: Field) -> Option<Value> {
        self.0[field as usize].take()
    }

    fn string(&mut self, field: Field, name: &str) -> Result<Option<String>, Reject> {
        match self.take(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok((!is_blank_text(&text)).then_some(text)),
            Some(other) => Err(wrong_type(name, &other, "a string or null")),
        }
    }

    fn string_or_number(&mut self, field: Field, name: &str) -> Result<Option<String>, Reject> {
        match self.take(field) {
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_))) => {
                Err(wrong_type(name, &other, "a string, a number or null"))
            }
            value => {
                self.0[field as usize] = value;
                self.string(field, name)
            }
        }
    }
}

/// Reads a JSON object's named fields. Two settings may name one field: it then fills both.
struct ObjectFields<'n>(&'n FieldNames);

impl<'de> DeserializeSeed<'de> for ObjectFields<'_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectFields<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let FieldNames { id, url, source, title, text, published, fetched } = self.0;
        let names = [id, url, source, title, text, published, fetched];
        let mut fields = Fields::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let wanted = names.map(|name| *name == *key);
            if !wanted.contains(&true) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Value = map.next_value()?;
            let places = fields.0.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted);
            places.for_each(|(place, _)| *place = Some(value.clone()));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(format: InputFormat) -> PageShape {
        PageShape { format, max_page_bytes: 1_000, ..PageShape::default() }
    }

    /// The page of a JSON value that has to be accepted.
    #[track_caller]
    fn page(value: &str) -> Page {
        decode(Some(value.as_bytes()), &shape(InputFormat::Json)).expect("the value is a page")
    }

    #[track_caller]
    fn check_reject(value: &[u8], reason: RejectReason, detail: &str) {
        let reject = decode(Some(value), &shape(InputFormat::Json)).expect_err("the value is no page");
        assert_eq!((reject.reason, reject.detail.as_str()), (reason, detail));
    }

    #[test]
    fn every_field_is_read() {
        let value = r#"{"id":"a1","url":"https://x","source":"Le Fil","title":"T","text":"Un titre",
            "published":"2026-01-02","fetched":"2026-01-03T00:00:00Z","depth":3,"tags":["x"]}"#;
        let some = |text: &str| Some(text.to_owned());
        let expected = Page {
            id: some("a1"),
            url: some("https://x"),
            source: some("Le Fil"),
            title: some("T"),
            text: "Un titre".into(),
            published: some("2026-01-02"),
            fetched: some("2026-01-03T00:00:00Z"),
        };
        assert_eq!(page(value), expected);
    }

    #[test]
    fn numbers_stand_for_identifiers_and_times() {
        let numbered = page(r#"{"id":42,"published":1767225600,"fetched":1767225600.5,"text":"Un titre"}"#);
        assert_eq!(numbered.id.as_deref(), Some("42"));
        assert_eq!(numbered.published.as_deref(), Some("1767225600"));
        assert_eq!(numbered.fetched.as_deref(), Some("1767225600.5"));
    }

    #[test]
    fn null_and_blank_optional_fields_are_absent() {
        let bare = Page { text: "Un titre".into(), ..Page::default() };
        assert_eq!(page(r#"{"text":"Un titre","id":null,"url":null,"title":null,"published":null}"#), bare);
        assert_eq!(page(r#"{"text":"Un titre","source":"","title":" \u00a0"}"#), bare);
    }

    #[test]
    fn the_last_of_two_fields_counts() {
        assert_eq!(page(r#"{"text":1,"text":"Un titre"}"#).text, "Un titre");
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(page("\u{feff}{\"text\":\"Un titre\"}").text, "Un titre");
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(page(r#"{"text":"caf\u00e9\nil\t\ud83d\ude00"}"#).text, "café\nil\t😀");
    }

    #[test]
    fn field_names_are_settings() {
        let fields = FieldNames { text: "content".into(), id: "url".into(), ..FieldNames::default() };
        let shape = PageShape { fields, ..PageShape::default() };
        let page = decode(Some(br#"{"content":"Un titre","url":"https://x","text":3}"#), &shape);
        let page = page.expect("the text stands in the field that is named");
        assert_eq!(page.text, "Un titre");
        assert_eq!((page.id.as_deref(), page.url.as_deref()), (Some("https://x"), Some("https://x")));
    }

    #[test]
    fn a_text_value_is_the_page() {
        let text = |value: &[u8]| decode(Some(value), &shape(InputFormat::Text));
        assert_eq!(text("\u{feff}Un titre\n".as_bytes()).expect("text is a page").text, "Un titre\n");
        assert_eq!(text(br#"{"text":1}"#).expect("JSON is text too").text, r#"{"text":1}"#);
        assert_eq!(text(b" \n").expect_err("a blank page").reason, RejectReason::Empty);
        assert_eq!(text(b"caf\xe9").expect_err("Latin-1").reason, RejectReason::NotUtf8);
    }

    #[test]
    fn what_is_no_page_says_why() {
        use RejectReason::{Empty, NoText, NotJson, NotUtf8, TooLarge, WrongType};
        check_reject(
            b"{\"text\":\"caf\xe9\"}",
            NotUtf8,
            "byte 12 of the value is not UTF-8, UTF-8 is needed",
        );
        check_reject(b"", Empty, "the value is blank, a page is needed");
        check_reject("\u{feff} \n".as_bytes(), Empty, "the value is blank, a page is needed");
        check_reject(
            br#"{"text":" \u200b\n"}"#,
            Empty,
            r#"field "text" is blank, it has to hold the page's text"#,
        );
        check_reject(b"{}", NoText, r#"there is no field "text", it has to hold the page's text"#);
        check_reject(br#"{"text":null}"#, NoText, r#"field "text" is null, it has to hold the page's text"#);
        check_reject(br#"{"text":7}"#, WrongType, r#"field "text" holds a number, a string is needed"#);
        check_reject(br#"{"text":["a"]}"#, WrongType, r#"field "text" holds an array, a string is needed"#);
        check_reject(
            br#"{"text":"a b","title":{"fr":"a"}}"#,
            WrongType,
            r#"field "title" holds an object, a string or null is needed"#,
        );
        check_reject(
            br#"{"text":"a b","id":true}"#,
            WrongType,
            r#"field "id" holds a boolean, a string, a number or null is needed"#,
        );
        check_reject(b"[1]", WrongType, "the value is a JSON array, a JSON object is needed");
        check_reject(b" null", WrongType, "the value is a JSON null, a JSON object is needed");
        check_reject(b"\"text\"", WrongType, "the value is a JSON string, a JSON object is needed");
        check_reject(b"-3", WrongType, "the value is a JSON number, a JSON object is needed");
        for broken in [&br#"{"text":"a"#[..], b"{'text':'a'}", b"{}{}", b"Un titre", br#"{"text":"\ud800"}"#]
        {
            let reject = decode(Some(broken), &shape(InputFormat::Json)).expect_err("the value is no JSON");
            assert_eq!(reject.reason, NotJson, "{reject}");
        }
        let large = format!("{{\"text\":\"{}\"}}", "a".repeat(1_000));
        let detail = "the value has 1011 bytes, at most 1000 are taken (input.max_page_bytes)";
        check_reject(large.as_bytes(), TooLarge, detail);
    }

    #[test]
    fn a_tombstone_is_empty() {
        let reject = decode(None, &PageShape::default()).expect_err("a tombstone is no page");
        assert_eq!(reject.reason, RejectReason::Empty);
    }
}
