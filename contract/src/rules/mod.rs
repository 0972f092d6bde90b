//! What upstream documents get wrong, one rule a file: each handles its class wherever it occurs.

mod bodies;
mod enums;
mod flags;
mod formats;
mod frame;
mod literals;
mod lost;
mod numbers;
mod objects;
mod parameters;
mod prose;
mod required;
mod responses;
mod retries;
mod secrets;
mod spelling;
mod times;
mod types;
mod unions;
mod urls;

use anyhow::Result;
use serde_json::Value;

use super::walk::{self, Place, Schema};

type Rule = fn(&mut Schema, &Place) -> Result<()>;

/// The rules on schemas, in the order in which they build on each other.
const RULES: [Rule; 21] = [
    spelling::constants,
    spelling::null_types,
    spelling::null_alternatives,
    spelling::unwrapped,
    bodies::files,
    lost::marked,
    prose::members,
    required::optional,
    prose::annotations,
    types::completed,
    literals::formats,
    types::contradictions,
    urls::strings,
    objects::placeholders,
    objects::open,
    times::members,
    numbers::integers,
    formats::unknown,
    enums::canonical,
    flags::booleans,
    unions::merged,
];

/// Two rounds are the usual, the second to see that nothing is left.
const MAX_ROUNDS: usize = 9;

/// Applies all rules to an inlined document.
pub(crate) fn apply(document: &mut Value) -> Result<()> {
    frame::kept(document);
    parameters::refused(document)?;
    required::parameters(document);
    // A merged union may be a case for an earlier rule; a contract is one that no rule changes.
    for _ in 0..MAX_ROUNDS {
        let before = document.clone();
        for rule in RULES {
            walk::schemas(document, &mut |schema, place| rule(schema, place))?;
        }
        if *document == before {
            break;
        }
    }
    walk::schemas(document, &mut |schema, place| {
        lost::types(schema, place)?;
        secrets::marked(schema, place)
    })?;
    retries::marked(document)?;
    parameters::canonical(document);
    bodies::canonical(document)?;
    responses::canonical(document)
}

/// The member that tells the alternatives of a union apart.
pub(crate) fn tag_of(alternatives: &[Schema]) -> Option<String> {
    unions::tag(alternatives)
}

/// The values that tell one alternative.
pub(crate) fn literals_of(alternative: &Schema, tag: &str) -> Vec<String> {
    unions::literals(alternative, tag)
}

pub(crate) use bodies::{PREFERRED, UPLOAD};
pub(crate) use lost::{MARK as LOST, mark as mark_lost};
pub(crate) use parameters::is_search;
pub(crate) use unions::own_requirement;
