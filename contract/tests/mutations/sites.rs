//! Where a document can be changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

pub(crate) const METHODS: [&str; 5] = ["delete", "get", "patch", "post", "put"];

/// A small generator: the same numbers in every run.
pub(crate) struct Rng(pub u64);

impl Rng {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    pub(crate) fn maybe<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { Some(self.pick(items)) }
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Some paths of a document and the components they need, or all references inlined.
pub(crate) fn part(document: &Value, paths: &[&String], inlined: bool) -> Value {
    let mut chosen = Map::new();
    for path in paths {
        let item = &document["paths"][path.as_str()];
        let item = if inlined { inline(document, item) } else { item.clone() };
        chosen.insert((*path).clone(), item);
    }
    let chosen = Value::Object(chosen);
    let mut needed = BTreeSet::new();
    references(document, &chosen, &mut needed);
    let schemas = needed.into_iter().map(|name| {
        let schema = document["components"]["schemas"][&name].clone();
        (name, schema)
    });
    json!({
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": chosen,
        "components": {
            "schemas": schemas.collect::<Map<_, _>>(),
            "securitySchemes": document["components"]["securitySchemes"],
        },
        "security": document["security"],
    })
}

fn inline(document: &Value, value: &Value) -> Value {
    match value {
        Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
            Some(reference) => inline(document, document.pointer(&reference[1..]).unwrap()),
            None => {
                let entries = map.iter().map(|(key, value)| (key.clone(), inline(document, value)));
                let mut inlined: Map<String, Value> = entries.collect();
                // What wraps a use to say more of it.
                if let Some(Value::Array(parts)) = inlined.remove("allOf") {
                    let parts = parts.into_iter().filter_map(|part| part.as_object().cloned());
                    inlined.extend(parts.flatten());
                }
                Value::Object(inlined)
            }
        },
        Value::Array(items) => items.iter().map(|item| inline(document, item)).collect(),
        other => other.clone(),
    }
}

fn references(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str) {
                let name = name.strip_prefix("#/components/schemas/").unwrap();
                if found.insert(name.to_owned()) {
                    references(document, &document["components"]["schemas"][name], found);
                }
            }
            map.values().for_each(|value| references(document, value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(document, item, found)),
        _ => {}
    }
}

/// Allows null for some items and values of maps: in what is vendored, hardly any are.
pub(crate) fn with_nulls(document: &mut Value) {
    for site in schemas(document) {
        let holder = site.at.strip_suffix("/items");
        let holder = holder.or_else(|| site.at.strip_suffix("/additionalProperties"));
        // By the name, so that what is the same in two places stays so.
        let name = holder.and_then(|holder| holder.rsplit('/').next()).unwrap_or("-");
        // What a contract adds of its own is no schema of upstream's.
        let own = site.at.starts_with("/components/schemas/Search/");
        let schema = node(document, &site.at);
        if !own && name.len() % 3 == 0 && schema.contains_key("type") {
            schema.insert("nullable".into(), json!(true));
        }
    }
}

/// Which ways a schema travels.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Ways {
    pub(crate) sent: bool,
    pub(crate) received: bool,
}

/// A schema, at its source.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) at: String,
    pub(crate) ways: Ways,
    /// An alternative of a union, or within one.
    pub(crate) alternative: bool,
    /// A member of an object.
    pub(crate) member: bool,
    /// The schema of a parameter.
    pub(crate) parameter: bool,
}

/// An operation: its pointer, path and method.
#[derive(Clone, Debug)]
pub(crate) struct OperationSite {
    pub(crate) at: String,
    pub(crate) path: String,
    pub(crate) method: &'static str,
}

pub(crate) fn operations(document: &Value) -> Vec<OperationSite> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if item.get(method).is_some() {
                let at = format!("/paths/{}/{method}", escape(path));
                found.push(OperationSite { at, path: path.clone(), method });
            }
        }
    }
    found
}

/// All schemas that operations reach, each once, but for bodies of errors.
pub(crate) fn schemas(document: &Value) -> Vec<Site> {
    let mut finder = Finder { document, sites: BTreeMap::new(), seen: BTreeSet::new() };
    for operation in operations(document) {
        let value = document.pointer(&operation.at).unwrap();
        for (i, _) in value["parameters"].as_array().into_iter().flatten().enumerate() {
            let at = format!("{}/parameters/{i}/schema", operation.at);
            finder.visit(&at, true, false, false, true);
        }
        finder.content(&format!("{}/requestBody", operation.at), true);
        for status in value["responses"].as_object().unwrap().keys() {
            if status.starts_with('2') {
                finder.content(&format!("{}/responses/{status}", operation.at), false);
            }
        }
    }
    finder.sites.into_values().collect()
}

struct Finder<'a> {
    document: &'a Value,
    sites: BTreeMap<String, Site>,
    seen: BTreeSet<(String, bool)>,
}

impl Finder<'_> {
    fn content(&mut self, at: &str, sent: bool) {
        let body = self.document.pointer(&format!("{at}/content"));
        for (media, value) in body.and_then(Value::as_object).into_iter().flatten() {
            if value.get("schema").is_some() {
                let at = format!("{at}/content/{}/schema", escape(media));
                self.visit(&at, sent, false, false, false);
            }
        }
    }

    fn visit(&mut self, at: &str, sent: bool, alternative: bool, member: bool, parameter: bool) {
        let Some(schema) = self.document.pointer(at) else { return };
        if let Some(reference) = schema["$ref"].as_str() {
            return self.visit(&reference[1..], sent, alternative, false, false);
        }
        let site = self.sites.entry(at.to_owned()).or_insert_with(|| Site {
            at: at.to_owned(),
            ways: Ways::default(),
            alternative,
            member,
            parameter,
        });
        site.ways.sent |= sent;
        site.ways.received |= !sent;
        site.alternative |= alternative;
        if !self.seen.insert((at.to_owned(), sent)) {
            return;
        }
        for name in schema["properties"].as_object().into_iter().flat_map(Map::keys) {
            let below = format!("{at}/properties/{}", escape(name));
            self.visit(&below, sent, false, true, false);
        }
        for keyword in ["items", "additionalProperties"] {
            if schema.get(keyword).is_some_and(Value::is_object) {
                self.visit(&format!("{at}/{keyword}"), sent, false, false, false);
            }
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            for i in 0..schema[keyword].as_array().map_or(0, Vec::len) {
                let below = format!("{at}/{keyword}/{i}");
                self.visit(&below, sent, keyword != "allOf", false, false);
            }
        }
    }
}

/// A site that fits, with its schema.
pub(crate) fn draw(
    document: &Value,
    rng: &mut Rng,
    fits: impl Fn(&Site, &Map<String, Value>) -> bool,
) -> Option<Site> {
    let sites: Vec<Site> = schemas(document)
        .into_iter()
        .filter(|site| {
            let schema = document.pointer(&site.at).and_then(Value::as_object);
            schema.is_some_and(|schema| fits(site, schema))
        })
        .collect();
    rng.maybe(&sites).cloned()
}

pub(crate) fn node<'a>(document: &'a mut Value, at: &str) -> &'a mut Map<String, Value> {
    document.pointer_mut(at).unwrap().as_object_mut().unwrap()
}

pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}
