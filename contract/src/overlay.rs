//! Corrections: an OpenAPI Overlay 1.0 document.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::effects::{Effect, Witness};
use super::error::Result;
use super::files::read_if_there;
use super::series::Version;

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
    description: Option<String>,
    update: Option<Value>,
    #[serde(default)]
    remove: bool,
    /// The first release whose document the action is about.
    #[serde(rename = "x-logto-since", default, deserialize_with = "release")]
    since: Option<Version>,
}

fn release<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Version>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
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
    /// When actions find nothing: they are stale, and all named.
    pub fn apply(&self, document: &mut Value) -> Result<()> {
        let stale = self.apply_found(document)?;
        if !stale.is_empty() {
            return Err(anyhow!("matches nothing: adapt or drop {}", stale.join(", ")).into());
        }
        Ok(())
    }

    /// Applies every action that finds something, and gives the targets of the others.
    ///
    /// # Errors
    ///
    /// When a target is not a JSONPath.
    pub fn apply_found(&self, document: &mut Value) -> Result<Vec<String>> {
        let mut stale = Vec::new();
        for action in &self.actions {
            let found = action.find(document)?;
            if found.is_empty() {
                stale.push(action.target.clone());
            }
            action.apply(document, &found);
        }
        Ok(stale)
    }

    /// Corrects an upstream document, its references resolved, and says what each action did.
    /// `known` are the operations that there were before; `version` is the document's release.
    pub(crate) fn correct(
        &self,
        document: &mut Value,
        known: &BTreeSet<String>,
        version: &Version,
    ) -> anyhow::Result<Vec<Effect>> {
        let mut effects = Vec::new();
        for action in &self.actions {
            let applies = action.since.as_ref().is_none_or(|since| version >= since);
            let found = if applies { action.find(document)? } else { Vec::new() };
            let witness = Witness::of(document, &found);
            action.apply(document, &found);
            let mut effect = witness.compare(document, &action.target, known);
            effect.reason = action.description.as_deref().map(|text| text.trim().to_owned());
            effects.push(effect);
        }
        Ok(effects)
    }
}

impl Action {
    /// The pointers to what the target matches.
    fn find(&self, document: &Value) -> anyhow::Result<Vec<String>> {
        let target = &self.target;
        let path = JsonPath::parse(target)
            .with_context(|| format!("overlay target {target} is not a JSONPath"))?;
        let found = path.query_located(document);
        Ok(found.iter().map(|node| node.location().to_json_pointer()).collect())
    }

    fn apply(&self, document: &mut Value, found: &[String]) {
        // From the last to the first, so that a removal moves nothing still to be removed.
        for pointer in found.iter().rev() {
            if self.remove {
                remove(document, pointer);
            } else if let (Some(update), Some(node)) = (&self.update, document.pointer_mut(pointer))
            {
                update_node(node, update);
            }
        }
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
