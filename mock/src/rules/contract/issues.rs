//! Complaints, in the form in which Logto makes them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{rules::errors::Failure, state::params::Params};

/// The refusal of a part of a request (`body`, `query`, `params`) for these complaints.
pub(crate) fn refused(part: &str, issues: &[Value]) -> Failure {
    let message = format!("The request {part} is invalid.");
    explained(Failure::with_message(400, "guard.invalid_input", &message), issues)
}

/// The refusal with complaints, as data and as a text.
pub(crate) fn explained(failure: Failure, issues: &[Value]) -> Failure {
    let details: Vec<String> = issues.iter().map(describe).collect();
    let data = json!({ "issues": issues, "name": "ZodError" });
    failure.data(data).details(&details.join("\n"))
}

fn describe(issue: &Value) -> String {
    let text = |key: &str| issue[key].as_str().unwrap_or_default();
    let path = issue["path"].as_array().into_iter().flatten();
    let path: Vec<String> =
        path.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
    let what = match text("code") {
        "invalid_type" => {
            format!("Expected {} but received {}.", text("expected"), text("received"))
        }
        _ => text("message").to_owned(),
    };
    format!("Error in key path \"{}\": ({}) {what}", path.join("."), text("code"))
}

pub(crate) fn type_name(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

pub(crate) fn wrong_type(expected: &str, value: Option<&Value>, path: &[Value]) -> Value {
    let received = type_name(value);
    let message = match value {
        None => "Required".to_owned(),
        Some(_) => format!("Expected {expected}, received {received}"),
    };
    json!({
        "code": "invalid_type", "expected": expected, "received": received,
        "path": path, "message": message,
    })
}

/// The options as messages quote them.
pub(crate) fn quoted(options: &[&str]) -> String {
    let quoted: Vec<String> = options.iter().map(|option| format!("'{option}'")).collect();
    quoted.join(" | ")
}

pub(crate) fn wrong_option(options: &[&str], received: &str, path: &[Value]) -> Value {
    let expected = quoted(options);
    json!({
        "received": received, "code": "invalid_enum_value", "options": options, "path": path,
        "message": format!("Invalid enum value. Expected {expected}, received '{received}'"),
    })
}

/// A number is none of the options of an enumeration.
pub(crate) fn number_for_option(options: &[&str], received: &Value, path: &[Value]) -> Value {
    let mut issue = wrong_option(options, &received.to_string(), path);
    issue["received"] = received.clone();
    issue
}

pub(crate) fn wrong_discriminator(options: &[impl Serialize], path: &[Value]) -> Value {
    let quoted: Vec<String> =
        options.iter().map(|own| json!(own).to_string().replace('"', "'")).collect();
    json!({
        "code": "invalid_union_discriminator", "options": options, "path": path,
        "message": format!("Invalid discriminator value. Expected {}", quoted.join(" | ")),
    })
}

pub(crate) fn wrong_literal(
    literal: impl Into<Value>,
    value: Option<&Value>,
    path: &[Value],
) -> Value {
    let literal = literal.into();
    let mut issue = json!({
        "code": "invalid_literal", "expected": literal, "path": path,
        "message": format!("Invalid literal value, expected {literal}"),
    });
    if let Some(value) = value {
        issue["received"] = value.clone();
    }
    issue
}

pub(crate) fn unrecognized(names: &[&str], path: &[Value]) -> Value {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    json!({
        "code": "unrecognized_keys", "keys": names, "path": path,
        "message": format!("Unrecognized key(s) in object: {}", quoted.join(", ")),
    })
}

pub(crate) fn malformed(validation: &str, message: &str, path: &[Value]) -> Value {
    json!({ "validation": validation, "code": "invalid_string", "message": message, "path": path })
}

pub(crate) fn custom(path: &[Value]) -> Value {
    json!({ "code": "custom", "message": "Invalid input", "path": path })
}

/// Not a number, or not a whole one.
pub(crate) fn wrong_number(expected: &str, received: &str, path: &[Value]) -> Value {
    json!({
        "code": "invalid_type", "expected": expected, "received": received, "path": path,
        "message": format!("Expected {expected}, received {received}"),
    })
}

/// Less than the least that is allowed of a string, an array or a number.
pub(crate) fn too_small(kind: &str, minimum: u64, path: &[Value]) -> Value {
    let message = match kind {
        "string" => format!("String must contain at least {minimum} character(s)"),
        "array" => format!("Array must contain at least {minimum} element(s)"),
        _ => format!("Number must be greater than or equal to {minimum}"),
    };
    json!({
        "code": "too_small", "minimum": minimum, "type": kind, "inclusive": true, "exact": false,
        "message": message, "path": path,
    })
}

/// A number that has to be greater.
pub(crate) fn not_above(bound: u64, path: &[Value]) -> Value {
    json!({
        "code": "too_small", "minimum": bound, "type": "number", "inclusive": false,
        "exact": false, "message": format!("Number must be greater than {bound}"), "path": path,
    })
}

/// More than is allowed of a string or a number.
pub(crate) fn too_big(kind: &str, maximum: u64, path: &[Value]) -> Value {
    let message = match kind {
        "string" => format!("String must contain at most {maximum} character(s)"),
        _ => format!("Number must be less than or equal to {maximum}"),
    };
    json!({
        "code": "too_big", "maximum": maximum, "type": kind, "inclusive": true, "exact": false,
        "message": message, "path": path,
    })
}

/// None of several forms fits: with the complaints of each.
pub(crate) fn no_form(forms: Vec<Vec<Value>>, path: &[Value]) -> Value {
    let errors = forms.into_iter().map(|issues| json!({ "issues": issues, "name": "ZodError" }));
    json!({
        "code": "invalid_union", "path": path, "message": "Invalid input",
        "unionErrors": errors.collect::<Vec<_>>(),
    })
}

/// A parameter that a query has to have.
pub(crate) fn required<'a>(query: &'a Params, name: &str) -> Result<&'a str, Failure> {
    let path = [name.into()];
    match query.get(name) {
        None => Err(refused("query", &[wrong_type("string", None, &path)])),
        Some("") => Err(refused("query", &[too_small("string", 1, &path)])),
        Some(value) => Ok(value),
    }
}
