//! Tokens that are sent to an e-mail address and let its user in, once.

use serde_json::json;

use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        engine,
        errors::Failure,
        spec::{Act, Spec},
    },
    state::{
        State,
        collection::{Members, object, text},
        now,
    },
};

/// Ten minutes, in seconds.
const LIFETIME: u64 = 600;

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let lifetime = call.body["expiresIn"].as_u64().unwrap_or(LIFETIME);
    let mut body = call.members();
    body.insert("token".into(), call.state.ids.secret().into());
    body.insert("expiresAt".into(), (now() + lifetime * 1000).into());
    let own = engine::add(call, "", body.into())?;
    Ok(Reply::json(201, own))
}

/// Adds a token for this address, as the operation does.
pub(crate) fn add(state: &mut State, token: &str, email: &str) {
    let id = state.ids.standard();
    let now = now();
    state.tables.table("one-time-tokens").add_entity(object(json!({
        "tenantId": "default", "id": id, "email": email, "token": token, "context": {},
        "status": "active", "createdAt": now, "expiresAt": now + LIFETIME * 1000,
    })));
}

/// Uses a token up, if it was sent to this address; gives it.
pub(crate) fn consume(state: &mut State, token: &str, email: &str) -> Result<Members, Failure> {
    let table = state.tables.table("one-time-tokens");
    let Some(own) = table.find_by("token", token).cloned() else {
        let message = format!("Token {token} not found.");
        return Err(Failure::with_message(404, "one_time_token.token_not_found", &message));
    };
    let refused = |code| Err(Failure::new(400, code));
    if text(&own, "email") != Some(email) {
        return refused("one_time_token.email_mismatch");
    }
    let is_old = own["expiresAt"].as_u64() <= Some(now());
    let id = text(&own, "id").unwrap_or_default();
    let mut set = |status: &str| {
        table.change("", id, |row| {
            row.members.insert("status".into(), status.into());
        });
    };
    match text(&own, "status").unwrap_or_default() {
        "active" if is_old => {
            set("expired");
            return refused("one_time_token.token_expired");
        }
        _ if is_old => return refused("one_time_token.token_expired"),
        "expired" => return refused("one_time_token.token_expired"),
        "consumed" => return refused("one_time_token.token_consumed"),
        "revoked" => return refused("one_time_token.token_revoked"),
        _ => set("consumed"),
    }
    Ok(table.find(id).cloned().unwrap_or_default())
}

pub(super) fn verify(call: &mut Call<'_>) -> Outcome {
    let (token, email) = (call.text("token").to_owned(), call.text("email").to_owned());
    consume(call.state, &token, &email).map(Reply::ok)
}

pub(super) fn set_status(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    if call.state.tables.find("one-time-tokens", &id).is_none() {
        return Err(Spec::of("one-time-tokens").missing(Act::Read, &id));
    }
    if call.text("status") == "active" {
        return Err(Failure::new(400, "one_time_token.cannot_reactivate_token"));
    }
    let status = call.body["status"].clone();
    let table = call.state.tables.table("one-time-tokens");
    table.change("", &id, |row| {
        row.members.insert("status".into(), status);
    });
    Ok(Reply::ok(table.find(&id).cloned().unwrap_or_default()))
}
