//! Which releases have a part of the document, from when to when.
//!
//! While documents are merged every part is marked with the first and the last release that has it,
//! counted from the oldest of the series ([`SPAN`]), and with what the last of these says where all
//! of them together say something else ([`REQUIRED`], [`NULLABLE`]). What two parts say in their
//! last release decides whether they are the same. [`publish`] leaves of the marks what a reader
//! wants to know: that a part came later, or went earlier, than what it is part of.

use serde_json::{Map, Value, json};

use crate::canonical;
use crate::series::Version;
use crate::walk::Schema;

/// First and last release.
pub(crate) const SPAN: &str = "x-span";
/// The spans of an enum's values.
pub(crate) const VALUES: &str = "x-spans";
/// What the last release requires.
pub(crate) const REQUIRED: &str = "x-required";
/// Whether null is allowed in the last release.
pub(crate) const NULLABLE: &str = "x-nullable";

/// The first release that has a part, in the contract.
pub(crate) const SINCE: &str = "x-logto-since";
/// The last release that has a part, in the contract.
pub(crate) const UNTIL: &str = "x-logto-until";
/// The same of the values of an enum, by value.
pub(crate) const SINCE_OF_VALUES: &str = "x-logto-values";

/// The first and the last release that has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    first: u64,
    last: u64,
}

impl Span {
    /// All releases of a series.
    pub(crate) fn whole(releases: usize) -> Self {
        Self { first: 0, last: releases.saturating_sub(1) as u64 }
    }

    /// What these releases span.
    pub(crate) fn over(releases: impl Iterator<Item = usize>) -> Self {
        let spans = releases.map(|one| Self { first: one as u64, last: one as u64 });
        spans.reduce(Self::and).unwrap_or(Self { first: 0, last: 0 })
    }

    pub(crate) fn of(value: &Value) -> Option<Self> {
        let span = value.get(SPAN)?;
        Some(Self { first: span.get(0)?.as_u64()?, last: span.get(1)?.as_u64()? })
    }

    /// Both, and what is between.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    /// Whether this is still there when the other is.
    pub(crate) fn lasts(self, other: Self) -> bool {
        self.last >= other.last
    }

    pub(crate) fn value(self) -> Value {
        json!([self.first, self.last])
    }

    /// Since when and until when, where it differs from what it is part of.
    fn within(self, whole: Self, versions: &[Version]) -> Map<String, Value> {
        let name =
            |index: u64| versions.get(index as usize).map(|version| json!(version.to_string()));
        let since = (self.first > whole.first).then(|| name(self.first)).flatten();
        let until = (self.last < whole.last).then(|| name(self.last)).flatten();
        let marks = [(SINCE, since), (UNTIL, until)];
        marks.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// A schema as its last release has it, without marks.
pub(crate) fn latest_of(schema: &Schema, span: Span) -> Schema {
    let mut schema = schema.clone();
    if let Some(required) = schema.remove(REQUIRED) {
        schema.insert("required".into(), required);
        schema.retain(|key, value| key != "required" || *value != json!([]));
    }
    sort_required(&mut schema);
    if schema.remove(NULLABLE).is_some_and(|nullable| nullable == json!(false)) {
        schema.remove("nullable");
    }
    let lasts = |part: &Value| Span::of(part).is_none_or(|part| part.lasts(span));
    if let Some(Value::Object(values)) = schema.remove(VALUES)
        && let Some(Value::Array(known)) = schema.get_mut("enum")
    {
        let span_of = |value: &Value| values.get(value.as_str()?);
        known.retain(|value| span_of(value).is_none_or(|own| lasts(&json!({ SPAN: own }))));
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|_, property| lasts(property));
        properties.values_mut().for_each(|property| bare(property, span));
    }
    if let Some(Value::Array(alternatives)) = schema.get_mut("oneOf") {
        alternatives.retain(lasts);
        alternatives.iter_mut().for_each(|alternative| bare(alternative, span));
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(below) = schema.get_mut(keyword) {
            bare(below, span);
        }
    }
    schema.remove(SPAN);
    schema
}

fn bare(value: &mut Value, whole: Span) {
    let span = Span::of(value).unwrap_or(whole);
    if let Value::Object(schema) = value {
        let mut plain = latest_of(schema, span);
        // With nothing beside it, what a reference is wrapped in says nothing.
        if plain.len() == 1
            && let Some(Value::Array(parts)) = plain.get_mut("allOf")
            && let [Value::Object(part)] = &mut parts[..]
        {
            plain = std::mem::take(part);
        }
        *schema = plain;
    }
}

/// Two schemas that are the same in their last release: what holds of both.
pub(crate) fn combine(one: &mut Schema, other: &Schema) {
    for (key, theirs) in other {
        match (key.as_str(), one.get_mut(key)) {
            ("properties", Some(Value::Object(ours))) => combine_members(ours, theirs),
            ("oneOf", Some(Value::Array(ours))) => combine_alternatives(ours, theirs),
            ("enum", Some(Value::Array(ours))) => {
                let more = missing(ours, theirs);
                if !more.is_empty() {
                    ours.extend(more);
                    ours.sort_by_key(Value::to_string);
                }
            }
            (VALUES, Some(Value::Object(ours))) => combine_spans(ours, theirs),
            ("items" | "additionalProperties", Some(ours)) => combine_uses(ours, theirs),
            ("additionalProperties" | "nullable", None) => {
                one.insert(key.clone(), theirs.clone());
            }
            (REQUIRED | NULLABLE, None) => {
                one.insert(key.clone(), theirs.clone());
            }
            _ => {}
        }
    }
    combine_required(one, other);
}

fn combine_members(ours: &mut Map<String, Value>, theirs: &Value) {
    for (name, theirs) in theirs.as_object().into_iter().flatten() {
        match ours.get_mut(name) {
            Some(ours) => combine_uses(ours, theirs),
            None => {
                ours.insert(name.clone(), theirs.clone());
            }
        }
    }
}

/// One use of a schema and another: what is said beside it.
fn combine_uses(ours: &mut Value, theirs: &Value) {
    let span = match (Span::of(ours), Span::of(theirs)) {
        (Some(one), Some(other)) => Some(one.and(other)),
        _ => None,
    };
    let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else {
        return;
    };
    combine(ours, theirs);
    if let Some(span) = span {
        ours.insert(SPAN.into(), span.value());
    }
}

fn combine_alternatives(ours: &mut Vec<Value>, theirs: &Value) {
    let key = |value: &Value| {
        let mut value = value.clone();
        let span = Span::of(&value).unwrap_or(Span::whole(1));
        bare(&mut value, span);
        canonical::shape(&value)
    };
    for theirs in theirs.as_array().into_iter().flatten() {
        match ours.iter_mut().find(|ours| key(ours) == key(theirs)) {
            Some(ours) => combine_uses(ours, theirs),
            None => ours.push(theirs.clone()),
        }
    }
}

fn combine_spans(ours: &mut Map<String, Value>, theirs: &Value) {
    for (value, theirs) in theirs.as_object().into_iter().flatten() {
        let both = ours.get(value).map(|ours| (json!({ SPAN: ours }), json!({ SPAN: theirs })));
        let span = both.and_then(|(one, other)| Some(Span::of(&one)?.and(Span::of(&other)?)));
        ours.insert(value.clone(), span.map_or_else(|| theirs.clone(), Span::value));
    }
}

/// Required is what both require; what the last release requires stays.
fn combine_required(one: &mut Schema, other: &Schema) {
    let Some(Value::Array(ours)) = one.get("required").cloned() else {
        return;
    };
    let theirs = other.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let both: Vec<Value> = ours.iter().filter(|name| theirs.contains(name)).cloned().collect();
    if both.len() == ours.len() {
        return;
    }
    one.entry(REQUIRED).or_insert_with(|| ours.into());
    match both.is_empty() {
        true => one.remove("required"),
        false => one.insert("required".into(), both.into()),
    };
}

fn missing(ours: &[Value], theirs: &Value) -> Vec<Value> {
    let theirs = theirs.as_array().into_iter().flatten();
    theirs.filter(|value| !ours.contains(value)).cloned().collect()
}

fn sort_required(schema: &mut Schema) {
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        names.sort_by_key(Value::to_string);
    }
}

/// Turns the marks of a part, and of all below it, into what the contract says.
pub(crate) fn publish(value: &mut Value, whole: Span, versions: &[Version]) {
    let span = Span::of(value).unwrap_or(whole);
    let Value::Object(map) = value else {
        if let Value::Array(items) = value {
            items.iter_mut().for_each(|item| publish(item, whole, versions));
        }
        return;
    };
    map.remove(SPAN);
    map.remove(REQUIRED);
    map.remove(NULLABLE);
    sort_required(map);
    if let Some(Value::Object(values)) = map.remove(VALUES) {
        let marks = values.into_iter().filter_map(|(value, own)| {
            let marks = Span::of(&json!({ SPAN: own }))?.within(span, versions);
            (!marks.is_empty()).then_some((value, Value::Object(marks)))
        });
        let marks: Map<String, Value> = marks.collect();
        if !marks.is_empty() {
            map.insert(SINCE_OF_VALUES.into(), marks.into());
        }
    }
    map.values_mut().for_each(|below| publish(below, span, versions));
    map.extend(span.within(whole, versions));
    unwrap(map);
}

/// A reference with nothing beside it needs no `allOf` around it.
fn unwrap(map: &mut Map<String, Value>) {
    if map.len() == 1
        && let Some(Value::Array(parts)) = map.get_mut("allOf")
        && let [Value::Object(part)] = &mut parts[..]
    {
        *map = std::mem::take(part);
    }
}
