//! What a contract is made of, with lines of `===` between: a document, and where they are given,
//! corrections, names and methods.

use logto_api_contract::{Knowledge, Series, Vendored, print, vendor};
use serde_json::Value;

pub(crate) fn target(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.split("\n===\n");
    let mut part = || parts.next().unwrap_or_default();
    let Ok(document) = serde_json::from_str::<Value>(part()) else { return };
    let Ok(knowledge) = Knowledge::parse(part(), part(), part()) else { return };
    match vendor(&Series::single(document), &knowledge) {
        Ok(first) => {
            let before = print(&first.contract).unwrap();
            let after = print(&again(first).contract).unwrap();
            assert!(before == after, "the contract is no fixed point: {before}\n{after}");
        }
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
}

/// The contract of a contract, with the names that it was given.
fn again(mut first: Vendored) -> Vendored {
    first.methods.settle();
    let knowledge =
        Knowledge { names: first.settled, methods: first.methods, ..Knowledge::default() };
    vendor(&Series::single(first.contract), &knowledge).unwrap()
}
