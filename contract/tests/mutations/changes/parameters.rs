//! Changes of parameters.

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Value, json};

use super::{Expected, expected, operations::operation};
use crate::sites::{Rng, escape, node, operations, text};
use Class::{Additive, Breaking, Internal};

pub(super) fn parameter_where(
    document: &Value,
    rng: &mut Rng,
    fits: impl Fn(&Value) -> bool,
) -> Option<String> {
    let mut found = Vec::new();
    for site in operations(document) {
        let parameters = document.pointer(&site.at).unwrap()["parameters"].as_array();
        for (i, parameter) in parameters.into_iter().flatten().enumerate() {
            if fits(parameter) {
                found.push(format!("{}/parameters/{i}", site.at));
            }
        }
    }
    rng.maybe(&found).cloned()
}

pub(super) fn parameter_added(
    document: &mut Value,
    rng: &mut Rng,
    place: &str,
    required: bool,
) -> Option<Expected> {
    let site = operation(document, rng);
    let parameters = node(document, &site.at).entry("parameters").or_insert_with(|| json!([]));
    let parameters = parameters.as_array_mut()?;
    let index = rng.below(parameters.len() + 1);
    let new = json!({ "name": "brandNew", "in": place, "required": required, "schema": text() });
    parameters.insert(index, new);
    let class = if required { Breaking } else { Additive };
    expected(Kind::ParameterAdded, format!("{}/parameters/{index}", site.at), class)
}

pub(super) fn path_level_parameter(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let at = format!("/paths/{}", escape(&site.path));
    if operations(document).iter().filter(|other| other.path == site.path).count() > 1 {
        return None;
    }
    let new = json!([{ "name": "brandNew", "in": "query", "schema": text() }]);
    node(document, &at).insert("parameters".into(), new);
    expected(Kind::ParameterAdded, format!("{at}/parameters/0"), Additive)
}

pub(super) fn parameter_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] != "path")?;
    let (list, index) = at.rsplit_once('/')?;
    let parameters = document.pointer_mut(list)?.as_array_mut()?;
    parameters.remove(index.parse().ok()?);
    expected(Kind::ParameterRemoved, list, Breaking)
}

pub(super) fn parameter_required(
    document: &mut Value,
    rng: &mut Rng,
    was: bool,
) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| {
        parameter["in"] != "path" && (parameter["required"] == true) == was
    })?;
    node(document, &at).insert("required".into(), json!(!was));
    let at = format!("{at}/required");
    match was {
        true => expected(Kind::ParameterOptional, at, Additive),
        false => expected(Kind::ParameterRequired, at, Breaking),
    }
}

pub(super) fn parameter_moved(document: &mut Value, rng: &mut Rng, to: &str) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] == "query")?;
    node(document, &at).insert("in".into(), to.into());
    expected(Kind::ParameterMoved, format!("{at}/in"), Breaking)
}

pub(super) fn parameter_style(
    document: &mut Value,
    rng: &mut Rng,
    keyword: &str,
    value: Value,
) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] == "query")?;
    node(document, &at).insert(keyword.into(), value);
    expected(Kind::ParameterStyleChanged, at, Breaking)
}

pub(super) fn parameter_deprecated(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = parameter_where(document, rng, |_| true)?;
    node(document, &at).insert("deprecated".into(), json!(true));
    expected(Kind::Deprecated, at, Internal)
}

pub(super) fn path_parameter_renamed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] == "path")?;
    let name = document.pointer(&at)?["name"].as_str()?.to_owned();
    let path = at.split('/').nth(2)?.replace("~1", "/").replace("~0", "~");
    let mut item = document["paths"].as_object_mut()?.remove(&path)?;
    for operation in item.as_object_mut()?.values_mut() {
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            if parameter["name"] == *name && parameter["in"] == "path" {
                parameter["name"] = json!("brandNew");
            }
        }
    }
    let to = path.replace(&format!("{{{name}}}"), "{brandNew}");
    let pointer = format!("/paths/{}", escape(&to));
    document["paths"][to] = item;
    expected(Kind::ParameterRenamed, pointer, Internal)
}
