//! The OpenAPI documents that the releases publish, without their prose.

use serde_json::{Value, json};

use super::contract::{is_later, numbers};

/// The oldest as it is, each of the others as a JSON Patch (RFC 6902) of the one before it.
const DOCUMENTS: [(&str, &str); 5] = [
    ("1.30.1", include_str!("../../releases/1.30.1.json")),
    ("1.36.0", include_str!("../../releases/1.36.0.json")),
    ("1.38.0", include_str!("../../releases/1.38.0.json")),
    ("1.41.0", include_str!("../../releases/1.41.0.json")),
    ("1.42.0", include_str!("../../releases/1.42.0.json")),
];

/// That of a release, or of the newest before it.
pub(crate) fn of(release: Option<&str>) -> Value {
    let mut document = Value::Null;
    for (at, (own, text)) in DOCUMENTS.into_iter().enumerate() {
        if at > 0 && release.is_some_and(|release| is_later(own, release)) {
            break;
        }
        let text: Value = serde_json::from_str(text).unwrap_or_default();
        match text {
            Value::Array(changes) => {
                for own in changes {
                    change(&mut document, own);
                }
            }
            whole => document = whole,
        }
    }
    document["info"] = json!({ "title": "Logto API references", "version": "Cloud" });
    document
}

/// Why no answers of this release can be given, if so.
pub(crate) fn objection(release: &str) -> Option<String> {
    let parts: Vec<&str> = release.trim_start_matches('v').split('.').collect();
    let is_number =
        (2..=3).contains(&parts.len()) && parts.iter().all(|part| part.parse::<u32>().is_ok());
    let minor = |release: &str| numbers(release)[..2].to_vec();
    let known = DOCUMENTS.map(|(own, _)| own);
    let (first, last) = (known[0], known[known.len() - 1]);
    let is_known = (minor(first)..=minor(last)).contains(&minor(release));
    (!is_number || !is_known).then(|| {
        format!(
            "{release:?} is not a release of Logto that logto-mock knows: give one from 1.{} to \
             1.{}, such as `1.38` (known exactly are {})",
            numbers(first)[1],
            numbers(last)[1],
            known.join(", ")
        )
    })
}

/// Makes one change of a JSON Patch: what is not at its place stays as it is.
fn change(document: &mut Value, mut change: Value) -> Option<()> {
    let value = change["value"].take();
    let path = change["path"].as_str()?;
    if change["op"] == "replace" {
        *document.pointer_mut(path)? = value;
        return Some(());
    }
    let (parent, name) = path.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    match (document.pointer_mut(parent)?, change["op"] == "add") {
        (Value::Object(members), true) => drop(members.insert(name, value)),
        (Value::Object(members), false) => drop(members.remove(&name)),
        (Value::Array(items), true) => {
            let at = name.parse().unwrap_or(items.len()).min(items.len());
            items.insert(at, value);
        }
        (Value::Array(items), false) => {
            let at = name.parse().ok().filter(|at| *at < items.len())?;
            items.remove(at);
        }
        _ => {}
    }
    Some(())
}
