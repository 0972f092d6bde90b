//! Which release a document is of: no document says so.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Drift, Vendored, document, drift};
use crate::document::{all, shape};
use crate::error::Result;
use crate::is_contract;
use crate::series::{Series, Version};

/// How many releases are looked at closely: those whose operations are the most alike.
const CANDIDATES: usize = 2;

/// Compares a document with that of the release that it looks like, and says which that is; of a
/// contract, with the contract.
///
/// # Errors
///
/// As [`drift`], and when there is no release to compare with.
pub fn closest(contract: &Value, series: &Series, upstream: &Value) -> Result<Drift> {
    document::check(upstream)?;
    if is_contract(upstream) {
        return drift(Vendored { contract, facts: contract }, upstream);
    }
    let ours = routes(upstream);
    let mut releases: Vec<(usize, &Version, &Value)> = series
        .iter()
        .rev()
        .map(|(version, facts)| (routes(facts).symmetric_difference(&ours).count(), version, facts))
        .collect();
    releases.sort_by_key(|(distance, _, _)| *distance);
    let mut found: Option<Drift> = None;
    for (_, version, facts) in releases.into_iter().take(CANDIDATES) {
        let mut drift = drift(Vendored { contract, facts }, upstream)?;
        drift.release = Some(version.to_string());
        if found.as_ref().is_none_or(|best| drift.changes.len() < best.changes.len()) {
            found = Some(drift);
        }
    }
    found.ok_or_else(|| anyhow::anyhow!("there is no release to compare with").into())
}

fn routes(document: &Value) -> BTreeSet<(String, &'static str)> {
    all(document).map(|(path, method, _)| (shape(path), method)).collect()
}
