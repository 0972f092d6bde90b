//! Accounts that users have elsewhere, as the tenant sees and changes them.

use serde_json::{Value, json};

use super::users::{changed, user};
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        catalog, connectors,
        errors::Failure,
        identities::{self, Place, shown_tokens},
    },
    state::{collection::text, user::User},
};

fn missing() -> Failure {
    Failure::new(404, "user.identity_not_exist")
}

/// Shows the tokens of a place, too, if the query asks for them and they are there.
fn with_tokens(call: &Call<'_>, user: &User, place: Place<'_>, mut shown: Value) -> Value {
    let is_asked = matches!(call.query.get("includeTokenSecret"), Some("true" | "1" | "yes" | "y"));
    if let Some(tokens) = shown_tokens(user, place).filter(|_| is_asked) {
        shown["tokenSecret"] = tokens;
    }
    shown
}

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let (user, target) = (user(call)?, &call.path[1]);
    let identity = user.get("identities").get(target).ok_or_else(missing)?;
    let shown = json!({ "identity": identity });
    Ok(Reply::ok(with_tokens(call, user, Place::Social(target), shown)))
}

pub(super) fn read_enterprise(call: &mut Call<'_>) -> Outcome {
    let (user, id) = (user(call)?, &call.path[1]);
    let shown = json!({ "ssoIdentity": identities::enterprise(user, id)? });
    Ok(Reply::ok(with_tokens(call, user, Place::Enterprise(id), shown)))
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let user = user(call)?;
    let social = user.get("identities").as_object().into_iter().flatten();
    let social = social.map(|(target, identity)| {
        let shown = json!({ "target": target, "identity": identity });
        with_tokens(call, user, Place::Social(target), shown)
    });
    let enterprise = user.sso.iter().map(|own| {
        let id = text(own, "ssoConnectorId").unwrap_or_default();
        let shown = json!({ "ssoConnectorId": id, "ssoIdentity": own });
        with_tokens(call, user, Place::Enterprise(id), shown)
    });
    let (social, enterprise): (Vec<_>, Vec<_>) = (social.collect(), enterprise.collect());
    Ok(Reply::ok(json!({ "socialIdentities": social, "ssoIdentities": enterprise })))
}

/// Links what a social network answered.
pub(super) fn add(call: &mut Call<'_>) -> Outcome {
    let id = call.text("connectorId").to_owned();
    let own = call.state.tables.find("connectors", &id);
    let own = own.ok_or_else(|| Failure::new(404, "entity.not_found"))?;
    let factory = catalog::factory(text(own, "connectorId").unwrap_or_default());
    user(call)?;
    if factory.is_none_or(|factory| factory["type"] != "Social") {
        return Err(Failure::new(422, "session.invalid_connector_id"));
    }
    let info = connectors::user_info(&call.members())?;
    let target = identities::target(call.state, &id);
    let identity = json!({ "userId": info["id"], "details": info });
    let identities = link(call, &target, identity)?;
    Ok(Reply::ok(identities))
}

pub(super) fn set(call: &mut Call<'_>) -> Outcome {
    let target = call.path[1].clone();
    let is_new = user(call)?.get("identities").get(&target).is_none();
    let identities = link(call, &target, call.body.clone())?;
    Ok(Reply::json(if is_new { 201 } else { 200 }, identities))
}

fn link(call: &mut Call<'_>, target: &str, identity: Value) -> Result<Value, Failure> {
    identities::refuse_taken(call.state, target, &identity["userId"], &call.path[0])?;
    let mut identities = user(call)?.get("identities").clone();
    identities[target] = identity;
    changed(call, |user| user.set("identities", identities.clone()))?;
    Ok(identities)
}

pub(super) fn remove(call: &mut Call<'_>) -> Outcome {
    let target = call.path[1].clone();
    let mut identities = user(call)?.get("identities").as_object().cloned().unwrap_or_default();
    identities.remove(&target).ok_or_else(missing)?;
    changed(call, |user| {
        identities::forget_tokens(user, Place::Social(&target));
        user.set("identities", identities.into());
    })
}

/// Forgets stored tokens by their own id.
pub(super) fn remove_tokens(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    let is_it = |own: &serde_json::Map<String, Value>| text(own, "id") == Some(&id);
    let owner = call.state.users.find_where(|user| user.tokens.iter().any(is_it));
    let owner = owner.map(|user| user.id.clone());
    let user = owner.and_then(|owner| call.state.users.find_mut(&owner));
    let user = user.ok_or_else(|| Failure::new(404, "entity.not_found"))?;
    user.tokens.retain(|own| !is_it(own));
    Ok(Reply::nothing())
}
