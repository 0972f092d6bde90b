//! Corrections: an OpenAPI Overlay 1.0 document.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::source::read_if_there;

/// An overlay; the empty one changes nothing.
#[derive(Default, Deserialize)]
pub(crate) struct Overlay {
    overlay: String,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Deserialize)]
struct Action {
    target: String,
    update: Option<Value>,
    #[serde(default)]
    remove: bool,
}

impl Overlay {
    /// Reads an overlay; no file, no corrections.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        match read_if_there(path)? {
            Some(text) => Self::parse(&text).with_context(|| path.display().to_string()),
            None => Ok(Self::default()),
        }
    }

    /// Reads an overlay from YAML.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let overlay: Self = serde_norway::from_str(text).context("not an OpenAPI Overlay")?;
        if !overlay.overlay.starts_with("1.") {
            bail!("overlay version {} is unknown: 1.0.0 is understood", overlay.overlay);
        }
        Ok(overlay)
    }

    /// Applies every action; one that finds nothing is stale, and an error.
    pub(crate) fn apply(&self, document: &mut Value) -> Result<()> {
        self.actions.iter().try_for_each(|action| action.apply(document))
    }
}

impl Action {
    fn apply(&self, document: &mut Value) -> Result<()> {
        let target = &self.target;
        let path = JsonPath::parse(target)
            .with_context(|| format!("correction target {target} is not a JSONPath"))?;
        let found: Vec<String> = path
            .query_located(document)
            .iter()
            .map(|node| node.location().to_json_pointer())
            .collect();
        if found.is_empty() {
            bail!("correction target {target} matches nothing: adapt or drop the correction");
        }
        // From the last to the first, so that a removal moves nothing still to be removed.
        for pointer in found.iter().rev() {
            if self.remove {
                remove(document, pointer);
            } else if let (Some(update), Some(node)) = (&self.update, document.pointer_mut(pointer))
            {
                update_node(node, update);
            }
        }
        Ok(())
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let Some((parent, token)) = pointer.rsplit_once('/') else {
        return;
    };
    let token = token.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&token);
        }
        Some(Value::Array(items)) => {
            if let Some(index) = token.parse().ok().filter(|index: &usize| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// A target that is an array takes the update as one more entry.
fn update_node(node: &mut Value, update: &Value) {
    match node {
        Value::Array(items) => items.push(update.clone()),
        node => merge(node, update),
    }
}

fn merge(node: &mut Value, update: &Value) {
    match (node, update) {
        (Value::Object(map), Value::Object(update)) => {
            for (key, value) in update {
                merge(map.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(items), Value::Array(more)) => items.extend(more.iter().cloned()),
        (node, update) => *node = update.clone(),
    }
}
