//! Formats.

use anyhow::Result;

use crate::walk::{Place, Schema};

const KNOWN: [&str; 4] = ["binary", "double", "int64", "timestamp-ms"];

/// Only the formats that the contract defines stay: the others are checks, and the server's.
pub(crate) fn unknown(schema: &mut Schema, _: &Place) -> Result<()> {
    if schema.get("format").is_some_and(|format| !KNOWN.iter().any(|known| format == known)) {
        schema.remove("format");
    }
    Ok(())
}
