//! Accounts that users have elsewhere, and the tokens that those places gave for them.

use serde_json::{Value, json};

use crate::{
    rules::{catalog, connectors, errors::Failure},
    state::{
        State,
        collection::{Members, object, text},
        connectors::TARGET,
        ids::Ids,
        now,
        user::User,
    },
};

/// Where tokens are from: a social network's target, or an enterprise connector's id.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Social(&'a str),
    Enterprise(&'a str),
}

impl Place<'_> {
    fn is_of(self, tokens: &Members) -> bool {
        match self {
            Self::Social(target) => text(tokens, "target") == Some(target),
            Self::Enterprise(id) => text(tokens, "ssoConnectorId") == Some(id),
        }
    }
}

/// Members of stored tokens that nobody is shown.
const SECRET: [&str; 2] = ["accessToken", "refreshToken"];

/// What a social connector's accounts are kept under in a user's `identities`.
pub(crate) fn target(state: &State, connector_id: &str) -> String {
    let own = state.tables.find("connectors", connector_id);
    let set = own.and_then(|own| own.get("metadata")?["target"].as_str());
    let factory = own.and_then(|own| catalog::factory(text(own, "connectorId")?));
    let known = factory.as_ref().and_then(|factory| text(factory, "target"));
    set.or(known).unwrap_or(TARGET).to_owned()
}

/// Gives a user an account at an enterprise, or notes what it says anew.
pub(crate) fn add_enterprise(ids: &mut Ids, user: &mut User, identity: &Value) {
    let is_it = |own: &&mut Members| {
        own["issuer"] == identity["issuer"] && own["identityId"] == identity["identityId"]
    };
    let id = user.id.clone();
    if let Some(own) = user.sso.iter_mut().find(is_it) {
        own.insert("detail".into(), identity["detail"].clone());
        own.insert("updatedAt".into(), now().into());
        return;
    }
    user.sso.push(object(json!({
        "tenantId": "default", "id": ids.standard(), "userId": id,
        "issuer": identity["issuer"], "identityId": identity["identityId"],
        "detail": identity["detail"], "createdAt": now(), "updatedAt": now(),
        "ssoConnectorId": identity["ssoConnectorId"],
    })));
}

pub(crate) fn enterprise<'a>(user: &'a User, connector_id: &str) -> Result<&'a Members, Failure> {
    let own = user.sso.iter().find(|own| text(own, "ssoConnectorId") == Some(connector_id));
    own.ok_or_else(|| {
        let message = "The user does not have an enterprise identity linked to the specified SSO connector ID: {{ ssoConnectorId }}.";
        Failure::with_message(404, "user.enterprise_sso_identity_not_exists", message)
    })
}

/// The tokens that a social network answered with, if its connector keeps them.
pub(crate) fn social_tokens(state: &State, connector_id: &str, info: &Value) -> Option<Value> {
    let keeps = |own: &&Members| own.get("enableTokenStorage") == Some(&true.into());
    state.tables.find("connectors", connector_id).filter(keeps)?;
    Some(info["rawData"]["tokenResponse"].clone()).filter(Value::is_object)
}

/// Keeps tokens of a social network in place of those before.
pub(crate) fn keep_social(state: &mut State, user_id: &str, connector_id: &str, info: &Value) {
    let Some(tokens) = social_tokens(state, connector_id, info) else { return };
    let target = target(state, connector_id);
    let from = json!({ "connectorId": connector_id, "target": target, "identityId": info["id"] });
    keep(state, user_id, Place::Social(&target), from, &tokens);
}

/// Keeps tokens of an enterprise's provider, if its connector keeps them. Where nobody was asked,
/// they are made up.
pub(crate) fn keep_enterprise(
    state: &mut State,
    user_id: &str,
    issuer: &str,
    connector_id: &str,
    info: &Value,
) {
    let own = state.tables.find("sso-connectors", connector_id);
    let keeps = |own: &&Members| own.get("enableTokenStorage") == Some(&true.into());
    let Some(own) = own.filter(keeps) else { return };
    let scope = own["config"]["scope"].as_str().unwrap_or("openid profile email").to_owned();
    let tokens = json!({
        "access_token": state.ids.opaque(), "refresh_token": state.ids.opaque(),
        "scope": scope, "token_type": "Bearer", "expires_in": 3600,
    });
    let from =
        json!({ "ssoConnectorId": connector_id, "issuer": issuer, "identityId": info["id"] });
    keep(state, user_id, Place::Enterprise(connector_id), from, &tokens);
}

fn keep(state: &mut State, user_id: &str, place: Place<'_>, from: Value, tokens: &Value) {
    let metadata = metadata(tokens);
    let Some(user) = state.users.find_mut(user_id) else { return };
    let old = user.tokens.iter().position(|own| place.is_of(own));
    let old = old.map(|at| user.tokens.remove(at));
    let kept = |name: &str, new: Value| old.as_ref().map_or(new, |old| old[name].clone());
    let mut own = object(json!({
        "tenantId": "default", "id": kept("id", state.ids.standard().into()), "userId": user_id,
        "type": "federated_token_set", "metadata": metadata,
        "createdAt": kept("createdAt", now().into()), "updatedAt": now(),
        "accessToken": tokens["access_token"], "refreshToken": tokens["refresh_token"],
    }));
    own.extend(object(from));
    user.tokens.push(own);
}

/// What is told of tokens.
pub(crate) fn metadata(tokens: &Value) -> Value {
    let mut told = json!({ "hasRefreshToken": tokens["refresh_token"].is_string() });
    for (name, from) in [("scope", "scope"), ("tokenType", "token_type")] {
        if tokens[from].is_string() {
            told[name] = tokens[from].clone();
        }
    }
    if let Some(lifetime) = tokens["expires_in"].as_u64() {
        told["expiresAt"] = (now() / 1000 + lifetime).into();
    }
    told
}

/// What is shown of the tokens of a place.
pub(crate) fn shown_tokens(user: &User, place: Place<'_>) -> Option<Value> {
    let own = user.tokens.iter().find(|own| place.is_of(own))?;
    let shown = own.iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
    Some(shown.map(|(name, value)| (name.clone(), value.clone())).collect::<Members>().into())
}

/// The access token of a place, as it answered with it; renewed where it is too old.
pub(crate) fn access_token(
    state: &mut State,
    user_id: &str,
    place: Place<'_>,
) -> Result<Value, Failure> {
    let missing = || Failure::new(404, "secrets.third_party_token_set.token_not_found");
    let fresh = state.ids.opaque();
    let user = state.users.find_mut(user_id).ok_or_else(missing)?;
    let at = user.tokens.iter().position(|own| place.is_of(own)).ok_or_else(missing)?;
    let now = now() / 1000;
    let end = |own: &Members| own["metadata"]["expiresAt"].as_u64();
    if end(&user.tokens[at]).is_some_and(|end| end <= now) {
        if !user.tokens[at]["refreshToken"].is_string() {
            user.tokens.remove(at);
            return Err(Failure::new(401, "secrets.third_party_token_set.access_token_expired"));
        }
        user.tokens[at]["accessToken"] = fresh.into();
        user.tokens[at]["metadata"]["expiresAt"] = (now + 3600).into();
    }
    let own = &user.tokens[at];
    let mut answer = json!({ "access_token": own["accessToken"] });
    for (name, value) in [
        ("scope", own["metadata"].get("scope").cloned()),
        ("token_type", own["metadata"].get("tokenType").cloned()),
        ("expires_in", end(own).map(|end| (end - now).into())),
    ] {
        if let Some(value) = value {
            answer[name] = value;
        }
    }
    Ok(answer)
}

/// Forgets the tokens of a place.
pub(crate) fn forget_tokens(user: &mut User, place: Place<'_>) {
    user.tokens.retain(|own| !place.is_of(own));
}

/// Refuses an account that is another user's already.
pub(crate) fn refuse_taken(
    state: &State,
    target: &str,
    id: &Value,
    own_id: &str,
) -> Result<(), Failure> {
    match connectors::user_of_social(state, target, id).is_some_and(|user| user.id != own_id) {
        true => Err(Failure::new(422, "user.identity_already_in_use")),
        false => Ok(()),
    }
}

/// How much a user could still say who they are with, after such a change.
pub(crate) fn remaining(user: &User, members: &Members) -> usize {
    let names = ["username", "primaryEmail", "primaryPhone"];
    let own = names.iter().filter(|name| members.get(**name).unwrap_or(user.get(name)).is_string());
    let social = members.get("identities").unwrap_or(user.get("identities"));
    own.count() + social.as_object().map_or(0, Members::len) + user.sso.len()
}
