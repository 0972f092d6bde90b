//! URLs that the document takes for objects.

use anyhow::Result;

use crate::walk::{Place, Schema};

const ENDINGS: [&str; 6] = ["Url", "Urls", "Uri", "Uris", "url", "uri"];

/// A bare object in a member named for URLs is a string.
pub(crate) fn strings(schema: &mut Schema, place: &Place) -> Result<()> {
    let member = place.member.as_deref().or(place.item_of.as_deref()).unwrap_or_default();
    let named_for_urls = ENDINGS.iter().any(|ending| member.ends_with(ending));
    let bare = schema.get("type").is_some_and(|kind| kind == "object")
        && !schema.contains_key("properties")
        && !schema.get("additionalProperties").is_some_and(|values| values.is_object());
    if named_for_urls && bare {
        schema.remove("additionalProperties");
        schema.insert("type".into(), "string".into());
    }
    Ok(())
}
