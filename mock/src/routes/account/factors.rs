//! `/api/my-account/mfa-verifications`: a user's second factors, and what they say of them.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get, patch, post, put},
};
use serde_json::{Value, json};

use super::auth::{Account, Ask};
use crate::{
    routes::{
        body::JsonBody,
        reply::{self, Answer},
    },
    rules::{errors::Failure, releases::knows, totp},
    state::{
        self, Store,
        collection::{Members, strings, text},
        factors::Secret,
        policy::MfaFactor,
        user::User,
    },
};

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

const SCOPE: Ask = Ask::Scope("identities", 401);
const EDIT: [Ask; 3] = [Ask::Proof, Ask::Edit("mfa"), SCOPE];
const EDIT_PASSKEY: [Ask; 3] = [Ask::Proof, Ask::Edit("passkey"), SCOPE];

async fn list(account: Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    account.check(&state, &[Ask::See("mfa"), SCOPE])?;
    Ok(reply::ok(&account.user(&state)?.mfa.to_json()))
}

async fn totp_secret(_: Account, State(store): State<Store>) -> Answer {
    Ok(reply::ok(&json!({ "secret": store.lock().ids.totp_secret() })))
}

async fn generate_backup_codes(_: Account, State(store): State<Store>) -> Answer {
    Ok(reply::ok(&json!({ "codes": store.lock().ids.backup_codes() })))
}

async fn add(account: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let factor = match text(&members, "type") {
        Some("Totp") => MfaFactor::Totp,
        Some("BackupCode") => MfaFactor::BackupCode,
        _ => MfaFactor::WebAuthn,
    };
    let state = &mut *store.lock();
    let is_passkey = factor == MfaFactor::WebAuthn;
    account.check(state, if is_passkey { &EDIT_PASSKEY } else { &EDIT })?;
    check_enabled(state, factor)?;
    let secret = match factor {
        MfaFactor::Totp => new_totp(state, &account, &members)?,
        MfaFactor::BackupCode => {
            let codes = strings(&members, "codes");
            check_backup_codes(account.user(state)?, &codes)?;
            Secret::BackupCodes(codes)
        }
        _ => {
            let record = text(&members, "newIdentifierVerificationRecordId").unwrap_or_default();
            let mut credential = state.verifications.credential(record)?;
            credential.name = text(&members, "name").map(str::to_owned);
            Secret::WebAuthn(credential)
        }
    };
    bind(state, &account.id, secret);
    Ok(reply::no_content())
}

/// Whether the sign-in experience has a factor; or passkeys to sign in with.
fn check_enabled(state: &state::State, factor: MfaFactor) -> Result<(), Failure> {
    let is_passkey = factor == MfaFactor::WebAuthn && state.policy.passkey_sign_in;
    match is_passkey || state.policy.factors.contains(&factor) {
        true => Ok(()),
        false => Err(Failure::new(400, "session.mfa.mfa_factor_not_enabled")),
    }
}

/// Gives the user a factor, which turns them on.
fn bind(state: &mut state::State, user_id: &str, secret: Secret) {
    let is_enabled = state.policy.factors.contains(&secret.factor());
    if let Some(user) = state.users.find_mut(user_id) {
        user.mfa.add(&mut state.ids, secret);
        user.mfa.enabled = is_enabled.then_some(true).or(user.mfa.enabled);
    }
}

fn new_totp(state: &state::State, account: &Account, members: &Members) -> Result<Secret, Failure> {
    let secret = text(members, "secret").unwrap_or_default();
    if account.user(state)?.mfa.has(MfaFactor::Totp) {
        return Err(Failure::new(422, "user.totp_already_in_use"));
    }
    // Releases before did not look at the code.
    let code = text(members, "code").filter(|code| !code.is_empty() && knows(state, "1.35"));
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
async fn replace_totp(account: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let secret = text(&members, "secret").unwrap_or_default();
    let state = &mut *store.lock();
    account.check(state, &EDIT)?;
    check_enabled(state, MfaFactor::Totp)?;
    check_totp(secret, text(&members, "code"))?;
    account.user_mut(state)?.mfa.factors.retain(|own| own.secret.factor() != MfaFactor::Totp);
    bind(state, &account.id, Secret::Totp(secret.to_owned()));
    Ok(reply::no_content())
}

/// Backup codes are in place of another factor, and none are left of those before.
fn check_backup_codes(user: &User, codes: &[String]) -> Result<(), Failure> {
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

async fn backup_codes(account: Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    account.check(&state, &[Ask::Proof, SCOPE])?;
    let mut factors = account.user(&state)?.mfa.factors.iter();
    let codes = factors.find_map(|factor| match &factor.secret {
        Secret::BackupCodes(codes) => Some(codes),
        _ => None,
    });
    let codes = codes.ok_or_else(|| Failure::new(404, "verification_record.not_found"))?;
    let codes: Value = codes.iter().map(|code| json!({ "code": code })).collect();
    Ok(reply::ok(&json!({ "codes": codes })))
}

fn missing() -> Failure {
    Failure::new(400, "verification_record.not_found")
}

async fn remove(account: Account, State(store): State<Store>, Path(id): Path<String>) -> Answer {
    let state = &mut *store.lock();
    let is_new = knows(state, "1.41");
    account.check(state, if is_new { &[Ask::Proof, SCOPE] } else { &EDIT })?;
    let mut factors = account.user(state)?.mfa.factors.iter();
    let found = factors.find(|own| own.id == id).ok_or_else(missing)?;
    let is_passkey = found.secret.factor() == MfaFactor::WebAuthn;
    account.check(state, &[Ask::Edit(if is_passkey { "passkey" } else { "mfa" })])?;
    account.user_mut(state)?.mfa.factors.retain(|own| own.id != id);
    Ok(reply::no_content())
}

async fn rename(
    account: Account,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check()?;
    let state = &mut *store.lock();
    account.check(state, &EDIT_PASSKEY)?;
    let mut factors = account.user_mut(state)?.mfa.factors.iter_mut();
    match factors.find(|own| own.id == id).map(|own| &mut own.secret) {
        Some(Secret::WebAuthn(credential)) => {
            credential.name = text(&members, "name").map(str::to_owned);
            Ok(reply::text(StatusCode::OK, "OK"))
        }
        _ => Err(missing()),
    }
}

async fn settings(account: Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    account.check(&state, &[SCOPE, Ask::See("mfa")])?;
    let skips = account.user(&state)?.mfa.skip_on_sign_in;
    Ok(reply::ok(&json!({ "skipMfaOnSignIn": skips })))
}

async fn set_settings(account: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let state = &mut *store.lock();
    account.check(state, &[Ask::Proof, SCOPE, Ask::Edit("mfa")])?;
    let user = account.user_mut(state)?;
    user.mfa.skip_on_sign_in = members["skipMfaOnSignIn"] == true;
    Ok(reply::ok(&json!({ "skipMfaOnSignIn": user.mfa.skip_on_sign_in })))
}

async fn config(account: Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    account.check(&state, &[SCOPE, Ask::See("passkey")])?;
    Ok(reply::ok(&account.user(&state)?.mfa.config()))
}

async fn set_config(account: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let given = body.check()?;
    let state = &mut *store.lock();
    if knows(state, "1.41") {
        account.check(state, &[Ask::Proof])?;
    }
    account.check(state, &[SCOPE, Ask::Edit("passkey")])?;
    let user = account.user_mut(state)?;
    user.mfa.set_config(&given.into());
    Ok(reply::ok(&user.mfa.config()))
}
