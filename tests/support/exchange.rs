//! A recorded exchange.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
pub struct Exchange {
    /// File and line, for reports.
    #[serde(skip)]
    pub place: String,
    pub operation: String,
    pub method: String,
    pub path: String,
    pub template: String,
    pub query: Option<Map<String, Value>>,
    pub request_headers: BTreeMap<String, String>,
    pub request_body: Option<Value>,
    pub status: u16,
    /// A header that repeats is a list.
    pub response_headers: BTreeMap<String, Value>,
    pub response_body: Option<Value>,
}

impl Exchange {
    pub fn succeeded(&self) -> bool {
        (200..400).contains(&self.status)
    }

    pub fn response_header(&self, name: &str) -> Option<&str> {
        self.response_headers.get(name)?.as_str()
    }

    /// Whether the server said that its answer is JSON.
    pub fn is_json(&self) -> bool {
        self.response_header("content-type").is_some_and(|kind| kind.contains("json"))
    }

    /// The values of the template's placeholders.
    pub fn path_parameters(&self) -> BTreeMap<String, String> {
        let names = self.template.split('/');
        names
            .zip(self.path.split('/'))
            .filter_map(|(name, value)| {
                let name = name.strip_prefix('{')?.strip_suffix('}')?;
                Some((name.to_owned(), decode(value)))
            })
            .collect()
    }

    /// Every query pair as text, sorted; a list stands for a repeated key.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (name, value) in self.query.iter().flatten() {
            pairs.extend(each(value).iter().map(|value| (name.clone(), text(value))));
        }
        pairs.sort();
        pairs
    }

    /// The members of a form, or the file of an upload, which recordings keep
    /// under a name of their own.
    pub fn special_body(&self, kind: &str) -> Option<&Value> {
        self.request_body.as_ref()?.get(kind)
    }
}

pub fn read(folder: &Path) -> Vec<Exchange> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| read_file(file)).collect()
}

fn read_file(file: &Path) -> Vec<Exchange> {
    let text = std::fs::read_to_string(file).expect("a readable recording");
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let place = format!("{name}:{}", number + 1);
            let mut exchange: Exchange =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            exchange.place = place;
            exchange
        })
        .collect()
}

/// The values of what repeats as a list, or the one value.
pub fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        value => std::slice::from_ref(value),
    }
}

pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Undoes percent-encoding.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let hex = [rest.next().unwrap_or_default(), rest.next().unwrap_or_default()];
        let hex = std::str::from_utf8(&hex).unwrap_or_default();
        bytes.push(u8::from_str_radix(hex, 16).unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
