//! What the recordings tell of the entities that there were.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::exchange::Exchange;

/// Entities by their recorded ids, as they were read last.
#[derive(Default)]
pub(crate) struct Known {
    entities: BTreeMap<String, Map<String, Value>>,
    /// What users proved in interactions, by their recorded ids.
    records: BTreeMap<String, Value>,
}

impl Known {
    pub(crate) fn of<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> Self {
        let mut known = Self::default();
        for exchange in exchanges.filter(|exchange| exchange.succeeded()) {
            known.read(&exchange.response_body);
            let asked = exchange.request_body.as_object();
            // What was asked for and is not told again: a password, the scopes of a role.
            if let (Some(asked), Some(id)) = (asked, exchange.response_body["id"].as_str())
                && let Some(entity) = known.entities.get_mut(id)
            {
                for (name, value) in asked {
                    entity.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
        known
    }

    fn read(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                let records = members.get("verificationRecords").and_then(Value::as_array);
                for record in records.into_iter().flatten() {
                    let id = record["id"].as_str().unwrap_or_default();
                    self.records.insert(id.to_owned(), record.clone());
                }
                if let Some(id) = members.get("id").and_then(Value::as_str) {
                    let entity = self.entities.entry(id.to_owned()).or_default();
                    entity.extend(members.clone());
                }
                members.values().for_each(|value| self.read(value));
            }
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            _ => {}
        }
    }

    /// A verification of an interaction, if it was ever shown.
    pub(crate) fn record(&self, id: &str) -> Option<Value> {
        self.records.get(id).cloned()
    }

    pub(crate) fn entity(&self, id: &str) -> Option<&Map<String, Value>> {
        self.entities.get(id)
    }
}
