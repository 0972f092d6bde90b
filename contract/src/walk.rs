//! Visits every schema of an inlined document, innermost first.

use anyhow::Result;
use serde_json::{Map, Value};

use super::document::all_mut;
use super::refused::{escape, refuse};

/// Which way a schema travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Parameter,
    Request,
    Response,
}

/// Where a schema stands.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) side: Side,
    pub(crate) pointer: String,
    /// The member (or parameter) this is the schema of.
    pub(crate) member: Option<String>,
    /// The member this is the item schema of.
    pub(crate) item_of: Option<String>,
}

impl Place {
    fn step(&self, keyword: &str) -> Self {
        let pointer = format!("{}/{keyword}", self.pointer);
        Place { side: self.side, pointer, member: None, item_of: None }
    }
}

/// A schema as the rules see it.
pub(crate) type Schema = Map<String, Value>;

/// What is done to each schema.
pub(crate) type Visit<'a> = dyn FnMut(&mut Schema, &Place) -> Result<()> + 'a;

/// Visits all schemas of all operations.
pub(crate) fn schemas(document: &mut Value, visit: &mut Visit<'_>) -> Result<()> {
    for (path, method, operation) in all_mut(document) {
        let pointer = format!("/paths/{}/{method}", escape(path));
        operation_schemas(operation, &pointer, visit)?;
    }
    Ok(())
}

fn operation_schemas(operation: &mut Value, at: &str, visit: &mut Visit<'_>) -> Result<()> {
    if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
        for (i, parameter) in parameters.iter_mut().enumerate() {
            let member = parameter.get("name").and_then(Value::as_str).map(str::to_owned);
            let pointer = format!("{at}/parameters/{i}/schema");
            let place = Place { side: Side::Parameter, pointer, member, item_of: None };
            if let Some(schema) = parameter.get_mut("schema") {
                schema_tree(schema, &place, visit)?;
            }
        }
    }
    if let Some(body) = operation.get_mut("requestBody") {
        content_schemas(body, &format!("{at}/requestBody"), Side::Request, visit)?;
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        for (status, response) in responses {
            content_schemas(response, &format!("{at}/responses/{status}"), Side::Response, visit)?;
        }
    }
    Ok(())
}

fn content_schemas(body: &mut Value, at: &str, side: Side, visit: &mut Visit<'_>) -> Result<()> {
    let Some(content) = body.get_mut("content").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    for (media, value) in content {
        let pointer = format!("{at}/content/{}/schema", escape(media));
        let place = Place { side, pointer, member: None, item_of: None };
        if let Some(schema) = value.get_mut("schema") {
            schema_tree(schema, &place, visit)?;
        }
    }
    Ok(())
}

/// Visits a schema and all below it.
pub(crate) fn schema_tree(schema: &mut Value, place: &Place, visit: &mut Visit<'_>) -> Result<()> {
    let Some(map) = schema.as_object_mut() else {
        return Err(refuse(
            &place.pointer,
            format!("a schema must be an object, this is {schema}"),
        ));
    };
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            let mut below = place.step(&format!("properties/{}", escape(name)));
            below.member = Some(name.clone());
            schema_tree(property, &below, visit)?;
        }
    }
    if let Some(items) = map.get_mut("items") {
        let mut below = place.step("items");
        below.item_of = place.member.clone();
        schema_tree(items, &below, visit)?;
    }
    if let Some(values @ Value::Object(_)) = map.get_mut("additionalProperties") {
        schema_tree(values, &place.step("additionalProperties"), visit)?;
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        if let Some(alternatives) = map.get_mut(keyword).and_then(Value::as_array_mut) {
            for (i, alternative) in alternatives.iter_mut().enumerate() {
                schema_tree(alternative, &place.step(&format!("{keyword}/{i}")), visit)?;
            }
        }
    }
    visit(map, place)
}
