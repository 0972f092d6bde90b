//! Answers as another release would give them, by what the contract says of each field.

use serde_json::Value;

use super::{Contract, Operation};

/// What is done to an answer.
#[derive(Clone, Copy)]
pub(crate) enum Change<'a> {
    /// Takes away what this release did not have.
    Release(&'a str),
    /// Adds what none of the releases has.
    Unknowns,
}

impl Contract {
    pub(crate) fn reshape(
        &self,
        operation: &Operation,
        status: u16,
        body: &mut Value,
        change: Change<'_>,
    ) {
        let schema = operation.successes.iter().find(|(own, _)| *own == status);
        if let Some((_, Some(schema))) = schema {
            self.walk(schema, body, change);
        }
    }

    /// What a release says where a later one shows what it has done: the name of the status.
    pub(crate) fn text_before(
        &self,
        operation: &Operation,
        status: u16,
        change: Change<'_>,
    ) -> Option<&'static str> {
        let Change::Release(release) = change else { return None };
        let schema = operation.successes.iter().find(|(own, _)| *own == status)?.1.as_ref()?;
        let since = schema["x-logto-since"].as_str()?;
        let text = if status == 201 { "Created" } else { "OK" };
        is_later(since, release).then_some(text)
    }

    /// Takes away of a request's body what a release does not know, and therefore does not read.
    pub(crate) fn restrict(&self, schema: &Value, body: &mut Value, release: &str) {
        self.walk(schema, body, Change::Release(release));
    }

    fn walk(&self, schema: &Value, value: &mut Value, change: Change<'_>) {
        match value {
            Value::Array(items) => {
                let schema = &self.resolve(schema)["items"];
                items.iter_mut().for_each(|item| self.walk(schema, item, change));
            }
            Value::Object(own) => {
                let members = self.members(schema);
                // In a map, each value is of one form, and an object without a form is the user's.
                let of_map = &self.resolve(schema)["additionalProperties"];
                if of_map.is_object() {
                    own.values_mut().for_each(|value| self.walk(of_map, value, change));
                    return;
                }
                let has_members = !members.is_empty();
                for (name, schema, _) in members {
                    if let Change::Release(release) = change
                        && self.since(schema).is_some_and(|since| is_later(since, release))
                    {
                        own.remove(name);
                    }
                    if let Some(value) = own.get_mut(name) {
                        self.walk(schema, value, change);
                    }
                }
                if has_members && matches!(change, Change::Unknowns) {
                    own.insert("unheardOf".into(), "unheard of".into());
                }
            }
            Value::String(text) if matches!(change, Change::Unknowns) => {
                let values = self.resolve(schema)["enum"].as_array();
                if values.is_some_and(|values| values.len() > 1) {
                    *text = "UnheardOf".to_owned();
                }
            }
            _ => {}
        }
    }

    /// The release that brought something.
    fn since<'a>(&'a self, schema: &'a Value) -> Option<&'a str> {
        let own = schema["x-logto-since"].as_str();
        own.or_else(|| self.resolve(schema)["x-logto-since"].as_str())
    }
}

/// Whether the first of two releases is the later one. What is left out of a number is zero.
pub(crate) fn is_later(since: &str, release: &str) -> bool {
    numbers(since) > numbers(release)
}

/// The parts of a release's number.
pub(crate) fn numbers(release: &str) -> [u32; 3] {
    let mut numbers = [0; 3];
    let parts = release.trim_start_matches('v').split('.');
    for (number, part) in numbers.iter_mut().zip(parts) {
        // What comes with the `next` release has no number yet, and is later than all.
        *number = part.parse().unwrap_or(u32::MAX);
    }
    numbers
}
