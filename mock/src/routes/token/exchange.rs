//! A user's token for an application that the user need not be there for: RFC 8693.

use serde_json::{Value, json};

use super::{audience, issue, lifetime, only, parameter, resource, user::check_member};
use crate::{
    rules::{
        access,
        apps::App,
        errors::Failure,
        releases::knows,
        scopes::{self, Subject},
    },
    state::{State, collection::Members, params::Params, tokens::AccessToken},
};

const IMPERSONATION: &str = "urn:logto:token-type:impersonation_token";
const PERSONAL: &str = "urn:logto:token-type:personal_access_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

pub(super) fn exchange(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    // Releases before 1.36 ask no application's setting.
    let is_allowed = match knows(state, "1.36") {
        true => app.may_exchange(),
        false => !app.is_third_party(),
    };
    if !is_allowed {
        let description = "requested grant type is not allowed for this client";
        return Err(Failure::invalid_request(description));
    }
    let subject = parameter(form, "subject_token")?;
    let kind = parameter(form, "subject_token_type")?;
    let user_id = user_of(state, subject, kind).ok_or_else(Failure::invalid_grant)?;
    access::check(state, app, &user_id)?;
    let resource = match form.all("resource").count() {
        0 | 1 => resource(state, form)?,
        _ => None,
    };
    let organization = form.get("organization_id");
    if let Some(id) = organization {
        check_member(state, &user_id, id)?;
    }
    let actor = actor(state, form)?;
    let asked = form.get("scope").unwrap_or_default();
    let user = Subject::User(&user_id);
    let scope = match (resource, organization) {
        (None, None) => only(asked, |word| scopes::OIDC.contains(&word)),
        (Some(indicator), _) => {
            let allowed = scopes::of_resource(state, user, organization, indicator);
            only(asked, |word| allowed.contains(word) || word == "offline_access")
        }
        (None, Some(id)) => {
            let allowed = scopes::in_organization(state, user, id);
            only(asked, |word| allowed.contains(word))
        }
    };
    let (audience, mut claims) = audience(resource, organization);
    claims.extend(actor);
    let expires_in = lifetime(state, audience.as_deref());
    let subject_context = state.tokens.subjects.get(subject).map(|own| own.context.clone());
    let token = AccessToken {
        subject_context,
        audience,
        scope: scope.clone(),
        user_id: Some(user_id),
        app_id: app.id.clone(),
        claims,
        ..AccessToken::default()
    };
    let access_token = issue(state, token)?;
    // Other tokens can be exchanged again.
    state.tokens.subjects.remove(subject);
    Ok(json!({
        "access_token": access_token, "expires_in": expires_in, "scope": scope,
        "token_type": "Bearer",
    }))
}

/// Whose token it is, if it is of this kind and still good.
fn user_of(state: &State, token: &str, kind: &str) -> Option<String> {
    let now = state.now();
    let own = || {
        let subject = state.tokens.subjects.get(token).filter(|own| own.expires_at > now);
        subject.map(|own| own.user_id.clone())
    };
    let id = match kind {
        IMPERSONATION => own(),
        PERSONAL => scopes::owner_of_personal_token(state, token, now),
        ACCESS_TOKEN => own().or_else(|| {
            let access = state.tokens.access(token, now);
            let by_id_token = state.tokens.id_tokens.get(token).map(|(_, user)| user.clone());
            access.and_then(|own| own.user_id.clone()).or(by_id_token)
        }),
        _ => None,
    };
    id.filter(|id| state.users.find(id).is_some())
}

/// Who acts for the user, as a claim.
fn actor(state: &State, form: &Params) -> Result<Members, Failure> {
    let Some(token) = form.get("actor_token") else { return Ok(Members::new()) };
    if form.get("actor_token_type") != Some(ACCESS_TOKEN) {
        return Err(Failure::invalid_grant());
    }
    let access = state.tokens.access(token, state.now());
    let access = access.filter(|own| own.audience.is_none() && own.has_scope("openid"));
    let user = access.and_then(|own| own.user_id.clone()).ok_or_else(Failure::invalid_grant)?;
    Ok(Members::from_iter([("act".into(), json!({ "sub": user }))]))
}
