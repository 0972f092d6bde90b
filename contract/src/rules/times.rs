//! Points in time.

use anyhow::Result;
use serde_json::Value;

use crate::walk::{Place, Schema, Side};

/// Members named `…At` that are numbers, or dates by their format, are milliseconds since the
/// epoch; so are the bounds of a query for a span of time.
///
/// A plain string named so is an ISO 8601 text and stays one; seconds are marked `int64` by a
/// correction.
pub(crate) fn members(schema: &mut Schema, place: &Place) -> Result<()> {
    let member = place.member.as_deref().unwrap_or_default();
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    // A correction that counts in another unit says so by the format.
    let is_number = matches!(kind, "number" | "integer") && format != "int64";
    let is_date = kind == "string" && format == "date-time";
    let is_moment = member.ends_with("At") && (is_number || is_date);
    let is_bound = place.side == Side::Parameter && matches!(member, "start_time" | "end_time");
    if is_moment || is_bound {
        schema.insert("type".into(), "integer".into());
        schema.insert("format".into(), "timestamp-ms".into());
    }
    Ok(())
}
