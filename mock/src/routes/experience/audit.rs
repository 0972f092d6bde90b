//! What the audit log says of an interaction.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Answer, Event, Experience, Flow, Proof, Record};
use crate::{
    rules::{identities, logs, releases::knows, users},
    state::{
        State,
        collection::{Members, object},
        factors::{Credential, Secret},
        user::User,
    },
};

/// What is told of a request's body.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    Nothing,
    /// Its members, beside what is told of every request.
    Members,
    /// The whole, as `payload`.
    Payload,
}

/// By the end of a path: what the log calls an operation, after its interaction's event. `{…}`
/// stands for what the body or the interaction says.
const ENTRIES: [(&str, &str, Told); 29] = [
    ("", "Create", Told::Nothing),
    ("/interaction-event", "Update", Told::Members),
    ("/identification", "Identifier.Submit", Told::Payload),
    ("/submit", "Submit", Told::Nothing),
    ("/profile", "Profile.Update", Told::Payload),
    ("/profile/password", "Profile.Update", Told::Nothing),
    ("/profile/mfa", "BindMfa.{type}.Submit", Told::Members),
    ("/profile/mfa/passkey", "SignInPasskey.Submit", Told::Members),
    ("/password", "Verification.Password.Submit", Told::Payload),
    ("/new-password-identity", "Verification.NewPasswordIdentity.Submit", Told::Payload),
    ("/verification-code", "Verification.{address}VerificationCode.Create", Told::Payload),
    ("/verification-code/verify", "Verification.{address}VerificationCode.Submit", Told::Payload),
    ("/mfa-verification-code", "Verification.{address}VerificationCode.Create", Told::Payload),
    (
        "/mfa-verification-code/verify",
        "Verification.{address}VerificationCode.Submit",
        Told::Payload,
    ),
    ("/totp/secret", "Verification.Totp.Create", Told::Nothing),
    ("/totp/verify", "Verification.Totp.Submit", Told::Payload),
    ("/backup-code/generate", "Verification.BackupCode.Create", Told::Nothing),
    ("/backup-code/verify", "Verification.BackupCode.Submit", Told::Payload),
    ("/web-authn/registration", "Verification.WebAuthn.Create", Told::Nothing),
    ("/web-authn/registration/verify", "Verification.WebAuthn.Submit", Told::Payload),
    ("/web-authn/authentication", "Verification.WebAuthn.Create", Told::Nothing),
    ("/web-authn/authentication/verify", "Verification.WebAuthn.Submit", Told::Payload),
    ("/sign-in-passkey/authentication", "Verification.SignInPasskey.Create", Told::Payload),
    ("/sign-in-passkey/authentication/verify", "Verification.SignInPasskey.Submit", Told::Payload),
    ("/social/*/authorization-uri", "Verification.Social.Create", Told::Payload),
    ("/social/*/verify", "Verification.Social.Submit", Told::Payload),
    ("/sso/*/authorization-uri", "Verification.EnterpriseSso.Create", Told::Payload),
    ("/sso/*/verify", "Verification.EnterpriseSso.Submit", Told::Payload),
    ("/one-time-token/verify", "Verification.OneTimeToken.Submit", Told::Payload),
];

/// A request's path below the Experience API, with `*` for a connector's id; and that id.
fn below(path: &str) -> (String, Option<&str>) {
    let path = path.trim_start_matches("/api/experience").trim_end_matches('/');
    let path =
        path.strip_prefix("/verification/").map_or(path, |own| &path[path.len() - own.len() - 1..]);
    let mut parts: Vec<&str> = path.split('/').collect();
    let of_connector = matches!(parts.get(1), Some(&"social" | &"sso"));
    let id = parts.get_mut(2).filter(|_| of_connector).map(|part| std::mem::replace(part, "*"));
    (parts.join("/"), id)
}

/// Notes what an operation was asked and what came of it.
pub(super) fn note(flow: &mut Flow<'_>, event: Event, path: &str, answer: &Answer) {
    let (path, connector_id) = below(path);
    let Some((_, key, told)) = ENTRIES.iter().find(|(own, ..)| *own == path) else { return };
    let failed = answer.as_ref().err().map(logs::error);
    let body = object(flow.body.value.clone());
    let key = name(key, &body);
    let mut members = match told {
        Told::Nothing => Members::new(),
        Told::Members => body.clone().into_iter().filter(|(name, _)| name != "type").collect(),
        Told::Payload => {
            object(json!({ "payload": payload(flow, &path, body.clone(), connector_id) }))
        }
    };
    let record = body.get("verificationId").and_then(Value::as_str).unwrap_or_default();
    let record = flow.experience.records.iter().find(|own| own.id == record);
    if path == "/identification" || key.contains("Mfa.") || key == "SignInPasskey.Submit" {
        members.extend(record.map(|own| ("verification".to_owned(), own.to_log(flow.state))));
        if flow.experience.event == Event::Register && failed.is_none() {
            let user = flow.user().ok();
            members.extend(user.map(|user| ("user".to_owned(), row_of(&user, flow.state))));
        }
    }
    add(flow, event, &key, failed.clone(), members);
    if let Some(id) = connector_id.filter(|_| path.starts_with("/sso/"))
        && failed.as_ref().is_none_or(|error| error["code"] != "entity.not_exists_with_id")
    {
        single_sign_on(flow, event, id, body, failed);
    }
}

/// A key with what it leaves open.
fn name(key: &str, body: &Members) -> String {
    let identifier = body.get("identifier").and_then(|own| own.get("type"));
    let is_phone = body.get("identifierType").or(identifier) == Some(&"phone".into());
    let address = if is_phone { "Phone" } else { "Email" };
    let factor = body.get("type").and_then(Value::as_str).unwrap_or_default();
    key.replace("{address}", address).replace("{type}", factor)
}

/// What is told of a body.
fn payload(flow: &Flow<'_>, path: &str, mut body: Members, connector_id: Option<&str>) -> Value {
    if let Some(id) = connector_id {
        body.insert("connectorId".into(), id.into());
    }
    let newest = flow.experience.records.last();
    match path {
        "/totp/verify" if knows(flow.state, "1.42") => drop(body.remove("code")),
        "/mfa-verification-code" | "/mfa-verification-code/verify" => {
            body.remove("identifierType");
            if let Some(Proof::MfaCode { identifier }) = newest.map(|own| &own.proof) {
                body.insert("identifier".into(), identifier.clone());
            }
        }
        "/sign-in-passkey/authentication" => {
            body.extend(newest.map(|own| ("verificationId".to_owned(), own.id.as_str().into())));
        }
        "/profile" if body.get("type") == Some(&"password".into()) => {
            body.insert("value".into(), "******".into());
        }
        _ => {}
    }
    body.into()
}

/// The other place's own entry for what has begun or come back from an enterprise's.
fn single_sign_on(
    flow: &mut Flow<'_>,
    event: Event,
    id: &str,
    body: Members,
    failed: Option<Value>,
) {
    let (key, told) = match body.get("connectorData") {
        Some(data) => ("Submit", ("data".to_owned(), data.clone())),
        None => ("Create", ("payload".to_owned(), body.into())),
    };
    let members = Members::from_iter([("connectorId".to_owned(), id.into()), told]);
    add(flow, event, &format!("Identifier.SingleSignOn.{key}"), failed, members);
}

/// What another place says anew of a user who comes from there.
pub(super) fn synced(flow: &mut Flow<'_>, profile: &Value) {
    let event = flow.experience.event;
    let members = object(json!({ "syncedProfile": profile }));
    add(flow, event, "Profile.Update", None, members);
}

fn add(flow: &mut Flow<'_>, event: Event, key: &str, failed: Option<Value>, mut members: Members) {
    let key = format!("Interaction.{}.{key}", event.name());
    let interaction = flow.experience.to_log(flow.state);
    members.insert("interaction".into(), interaction);
    if let Some(user_id) = &flow.experience.user_id {
        members.insert("userId".into(), user_id.as_str().into());
    }
    let app_id = flow.state.interactions.get(&flow.uid).map(|own| own.app_id.clone());
    if let Some(app_id) = app_id.filter(|_| knows(flow.state, "1.33")) {
        members.insert("applicationId".into(), app_id.into());
    }
    let user_agent = flow.user_agent().map(str::to_owned);
    logs::add(flow.state, &key, user_agent.as_deref(), failed, members);
}

impl Experience {
    /// All that is known of it; the log masks what is secret.
    pub(super) fn to_log(&self, state: &State) -> Value {
        let mut shown = self.to_json();
        let records = self.records.iter().map(|own| own.to_log(state));
        shown["verificationRecords"] = records.collect();
        if self.profile.has("submitted") && knows(state, "1.38") {
            shown["profile"]["submitted"] = true.into();
        }
        if self.profile.has_password() {
            shown["profile"]["passwordEncrypted"] = true.into();
            shown["profile"]["passwordEncryptionMethod"] = true.into();
        }
        let mut social = self.records.iter().filter_map(|record| match &record.proof {
            Proof::Social { user: Some(info), connector_id } => {
                identities::social_tokens(state, connector_id, info)
            }
            _ => None,
        });
        if self.profile.has("socialIdentity") && social.next().is_some() {
            shown["profile"]["socialConnectorTokenSetSecret"] = true.into();
        }
        for secret in &self.mfa.added {
            match secret {
                Secret::Totp(secret) => shown["mfa"]["totp"]["secret"] = secret.as_str().into(),
                Secret::BackupCodes(codes) => {
                    shown["mfa"]["backupCode"]["codes"] = json!(codes);
                }
                Secret::WebAuthn(_) => {}
            }
        }
        if !knows(state, "1.32") {
            let passkeys = shown.pointer_mut("/mfa/webAuthn").and_then(Value::as_array_mut);
            let passkeys = passkeys.into_iter().flatten();
            passkeys.for_each(|own| forget(own, &["rpId"]));
        }
        let newer = [
            (knows(state, "1.37"), "signInContext", ""),
            (knows(state, "1.38"), "mfaEnabled", "/mfa"),
        ];
        for (_, name, place) in newer.into_iter().filter(|(known, ..)| !known) {
            let members = shown.pointer_mut(place).and_then(Value::as_object_mut);
            members.map(|members| members.remove(name));
        }
        shown
    }
}

impl Record {
    fn to_log(&self, state: &State) -> Value {
        let mut shown = self.to_json();
        let newer = knows(state, "1.32");
        match &self.proof {
            Proof::NewPassword { .. } => {
                shown["passwordEncrypted"] = true.into();
                shown["passwordEncryptionMethod"] = true.into();
            }
            Proof::Totp { new: Some(_), .. } => shown["secret"] = true.into(),
            Proof::BackupCode { new, used: None, .. } => shown["backupCodes"] = json!(new),
            Proof::WebAuthn { challenge, is_new: true, made, .. } => {
                shown["registrationChallenge"] = challenge.text.as_str().into();
                if newer {
                    shown["registrationRpId"] = challenge.rp_id.as_str().into();
                }
                if let Some(made) = made {
                    shown["registrationInfo"] = made.to_json();
                    if !newer {
                        forget(&mut shown["registrationInfo"], &["rpId"]);
                    }
                }
            }
            Proof::WebAuthn { challenge, .. } => {
                shown["authenticationChallenge"] = challenge.text.as_str().into();
            }
            Proof::Passkey { challenge, .. } => {
                shown["authenticationChallenge"] = challenge.text.as_str().into();
                shown["authenticationRpId"] = challenge.rp_id.as_str().into();
            }
            Proof::Social { user, connector_id } => {
                shown["connectorSession"] = json!({});
                let info = user.as_ref();
                if let Some(tokens) =
                    info.and_then(|info| identities::social_tokens(state, connector_id, info))
                {
                    shown["encryptedTokenSet"] = json!({
                        "encryptedTokenSetBase64": "", "metadata": identities::metadata(&tokens),
                    });
                }
            }
            _ => {}
        }
        shown
    }
}

impl Credential {
    /// As an interaction shows it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "type": "WebAuthn", "rpId": self.rp_id, "publicKey": BASE64_URL_SAFE_NO_PAD.encode(&self.key),
            "credentialId": self.id, "counter": self.counter, "agent": self.agent, "transports": self.transports,
        })
    }
}

/// What views of a user have beside the row that is stored.
pub(super) const VIEWED: [&str; 2] = ["hasPassword", "ssoIdentities"];

/// A new user, as the database has them.
fn row_of(user: &User, state: &State) -> Value {
    let mut row = users::row(state, user);
    forget(&mut row, &VIEWED);
    if let Some(members) = row.as_object_mut() {
        let own = json!({
            "tenantId": "default", "logtoConfig": { "mfa": { "enabled": false } },
            "mfaVerifications": [], "isPasswordExpired": true, "passwordEncrypted": true,
            "passwordUpdatedAt": true, "passwordEncryptionMethod": true,
        });
        members.extend(object(own));
    }
    if !knows(state, "1.38") {
        row["logtoConfig"] = json!({});
    }
    if !knows(state, "1.42") {
        forget(&mut row, &["isPasswordExpired", "passwordUpdatedAt"]);
    }
    row
}

pub(super) fn forget(shown: &mut Value, names: &[&str]) {
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
}
