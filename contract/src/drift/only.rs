//! A part of the API: an API, or a group of one.

use anyhow::{Result, anyhow};

use super::Drift;
use super::cursor::Contract;

/// What `experience,management.users` selects.
#[derive(Clone, Debug, Default)]
pub struct Only(Vec<(String, Option<String>)>);

impl Only {
    /// Reads a selection: names of APIs, each alone or with a group after a dot.
    ///
    /// # Errors
    ///
    /// When the contract has no such API or group; the error lists those that there are.
    pub fn parse(text: &str, contract: &serde_json::Value) -> crate::Result<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let selected: Result<Vec<_>> = parts.map(|part| select(part, contract)).collect();
        Ok(Self(selected?))
    }

    fn selects(&self, api: &str, group: &str) -> bool {
        let matches = |(of, only): &(String, Option<String>)| {
            of == api && only.as_deref().is_none_or(|only| only == group)
        };
        self.0.iter().any(matches)
    }
}

fn select(part: &str, contract: &serde_json::Value) -> Result<(String, Option<String>)> {
    let (api, group) = match part.split_once('.') {
        Some((api, group)) => (api, Some(group.replace('-', "_"))),
        None => (part, None),
    };
    let contract = Contract::new(contract);
    let is_known = contract
        .calls()
        .any(|call| call.api == api && group.as_ref().is_none_or(|group| *group == call.group));
    if is_known {
        return Ok((api.to_owned(), group));
    }
    let mut known: Vec<String> =
        contract.calls().map(|call| format!("{}.{}", call.api, call.group)).collect();
    known.sort();
    known.dedup();
    Err(anyhow!("the contract has no {part}: select an API or one of {}", known.join(", ")))
}

impl Drift {
    /// Keeps what affects the selected operations.
    #[must_use]
    pub fn only(mut self, only: &Only) -> Self {
        let calls = &self.calls;
        let selected =
            |id: &String| calls.get(id).is_some_and(|(api, group)| only.selects(api, group));
        self.changes.retain_mut(|change| {
            let whole = change.operations.is_empty();
            change.operations.retain(|id, _| selected(id));
            whole || !change.operations.is_empty()
        });
        self
    }
}
