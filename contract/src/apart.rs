//! Things that are apart though they look alike, so that a change of one is no change of the other.
//!
//! What a request takes is its operation's own, unless another writes the same thing or it is what
//! is answered; `names.toml` says what else is apart, by `only`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::canonical::shape;
use super::document::{operations, singular};
use super::hoist::{Pool, each_place};
use super::merge::span::{Span, latest_of};
use super::names::Names;
use super::places::tags;

/// Tells a schema from those that look like it.
pub(crate) const APART: &str = "x-logto-apart";

/// Marks what is apart in an inlined document.
pub(crate) fn mark(document: &mut Value, names: &Names, notes: &mut Vec<String>) {
    let owners = owners(document);
    let mut claims = Claims { claims: names.claims(), unused: names.claims() };
    each_place(document, &mut |operation, root, schema| {
        claims.visit(schema, &format!("{operation} {root}"));
        if let (Some(owner), "body", Some(map)) =
            (owners.get(operation), root, schema.as_object_mut())
        {
            map.entry(APART).or_insert_with(|| owner.as_str().into());
        }
    });
    let unused = claims.unused.iter();
    notes.extend(unused.map(|(place, name)| {
        format!("{name} in names.toml is only in {place}, and no schema is there")
    }));
}

/// The same without marks.
pub(crate) fn bare(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.remove(APART);
            map.values_mut().for_each(|below| *below = bare(below.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = bare(item.take())),
        _ => {}
    }
    value
}

/// Whose the body of each operation is, unless it is what the operation answers.
fn owners(document: &Value) -> BTreeMap<String, String> {
    let bodies = operations(document).into_iter().filter_map(|operation| {
        let content = operation.value["requestBody"]["content"].as_object()?;
        let body = latest(&content.values().next()?["schema"])?;
        let responses = operation.value["responses"].as_object().into_iter().flatten();
        let contents = responses.filter_map(|(_, response)| response["content"].as_object());
        let mut answers = contents.flat_map(|content| content.values()).map(|one| &one["schema"]);
        let is_body = |schema: &Value| latest(schema).as_ref() == Some(&body);
        let is_answered = answers.any(|answer| {
            is_body(answer) || is_body(&answer["items"]) || is_body(&answer["additionalProperties"])
        });
        (!is_answered)
            .then(|| (operation.id.to_owned(), format!("body of {}", writes(operation.id))))
    });
    bodies.collect()
}

fn latest(schema: &Value) -> Option<String> {
    let map = schema.as_object()?;
    let span = Span::of(schema).unwrap_or(Span::whole(1));
    Some(shape(&Value::Object(latest_of(map, span))))
}

/// What an operation writes: operations that add and replace the same things take the same.
fn writes(id: &str) -> String {
    let verbs = ["Add", "Assign", "Create", "Replace", "Update", "Upsert"];
    let noun = verbs.iter().find_map(|verb| {
        let noun = id.strip_prefix(verb)?;
        noun.starts_with(|first: char| first.is_ascii_uppercase()).then_some(noun)
    });
    noun.map_or_else(|| id.to_owned(), singular)
}

/// The places that names have for themselves, and those of them that were not met.
struct Claims {
    claims: BTreeMap<String, String>,
    unused: BTreeMap<String, String>,
}

impl Claims {
    fn visit(&mut self, schema: &mut Value, at: &str) {
        self.claim(schema, at);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (name, property) in properties {
                self.visit(property, &format!("{at}.{name}"));
            }
        }
        for (keyword, step) in [("items", "[]"), ("additionalProperties", "{}")] {
            if let Some(below) = schema.get_mut(keyword) {
                self.visit(below, &format!("{at}{step}"));
            }
        }
        if let Some(Value::Array(alternatives)) = schema.get_mut("oneOf") {
            let tags = tags(alternatives, &Pool::default());
            for (alternative, tag) in alternatives.iter_mut().zip(tags) {
                self.visit(alternative, &format!("{at}|{tag}"));
            }
        }
    }

    /// A place is claimed as a whole, or by its end, which then begins with a member.
    fn claim(&mut self, schema: &mut Value, at: &str) {
        let starts = at.match_indices('.').map(|(start, _)| start);
        let found = starts.chain([0]).find_map(|start| self.claims.get_key_value(&at[start..]));
        if let (Some((place, name)), Some(map)) = (found, schema.as_object_mut()) {
            map.insert(APART.into(), name.as_str().into());
            self.unused.remove(place);
        }
    }
}
