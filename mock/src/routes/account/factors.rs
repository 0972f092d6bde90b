//! `/api/my-account/mfa-verifications`: a user's second factors, and what they say of them.

use axum::{
    Router,
    extract::{Path, State},
    routing::{delete, get, patch, post, put},
};
use serde_json::{Value, json};

use super::auth::{Account, Verified};
use crate::{
    routes::{
        body::JsonBody,
        reply::{self, Answer},
    },
    rules::{
        errors::Failure,
        guard::{Field, Kind, optional, required},
        releases::knows,
        totp, users,
    },
    state::{
        self, Store,
        collection::{strings, text},
        factors::{Factor, Secret},
        policy::MfaFactor,
    },
};

const ADD: &[Field] = &[required("type", Kind::Enum(&["Totp", "BackupCode", "WebAuthn"]))];
const TOTP: &[Field] = &[required("secret", Kind::NonEmpty), optional("code", Kind::Text)];
const NEW_TOTP: &[Field] = &[required("secret", Kind::Text), required("code", Kind::Text)];
const BACKUP_CODES: &[Field] = &[required("codes", Kind::NonEmptyList(&Kind::NonEmpty))];
const WEB_AUTHN: &[Field] =
    &[required("newIdentifierVerificationRecordId", Kind::Text), optional("name", Kind::Text)];
const NAME: &[Field] = &[required("name", Kind::Text)];
const CONFIG: &[Field] =
    &[optional("mfa", Kind::FreeForm), optional("passkeySignIn", Kind::FreeForm)];
const SETTINGS: &[Field] = &[required("skipMfaOnSignIn", Kind::Boolean)];

pub(super) fn routes() -> Router<Store> {
    let path = "/api/my-account/mfa-verifications";
    Router::new()
        .route(path, get(list).post(add))
        .route(&format!("{path}/totp"), put(replace_totp))
        .route(&format!("{path}/totp-secret/generate"), post(totp_secret))
        .route(&format!("{path}/backup-codes"), get(backup_codes))
        .route(&format!("{path}/backup-codes/generate"), post(generate_backup_codes))
        .route(&format!("{path}/{{id}}"), delete(remove))
        .route(&format!("{path}/{{id}}/name"), patch(rename))
        .route("/api/my-account/mfa-settings", get(settings).patch(set_settings))
        .route("/api/my-account/logto-configs", get(config).patch(set_config))
}

async fn list(Account(id): Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    let user = state.users.find(&id).ok_or_else(users::not_found)?;
    Ok(reply::ok(&user.mfa.to_json()))
}

async fn totp_secret(_: Account, State(store): State<Store>) -> Answer {
    Ok(reply::ok(&json!({ "secret": store.lock().ids.totp_secret() })))
}

async fn generate_backup_codes(_: Account, State(store): State<Store>) -> Answer {
    Ok(reply::ok(&json!({ "codes": store.lock().ids.backup_codes() })))
}

async fn add(Verified(id): Verified, State(store): State<Store>, body: JsonBody) -> Answer {
    let kind = body.check(ADD)?;
    let state = &mut *store.lock();
    let secret = match text(&kind, "type") {
        Some("Totp") => new_totp(state, &id, &body)?,
        Some("BackupCode") => {
            let codes = strings(&body.check(BACKUP_CODES)?, "codes");
            check_backup_codes(state, &id, &codes)?;
            Secret::BackupCodes(codes)
        }
        _ => {
            let members = body.check(WEB_AUTHN)?;
            let record = text(&members, "newIdentifierVerificationRecordId").unwrap_or_default();
            let mut credential = state.verifications.credential(record)?;
            credential.name = text(&members, "name").map(str::to_owned);
            Secret::WebAuthn(credential)
        }
    };
    if let Some(user) = state.users.find_mut(&id) {
        user.mfa.add(&mut state.ids, secret);
        user.mfa.enabled = Some(true);
    }
    Ok(reply::no_content())
}

fn new_totp(state: &state::State, id: &str, body: &JsonBody) -> Result<Secret, Failure> {
    let members = body.check(TOTP)?;
    let secret = text(&members, "secret").unwrap_or_default();
    if state.users.find(id).is_some_and(|user| user.mfa.has(MfaFactor::Totp)) {
        return Err(Failure::new(422, "user.totp_already_in_use"));
    }
    // Releases before did not look at the code.
    let code = text(&members, "code").filter(|code| !code.is_empty() && knows(state, "1.35"));
    check_totp(secret, code)?;
    Ok(Secret::Totp(secret.to_owned()))
}

fn check_totp(secret: &str, code: Option<&str>) -> Result<(), Failure> {
    if totp::code(secret).is_none() {
        return Err(Failure::new(400, "user.totp_secret_invalid"));
    }
    match code.is_some_and(|code| !totp::is_right(secret, code)) {
        true => Err(Failure::new(400, "session.mfa.invalid_totp_code")),
        false => Ok(()),
    }
}

/// Puts an authenticator app in the place of the one that there is, or beside the other factors.
async fn replace_totp(
    Verified(id): Verified,
    State(store): State<Store>,
    body: JsonBody,
) -> Answer {
    let members = body.check(NEW_TOTP)?;
    let secret = text(&members, "secret").unwrap_or_default();
    check_totp(secret, text(&members, "code"))?;
    let state = &mut *store.lock();
    let user = state.users.find_mut(&id).ok_or_else(users::not_found)?;
    user.mfa.factors.retain(|own| own.secret.factor() != MfaFactor::Totp);
    user.mfa.add(&mut state.ids, Secret::Totp(secret.to_owned()));
    user.mfa.enabled = Some(true);
    Ok(reply::no_content())
}

/// Backup codes are in place of another factor, and none are left of those before.
fn check_backup_codes(state: &state::State, id: &str, codes: &[String]) -> Result<(), Failure> {
    let user = state.users.find(id).ok_or_else(users::not_found)?;
    let own: Vec<&Secret> = user.mfa.factors.iter().map(|own| &own.secret).collect();
    let is_code = |secret: &&Secret| secret.factor() == MfaFactor::BackupCode;
    let is_left = |own: &&Secret| matches!(own, Secret::BackupCodes(codes) if !codes.is_empty());
    let is_hex = |code: &String| {
        code.len() == 10 && code.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let refused = |code| Err(Failure::new(422, code));
    match () {
        () if own.iter().any(is_left) => refused("user.backup_code_already_in_use"),
        () if own.iter().all(is_code) => refused("session.mfa.backup_code_can_not_be_alone"),
        () if codes.len() != 10 || !codes.iter().all(is_hex) => {
            refused("user.wrong_backup_code_format")
        }
        () => Ok(()),
    }
}

async fn backup_codes(Verified(id): Verified, State(store): State<Store>) -> Answer {
    let state = store.lock();
    let factors = state.users.find(&id).into_iter().flat_map(|user| &user.mfa.factors);
    let mut codes = factors.filter_map(|factor| match &factor.secret {
        Secret::BackupCodes(codes) => Some(codes),
        _ => None,
    });
    let codes = codes.next().ok_or_else(|| Failure::new(404, "verification_record.not_found"))?;
    let codes: Value = codes.iter().map(|code| json!({ "code": code })).collect();
    Ok(reply::ok(&json!({ "codes": codes })))
}

async fn remove(
    Verified(id): Verified,
    State(store): State<Store>,
    Path(factor): Path<String>,
) -> Answer {
    let mut state = store.lock();
    let user = state.users.find_mut(&id).ok_or_else(users::not_found)?;
    let before = user.mfa.factors.len();
    user.mfa.factors.retain(|own| own.id != factor);
    match user.mfa.factors.len() < before {
        true => Ok(reply::no_content()),
        false => Err(Failure::new(400, "verification_record.not_found")),
    }
}

async fn rename(
    Verified(id): Verified,
    State(store): State<Store>,
    Path(factor): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(NAME)?;
    let mut state = store.lock();
    let user = state.users.find_mut(&id).ok_or_else(users::not_found)?;
    let mut factors = user.mfa.factors.iter_mut();
    match factors.find(|own| own.id == factor) {
        Some(Factor { secret: Secret::WebAuthn(credential), .. }) => {
            credential.name = text(&members, "name").map(str::to_owned);
            Ok(reply::no_content())
        }
        _ => Err(Failure::new(400, "verification_record.not_found")),
    }
}

async fn settings(Verified(id): Verified, State(store): State<Store>) -> Answer {
    let state = store.lock();
    let user = state.users.find(&id).ok_or_else(users::not_found)?;
    Ok(reply::ok(&json!({ "skipMfaOnSignIn": user.mfa.skip_on_sign_in })))
}

async fn set_settings(
    Verified(id): Verified,
    State(store): State<Store>,
    body: JsonBody,
) -> Answer {
    let members = body.check(SETTINGS)?;
    let mut state = store.lock();
    let user = state.users.find_mut(&id).ok_or_else(users::not_found)?;
    user.mfa.skip_on_sign_in = members["skipMfaOnSignIn"] == true;
    Ok(reply::ok(&json!({ "skipMfaOnSignIn": user.mfa.skip_on_sign_in })))
}

async fn config(Account(id): Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    let user = state.users.find(&id).ok_or_else(users::not_found)?;
    Ok(reply::ok(&user.mfa.config()))
}

async fn set_config(Account(id): Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let given = body.check(CONFIG)?;
    let mut state = store.lock();
    let user = state.users.find_mut(&id).ok_or_else(users::not_found)?;
    user.mfa.set_config(&given.into());
    Ok(reply::ok(&user.mfa.config()))
}
