//! Guards that occur several times, written once.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value, json};

type Bodies = BTreeMap<String, Vec<(String, Value)>>;

/// What is shorter than this is repeated rather than referred to.
const WORTH: usize = 60;

/// The bodies of a file, with parts in place of references to them.
pub(super) fn expand(file: &Value) -> Bodies {
    let parts = file["parts"].as_array().cloned().unwrap_or_default();
    let bodies = file["bodies"].as_object().into_iter().flatten();
    let body = |(key, own): (&String, &Value)| {
        let releases =
            own.as_array().into_iter().flatten().filter_map(|pair| {
                Some((pair[0].as_str()?.to_owned(), expanded(&pair[1], &parts)))
            });
        (key.clone(), releases.collect())
    };
    bodies.map(body).collect()
}

fn expanded(value: &Value, parts: &[Value]) -> Value {
    match value {
        Value::Object(own) => match own.get("part").and_then(Value::as_u64) {
            Some(at) => usize::try_from(at)
                .ok()
                .and_then(|at| parts.get(at))
                .map(|part| expanded(part, parts))
                .unwrap_or_default(),
            None => own.iter().map(|(name, own)| (name.clone(), expanded(own, parts))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| expanded(item, parts)).collect(),
        other => other.clone(),
    }
}

/// The text of a file, a body a line.
pub(super) fn print(releases: &[String], bodies: &Bodies) -> Result<String> {
    let mut counts = BTreeMap::new();
    let all = bodies.values().flatten().map(|(_, guard)| guard);
    all.for_each(|guard| count(guard, &mut counts));
    let mut parts = Parts { counts, places: BTreeMap::new(), texts: Vec::new() };
    let mut lines = Vec::new();
    for (key, own) in bodies {
        let releases: Vec<Value> =
            own.iter().map(|(since, guard)| json!([since, parts.fold(guard, false)])).collect();
        lines.push(format!("    {}: {}", json!(key), serde_json::to_string(&releases)?));
    }
    let texts: Vec<String> = parts.texts.iter().map(|text| format!("    {text}")).collect();
    let (bodies, parts) = (lines.join(",\n"), texts.join(",\n"));
    let releases = serde_json::to_string(releases)?;
    Ok(format!(
        "{{\n  \"releases\": {releases},\n  \"bodies\": {{\n{bodies}\n  }},\n  \"parts\": [\n{parts}\n  ]\n}}\n"
    ))
}

/// How often each guard occurs.
fn count(value: &Value, counts: &mut BTreeMap<String, usize>) {
    match value {
        Value::Object(own) => {
            let times = counts.entry(value.to_string()).or_default();
            *times += 1;
            // What is in a guard that was seen before is not counted again.
            if *times == 1 {
                own.values().for_each(|own| count(own, counts));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| count(item, counts)),
        _ => {}
    }
}

struct Parts {
    counts: BTreeMap<String, usize>,
    places: BTreeMap<String, usize>,
    texts: Vec<String>,
}

impl Parts {
    fn fold(&mut self, value: &Value, may_refer: bool) -> Value {
        match value {
            Value::Object(own) => {
                let text = value.to_string();
                let is_part = may_refer
                    && text.len() >= WORTH
                    && own
                        .keys()
                        .any(|key| ["type", "forms", "all", "options"].contains(&key.as_str()))
                    && self.counts.get(&text).is_some_and(|times| *times > 1);
                if let Some(at) = self.places.get(&text).filter(|_| is_part) {
                    return json!({ "part": at });
                }
                let members = own.iter().map(|(name, own)| (name.clone(), self.fold(own, true)));
                let folded: Map<String, Value> = members.collect();
                if !is_part {
                    return folded.into();
                }
                let at = self.texts.len();
                self.texts.push(Value::from(folded).to_string());
                self.places.insert(text, at);
                json!({ "part": at })
            }
            Value::Array(items) => items.iter().map(|item| self.fold(item, true)).collect(),
            other => other.clone(),
        }
    }
}
