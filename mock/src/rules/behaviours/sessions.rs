//! A user's sessions and grants, as the tenant sees them.

use serde_json::json;

use crate::rules::{
    call::{Call, Outcome, Reply},
    sessions::{self, Revoked},
};

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    Ok(Reply::ok(json!({ "sessions": sessions::list(call.state, &call.path[0]) })))
}

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    sessions::find(call.state, &call.path[0], &call.path[1]).map(Reply::ok)
}

pub(super) fn end(call: &mut Call<'_>) -> Outcome {
    let revoked = Revoked::parse(call.query.get("revokeGrantsTarget"));
    sessions::end(call.state, &call.path[0], &call.path[1], revoked)?;
    Ok(Reply::nothing())
}

pub(super) fn grants(call: &mut Call<'_>) -> Outcome {
    Ok(Reply::ok(sessions::grants(call.state, &call.path[0], call.query.get("appType"))))
}

pub(super) fn revoke(call: &mut Call<'_>) -> Outcome {
    sessions::revoke(call.state, &call.path[0], &call.path[1])?;
    Ok(Reply::nothing())
}
