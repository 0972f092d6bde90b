//! Where each hoisted schema is used.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::document::operations;
use super::hoist::{Pool, used};
use super::rules::{literals_of, own_requirement};

/// A step from a schema to one below it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Step {
    Member(String),
    Item,
    Value,
    Alternative(String),
}

/// A way from an operation to a schema: `ListUsers 200[].profile`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    /// The shortest way comes first.
    pub(crate) length: usize,
    pub(crate) operation: String,
    /// `body`, a status, or the name of a parameter after a `?`.
    pub(crate) root: String,
    pub(crate) steps: Vec<Step>,
}

impl Place {
    /// Whether the schema is sent, not received.
    pub(crate) fn is_sent(&self) -> bool {
        !self.root.starts_with(|c: char| c.is_ascii_digit())
    }

    fn below(&self, step: Step) -> Self {
        let mut place = self.clone();
        place.length += 1;
        place.steps.push(step);
        place
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.root)?;
        for step in &self.steps {
            match step {
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Item => write!(f, "[]")?,
                Step::Value => write!(f, "{{}}")?,
                Step::Alternative(tag) => write!(f, "|{tag}")?,
            }
        }
        Ok(())
    }
}

/// All places of a schema, and the schemas that hold it with the way from there.
#[derive(Default, Clone)]
pub(crate) struct Uses {
    pub(crate) places: BTreeSet<Place>,
    pub(crate) holders: BTreeSet<(usize, Vec<Step>)>,
}

/// Finds all uses of all schemas of the pool.
pub(crate) fn uses(document: &Value, pool: &Pool) -> Vec<Uses> {
    let mut finder = Finder { pool, uses: vec![Uses::default(); pool.schemas.len()] };
    for operation in operations(document) {
        for (root, schema) in roots(operation.value) {
            let operation = operation.id.to_owned();
            let place = Place { length: 0, operation, root, steps: Vec::new() };
            finder.visit(schema, &place, None);
        }
    }
    finder.uses
}

fn roots(operation: &Value) -> Vec<(String, &Value)> {
    let mut roots = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        roots.push((format!("?{name}"), &parameter["schema"]));
    }
    for media in
        operation["requestBody"]["content"].as_object().into_iter().flat_map(|c| c.values())
    {
        roots.push(("body".to_owned(), &media["schema"]));
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        for media in response["content"].as_object().into_iter().flat_map(|c| c.values()) {
            roots.push((status.clone(), &media["schema"]));
        }
    }
    roots
}

struct Finder<'a> {
    pool: &'a Pool,
    uses: Vec<Uses>,
}

impl Finder<'_> {
    fn visit(&mut self, schema: &Value, place: &Place, holder: Option<(usize, usize)>) {
        let Some(index) = used(schema) else {
            return self.visit_children(schema, place, holder);
        };
        if let Some(uses) = self.uses.get_mut(index) {
            uses.places.insert(place.clone());
            if let Some((holder, depth)) = holder {
                uses.holders.insert((holder, place.steps[depth..].to_vec()));
            }
        }
        if let Some(target) = self.pool.schemas.get(index) {
            self.visit_children(target, place, Some((index, place.steps.len())));
        }
    }

    fn visit_children(&mut self, schema: &Value, place: &Place, holder: Option<(usize, usize)>) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            self.visit(member, &place.below(Step::Member(name.clone())), holder);
        }
        if let Some(items) = schema.get("items") {
            self.visit(items, &place.below(Step::Item), holder);
        }
        if let Some(values) = schema.get("additionalProperties") {
            self.visit(values, &place.below(Step::Value), holder);
        }
        let alternatives = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let tags = tags(alternatives, self.pool);
        for (alternative, tag) in alternatives.iter().zip(tags) {
            self.visit(alternative, &place.below(Step::Alternative(tag)), holder);
        }
    }
}

/// What tells each alternative apart: its literals, or what only it requires, or its type.
pub(crate) fn tags(alternatives: &[Value], pool: &Pool) -> Vec<String> {
    let targets: Vec<Value> =
        alternatives.iter().map(|one| pool.expand(one, &|index| index)).collect();
    let maps: Vec<_> = targets.iter().filter_map(Value::as_object).cloned().collect();
    let tag = super::rules::tag_of(&maps);
    maps.iter()
        .map(|map| match &tag {
            Some(tag) => literals_of(map, tag).join("_"),
            None => {
                let others: Vec<_> = maps.iter().filter(|other| *other != map).collect();
                own_requirement(map, &others).map_or_else(|| kind(map), str::to_owned)
            }
        })
        .collect()
}

fn kind(map: &serde_json::Map<String, Value>) -> String {
    map.get("type").and_then(Value::as_str).unwrap_or("any").to_owned()
}
