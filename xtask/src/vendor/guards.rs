//! `mock/guards.json`: what each release refuses of a request's body. The contract leaves out the
//! checks that documents have (lengths, patterns, formats), since a client does not need them; the
//! mock does.
//!
//! A guard is an object with `type` (`string`, `number`, `boolean`, `array`, `object`, `record`,
//! `language`, or `custom` for what documents do not tell), `literal`, `options` of an enumeration,
//! `forms` of a union (with the `tag` that tells them apart), `all` parts of an intersection, or
//! nothing for any value. `min` and `max` are of numbers, lengths and items, `above` is less than any
//! number, `whole` numbers have no fraction, `is` a format. `members` are `[name, guard, whether it is required]`, in Logto's order.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use logto_api_contract::Version;
use serde_json::{Map, Value, json};

use super::ordered::Ordered;
use super::parts;
use crate::source;

/// By method and path: the releases that changed a body, and its guard since then.
type Bodies = BTreeMap<String, Vec<(String, Value)>>;

const NEXT: &str = "next";

/// What the patterns of Logto's documents are for.
const PATTERNS: [(&str, &str); 4] = [
    (r"/^\S+@\S+\.\S+$/", "address"),
    (r"/^\d+$/", "digits"),
    (r"/^#[\da-f]{3}([\da-f]{3})?$/i", "color"),
    (r"/^[A-Z_a-z]\w*$/", "name"),
];

/// The file's new text: as it was, with the document of another release and without a release that
/// is dropped, if there are such, and with what `guards.toml` says.
pub(super) fn print(
    folder: &Path,
    file: &Path,
    document: Option<(&Version, &str)>,
    dropped: Option<&Version>,
) -> Result<String> {
    let text = source::read_if_there(file)?.unwrap_or_else(|| "{}".to_owned());
    let kept: Value = serde_json::from_str(&text).context("guards.json is broken")?;
    let releases = kept["releases"].as_array().into_iter().flatten();
    let mut releases: Vec<String> =
        releases.filter_map(|own| Some(own.as_str()?.to_owned())).collect();
    let mut bodies = parts::expand(&kept);
    bodies.values_mut().for_each(|own| spread(own, &releases));
    if let Some((version, text)) = document {
        let (version, document) = (version.to_string(), serde_json::from_str(text)?);
        insert(&mut bodies, &version, &document);
        releases.retain(|own| *own != version);
        releases.push(version);
        releases.sort_by_key(|own| order(own));
    }
    if let Some(dropped) = dropped.map(ToString::to_string) {
        releases.retain(|own| *own != dropped);
        bodies.values_mut().for_each(|own| own.retain(|(release, _)| *release != dropped));
        bodies.retain(|_, own| !own.is_empty());
    }
    let corrections = source::read_if_there(&folder.join("guards.toml"))?.unwrap_or_default();
    super::guard_corrections::apply(&corrections, &mut bodies)?;
    bodies.values_mut().for_each(simplify);
    parts::print(&releases, &bodies)
}

/// Each release has what came with it or an earlier one.
fn spread(own: &mut Vec<(String, Value)>, releases: &[String]) {
    let guard_in = |release: &String| {
        let earlier = own.iter().rev().find(|(since, _)| order(since) <= order(release));
        earlier.map(|(_, guard)| (release.clone(), guard.clone()))
    };
    *own = releases.iter().filter_map(guard_in).collect();
}

/// Puts the bodies of a document in their place among those of other releases.
fn insert(bodies: &mut Bodies, version: &str, document: &Ordered) {
    let paths = document.get("paths").map(Ordered::members).unwrap_or_default();
    for (path, methods) in paths {
        for (method, operation) in methods.members() {
            let Some(guard) = of_operation(operation) else { continue };
            let own = bodies.entry(format!("{method} {path}")).or_default();
            own.retain(|(since, _)| since != version);
            own.push((version.to_owned(), guard));
            own.sort_by_key(|(since, _)| order(since));
        }
    }
}

/// Only changes are kept.
fn simplify(own: &mut Vec<(String, Value)>) {
    own.dedup_by(|later, earlier| later.1 == earlier.1);
}

fn order(version: &str) -> Vec<u32> {
    match version {
        NEXT => vec![u32::MAX],
        other => other.split('.').filter_map(|part| part.parse().ok()).collect(),
    }
}

fn of_operation(operation: &Ordered) -> Option<Value> {
    let body = operation.get("requestBody")?.get("content")?.get("application/json")?;
    let schema = body.get("schema")?;
    let guard = guard(schema);
    let is_told = guard.as_object().is_some_and(|own| !own.is_empty());
    if is_told { Some(guard) } else { by_parameter(operation, schema) }
}

/// A body that depends on the path is like what the operation answers, and has nothing else.
fn by_parameter(operation: &Ordered, body: &Ordered) -> Option<Value> {
    body.get("properties")?;
    let ok = operation.get("responses")?.get("200")?.get("content")?.get("application/json")?;
    let forms = ok.get("schema")?.get("oneOf")?.items();
    let parameter = operation.get("parameters")?.items().first()?;
    let options = parameter.get("schema")?.get("enum")?.items();
    let cases = options.iter().zip(forms).map(|(option, form)| {
        let mut guard = guard(form);
        guard["strict"] = true.into();
        (option.text().unwrap_or_default().to_owned(), guard)
    });
    let cases: Map<String, Value> = cases.collect();
    Some(json!({ "by": parameter.get("name")?.text()?, "cases": cases }))
}

fn guard(schema: &Ordered) -> Value {
    let mut guard = kind(schema);
    if schema.get("nullable").and_then(Ordered::plain) == Some(&true.into())
        && guard.as_object().is_some_and(|own| !own.is_empty())
    {
        guard["nullable"] = true.into();
    }
    guard
}

fn kind(schema: &Ordered) -> Value {
    let text = |name: &str| schema.get(name).and_then(Ordered::text).unwrap_or_default();
    if let Some(forms) = schema.get("oneOf") {
        return union(forms.items());
    }
    if let Some(all) = schema.get("allOf") {
        return json!({ "all": all.items().iter().map(guard).collect::<Vec<_>>() });
    }
    if let Some(options) = schema.get("enum") {
        let options: Vec<&str> = options.items().iter().filter_map(Ordered::text).collect();
        let is_language = options.contains(&"af-ZA");
        return if is_language {
            json!({ "type": "language" })
        } else {
            json!({ "options": options })
        };
    }
    match (text("type"), text("description")) {
        (_, "Validator function") => json!({ "type": "custom" }),
        ("object", _) => object(schema),
        ("array", _) => {
            let mut array = json!({ "type": "array", "items": schema.get("items").map(guard) });
            if let Some(least) = schema.get("minItems").and_then(Ordered::plain) {
                array["min"] = least.clone();
            }
            array
        }
        ("string" | "boolean" | "number" | "integer", _) => plain(schema),
        _ => json!({}),
    }
}

fn plain(schema: &Ordered) -> Value {
    let text = |name: &str| schema.get(name).and_then(Ordered::text).unwrap_or_default();
    let format = text("format");
    if let Some(literal) = literal(format) {
        return json!({ "literal": literal });
    }
    let kind = if text("type") == "integer" { "number" } else { text("type") };
    let mut guard = json!({ "type": kind });
    for (name, short) in
        [("minLength", "min"), ("maxLength", "max"), ("minimum", "min"), ("maximum", "max")]
    {
        if let Some(bound) = schema.get(name).and_then(Ordered::plain) {
            guard[short] = bound.clone();
        }
    }
    let pattern = PATTERNS.iter().find(|(pattern, _)| *pattern == text("pattern"));
    match (pattern, format) {
        (Some((_, name)), _) => guard["is"] = (*name).into(),
        (None, "url" | "email" | "uuid") => guard["is"] = format.into(),
        _ => {}
    }
    guard
}

/// Documents write the only value there can be as a format.
fn literal(format: &str) -> Option<Value> {
    match format {
        "empty" => Some("".into()),
        _ => serde_json::from_str(format).ok().filter(|value: &Value| !value.is_object()),
    }
}

fn object(schema: &Ordered) -> Value {
    let Some(properties) = schema.get("properties") else {
        let values = schema.get("additionalProperties").filter(|own| own.plain().is_none());
        return match values {
            Some(values) => json!({ "type": "record", "values": guard(values) }),
            None => json!({ "type": "record" }),
        };
    };
    let required = schema.get("required").map(Ordered::items).unwrap_or_default();
    let members = properties.members().iter().map(|(name, member)| {
        let is_required = required.iter().any(|own| own.text() == Some(name));
        let guard = guard(member);
        match is_required && member.get("default").is_none() && !takes_nothing(&guard) {
            true => json!([name, guard, true]),
            false => json!([name, guard]),
        }
    });
    json!({ "type": "object", "members": members.collect::<Vec<_>>() })
}

/// What may be anything may be absent, and so may what may be empty.
fn takes_nothing(guard: &Value) -> bool {
    let mut forms = guard["forms"].as_array().into_iter().flatten();
    *guard == json!({}) || forms.any(|form| form["literal"] == "")
}

/// A union whose forms are objects with a literal of the same name goes by that.
fn union(forms: &[Ordered]) -> Value {
    let mut guards: Vec<Value> = forms.iter().map(guard).collect();
    let is_json = guards.contains(&json!({ "type": "boolean" }))
        && guards.iter().any(|own| own["type"] == "record" && own["values"].is_null());
    if is_json {
        return json!({});
    }
    // Explanations that were merged into a document by their place are forms that have no tag.
    let tagged: Vec<Value> = guards.iter().filter(|own| !tags(own).is_empty()).cloned().collect();
    if tagged.len() > 1 && tagged.len() < guards.len() {
        guards = tagged;
    }
    let tag = tag(&guards);
    let mut union = json!({ "forms": guards });
    if let Some(tag) = tag {
        union["tag"] = tag.into();
    }
    union
}

fn tags(form: &Value) -> Vec<String> {
    let members = form["members"].as_array().into_iter().flatten();
    let tags = members.filter(|own| own[2] == true && own[1]["literal"].is_string());
    tags.filter_map(|own| Some(own[0].as_str()?.to_owned())).collect()
}

fn tag(forms: &[Value]) -> Option<String> {
    let (first, rest) = forms.split_first()?;
    tags(first).into_iter().find(|tag| rest.iter().all(|form| tags(form).contains(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(least: u64, events: &[&str]) -> String {
        let body = json!({
            "type": "object", "required": ["name", "url"],
            "properties": {
                "name": { "type": "string", "minLength": least },
                "url": { "oneOf": [
                    { "type": "string", "format": "url" }, { "type": "string", "format": "empty" },
                ] },
                "event": { "type": "string", "enum": events },
            },
        });
        let post =
            json!({ "requestBody": { "content": { "application/json": { "schema": body } } } });
        json!({ "paths": { "/api/x": { "post": post } } }).to_string()
    }

    fn of(file: &Value, at: usize) -> (&Value, &Value) {
        let own = &file["bodies"]["post /api/x"][at];
        (&own[0], &own[1]["members"])
    }

    #[test]
    fn a_release_keeps_its_checks_when_a_later_one_has_others() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("guards-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let file = folder.join("guards.json");
        let take = |version: &str, text: &str| -> Result<String> {
            let version: Version = version.parse()?;
            let text = print(&folder, &file, Some((&version, text)), None)?;
            std::fs::write(&file, &text)?;
            Ok(text)
        };
        take("1.41.0", &document(1, &["a", "b"]))?;
        take("1.42.0", &document(1, &["a", "b"]))?;
        let text = take("1.30.1", &document(2, &["a"]))?;
        assert_eq!(take("1.42.0", &document(1, &["a", "b"]))?, text);
        let kept: Value = serde_json::from_str(&text)?;
        let (oldest, members) = of(&kept, 0);
        assert_eq!((oldest, &members[0][1]["options"]), (&json!("1.30.1"), &json!(["a"])));
        assert_eq!(members[1], json!(["name", { "type": "string", "min": 2 }, true]));
        // What may be empty may be absent, whatever the document says.
        assert_eq!(members[2].as_array().map(Vec::len), Some(2));
        assert_eq!(of(&kept, 1).0, &json!("1.41.0"));
        let dropped: Version = "1.30.1".parse()?;
        let left: Value = serde_json::from_str(&print(&folder, &file, None, Some(&dropped))?)?;
        assert_eq!(of(&left, 0).0, &json!("1.41.0"));
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }
}
