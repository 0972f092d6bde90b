//! Every `$ref` gives way to what it names, so that the rules see one plain tree.

use anyhow::Result;
use serde_json::{Map, Value};

use super::refused::{escape, refuse};

/// The document with all references of its paths replaced.
pub(crate) fn inline(document: &Value) -> Result<Value> {
    let Value::Object(map) = document else {
        return Err(refuse("", "not a JSON object"));
    };
    let mut inlined = map.clone();
    if let Some(paths) = map.get("paths") {
        let expander = Expander { root: document };
        inlined.insert("paths".into(), expander.expand(paths, "/paths", &mut Vec::new())?);
    }
    Ok(Value::Object(inlined))
}

struct Expander<'a> {
    root: &'a Value,
}

impl<'a> Expander<'a> {
    fn expand(&self, value: &'a Value, at: &str, trail: &mut Vec<&'a str>) -> Result<Value> {
        match value {
            Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.follow(reference, at, trail),
                None => self.expand_members(map, at, trail),
            },
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(i, item)| self.expand(item, &format!("{at}/{i}"), trail)).collect()
            }
            other => Ok(other.clone()),
        }
    }

    fn expand_members(
        &self,
        map: &'a Map<String, Value>,
        at: &str,
        trail: &mut Vec<&'a str>,
    ) -> Result<Value> {
        let mut expanded = Map::new();
        for (key, value) in map {
            let at = format!("{at}/{}", escape(key));
            expanded.insert(key.clone(), self.expand(value, &at, trail)?);
        }
        Ok(Value::Object(expanded))
    }

    fn follow(&self, reference: &'a str, at: &str, trail: &mut Vec<&'a str>) -> Result<Value> {
        if trail.contains(&reference) {
            return Err(refuse(at, format!("$ref {reference} leads back to itself")));
        }
        let pointer = reference.strip_prefix('#').and_then(decoded);
        let target = pointer.and_then(|pointer| self.root.pointer(&pointer));
        let Some(target) = target else {
            return Err(refuse(at, format!("$ref {reference} names nothing in this document")));
        };
        trail.push(reference);
        let expanded = self.expand(target, at, trail);
        trail.pop();
        expanded
    }
}

/// A pointer as it is, of one in a URL: `%7B` is a brace.
fn decoded(fragment: &str) -> Option<String> {
    let mut parts = fragment.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
