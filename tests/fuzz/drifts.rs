//! Two documents with a line of `===` between: one that is vendored, and one of later.

use logto_api_contract::{
    Knowledge, Series,
    drift::{Format, Vendored, drift},
    vendor,
};
use serde_json::Value;

use crate::message::split;

pub(crate) fn target(input: &[u8]) {
    let (before, after) = split(input, b"\n===\n").unwrap_or((input, input));
    let (Ok(before), Ok(after)) = (read(before), read(after)) else { return };
    let Ok(first) = vendor(&Series::single(before.clone()), &Knowledge::default()) else { return };
    let vendored = Vendored { contract: &first.contract, facts: &before };
    let same = drift(vendored, &before).unwrap();
    assert!(same.is_none(), "a document differs from itself: {same}");
    let Ok(found) = drift(vendored, &after) else { return };
    assert_eq!(found.is_none(), found.class().is_none());
    for format in [Format::Text, Format::Json, Format::Markdown] {
        assert!(found.print(format).unwrap().ends_with('\n'));
    }
    // Who reads a line reads one change.
    assert!(!found.summary().contains('\n'));
}

fn read(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text)
}
