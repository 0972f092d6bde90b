//! Interactions of the Experience API: each exchange gets one of its own, as far on as it needs.

use serde_json::{Value, json};

use crate::{
    authenticator,
    exchange::Exchange,
    stage::{self, PASSWORD, Stage, authorize, reach},
    world::World,
};

/// Prepares an interaction; gives the exchange with what its request has to say here.
pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) -> Exchange {
    let mut exchange = exchange.clone();
    world.leave_browser();
    let code = exchange.code().unwrap_or_default().to_owned();
    if code == "session.not_found" {
        return exchange;
    }
    authorize(world).await;
    if exchange.operation == "InitInteraction" || code == "session.interaction_not_found" {
        return exchange;
    }
    let wanted = wanted(world, &exchange);
    let mut stage = reach(world, &wanted).await;
    finish(&mut stage, &mut exchange).await;
    let error = exchange.response_body.clone();
    stage.refuse(&error).await;
    exchange
}

fn password() -> Value {
    json!({
        "type": "Password", "verified": true,
        "identifier": { "type": "username", "value": "itestuser" },
    })
}

fn code(event: &str) -> Value {
    let address = format!("{}@stage.example", event.to_lowercase());
    json!({
        "type": "EmailVerificationCode", "verified": true, "templateType": event,
        "identifier": { "type": "email", "value": address },
    })
}

/// An interaction with these records; of somebody, if a user has been identified.
fn with(event: &str, records: Value, user: bool) -> Value {
    let mut wanted = json!({
        "interactionEvent": event, "signInContext": {}, "verificationRecords": records,
    });
    if user {
        wanted["userId"] = "somebody".into();
    }
    wanted
}

/// How far the interaction had come in which an exchange was recorded.
fn wanted(world: &World<'_>, exchange: &Exchange) -> Value {
    let asked = &exchange.request_body;
    let event = asked["interactionEvent"].as_str().unwrap_or("SignIn");
    if exchange.operation == "GetInteraction" && exchange.succeeded() {
        return exchange.response_body.clone();
    }
    let proved = asked["verificationId"].as_str().and_then(|id| world.known.record(id));
    let refused = !exchange.succeeded();
    match exchange.operation.as_str() {
        "UpdateInteractionEvent" => {
            let before = match event {
                "ForgotPassword" if !refused => "ForgotPassword",
                "SignIn" | "Register" if refused => "ForgotPassword",
                _ => "SignIn",
            };
            with(before, json!([]), false)
        }
        "IdentifyUser" => identification(exchange, proved),
        "AddUserProfile" => match asked["type"].as_str() {
            Some("password" | "username") => {
                let mut wanted = with("Register", json!([code("Register")]), false);
                wanted["profile"] = json!({ "primaryEmail": "register@stage.example" });
                wanted
            }
            _ => with("SignIn", json!([password()]), true),
        },
        "ResetUserPassword" if exchange.code() == Some("session.invalid_interaction_type") => {
            with("SignIn", json!([password()]), true)
        }
        "ResetUserPassword" => with("ForgotPassword", json!([code("ForgotPassword")]), true),
        "UploadExperienceAvatar" if !refused => with("Register", json!([]), false),
        "CreateSocialVerification" | "VerifySocialVerification"
            if !refused || asked["verificationId"].is_string() =>
        {
            let connector = exchange.parameters().first().map(|own| own.value.clone());
            with("SignIn", json!([{ "type": "Social", "connectorId": connector }]), false)
        }
        "CreateEnterpriseSsoVerification" | "VerifyEnterpriseSsoVerification"
            if !refused || asked["verificationId"].is_string() =>
        {
            let connector = exchange.parameters().first().map(|own| own.value.clone());
            with("SignIn", json!([{ "type": "EnterpriseSso", "connectorId": connector }]), false)
        }
        _ if of_factor(exchange).is_some() => of_factor(exchange).unwrap_or_default(),
        _ if is_identified(exchange) => with(event, json!([password()]), true),
        _ => with(event, json!([]), false),
    }
}

/// How far it had come where a second factor or a passkey was about to be proved or bound.
fn of_factor(exchange: &Exchange) -> Option<Value> {
    let asked = &exchange.request_body;
    Some(match exchange.operation.as_str() {
        "BindMfaVerification" | "BindPasskey" => {
            let kind = asked["type"].as_str().unwrap_or("WebAuthn");
            let new = json!({ "type": kind, "verified": true, "secret": "new" });
            let totp = json!({ "type": "Totp", "verified": true, "secret": "new" });
            match kind {
                "BackupCode" => {
                    let mut wanted = with("SignIn", json!([password(), totp, new]), true);
                    wanted["mfa"] = json!({ "totp": {}, "mfaEnabled": true });
                    wanted
                }
                _ => with("SignIn", json!([password(), new]), true),
            }
        }
        "VerifyTotpVerification" if asked["verificationId"].is_string() => {
            let record = json!({ "type": "Totp", "secret": "new" });
            with("SignIn", json!([password(), record]), true)
        }
        "CreateWebAuthnAuthenticationVerification" if exchange.succeeded() => {
            let record = json!({ "type": "WebAuthn", "authenticationChallenge": "asked" });
            with("SignIn", json!([password(), record]), true)
        }
        "CreateAndSendMfaVerificationCode" | "VerifyMfaVerificationCode" => {
            let kind = asked["identifierType"].as_str().unwrap_or("email");
            let (name, value) = match kind {
                "phone" => ("MfaPhoneVerificationCode", "34600000001"),
                _ => ("MfaEmailVerificationCode", "factor@stage.example"),
            };
            let record = json!({ "type": name, "identifier": { "type": kind, "value": value } });
            with("SignIn", json!([password(), record]), true)
        }
        "VerifyWebAuthnRegistrationVerification" => {
            let record = json!({ "type": "WebAuthn", "registrationChallenge": "asked" });
            with("SignIn", json!([password(), record]), true)
        }
        "VerifyWebAuthnAuthenticationVerification" => {
            let record = json!({ "type": "WebAuthn", "authenticationChallenge": "asked" });
            with("SignIn", json!([password(), record]), true)
        }
        "VerifySignInPasskeyAuthentication"
        | "CreateSignInPasskeyAuthentication"
        | "CreateSignInPasskeyAuthenticationWithIdentifier" => {
            with("SignIn", json!([{ "type": "SignInPasskey" }]), false)
        }
        _ => return None,
    })
}

/// What is there to be identified by.
fn identification(exchange: &Exchange, proved: Option<Value>) -> Value {
    let is_new = exchange.status == 201 || exchange.code() == Some("user.missing_profile");
    let event = if is_new { "Register" } else { "SignIn" };
    let asked = &exchange.request_body;
    let mut wanted = json!({
        "interactionEvent": event, "signInContext": {}, "verificationRecords": [],
    });
    if asked["verificationId"].is_null() && is_new {
        wanted["verificationRecords"] = json!([code("Register")]);
        wanted["profile"] = json!({ "primaryEmail": "register@stage.example", "username": "new" });
    } else if asked["verificationId"].as_str().is_some_and(|id| !id.contains("not-exist")) {
        let somebody = json!({ "id": "unknown-there", "email": "unknown@there.example" });
        let record = proved.unwrap_or_else(|| match exchange.status {
            404 if exchange.code() == Some("user.identity_not_exist") => {
                json!({ "type": "Social", "socialUserInfo": somebody })
            }
            404 if exchange.code() == Some("user.sso_identity_not_exist") => {
                json!({ "type": "EnterpriseSso", "enterpriseSsoUserInfo": somebody })
            }
            201 => json!({
                "type": "NewPasswordIdentity",
                "identifier": { "type": "username", "value": "new" },
            }),
            _ if is_new => code("Register"),
            _ => password(),
        });
        let mut record = record;
        record["verified"] = true.into();
        wanted["verificationRecords"] = json!([record]);
    }
    wanted["known"] = (!is_new && exchange.status != 404).into();
    wanted
}

/// Whether somebody had been identified when this was recorded.
fn is_identified(exchange: &Exchange) -> bool {
    let path = exchange.template.trim_start_matches("/api/experience");
    let needs = path.starts_with("/submit")
        || path.starts_with("/profile")
        || path.contains("totp")
        || path.contains("backup-code")
        || path.contains("web-authn");
    needs && exchange.code() != Some("session.identifier_not_found")
}

/// What is left to be done, and to be said by the exchange itself.
async fn finish(stage: &mut Stage<'_, '_>, exchange: &mut Exchange) {
    let succeeded = exchange.succeeded();
    let id = exchange.request_body["verificationId"].as_str().map(str::to_owned);
    if let (Some(recorded), Some(own)) = (&id, stage.newest().as_str().map(str::to_owned))
        && !recorded.contains("not-exist")
    {
        stage.world.equate(recorded, &own);
    }
    let asked = &mut exchange.request_body;
    match exchange.operation.as_str() {
        "CreatePasswordVerification" => {
            let (identifier, code) =
                (asked["identifier"].clone(), exchange.response_body["code"].clone());
            let known = succeeded || code != "session.invalid_credentials";
            if known && code != "session.verification_blocked_too_many_attempts" {
                let id = stage.user(stage::members(&identifier)).await;
                if code == "password.expired" {
                    stage.world.mock.expire_password(&id);
                }
            }
            if code == "session.verification_blocked_too_many_attempts" {
                stage.world.mock.lock_out(identifier["value"].as_str().unwrap_or_default());
            }
            if succeeded || code == "password.expired" {
                asked["password"] = PASSWORD.into();
            }
        }
        "ResetUserPassword" if exchange.response_body["code"] == "user.same_password" => {
            asked["password"] = PASSWORD.into();
        }
        "UploadExperienceAvatar" => stage.world.mock.set_storage(true),
        "CreateAndSendVerificationCode" if !succeeded => {
            let policy = json!({ "emailBlocklistPolicy": { "blockSubaddressing": true } });
            stage.world.manage("PATCH", "/api/sign-in-exp", &policy).await;
        }
        "VerifyVerificationCodeVerification" => send_code(stage, asked, succeeded).await,
        "VerifyMfaVerificationCode" => {
            let phone = asked["identifierType"] == "phone";
            let is_wrong = exchange.response_body["code"] == "verification_code.code_mismatch";
            let address = if phone { "34600000001" } else { "factor@stage.example" };
            if !is_wrong {
                asked["code"] = stage.world.mock.last_code(address).unwrap_or_default().into();
            }
        }
        "GetEnabledSsoConnectors" if succeeded => sso_connectors(stage, exchange),
        "CreateSignInPasskeyAuthentication" | "CreateSignInPasskeyAuthenticationWithIdentifier"
            if succeeded =>
        {
            asked["identifier"] = json!({ "type": "username", "value": "passkeyuser" });
        }
        _ if succeeded => finish_factor(stage, exchange).await,
        _ => {}
    }
}

/// A connector for the address that is asked about, if there was one.
fn sso_connectors(stage: &Stage<'_, '_>, exchange: &Exchange) {
    let email = exchange.query.get("email").and_then(Value::as_str).unwrap_or_default();
    let domain = email.split('@').nth(1).unwrap_or_default();
    if exchange.response_body["connectorIds"].as_array().is_some_and(|ids| !ids.is_empty()) {
        stage.world.mock.add_sso_connector(domain);
    }
}

/// Has a request show what proves a second factor or a passkey here.
async fn finish_factor(stage: &mut Stage<'_, '_>, exchange: &mut Exchange) {
    let asked = &mut exchange.request_body;
    match exchange.operation.as_str() {
        "VerifyTotpVerification" if asked["verificationId"].is_null() => {
            let user_id = stage.user_id.clone().unwrap_or_default();
            let secret = stage.world.mock.add_totp(&user_id);
            asked["code"] = stage.world.mock.totp_code(&secret).into();
        }
        "VerifyTotpVerification" => {
            let made = stage.post("/verification/totp/secret", Value::Null).await;
            let secret = made["secret"].as_str().unwrap_or_default();
            *asked = json!({
                "verificationId": made["verificationId"],
                "code": stage.world.mock.totp_code(secret),
            });
        }
        "VerifyBackupCode" => {
            let user_id = stage.user_id.clone().unwrap_or_default();
            asked["code"] = stage.world.mock.add_backup_codes(&user_id)[0].as_str().into();
        }
        "VerifyOneTimeTokenVerification" => {
            let email = asked["identifier"]["value"].as_str().unwrap_or_default().to_owned();
            asked["token"] = stage.world.mock.add_one_time_token(&email).into();
        }
        "VerifyWebAuthnRegistrationVerification"
        | "VerifyWebAuthnAuthenticationVerification"
        | "VerifySignInPasskeyAuthentication" => {
            let mut options = stage.options.clone();
            if asked["verificationId"].is_null() {
                let path = "/preflight/sign-in-passkey/authentication";
                let any = stage.post(path, Value::Null).await["authenticationOptions"].clone();
                options["challenge"] = any["challenge"].clone();
            }
            asked["payload"] = authenticator::answer(stage.world, &options);
        }
        _ => {}
    }
}

/// Sends a code, and has it stand for the recorded one where that was right.
async fn send_code(stage: &mut Stage<'_, '_>, asked: &mut Value, succeeded: bool) {
    let identifier = asked["identifier"].clone();
    let body = json!({ "identifier": identifier, "interactionEvent": "SignIn" });
    let sent = stage.post("/verification/verification-code", body).await;
    asked["verificationId"] = sent["verificationId"].clone();
    if succeeded {
        let address = identifier["value"].as_str().unwrap_or_default();
        asked["code"] = stage.world.mock.last_code(address).unwrap_or_default().into();
    }
}
