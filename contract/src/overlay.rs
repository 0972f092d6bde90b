//! Corrections: an OpenAPI Overlay 1.0 document.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::error::Result;
use super::files::read_if_there;

/// An overlay; the empty one changes nothing.
#[derive(Clone, Default, Deserialize)]
pub struct Overlay {
    overlay: String,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Clone, Deserialize)]
struct Action {
    target: String,
    update: Option<Value>,
    #[serde(default)]
    remove: bool,
}

impl Overlay {
    /// Reads an overlay; no file, no corrections.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no overlay.
    pub fn read(path: &Path) -> Result<Self> {
        match read_if_there(path)? {
            Some(text) => Ok(Self::parse(&text).with_context(|| path.display().to_string())?),
            None => Ok(Self::default()),
        }
    }

    /// Reads an overlay from YAML.
    ///
    /// # Errors
    ///
    /// When the text is no overlay of a version that is understood.
    pub fn parse(text: &str) -> Result<Self> {
        let overlay: Self = serde_norway::from_str(text).context("not an OpenAPI Overlay")?;
        if !overlay.overlay.starts_with("1.") {
            let version = overlay.overlay;
            return Err(anyhow!("overlay version {version} is unknown: 1.0.0 is understood").into());
        }
        Ok(overlay)
    }

    /// Applies every action.
    ///
    /// # Errors
    ///
    /// When an action finds nothing: it is stale.
    pub fn apply(&self, document: &mut Value) -> Result<()> {
        Ok(self.actions.iter().try_for_each(|action| action.apply(document))?)
    }
}

impl Action {
    fn apply(&self, document: &mut Value) -> anyhow::Result<()> {
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
