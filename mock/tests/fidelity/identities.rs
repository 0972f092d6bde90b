//! Users as they were: what they say of themselves, their accounts elsewhere, their factors and
//! their sessions.

use serde_json::{Value, json};

use crate::{
    account,
    exchange::Exchange,
    logs,
    stage::{self, reach},
    world::World,
};

/// Prepares a user of the Management API; gives the exchange with what its request has to say here.
pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) -> Exchange {
    let mut exchange = exchange.clone();
    let code = exchange.code().unwrap_or_default().to_owned();
    let Some(user) = exchange.parameters().first().map(|own| own.value.clone()) else {
        return exchange;
    };
    let own = world.own(&user).unwrap_or(&user).to_owned();
    match exchange.operation.as_str() {
        "CreateUserIdentity" => social_connector(world, &mut exchange, &code).await,
        "ReplaceUserIdentity" | "DeleteUserIdentity" if code == "user.identity_already_in_use" => {
            let id = exchange.request_body["userId"].clone();
            let target = exchange.parameters()[1].value.clone();
            taken(world, &target, &id).await;
        }
        _ if !exchange.succeeded() => {}
        "GetUserSsoIdentity" => {
            enterprise(world, &user, std::slice::from_ref(&exchange.response_body)).await;
        }
        "ListUserAllIdentities" => {
            let shown = exchange.response_body.clone();
            let list = shown["ssoIdentities"].as_array().cloned().unwrap_or_default();
            enterprise(world, &user, &list).await;
            let own = world.own(&user).unwrap_or(&own).to_owned();
            for one in shown["socialIdentities"].as_array().into_iter().flatten() {
                social(world, &own, one).await;
            }
        }
        "GetUserIdentity" | "DeleteUserIdentity" => {
            let mut one = exchange.response_body.clone();
            one["target"] = exchange.parameters()[1].value.clone().into();
            if one["identity"].is_null() {
                one["identity"] = json!({ "userId": format!("linked{}", world.number()) });
            }
            social(world, &own, &one).await;
        }
        "ReplaceUserIdentity" if exchange.status == 200 => {
            let target = exchange.parameters()[1].value.clone();
            let identity = json!({ "userId": format!("linked{}", world.number()) });
            social(world, &own, &json!({ "target": target, "identity": identity })).await;
        }
        "VerifyUserPassword" => {
            let body = json!({ "password": exchange.request_body["password"] });
            world.manage("PATCH", &format!("/api/users/{own}/password"), &body).await;
        }
        _ => own_parts(world, &exchange, &user, &own).await,
    }
    if exchange.succeeded() && exchange.response_body["username"].is_string() {
        let own = world.own(&user).unwrap_or(&own).to_owned();
        let mut shown = exchange.response_body.clone();
        for name in exchange.request_body.as_object().into_iter().flatten().map(|(name, _)| name) {
            shown.as_object_mut().map(|shown| shown.remove(name));
        }
        look_like(world, &own, &shown).await;
    }
    exchange
}

/// Gives a user the factors and sessions that a request is about.
async fn own_parts(world: &mut World<'_>, exchange: &Exchange, user: &str, own: &str) {
    match exchange.operation.as_str() {
        "GetUser" if exchange.response_body["ssoIdentities"].is_array() => {
            let list = exchange.response_body["ssoIdentities"].as_array().cloned();
            let list =
                list.unwrap_or_default().into_iter().map(|own| json!({ "ssoIdentity": own }));
            enterprise(world, user, &list.collect::<Vec<_>>()).await;
        }
        "ListUserMfaVerifications" => {
            let factors = exchange.response_body.clone();
            account::add_factors(world, Some(own), &factors).await;
        }
        "DeleteUserMfaVerification" => factor(world, exchange, own).await,
        "ListUserSessions" | "GetUserSession" | "DeleteUserSession" | "ListUserGrants"
        | "DeleteUserGrant" => sessions(world, exchange, user).await,
        _ => {}
    }
}

/// Gives a user what is shown of them and had been there before.
pub(crate) async fn look_like(world: &mut World<'_>, user_id: &str, shown: &Value) {
    let members = ["name", "avatar", "customData", "profile", "primaryEmail", "primaryPhone"];
    for name in members {
        let Some(value) = shown.get(name).filter(|value| !value.is_null()) else { continue };
        if value.as_object().is_some_and(serde_json::Map::is_empty) || shown["id"].is_null() {
            continue;
        }
        let body = world.translate(&json!({ name: value }));
        world.manage("PATCH", &format!("/api/users/{user_id}"), &body).await;
    }
    for (target, identity) in shown["identities"].as_object().into_iter().flatten() {
        let body = world.translate(identity);
        world.manage("PUT", &format!("/api/users/{user_id}/identities/{target}"), &body).await;
    }
}

/// Links an account at a social network, with tokens if there were any.
async fn social(world: &mut World<'_>, user_id: &str, one: &Value) {
    let target = one["target"].as_str().unwrap_or_default();
    let tokens = &one["tokenSecret"]["metadata"];
    if tokens.is_object() {
        world.account_of = Some(user_id.to_owned());
        let answer = json!({
            "code": "c", "userId": one["identity"]["userId"], "tokenResponse": {
                "access_token": "at", "token_type": tokens["tokenType"], "scope": tokens["scope"],
                "expires_in": 3600,
            },
        });
        let id = verified(world, &Value::Null, &answer).await;
        let body = json!({ "newIdentifierVerificationRecordId": id });
        world.account("POST", "/api/my-account/identities", &body).await;
        world.account_of = None;
        return;
    }
    let path = format!("/api/users/{user_id}/identities/{target}");
    world.manage("PUT", &path, &one["identity"]).await;
}

/// Gives an account at a social network to somebody else.
async fn taken(world: &mut World<'_>, target: &str, id: &Value) {
    let name = format!("taken{}", world.number());
    let user = world.mock.add_user(&name, stage::PASSWORD);
    let path = format!("/api/users/{user}/identities/{target}");
    world.manage("PUT", &path, &json!({ "userId": id })).await;
}

/// The connector that a body names, and what it answers.
async fn social_connector(world: &mut World<'_>, exchange: &mut Exchange, code: &str) {
    let asked = exchange.request_body.clone();
    if let Some(recorded) = asked["connectorId"].as_str().filter(|_| code != "entity.not_found") {
        let own = connector(world).await;
        world.equate(recorded, &own);
    }
    if code == "user.identity_already_in_use" {
        taken(world, "mock-social", &asked["connectorData"]["userId"]).await;
    }
}

/// A social connector that keeps tokens.
pub(crate) async fn connector(world: &mut World<'_>) -> String {
    let id = world.mock.add_social_connector();
    let keeps = json!({ "enableTokenStorage": true });
    world.manage("PATCH", &format!("/api/connectors/{id}"), &keeps).await;
    id
}

/// Signs a user in who comes from enterprises.
async fn enterprise(world: &mut World<'_>, user: &str, list: &[Value]) {
    for one in list {
        let own = &one["ssoIdentity"];
        let keeps = one["tokenSecret"].is_object();
        let record = json!({
            "type": "EnterpriseSso", "connectorId": own["ssoConnectorId"], "verified": true,
            "enterpriseSsoUserInfo": own["detail"], "keepsTokens": keeps,
        });
        let wanted = json!({
            "interactionEvent": "SignIn", "userId": user, "signInContext": {},
            "verificationRecords": [record],
        });
        let stage = reach(world, &wanted).await;
        stage.post("/submit", Value::Null).await;
    }
}

/// The factor that a path names.
async fn factor(world: &mut World<'_>, exchange: &Exchange, user_id: &str) {
    let Some(id) = exchange.parameters().get(1).map(|own| own.value.clone()) else { return };
    let path = format!("/api/users/{user_id}/mfa-verifications");
    let found = world.manage("GET", &path, &Value::Null).await.body;
    let own = world.own(&id).map(str::to_owned);
    if found.as_array().into_iter().flatten().any(|one| one["id"].as_str() == own.as_deref()) {
        return;
    }
    let kind = world.entity(&id).and_then(|own| own.get("type").cloned());
    let factor = json!({ "id": id, "type": kind.unwrap_or("Totp".into()) });
    account::add_factors(world, Some(user_id), &json!([factor])).await;
}

/// Signs the user in as they were.
async fn sessions(world: &mut World<'_>, exchange: &Exchange, user: &str) {
    let recorded = match exchange.operation.as_str() {
        "GetUserSession" => json!([exchange.response_body]),
        _ => exchange.response_body["sessions"].clone(),
    };
    let is_empty = exchange
        .response_body
        .as_object()
        .is_some_and(|shown| shown.values().all(|list| list.as_array().is_some_and(Vec::is_empty)));
    if is_empty {
        return;
    }
    let own = world.own(user).unwrap_or(user).to_owned();
    world.account_of = Some(own);
    logs::sign_in(world, &recorded).await;
    world.account_of = None;
    let Some(named) = exchange.parameters().get(1).map(|own| own.value.clone()) else { return };
    let list = exchange.path.rsplit_once('/').map_or("", |(list, _)| list);
    let list = world.translate_path(list);
    let listed = world.manage("GET", &list, &Value::Null).await.body;
    let newest = listed.as_object().and_then(|own| own.values().next()?.as_array()?.last());
    let id = newest.map(|own| match own["payload"]["uid"].is_string() {
        true => own["payload"]["uid"].clone(),
        false => own["id"].clone(),
    });
    if let Some(id) = id {
        world.pair("id", &named.into(), &id);
    }
}

/// Proves an account elsewhere, and links it where it was.
pub(crate) async fn prove(world: &mut World<'_>, exchange: &mut Exchange, code: &str) {
    let asked = exchange.request_body.clone();
    let target = exchange.parameters().first().map(|own| own.value.clone()).unwrap_or_default();
    let record = match asked["verificationRecordId"].is_string() {
        true => &asked["verificationRecordId"],
        false => &asked["newIdentifierVerificationRecordId"],
    };
    let id = world.account_id();
    match (exchange.operation.as_str(), code) {
        ("CreateVerificationBySocial", "") => {
            let own = connector(world).await;
            world.pair("id", &asked["connectorId"], &json!(own));
        }
        ("VerifyVerificationBySocial", "" | "connector.invalid_response") => {
            begin(world, record).await;
        }
        ("AddUserIdentities" | "ReplaceMyAccountIdentity", "") => {
            verified(world, record, &answer("linked")).await;
        }
        ("AddUserIdentities" | "ReplaceMyAccountIdentity", "user.identity_already_in_use") => {
            verified(world, record, &answer("linked")).await;
            taken(world, "mock-social", &"linked".into()).await;
        }
        ("DeleteIdentity", "") => {
            let one = json!({ "target": target, "identity": { "userId": "linked" } });
            social(world, &id, &one).await;
        }
        _ => tokens_of(world, exchange, code).await,
    }
}

/// Links the account whose tokens a request is about.
async fn tokens_of(world: &mut World<'_>, exchange: &Exchange, code: &str) {
    let succeeded = exchange.succeeded();
    let target = exchange.parameters().first().map(|own| own.value.clone()).unwrap_or_default();
    let id = world.account_id();
    match (exchange.operation.as_str(), code) {
        ("GetSocialIdentityAccessToken", "") => {
            let one = json!({
                "target": target, "identity": { "userId": "linked" },
                "tokenSecret": { "metadata": {
                    "scope": exchange.response_body["scope"],
                    "tokenType": exchange.response_body["token_type"],
                } },
            });
            social(world, &id, &one).await;
        }
        ("UpdateSocialIdentityAccessTokenByVerificationId", _) => {
            let other = code == "user.identity_not_exists_in_current_user";
            let one = json!({ "target": target, "identity": { "userId": "linked" } });
            if succeeded || code.contains("social_verification") {
                social(world, &id, &one).await;
            }
            if succeeded || other {
                let record = &exchange.request_body["verificationRecordId"];
                verified(world, record, &answer("linked")).await;
            }
        }
        ("GetEnterpriseSsoIdentityAccessToken", "") => {
            let own = json!({
                "ssoConnectorId": target,
                "detail": { "id": "e", "email": format!("e{}@account.example", world.number()) },
            });
            let one = json!({ "ssoIdentity": own, "tokenSecret": {} });
            enterprise(world, "account", &[one]).await;
            world.account_of = world.own("account").map(str::to_owned);
        }
        _ => {}
    }
}

/// A social network's answer about a user of its own.
fn answer(id: &str) -> Value {
    let tokens = json!({
        "access_token": "at", "scope": "s", "token_type": "Bearer", "expires_in": 3600,
    });
    json!({ "code": "c", "userId": id, "tokenResponse": tokens })
}

/// Asks a social network; gives the verification's id, which stands for the recorded one.
async fn begin(world: &mut World<'_>, recorded: &Value) -> Value {
    let connector = connector(world).await;
    let body = json!({
        "connectorId": connector, "state": "s", "redirectUri": "http://localhost/callback",
    });
    let made = world.account("POST", "/api/verifications/social", &body).await.body;
    world.pair("id", recorded, &made["verificationRecordId"]);
    made["verificationRecordId"].clone()
}

async fn verified(world: &mut World<'_>, recorded: &Value, answer: &Value) -> Value {
    let id = begin(world, recorded).await;
    let body = json!({ "verificationRecordId": id, "connectorData": answer });
    world.account("POST", "/api/verifications/social/verify", &body).await;
    id
}
