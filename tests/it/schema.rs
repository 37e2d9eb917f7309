//! The published contract of the output: every record that a test sees is held against it.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../schemas/labelled.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("schemas/labelled.schema.json is JSON")
}

fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema())
            .expect("schemas/labelled.schema.json is a JSON Schema")
    })
}

/// Checks one output record's value against `schemas/labelled.schema.json`, and what a schema cannot say: the
/// scores add up to one, and the item's number is below the page's count. The error names every breach.
pub fn validate(record: &Value) -> Result<(), String> {
    let mut breaches: Vec<String> = validator()
        .iter_errors(record)
        .map(|error| format!("{error} at {:?}", error.instance_path.to_string()))
        .collect();
    if let Some(scores) = record.get("scores").and_then(Value::as_object) {
        let sum: f64 = scores.values().filter_map(Value::as_f64).sum();
        if (sum - 1.0).abs() > 1e-6 {
            breaches.push(format!("the scores add up to {sum}"));
        }
    }
    let number = |name: &str| record.pointer(&format!("/page/{name}")).and_then(Value::as_u64);
    if let (Some(item), Some(items)) = (number("item"), number("items"))
        && item >= items
    {
        breaches.push(format!("item {item} of a page of {items} items"));
    }
    if breaches.is_empty() { Ok(()) } else { Err(format!("{}: {record}", breaches.join("; "))) }
}

/// Reads one line of JSON and panics with every breach of the contract.
#[track_caller]
pub fn assert_valid(line: &str) -> Value {
    let record: Value = serde_json::from_str(line).expect("an output record is JSON");
    validate(&record).unwrap_or_else(|breaches| panic!("{breaches}"));
    record
}

fn example(number: usize) -> Value {
    schema()["examples"][number].clone()
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Value), names: &str) {
    let mut record = example(0);
    change(&mut record);
    let breach = validate(&record).expect_err("the record breaks the contract");
    assert!(breach.contains(names), "{breach:?} does not name {names:?}");
}

#[test]
fn the_schemas_own_examples_are_valid_and_read_as_records() {
    for number in 0..2 {
        let example = example(number);
        validate(&example).unwrap_or_else(|breaches| panic!("{breaches}"));
        let record: newswire::news::record::LabelledRecord =
            serde_json::from_value(example.clone()).expect("the example reads as a record");
        assert_eq!(serde_json::to_value(&record).expect("a record is JSON"), example);
    }
}

#[test]
fn a_broken_record_is_refused() {
    check_refused(|r| r["colour"] = json!("red"), "colour");
    check_refused(|r| r["page"]["colour"] = json!("red"), "colour");
    check_refused(|r| drop(r.as_object_mut().map(|fields| fields.remove("topic"))), "topic");
    check_refused(|r| r["kind"] = json!("banner"), "/kind");
    check_refused(|r| r["text"] = json!("  "), "/text");
    check_refused(|r| r["language"] = json!("French"), "/language");
    check_refused(|r| r["language"] = json!("und"), "/topic");
    check_refused(|r| r["confidence"] = json!(1.01), "/confidence");
    check_refused(|r| r["confidence"] = Value::Null, "/confidence");
    check_refused(|r| r["topic"] = Value::Null, "/confidence");
    check_refused(|r| r["scores"]["sport"] = json!(0.9), "add up");
    check_refused(|r| r["scores"] = json!({}), "/scores");
    check_refused(|r| r["evidence"][0]["log_odds"] = json!("2"), "/evidence/0");
    check_refused(|r| r["page"]["offset"] = json!(-1), "/page/offset");
    check_refused(|r| r["page"]["item"] = json!(31), "item 31");
    check_refused(|r| r["model"]["hash"] = json!(""), "/model/hash");
    check_refused(|r| r["labelled_at"] = json!("2026-11-02"), "/labelled_at");
    check_refused(|r| r["labelled_at"] = json!("2026-11-02T08:15:30+01:00"), "/labelled_at");
    check_refused(|r| r["labelled_at"] = json!("2026-13-02T08:15:30Z"), "/labelled_at");
}

#[test]
fn every_field_says_what_it_means() {
    fn walk(schema: &Value, path: &str, undescribed: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}/{name}");
            if !field["description"].is_string() {
                undescribed.push(path.clone());
            }
            walk(field, &path, undescribed);
            walk(&field["items"], &path, undescribed);
        }
    }
    let mut undescribed = Vec::new();
    walk(&schema(), "", &mut undescribed);
    assert_eq!(undescribed, Vec::<String>::new());
}
