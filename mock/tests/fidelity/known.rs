//! What the recordings tell of the entities that there were.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::exchange::Exchange;

/// When something was seen, and what it was like.
type Seen = (usize, Map<String, Value>);

/// Entities by their recorded ids and settings by their paths, as they were seen at each time.
#[derive(Default)]
pub(crate) struct Known {
    seen: BTreeMap<String, Vec<Seen>>,
    /// What users proved in interactions, by their recorded ids.
    records: BTreeMap<String, Value>,
}

impl Known {
    pub(crate) fn of<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> Self {
        let mut known = Self::default();
        for exchange in exchanges.filter(|exchange| exchange.succeeded()) {
            known.read(exchange.at, &exchange.response_body);
            let asked = exchange.request_body.as_object();
            // What was asked for and is not told again: a password, the scopes of a role.
            if let (Some(asked), Some(id)) = (asked, exchange.response_body["id"].as_str())
                && let Some((_, own)) = known.seen.get_mut(id).and_then(|seen| seen.last_mut())
            {
                for (name, value) in asked {
                    own.entry(name).or_insert_with(|| value.clone());
                }
            }
            let seen = match &exchange.response_body {
                Value::Object(own) => own.clone(),
                _ if exchange.method == "DELETE" => Map::new(),
                _ => continue,
            };
            known.seen.entry(exchange.path.clone()).or_default().push((exchange.at, seen));
        }
        known
    }

    fn read(&mut self, at: usize, value: &Value) {
        match value {
            Value::Object(members) => {
                let records = members.get("verificationRecords").and_then(Value::as_array);
                for record in records.into_iter().flatten() {
                    let id = record["id"].as_str().unwrap_or_default();
                    self.records.insert(id.to_owned(), record.clone());
                }
                if let Some(id) = members.get("id").and_then(Value::as_str) {
                    self.seen.entry(id.to_owned()).or_default().push((at, members.clone()));
                }
                members.values().for_each(|value| self.read(at, value));
            }
            Value::Array(items) => items.iter().for_each(|item| self.read(at, item)),
            _ => {}
        }
    }

    /// A verification of an interaction, if it was ever shown.
    pub(crate) fn record(&self, id: &str) -> Option<Value> {
        self.records.get(id).cloned()
    }

    pub(crate) fn is_known(&self, id: &str) -> bool {
        self.seen.contains_key(id)
    }

    /// What is known of an entity at the time of an exchange: rather by what was seen before it
    /// than by what came after, and rather by the nearest.
    pub(crate) fn entity(&self, id: &str, at: usize) -> Option<Map<String, Value>> {
        let seen = self.seen.get(id)?;
        let (before, after): (Vec<_>, Vec<_>) = seen.iter().partition(|(own, _)| *own <= at);
        let in_order = after.into_iter().rev().chain(before);
        Some(in_order.flat_map(|(_, own)| own.clone()).collect())
    }

    /// The settings of a path as they were seen last, and when; empty where they were deleted.
    pub(crate) fn settings(&self, path: &str, at: usize) -> Option<&Seen> {
        self.seen.get(path)?.iter().rev().find(|(own, _)| *own <= at)
    }
}
