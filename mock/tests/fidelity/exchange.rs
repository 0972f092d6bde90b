//! A recorded exchange.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value};

#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// Its number among all that were recorded.
    pub(crate) at: usize,
    /// The newest time that the server had told until then, in milliseconds since the epoch.
    pub(crate) when: Option<u64>,
    /// File and line, for reports.
    pub(crate) place: String,
    pub(crate) operation: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) template: String,
    pub(crate) query: Map<String, Value>,
    pub(crate) request_headers: BTreeMap<String, String>,
    pub(crate) request_body: Value,
    pub(crate) status: u16,
    pub(crate) response_body: Value,
}

pub(crate) fn read(file: &Path) -> Vec<Exchange> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let place = format!("{name}:{}", number + 1);
            let value: Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{place}: {e}"));
            Exchange::new(place, &value)
        })
        .collect()
}

impl Exchange {
    fn new(place: String, value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let headers = value["request_headers"].as_object().cloned().unwrap_or_default();
        Self {
            at: 0,
            when: None,
            place,
            operation: text("operation"),
            method: text("method"),
            path: text("path"),
            template: text("template"),
            query: value["query"].as_object().cloned().unwrap_or_default(),
            request_headers: headers
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect(),
            request_body: value["request_body"].clone(),
            status: u16::try_from(value["status"].as_u64().unwrap_or_default()).unwrap_or_default(),
            response_body: value["response_body"].clone(),
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        (200..400).contains(&self.status)
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.response_body["code"].as_str()
    }

    /// The first segment of the path after `/api`.
    pub(crate) fn group(&self) -> &str {
        self.template.split('/').nth(2).unwrap_or_default()
    }

    /// The path's parameters: the template before each, its name and its value.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        let names: Vec<&str> = self.template.split('/').collect();
        let values: Vec<&str> = self.path.split('/').collect();
        let is_parameter = |at: &usize| names[*at].starts_with('{');
        let places = (0..names.len().min(values.len())).filter(is_parameter);
        places
            .map(|at| Parameter {
                at,
                collection: names[..at].join("/"),
                name: names[at].trim_matches(['{', '}']).to_owned(),
                value: values[at].replace("%20", " "),
            })
            .collect()
    }
}

/// Numbers the exchanges of all files, and tells each when it was.
pub(crate) fn order(files: &mut [Vec<Exchange>]) {
    let mut at = 0;
    for file in files {
        let mut when = None;
        for exchange in file {
            when = when.max(newest(&exchange.response_body));
            (exchange.at, exchange.when) = (at, when);
            at += 1;
        }
    }
}

fn newest(value: &Value) -> Option<u64> {
    match value {
        Value::Object(members) => {
            let own =
                ["createdAt", "updatedAt"].iter().filter_map(|name| members.get(*name)?.as_u64());
            own.max().max(members.values().filter_map(newest).max())
        }
        Value::Array(items) => items.iter().filter_map(newest).max(),
        _ => None,
    }
}

pub(crate) struct Parameter {
    /// Which segment of the path it is.
    pub(crate) at: usize,
    pub(crate) collection: String,
    pub(crate) name: String,
    pub(crate) value: String,
}
