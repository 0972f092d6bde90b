//! Sessions and grants, as the APIs show and end them.

use serde_json::{Map, Value, json};

use crate::{
    rules::{apps::App, errors::Failure},
    state::{
        State,
        collection::text,
        sessions::{GRANT_LIFETIME, Grant, Session},
    },
};

/// Which applications' grants end with a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revoked {
    /// Those that are not good offline.
    Bound,
    FirstParty,
    All,
}

impl Revoked {
    pub(crate) fn parse(target: Option<&str>) -> Self {
        match target {
            Some("all") => Self::All,
            Some("firstParty") => Self::FirstParty,
            _ => Self::Bound,
        }
    }
}

pub(crate) fn shown(session: &Session) -> Value {
    let apps = session.apps.iter().map(|(id, app)| {
        let mut shown = json!({ "sid": app.sid, "grantId": app.grant });
        if app.persists {
            shown["persistsLogout"] = true.into();
        }
        (id.clone(), shown)
    });
    let mut submission = session.submission.as_object().cloned().unwrap_or_default();
    submission.retain(|name, _| {
        ["interactionEvent", "userId", "verificationRecords", "signInContext"]
            .contains(&name.as_str())
    });
    json!({
        "payload": {
            "exp": session.expires_at / 1000, "iat": session.signed_in_at / 1000,
            "jti": session.cookie, "uid": session.uid, "kind": "Session",
            "loginTs": session.signed_in_at / 1000, "accountId": session.user_id,
            "authorizations": apps.collect::<Map<_, _>>(),
        },
        "lastSubmission": submission, "clientId": session.app_id, "accountId": session.user_id,
        "expiresAt": session.expires_at,
    })
}

pub(crate) fn shown_grant(state: &State, grant: &Grant) -> Value {
    let app = state.tables.find("applications", &grant.app_id);
    let end = grant.issued_at + GRANT_LIFETIME;
    let scope: Vec<&str> = grant.scope.iter().map(String::as_str).collect();
    json!({
        "id": grant.id,
        "payload": {
            "exp": end / 1000, "iat": grant.issued_at / 1000, "jti": grant.id, "kind": "Grant",
            "clientId": grant.app_id, "accountId": grant.user_id,
            "openid": { "scope": scope.join(" ") },
        },
        "expiresAt": end,
        "application": { "id": grant.app_id, "name": app.and_then(|own| text(own, "name")) },
    })
}

pub(crate) fn list(state: &State, user_id: &str) -> Vec<Value> {
    state.sessions.of_user(user_id).map(shown).collect()
}

/// A user's grants: all, or those of one's own applications or of third parties'.
pub(crate) fn grants(state: &State, user_id: &str, kind: Option<&str>) -> Value {
    let wanted = |grant: &&Grant| {
        let is_third_party =
            App::find(state, &grant.app_id).is_some_and(|app| app.is_third_party());
        kind.is_none_or(|kind| (kind == "thirdParty") == is_third_party)
    };
    let own = state.sessions.grants_of(user_id).filter(wanted);
    json!({ "grants": own.map(|grant| shown_grant(state, grant)).collect::<Vec<_>>() })
}

pub(crate) fn not_found() -> Failure {
    Failure::with_message(404, "oidc.session_not_found", "Session not found.")
}

pub(crate) fn find(state: &State, user_id: &str, uid: &str) -> Result<Value, Failure> {
    let session = state.sessions.find(uid).filter(|own| own.user_id == user_id);
    session.map(shown).ok_or_else(not_found)
}

pub(crate) fn end(
    state: &mut State,
    user_id: &str,
    uid: &str,
    revoked: Revoked,
) -> Result<(), Failure> {
    let session = state.sessions.find(uid).ok_or_else(not_found)?;
    if session.user_id != user_id {
        let message = "Session accountId mismatch.";
        return Err(Failure::with_message(404, "oidc.invalid_session_account_id", message));
    }
    let Some(session) = state.sessions.end(uid) else { return Err(not_found()) };
    for (id, app) in &session.apps {
        let is_third_party = App::find(state, id).is_some_and(|app| app.is_third_party());
        let ends = match revoked {
            Revoked::All => true,
            Revoked::FirstParty => !is_third_party || !app.persists,
            Revoked::Bound => !app.persists,
        };
        if ends {
            state.tokens.revoke_grant(&app.grant);
            state.sessions.revoke(&app.grant);
        }
    }
    Ok(())
}

pub(crate) fn revoke(state: &mut State, user_id: &str, id: &str) -> Result<(), Failure> {
    let own = state.sessions.grant(id).is_some_and(|grant| grant.user_id == user_id);
    if !own {
        return Err(Failure::new(404, "oidc.invalid_grant"));
    }
    state.sessions.revoke(id);
    state.tokens.revoke_grant(id);
    Ok(())
}
