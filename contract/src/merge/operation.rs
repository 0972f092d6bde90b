//! One operation over the releases that have it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema;
use super::span::{SPAN, Span};

/// Says that a success may come without the body that is described: as a word of text, or as
/// nothing.
pub(crate) const OPTIONAL: &str = "x-logto-optional";

type Fields = Map<String, Value>;

/// An operation as the document of a release has it.
#[derive(Clone, Copy)]
pub(super) struct Variant<'a> {
    pub(super) release: usize,
    pub(super) path: &'a str,
    pub(super) operation: &'a Fields,
}

/// A part of an operation, in a release that has it.
type Part<'a> = (usize, &'a Fields);

/// What these say together, the newest first.
pub(super) fn merged(variants: &[Variant<'_>]) -> Fields {
    let Some(newest) = variants.first() else {
        return Fields::new();
    };
    let mut merged = newest.operation.clone();
    merged.insert(SPAN.into(), span(variants.iter().map(|one| one.release)));
    for mark in ["x-logto-retry"] {
        if let Some(value) = variants.iter().find_map(|one| one.operation.get(mark)) {
            merged.insert(mark.into(), value.clone());
        }
    }
    merged.remove("parameters");
    let parameters = parameters(variants);
    if !parameters.is_empty() {
        merged.insert("parameters".into(), parameters.into());
    }
    merged.remove("requestBody");
    if let Some(body) = body(variants) {
        merged.insert("requestBody".into(), body);
    }
    merged.insert("responses".into(), responses(variants).into());
    merged
}

fn span(releases: impl Iterator<Item = usize>) -> Value {
    Span::over(releases).value()
}

/// The parameters of all; those of the path are called as the newest calls them.
fn parameters(variants: &[Variant<'_>]) -> Vec<Value> {
    let renamed: Vec<(usize, Vec<Fields>)> =
        variants.iter().map(|one| (one.release, own_parameters(one, variants))).collect();
    let mut names: Vec<(&Value, &Value)> = Vec::new();
    for parameter in renamed.iter().flat_map(|(_, parameters)| parameters) {
        let name = (&parameter["in"], &parameter["name"]);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let having = |(place, name): &(&Value, &Value)| -> Vec<Part<'_>> {
        let of_release = renamed.iter().filter_map(|(release, parameters)| {
            let found = parameters.iter().find(|one| one["in"] == **place && one["name"] == **name);
            Some((*release, found?))
        });
        of_release.collect()
    };
    names.iter().filter_map(|name| parameter(&having(name), variants.len())).collect()
}

fn own_parameters(one: &Variant<'_>, variants: &[Variant<'_>]) -> Vec<Fields> {
    let names = |path: &str| -> Vec<String> {
        let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        names.map(str::to_owned).collect()
    };
    let newest = variants.first().map(|newest| names(newest.path)).unwrap_or_default();
    let own = names(one.path);
    let parameters = one.operation.get("parameters").and_then(Value::as_array);
    let parameters = parameters.into_iter().flatten().filter_map(Value::as_object).cloned();
    parameters
        .map(|mut parameter| {
            let name = parameter["name"].as_str().filter(|_| parameter["in"] == "path");
            let place = name.and_then(|name| own.iter().position(|known| known == name));
            if let Some(name) = place.and_then(|place| newest.get(place)) {
                parameter.insert("name".into(), json!(name));
            }
            parameter
        })
        .collect()
}

fn parameter(having: &[Part<'_>], releases: usize) -> Option<Value> {
    let (_, newest) = having.first()?;
    let mut parameter = (*newest).clone();
    let required = |(_, one): &Part<'_>| one.get("required") == Some(&Value::Bool(true));
    let by_all = having.len() == releases && having.iter().all(required);
    parameter.insert("required".into(), by_all.into());
    parameter.insert("schema".into(), schema_of(having));
    parameter.insert(SPAN.into(), span(having.iter().map(|(release, _)| *release)));
    if let Some(mark) = having.iter().find_map(|(_, one)| one.get("x-logto-secret")) {
        parameter.insert("x-logto-secret".into(), mark.clone());
    }
    Some(parameter.into())
}

/// The schema of a parameter or a media type.
fn schema_of(having: &[Part<'_>]) -> Value {
    let variants: Vec<_> = having
        .iter()
        .filter_map(|(release, one)| {
            let schema = one.get("schema")?.as_object()?;
            Some(schema::Variant { release: *release, schema })
        })
        .collect();
    match variants.is_empty() {
        true => json!({}),
        false => schema::merged(&variants).into(),
    }
}

/// The body, in the media type of the newest release that takes one.
fn body(variants: &[Variant<'_>]) -> Option<Value> {
    let bodies: Vec<Part<'_>> = variants
        .iter()
        .filter_map(|one| Some((one.release, one.operation.get("requestBody")?.as_object()?)))
        .collect();
    let (media, _) = content(bodies.first()?.1)?.iter().next()?;
    let media_types: Vec<Part<'_>> = bodies
        .iter()
        .filter_map(|(release, body)| Some((*release, content(body)?.get(media)?.as_object()?)))
        .collect();
    let required = |(_, body): &Part<'_>| body.get("required") == Some(&Value::Bool(true));
    let by_all = bodies.len() == variants.len() && bodies.iter().all(required);
    Some(json!({ "content": { media: { "schema": schema_of(&media_types) } }, "required": by_all }))
}

fn content(body: &Fields) -> Option<&Fields> {
    body.get("content").and_then(Value::as_object)
}

fn responses(variants: &[Variant<'_>]) -> Fields {
    let all: Vec<Part<'_>> = variants
        .iter()
        .filter_map(|one| Some((one.release, one.operation.get("responses")?.as_object()?)))
        .collect();
    let statuses: BTreeSet<&String> = all.iter().flat_map(|(_, one)| one.keys()).collect();
    let of_status = |status: &str| -> Vec<Part<'_>> {
        let found =
            all.iter().filter_map(|(release, one)| Some((*release, one.get(status)?.as_object()?)));
        found.collect()
    };
    let successes = statuses.iter().filter(|status| status.starts_with('2'));
    let bodies: Vec<Part<'_>> = successes.flat_map(|status| of_status(status)).collect();
    let success = schema_of(&of_media(&bodies, JSON));
    let merged =
        statuses.iter().map(|status| ((*status).clone(), response(&of_status(status), &success)));
    merged.collect()
}

const JSON: &str = "application/json";

/// One status. JSON wins over what is only a word of text, which says nothing; it is the same
/// whatever the status of a success.
fn response(having: &[Part<'_>], success: &Value) -> Value {
    let span = span(having.iter().map(|(release, _)| *release));
    let json = of_media(having, JSON).len();
    let newest = having.first().and_then(|(_, response)| content(response)?.keys().next());
    let (media, schema) = match newest {
        _ if json > 0 => (JSON, success.clone()),
        Some(media) => (media.as_str(), schema_of(&of_media(having, media))),
        None => return json!({ "description": "", SPAN: span }),
    };
    let mut response =
        json!({ "content": { media: { "schema": schema } }, "description": "", SPAN: span });
    if json > 0 && json < having.len() {
        response[OPTIONAL] = true.into();
    }
    response
}

fn of_media<'a>(responses: &[Part<'a>], media: &str) -> Vec<Part<'a>> {
    let found = responses.iter().filter_map(|(release, response)| {
        Some((*release, content(response)?.get(media)?.as_object()?))
    });
    found.collect()
}
