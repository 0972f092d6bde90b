//! Tokens of users: for codes and for refresh tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{audience, denied, issue, lifetime, only, parameter, resource, unknown_resource};
use crate::{
    rules::{
        access,
        apps::App,
        claims,
        errors::Failure,
        releases::knows,
        scopes::{self, ORGANIZATIONS, Subject},
    },
    state::{
        State,
        interaction::Authorization,
        params::Params,
        tokens::{AccessToken, RefreshToken},
    },
};

/// The scope that lets an application have tokens for a user's organizations.
const ORGANIZATIONS_SCOPE: &str = "urn:logto:scope:organizations";
/// For this long the use of a refresh token that was replaced is no theft: in milliseconds.
const REUSE: u64 = 3_000;

pub(super) fn authorization_code(
    state: &mut State,
    app: &App,
    form: &Params,
) -> Result<Value, Failure> {
    let text = parameter(form, "code")?;
    let now = state.now();
    let code = state.tokens.codes.get(text).filter(|code| code.expires_at > now).cloned();
    let code = code.ok_or_else(Failure::invalid_grant)?;
    let own = &code.authorization;
    if code.used {
        let grant = own.grant.clone();
        state.tokens.revoke_grant(&grant);
        return Err(Failure::invalid_grant());
    }
    // It can be left out where there is no other.
    let only = match app.redirect_uris.as_slice() {
        [only] => only,
        _ => "",
    };
    let redirect_uri = form.get("redirect_uri").unwrap_or(only);
    let is_good = own.app_id == app.id
        && own.redirect_uri == redirect_uri
        && proves(form.get("code_verifier"), own.challenge.as_deref());
    if !is_good || !is_there(state, own) {
        return Err(Failure::invalid_grant());
    }
    if let Some(code) = state.tokens.codes.get_mut(text) {
        code.used = true;
    }
    first_tokens(state, app, own, form)
}

/// The first tokens of a sign-in. An organization without a resource is passed over.
pub(super) fn first_tokens(
    state: &mut State,
    app: &App,
    authorization: &Authorization,
    form: &Params,
) -> Result<Value, Failure> {
    let organization = match resource(state, form)? {
        Some(_) => form.get("organization_id"),
        None => None,
    };
    let mut tokens = user_tokens(state, app, authorization, form, organization)?;
    if authorization.has_scope("offline_access") || app.always_refreshes() {
        let end = state.now() + 1000 * app.refresh_token_lifetime();
        tokens["refresh_token"] = new_refresh_token(state, authorization, end).into();
    }
    Ok(tokens)
}

pub(super) fn refresh_token(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    let text = parameter(form, "refresh_token")?;
    let now = state.now();
    let token = state.tokens.refresh.get(text).filter(|token| token.expires_at > now).cloned();
    let token = token.filter(|token| token.authorization.app_id == app.id);
    let token = token.ok_or_else(Failure::invalid_grant)?;
    let own = &token.authorization;
    if !is_there(state, own) {
        return Err(Failure::invalid_grant());
    }
    if token.replaced_at.is_some_and(|at| at + REUSE < now) {
        let grant = own.grant.clone();
        state.tokens.revoke_grant(&grant);
        return Err(Failure::invalid_grant());
    }
    access::check(state, app, &own.user_id)?;
    let organization = form.get("organization_id");
    let made = user_tokens(state, app, own, form, organization);
    let replacement = replacement(app, &token, now);
    // Custom claims are asked last: where they deny the token, the old one has been replaced.
    let is_denied =
        |failure: &Failure| failure.status == 400 && failure.body["error"] == "access_denied";
    if replacement.is_some()
        && made.as_ref().err().is_none_or(is_denied)
        && let Some(replaced) = state.tokens.refresh.get_mut(text)
    {
        replaced.replaced_at = Some(now);
    }
    let mut tokens = made?;
    tokens["refresh_token"] = match replacement {
        None => text.into(),
        Some(end) => new_refresh_token(state, own, end).into(),
    };
    Ok(tokens)
}

/// When the token ends that takes this one's place, if one does: where no secret is kept, a
/// refresh token is good for one use; elsewhere it is replaced when most of its life is over.
fn replacement(app: &App, token: &RefreshToken, now: u64) -> Option<u64> {
    let anew = now + 1000 * app.refresh_token_lifetime();
    let life = token.expires_at.saturating_sub(token.issued_at);
    let is_old = now.saturating_sub(token.issued_at) * 10 >= life * 7;
    match (app.is_public(), app.kind.as_str()) {
        (true, _) if !app.rotates() => None,
        (true, "SPA") => Some(token.expires_at),
        (true, _) => Some(anew),
        (false, _) => is_old.then_some(anew),
    }
}

fn new_refresh_token(state: &mut State, own: &Authorization, expires_at: u64) -> String {
    let text = state.ids.opaque();
    let token = RefreshToken {
        authorization: Authorization { nonce: None, ..own.clone() },
        issued_at: state.now(),
        expires_at,
        replaced_at: None,
    };
    state.tokens.refresh.insert(text.clone(), token);
    text
}

/// Whether the user and what they agreed to are still there.
fn is_there(state: &State, own: &Authorization) -> bool {
    state.users.find(&own.user_id).is_some_and(|user| !user.is_suspended())
}

fn user_tokens(
    state: &mut State,
    app: &App,
    own: &Authorization,
    form: &Params,
    organization: Option<&str>,
) -> Result<Value, Failure> {
    let resource = granted_resource(state, own, form)?;
    check_organization(state, app, own, organization)?;
    let asked = asked_scope(own, form)?;
    let scope = granted_scope(state, own, asked, resource, organization);
    let (audience, claims) = audience(resource, organization);
    let expires_in = lifetime(state, audience.as_deref());
    let token = AccessToken {
        audience,
        scope: scope.clone(),
        user_id: Some(own.user_id.clone()),
        app_id: own.app_id.clone(),
        grant: Some(own.grant.clone()),
        claims,
        ..AccessToken::default()
    };
    let mut tokens = json!({
        "access_token": issue(state, token)?, "expires_in": expires_in, "scope": scope,
        "token_type": "Bearer",
    });
    if own.has_scope("openid") && asked.split(' ').any(|word| word == "openid") {
        let access_token = tokens["access_token"].as_str().unwrap_or_default();
        tokens["id_token"] = id_token(state, app, own, asked, access_token)?.into();
    }
    Ok(tokens)
}

/// Fewer scopes than the user agreed to may be asked for, and no others.
fn asked_scope<'a>(own: &'a Authorization, form: &'a Params) -> Result<&'a str, Failure> {
    let Some(asked) = form.get("scope").filter(|scope| !scope.is_empty()) else {
        return Ok(&own.scope);
    };
    match asked.split(' ').find(|word| !own.has_scope(word)) {
        None => Ok(asked),
        Some(word) => {
            let description = "refresh token missing requested scope";
            Err(Failure::oidc(400u16, "invalid_scope", description).scope(word))
        }
    }
}

fn granted_scope(
    state: &State,
    own: &Authorization,
    asked: &str,
    resource: Option<&str>,
    organization: Option<&str>,
) -> String {
    let user = Subject::User(&own.user_id);
    let allowed = match (resource, organization) {
        (None, None) => return only(asked, |word| scopes::OIDC.contains(&word)),
        // It proves nothing: whatever organizations can have, asked for or not.
        (Some(ORGANIZATIONS), None) => scopes::all_of_organizations(state),
        (Some(indicator), _) => scopes::of_resource(state, user, organization, indicator),
        (None, Some(_)) if !own.resources.iter().any(|own| own == ORGANIZATIONS) => [].into(),
        (None, Some(id)) => scopes::in_organization(state, user, id),
    };
    only(asked, |word| allowed.contains(word))
}

/// The resource that a user's token is for: one of those that the sign-in was for.
fn granted_resource<'a>(
    state: &State,
    own: &Authorization,
    form: &'a Params,
) -> Result<Option<&'a str>, Failure> {
    // Of several, none is meant.
    if form.all("resource").count() > 1 {
        return Ok(None);
    }
    match resource(state, form)? {
        Some(resource) if !own.resources.iter().any(|own| own == resource) => {
            Err(unknown_resource())
        }
        resource => Ok(resource),
    }
}

/// Whether the token may be for this organization.
pub(super) fn check_organization(
    state: &State,
    app: &App,
    own: &Authorization,
    organization: Option<&str>,
) -> Result<(), Failure> {
    let Some(id) = organization else { return Ok(()) };
    check_member(state, &own.user_id, id)?;
    if app.is_third_party() && !scopes::is_open_to(state, &app.id, &own.user_id, id) {
        return Err(denied("organization access is not granted to the application"));
    }
    if own.has_scope(ORGANIZATIONS_SCOPE) {
        return Ok(());
    }
    let description = "refresh token missing required scope";
    let failure = Failure::oidc(403u16, "insufficient_scope", description);
    Err(failure.scope(ORGANIZATIONS_SCOPE))
}

pub(super) fn check_member(
    state: &State,
    user_id: &str,
    organization: &str,
) -> Result<(), Failure> {
    if !scopes::belongs(state, Subject::User(user_id), organization) {
        return Err(denied("user is not a member of the organization"));
    }
    let own = state.tables.find("organizations", organization);
    let asks = own.and_then(|own| own.get("isMfaRequired"));
    let has = state.users.find(user_id).is_some_and(|user| !user.mfa.factors.is_empty());
    match asks == Some(&true.into()) && !has {
        true => Err(denied("organization requires MFA but user has no MFA configured")),
        false => Ok(()),
    }
}

fn id_token(
    state: &mut State,
    app: &App,
    own: &Authorization,
    scope: &str,
    access_token: &str,
) -> Result<String, Failure> {
    let user = state.users.find(&own.user_id).ok_or_else(Failure::invalid_grant)?;
    let mut claims = Value::from(claims::of_id_token(state, user, scope));
    let issued = state.now() / 1000;
    claims["aud"] = own.app_id.as_str().into();
    claims["exp"] = (issued + app.id_token_lifetime()).into();
    claims["iat"] = issued.into();
    claims["iss"] = state.issuer().into();
    if let Some(nonce) = &own.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    if let Some(at) = own.signed_in_at {
        claims["auth_time"] = at.into();
    }
    if let Some(sid) = own.sid.as_ref().filter(|_| app.wants_session()) {
        claims["sid"] = sid.as_str().into();
    }
    if !knows(state, "1.42") {
        claims["at_hash"] = state.keys.half_hash(access_token).into();
    }
    let token = state.keys.sign(None, &claims);
    let whose = (own.app_id.clone(), own.user_id.clone());
    state.tokens.id_tokens.insert(token.clone(), whose);
    Ok(token)
}

fn proves(verifier: Option<&str>, challenge: Option<&str>) -> bool {
    let hash = |verifier| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    verifier.map(hash).as_deref() == challenge
}
