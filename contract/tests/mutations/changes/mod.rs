//! Changes of meaning, and what each should be found as.

mod bodies;
mod members;
mod operations;
mod parameters;
mod schema;
mod unions;
mod values;

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Value, json};

use self::{bodies::*, members::*, operations::*, parameters::*, unions::*, values::*};
use crate::sites::{Rng, Ways};
use Class::{Breaking, Internal};

/// What a change should be found as.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) kind: Kind,
    pub(crate) pointer: String,
    /// What it means for running programs.
    pub(crate) class: Class,
    /// Whether vendoring tells if users notice.
    pub(crate) in_schema: bool,
}

pub(crate) type Change = fn(&mut Value, &mut Rng) -> Option<Expected>;

pub(crate) const CHANGES: [(&str, Change); 94] = [
    ("alternative added", alternative_added),
    ("alternative's null allowed", |d, r| null_allowed_in(d, r, "/oneOf/")),
    ("alternative's null forbidden", alternative_null_forbidden),
    ("alternative's member added", alternative_member_added),
    ("alternative's member required", |d, r| alternative_member_required(d, r, false)),
    ("alternative's member optional", |d, r| alternative_member_required(d, r, true)),
    ("alternative removed", alternative_removed),
    ("answer's body removed", answer_body_removed),
    ("answer's header added", header_added),
    ("answer's status with the same body added", same_status_added),
    ("answer's status without a body added", |d, r| bare_status_added(d, r, "204")),
    ("answer's redirect added", |d, r| bare_status_added(d, r, "302")),
    ("answer's status with another body added", other_status_added),
    ("answer's status removed", |d, r| status_removed(d, r, '2', Breaking)),
    ("array of something else", array_items),
    ("base path", base_path),
    ("base path of one operation", base_path_of_one),
    ("body added", body_added),
    ("body's media type added", body_media_added),
    ("body's media type replaced", body_media_replaced),
    ("body optional", |d, r| body_required(d, r, true)),
    ("body removed", body_removed),
    ("body required", |d, r| body_required(d, r, false)),
    ("constraint added", constraint),
    ("constraint on items", items_constraint),
    ("default of optional member", default_added),
    ("default of false", default_of_false),
    ("default removed", default_removed),
    ("default of required member", default_of_required),
    ("enum introduced", enum_introduced),
    ("enum dropped", enum_dropped),
    ("enum value added", value_added),
    ("enum value removed", value_removed),
    ("enum value in other case", value_case),
    ("error status added", |d, r| status_added(d, r, "418", Internal)),
    ("error status removed", |d, r| status_removed(d, r, '4', Internal)),
    ("error's body", error_body),
    ("format", format),
    ("header parameter added", |d, r| parameter_added(d, r, "header", false)),
    ("integer to number", integer_to_number),
    ("literal", literal),
    ("map of something else", map_values),
    ("items' null allowed", |d, r| null_allowed_in(d, r, "/items")),
    ("items' null forbidden", |d, r| null_forbidden_in(d, r, "/items")),
    ("items of a map", |d, r| retyped_in(d, r, "/additionalProperties")),
    ("map's null allowed", |d, r| null_allowed_in(d, r, "/additionalProperties")),
    ("map's null forbidden", |d, r| null_forbidden_in(d, r, "/additionalProperties")),
    ("map of anything", map_of_anything),
    ("member added, optional", |d, r| member_added(d, r, false)),
    ("member added, required", |d, r| member_added(d, r, true)),
    ("member called like a keyword", member_like_keyword),
    ("member deprecated", member_deprecated),
    ("member of an alternative removed", member_of_alternative_removed),
    ("member optional", |d, r| member_required(d, r, true)),
    ("member read-only", member_read_only),
    ("member removed", member_removed),
    ("member required", |d, r| member_required(d, r, false)),
    ("not every operation's security", security_override),
    ("null allowed", null_allowed),
    ("null forbidden", null_forbidden),
    ("null of a whole answer allowed", |d, r| null_allowed_in(d, r, "/schema")),
    ("operation added", operation_added),
    ("operation deprecated", operation_deprecated),
    ("operation made public", security_dropped),
    ("operation made secure", security_regained),
    ("operation removed", operation_removed),
    ("operation's id", operation_renamed),
    ("operation's method", operation_method),
    ("operation's path", operation_path),
    ("operation's path in other case", operation_path_case),
    ("other members allowed", others_allowed),
    ("other members forbidden", others_forbidden),
    ("parameter added, optional", |d, r| parameter_added(d, r, "query", false)),
    ("parameter added, required", |d, r| parameter_added(d, r, "query", true)),
    ("parameter deprecated", parameter_deprecated),
    ("parameter in header", |d, r| parameter_moved(d, r, "header")),
    ("parameter in cookie", |d, r| parameter_moved(d, r, "cookie")),
    ("parameter optional", |d, r| parameter_required(d, r, true)),
    ("parameter removed", parameter_removed),
    ("parameter required", |d, r| parameter_required(d, r, false)),
    ("parameter's explode", |d, r| parameter_style(d, r, "explode", json!(false))),
    ("parameter's style", |d, r| parameter_style(d, r, "style", json!("pipeDelimited"))),
    ("parameter's type", parameter_type),
    ("path parameter added for the path", path_level_parameter),
    ("path parameter renamed", path_parameter_renamed),
    ("scheme of security", scheme),
    ("scope of the scheme", scheme_scope),
    ("second answer media type", answer_media_added),
    ("security of the whole API", security_of_all),
    ("trailing slash", trailing_slash),
    ("type of a member", member_type),
    ("type to union", type_to_union),
    ("union's inner type", alternative_type),
    ("value of anything", anything),
];

fn expected(kind: Kind, pointer: impl Into<String>, class: Class) -> Option<Expected> {
    Some(Expected { kind, pointer: pointer.into(), class, in_schema: false })
}

fn in_schema(kind: Kind, pointer: impl Into<String>, class: Class) -> Option<Expected> {
    Some(Expected { kind, pointer: pointer.into(), class, in_schema: true })
}

/// The worse of what it means sent and received.
fn worse(ways: Ways, sent: Class, received: Class) -> Class {
    match (ways.sent, ways.received) {
        (true, true) => sent.max(received),
        (true, false) => sent,
        _ => received,
    }
}
