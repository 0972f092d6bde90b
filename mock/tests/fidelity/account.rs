//! The Account API: its user gets what a recorded request needs, and proves what it says.

use logto_mock::{MfaFactor, MfaPolicy};
use serde_json::{Value, json};

use crate::{authenticator, exchange::Exchange, identities, logs, world::World};

/// Prepares the account; gives the exchange with what its request has to say here.
pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) -> Exchange {
    let mut exchange = exchange.clone();
    world.forget_account().await;
    let code = exchange.code().unwrap_or_default().to_owned();
    allow(world, &exchange, &code).await;
    if exchange.succeeded() {
        let id = world.account_id();
        identities::look_like(world, &id, &exchange.response_body).await;
    }
    match exchange.operation.as_str() {
        "UpdateOtherProfile" if exchange.succeeded() => {
            let id = world.account_id();
            let profile = json!({ "profile": exchange.response_body });
            world.manage("PATCH", &format!("/api/users/{id}/profile"), &profile).await;
        }
        "CreateVerificationByPassword" if exchange.succeeded() => {
            exchange.request_body["password"] = crate::stage::PASSWORD.into();
        }
        "GetLogtoConfig" | "UpdateLogtoConfig" | "GetMfaSettings" if exchange.succeeded() => {
            configure(world, &exchange).await;
        }
        "GetMfaVerifications" if exchange.succeeded() => {
            let factors = exchange.response_body.clone();
            add_factors(world, None, &factors).await;
        }
        "GetBackupCodes" if exchange.succeeded() => {
            add_factor(world, &json!({ "type": "BackupCode" })).await;
        }
        "DeleteMfaVerification" | "UpdateMfaVerificationName" => {
            known_factor(world, &exchange).await
        }
        "AddMfaVerification" | "CreateOrReplaceTotpMfaVerification" => {
            new_factor(world, &mut exchange, &code).await;
        }
        "GetSessions" | "DeleteSessionById" | "GetGrants" | "DeleteGrantById" => {
            sign_in(world, &exchange).await;
        }
        "UploadAccountAvatar" => world.mock.set_storage(code != "storage.not_configured"),
        "UpdatePassword" if code == "user.same_password" => {
            exchange.request_body["password"] = crate::stage::PASSWORD.into();
        }
        _ => prove(world, &mut exchange, &code).await,
    }
    exchange
}

/// Fields of the account center, and the members of users that they show.
const FIELDS: [(&str, &str); 12] = [
    ("name", "name"),
    ("avatar", "avatar"),
    ("profile", "profile"),
    ("email", "primaryEmail"),
    ("phone", "primaryPhone"),
    ("password", "hasPassword"),
    ("username", "username"),
    ("social", "identities"),
    ("customData", "customData"),
    ("mfa", ""),
    ("passkey", ""),
    ("session", ""),
];

/// Has the token and the tenant allow what they did, and its user have what they are asked for.
async fn allow(world: &mut World<'_>, exchange: &Exchange, code: &str) {
    let shown = &exchange.response_body;
    let is_profile = ["GetProfile", "UpdateProfile"].contains(&exchange.operation.as_str())
        && exchange.succeeded();
    let control = |member: &str| match code {
        "account_center.field_not_editable" => "ReadOnly",
        "account_center.field_not_enabled" => "Off",
        _ if is_profile && !member.is_empty() && shown.get(member).is_none() => "Off",
        _ => "Edit",
    };
    let fields = FIELDS.iter().map(|(field, member)| ((*field).to_owned(), control(member).into()));
    let fields: serde_json::Map<_, Value> = fields.collect();
    let is_on = code != "account_center.not_enabled";
    let center = json!({ "enabled": is_on, "fields": fields });
    world.manage("PATCH", "/api/account-center", &center).await;
    if is_profile {
        world.show_only(shown);
    }
    match (exchange.status, code) {
        (403, "auth.forbidden") if exchange.path.ends_with("access-token") => {
            world.scope = "openid".into();
        }
        (403, "auth.forbidden") => world.scope = "profile".into(),
        (400, "auth.unauthorized") => world.scope = "openid".into(),
        _ => {}
    }
    let factors = [MfaFactor::Totp, MfaFactor::BackupCode, MfaFactor::WebAuthn];
    let is_enabled = code != "session.mfa.mfa_factor_not_enabled";
    world.mock.set_mfa(MfaPolicy::NoPrompt, if is_enabled { &factors } else { &[] });
    let asks_if_any =
        ["UpdatePassword", "AddUserIdentities", "ReplaceMyAccountIdentity", "DeleteIdentity"];
    let has_no_proof = !exchange.request_headers.contains_key("logto-verification-id");
    if asks_if_any.contains(&exchange.operation.as_str())
        && has_no_proof
        && exchange.status != 401
        && !["guard.invalid_input", "auth.unauthorized"].contains(&code)
        && !code.starts_with("account_center.")
    {
        world.be_bare().await;
    }
}

/// What is proved about addresses, other accounts and authenticators.
async fn prove(world: &mut World<'_>, exchange: &mut Exchange, code: &str) {
    let asked = exchange.request_body.clone();
    let succeeded = exchange.succeeded();
    match exchange.operation.as_str() {
        "VerifyVerificationByVerificationCode"
            if succeeded || code.starts_with("verification_code.") =>
        {
            let right = send_code(world, &asked["identifier"], &asked["verificationId"]).await;
            if succeeded {
                exchange.request_body["code"] = right.into();
            }
        }
        "UpdatePrimaryEmail" | "UpdatePrimaryPhone" if succeeded => {
            let kind = if asked["email"].is_string() { "email" } else { "phone" };
            let identifier = json!({ "type": kind, "value": asked[kind] });
            let record = &asked["newIdentifierVerificationRecordId"];
            let code = send_code(world, &identifier, record).await;
            let id = world.translate(record);
            let body = json!({ "identifier": identifier, "verificationId": id, "code": code });
            world.account("POST", "/api/verifications/verification-code/verify", &body).await;
        }
        "VerifyWebAuthnRegistration" if succeeded => {
            let payload = begin_registration(world, &asked["verificationRecordId"]).await;
            exchange.request_body["payload"] = payload;
        }
        _ => identities::prove(world, exchange, code).await,
    }
}

/// Sends a code, whose verification stands for the recorded one from then on; gives the code.
async fn send_code(world: &mut World<'_>, identifier: &Value, recorded: &Value) -> String {
    let body = json!({ "identifier": identifier });
    let sent = world.account("POST", "/api/verifications/verification-code", &body).await.body;
    world.pair("id", recorded, &sent["verificationRecordId"]);
    let address = identifier["value"].as_str().unwrap_or_default();
    world.mock.last_code(address).unwrap_or_default()
}

/// Asks for a new passkey; gives what the authenticator answers.
async fn begin_registration(world: &mut World<'_>, recorded: &Value) -> Value {
    let path = "/api/verifications/web-authn/registration";
    let asked = world.account("POST", path, &Value::Null).await.body;
    world.pair("id", recorded, &asked["verificationRecordId"]);
    authenticator::answer(world, &asked["registrationOptions"])
}

/// Has an authenticator make a passkey; gives the verification's id.
async fn register(world: &mut World<'_>, recorded: &Value) -> Value {
    let path = "/api/verifications/web-authn/registration";
    let asked = world.account("POST", path, &Value::Null).await.body;
    let id = asked["verificationRecordId"].clone();
    world.pair("id", recorded, &id);
    let payload = authenticator::answer(world, &asked["registrationOptions"]);
    let body = json!({ "verificationRecordId": id, "payload": payload });
    world.account("POST", &format!("{path}/verify"), &body).await;
    id
}

/// Gives a user the factors of a list, the first of it first, and has their ids stand for the recorded ones.
pub(crate) async fn add_factors(world: &mut World<'_>, user_id: Option<&str>, recorded: &Value) {
    world.account_of = user_id.map(str::to_owned);
    let id = world.account_id();
    for factor in recorded.as_array().into_iter().flatten() {
        add_factor(world, factor).await;
        if factor["lastUsedAt"].is_string() {
            use_passkey(world, &id).await;
        }
    }
    let path = format!("/api/users/{id}/mfa-verifications");
    let own = world.manage("GET", &path, &Value::Null).await.body;
    world.pair("", recorded, &own);
    world.account_of = None;
}

/// Gives the account's user a factor like this one.
async fn add_factor(world: &mut World<'_>, factor: &Value) {
    let id = world.account_id();
    match factor["type"].as_str() {
        Some("Totp") => drop(world.mock.add_totp(&id)),
        Some("BackupCode") => drop(world.mock.add_backup_codes(&id)),
        _ => {
            let record = register(world, &Value::Null).await;
            let mut body =
                json!({ "type": "WebAuthn", "newIdentifierVerificationRecordId": record });
            if factor["name"].is_string() {
                body["name"] = factor["name"].clone();
            }
            world.account("POST", "/api/my-account/mfa-verifications", &body).await;
        }
    }
}

/// Signs a user in with their passkey as the second factor.
async fn use_passkey(world: &mut World<'_>, user_id: &str) {
    let username = logs::credentials(world, user_id).await;
    let wanted = json!({
        "interactionEvent": "SignIn", "userId": user_id, "signInContext": {},
        "verificationRecords": [
            { "type": "Password", "identifier": { "type": "username", "value": username } },
            { "type": "WebAuthn", "verified": true, "authenticationChallenge": "asked", "own": true },
        ],
    });
    let stage = crate::stage::reach(world, &wanted).await;
    stage.post("/submit", Value::Null).await;
}

/// The factor that a path names, if it was there.
async fn known_factor(world: &mut World<'_>, exchange: &Exchange) {
    let Some(id) = exchange.parameters().first().map(|own| own.value.clone()) else { return };
    let known = world.entity(&id);
    if known.is_none() && !exchange.succeeded() {
        return;
    }
    let renamed = exchange.operation == "UpdateMfaVerificationName";
    let kind = if renamed && exchange.succeeded() { "WebAuthn" } else { "Totp" };
    let mut factor = json!({ "id": id, "type": kind });
    if let Some(kind) = known.and_then(|own| own.get("type").cloned()) {
        factor["type"] = kind;
    }
    add_factors(world, None, &json!([factor])).await;
}

/// What a new factor is made of here.
async fn new_factor(world: &mut World<'_>, exchange: &mut Exchange, code: &str) {
    let kind = exchange.request_body["type"].as_str().unwrap_or("Totp").to_owned();
    let totp = json!({ "type": "Totp" });
    match (kind.as_str(), code) {
        ("Totp", "user.totp_already_in_use") => add_factor(world, &totp).await,
        ("BackupCode", "" | "user.wrong_backup_code_format") => add_factor(world, &totp).await,
        ("BackupCode", "user.backup_code_already_in_use") => {
            add_factor(world, &json!({ "type": "BackupCode" })).await;
        }
        ("WebAuthn", "") => {
            let record = exchange.request_body["newIdentifierVerificationRecordId"].clone();
            register(world, &record).await;
        }
        _ => {}
    }
    if kind == "Totp"
        && code != "session.mfa.mfa_factor_not_enabled"
        && exchange.request_body["secret"].is_string()
        && !code.ends_with("secret_invalid")
    {
        let path = "/api/my-account/mfa-verifications/totp-secret/generate";
        let made = world.account("POST", path, &Value::Null).await.body;
        let secret = made["secret"].as_str().unwrap_or_default();
        exchange.request_body["secret"] = secret.into();
        if exchange.request_body["code"].is_string() && code != "session.mfa.invalid_totp_code" {
            let wrong = exchange.request_body["code"] == "000000";
            let right = world.mock.totp_code(secret);
            exchange.request_body["code"] = if wrong { "000000".into() } else { right.into() };
        }
    }
}

/// What the user has said about factors, as it was.
async fn configure(world: &mut World<'_>, exchange: &Exchange) {
    let path = "/api/my-account/logto-configs";
    let said = match exchange.response_body.get("skipMfaOnSignIn") {
        Some(skip) => json!({ "mfa": { "skipMfaOnSignIn": skip } }),
        None => exchange.response_body.clone(),
    };
    world.account("PATCH", path, &said).await;
}

/// Signs the account's user in, and has what comes of it stand for what is named.
async fn sign_in(world: &mut World<'_>, exchange: &Exchange) {
    if !exchange.succeeded() {
        return;
    }
    logs::sign_in(world, &exchange.response_body["sessions"]).await;
    if exchange.operation.starts_with("Get") {
        return;
    }
    let list = exchange.template.rsplit_once('/').map_or("", |(list, _)| list);
    let own = world.account("GET", list, &Value::Null).await.body;
    let newest = own.as_object().and_then(|own| own.values().next()?.as_array()?.last());
    let id = newest.map(|own| match own["payload"]["uid"].is_string() {
        true => own["payload"]["uid"].clone(),
        false => own["id"].clone(),
    });
    if let (Some(named), Some(own)) = (exchange.parameters().first(), id) {
        world.pair("id", &json!(named.value), &own);
    }
}
