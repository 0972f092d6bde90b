//! Steps at the token endpoint.

use logto_api::{
    AccessToken, Result,
    reqwest::Url,
    sign_in::{PendingAuthorization, StoredTokens, TokenRequest, UserTokens},
};
use serde_json::json;

use crate::{
    Made,
    desk::Desk,
    judge,
    step::{Credentials, Pairs, Step, value},
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const IMPERSONATION: &str = "urn:logto:token-type:impersonation_token";
const PERSONAL: &str = "urn:logto:token-type:personal_access_token";

pub async fn make(desk: &Desk, step: &Step) -> Made {
    if !step.query.is_empty() {
        return Made::not("parameters of a token request in its URL");
    }
    let Some(form) = step.form() else {
        return Made::not("a token request that is no form");
    };
    let Some(credentials) = step.credentials(&form) else {
        return Made::not("a token request of nobody, or of two ways to say who");
    };
    if let Some(why) = malformed(&form) {
        return Made::not(why);
    }
    desk.expect(step);
    match value(&form, "grant_type") {
        Some("client_credentials") => machine(desk, step, &form, &credentials).await,
        Some("authorization_code") => code(desk, step, &form, &credentials).await,
        Some("refresh_token") => refresh(desk, step, &form, &credentials).await,
        Some(EXCHANGE) => exchange(desk, step, &form, &credentials).await,
        Some("urn:ietf:params:oauth:grant-type:device_code") => {
            Made::not("the device flow, which is for devices without a browser")
        }
        _ => Made::not("a token request without a grant that Logto has"),
    }
}

fn malformed(form: &Pairs) -> Option<&'static str> {
    let repeated = form.iter().any(|(name, _)| form.iter().filter(|(n, _)| n == name).count() > 1);
    if repeated {
        return Some("a token request that names something twice, such as two resources");
    }
    let control = form.iter().any(|(_, value)| value.contains(char::is_control));
    control.then_some("a token request with control characters")
}

/// Whether a form has nothing but these parameters.
fn has_only(form: &Pairs, names: &[&str]) -> bool {
    let own = ["grant_type", "client_id", "client_secret"];
    form.iter().all(|(name, _)| names.contains(&name.as_str()) || own.contains(&name.as_str()))
}

async fn machine(desk: &Desk, step: &Step, form: &Pairs, who: &Credentials) -> Made {
    let Some(secret) = who.secret.as_deref().filter(|secret| !secret.is_empty()) else {
        return Made::not("a machine without a secret");
    };
    if !has_only(form, &["resource", "scope", "organization_id"]) {
        return Made::not("parameters that Logto does not know");
    }
    let resource = value(form, "resource").unwrap_or_default();
    let scope = value(form, "scope").unwrap_or_default();
    let app = desk.builder(step).client_credentials(&who.id, secret);
    let client = match value(form, "organization_id") {
        None => app.resource(resource).scope(scope).allow_fewer_scopes().build().unwrap(),
        Some(id) => {
            let acting = app.build().unwrap().as_organization(id).resource(resource).scope(scope);
            acting.allow_fewer_scopes().build().unwrap()
        }
    };
    let outcome = client.access_token().await;
    judged(desk, step, outcome, false, |_, _| {})
}

async fn code(desk: &Desk, step: &Step, form: &Pairs, who: &Credentials) -> Made {
    if !has_only(form, &["code", "redirect_uri", "code_verifier"]) {
        return Made::not(
            "a code is redeemed for Logto's own token first: those for APIs and \
                          organizations are asked for with the refresh token",
        );
    }
    let (Some(code), Some(redirect_uri)) = (value(form, "code"), value(form, "redirect_uri"))
    else {
        return Made::not("a code that is redeemed without the code or its redirect URI");
    };
    let Ok(mut callback) = Url::parse(redirect_uri) else {
        return Made::not("a redirect URI that is none");
    };
    let iss = desk.issuer();
    callback.query_pairs_mut().extend_pairs([("code", code), ("state", "s"), ("iss", &iss)]);
    let nonce = step.answer()["id_token"].as_str().and_then(crate::step::claims);
    let pending = json!({
        "client_id": who.id, "redirect_uri": redirect_uri, "state": "s",
        "nonce": nonce.and_then(|claims| claims["nonce"].as_str().map(str::to_owned)),
        "code_verifier": value(form, "code_verifier").unwrap_or("of a request with a challenge"),
    });
    let pending: PendingAuthorization = serde_json::from_value(pending).unwrap();
    let client = desk.client(step);
    let outcome = pending.redeem(&client, who.secret.as_deref(), callback.as_str()).await;
    tokens(desk, step, outcome, |sent, recorded| {
        // It goes with the challenge, which every authorization request of the crate has.
        if value(recorded, "code_verifier").is_none() {
            sent.retain(|(name, _)| name != "code_verifier");
        }
    })
}

async fn refresh(desk: &Desk, step: &Step, form: &Pairs, who: &Credentials) -> Made {
    if !has_only(form, &["refresh_token", "resource", "scope", "organization_id"]) {
        return Made::not("parameters that Logto does not know");
    }
    let Some(refresh_token) = value(form, "refresh_token") else {
        return Made::not("a refresh without a refresh token");
    };
    let set = json!({
        "client_id": who.id, "access_token": "over", "expires_at": 0, "scope": "",
        "refresh_token": refresh_token,
    });
    let set: StoredTokens = serde_json::from_value(set).unwrap();
    let kept = set.restore(&desk.client(step), who.secret.as_deref()).unwrap();
    let Some(request) = request(&kept, form) else {
        let outcome = kept.refresh().await;
        return tokens(desk, step, outcome, |_, _| {});
    };
    let outcome = request.allow_fewer_scopes().access_token().await;
    let rotated = step.answer()["refresh_token"].as_str().map(str::to_owned);
    let kept = kept.refresh_token();
    let mut made = judged(desk, step, outcome, true, |_, _| {});
    if let Made::Tried { answer, .. } = &mut made
        && step.succeeded()
        && kept != rotated
    {
        answer.push("the refresh token is not the answer's".to_owned());
    }
    made
}

/// What a refresh asks for, if not for the same once more.
fn request(tokens: &UserTokens, form: &Pairs) -> Option<TokenRequest> {
    let scope = value(form, "scope").filter(|scope| !scope.is_empty());
    let request = match (value(form, "resource"), value(form, "organization_id")) {
        (Some(resource), Some(id)) => tokens.for_resource(resource).organization(id),
        (Some(resource), None) => tokens.for_resource(resource),
        (None, Some(id)) => tokens.for_organization(id),
        (None, None) => return scope.map(|scope| tokens.for_scope(scope)),
    };
    Some(match scope {
        Some(scope) => request.scope(scope),
        None => request,
    })
}

async fn exchange(desk: &Desk, step: &Step, form: &Pairs, who: &Credentials) -> Made {
    let Some(secret) = who.secret.as_deref() else {
        return Made::not("a token exchange by an application without a secret");
    };
    let known = [
        "subject_token",
        "subject_token_type",
        "actor_token",
        "actor_token_type",
        "organization_id",
        "resource",
        "scope",
    ];
    if !has_only(form, &known) {
        return Made::not("parameters of a token exchange that Logto ignores");
    }
    if value(form, "actor_token").is_some() != value(form, "actor_token_type").is_some()
        || value(form, "actor_token_type").is_some_and(|kind| kind != ACCESS_TOKEN)
    {
        return Made::not("an actor token without its type, or of one that Logto does not take");
    }
    let Some(subject) = value(form, "subject_token").filter(|token| !token.is_empty()) else {
        return Made::not("a token exchange without a subject token");
    };
    let app = desk.builder(step).client_credentials(&who.id, secret).build().unwrap();
    let is_impersonation = subject.starts_with("sub_");
    let mut acting = match value(form, "subject_token_type") {
        Some(PERSONAL) => app.with_personal_access_token(subject),
        Some(ACCESS_TOKEN) => app.with_subject_token(subject),
        Some(IMPERSONATION) if is_impersonation => app.with_subject_token(subject),
        _ => return Made::not("a subject token under another type than its own"),
    };
    acting = acting.scope(value(form, "scope").unwrap_or_default()).allow_fewer_scopes();
    if let Some(resource) = value(form, "resource") {
        acting = acting.resource(resource);
    }
    if let Some(id) = value(form, "organization_id") {
        acting = acting.organization(id);
    }
    if let Some(token) = value(form, "actor_token") {
        acting = acting.actor_token(token);
    }
    let outcome = acting.build().unwrap().access_token().await;
    judged(desk, step, outcome, false, |sent, recorded| {
        // Logto takes its subject tokens by either name.
        for (name, kind) in sent {
            if name == "subject_token_type" && value(recorded, name) == Some(IMPERSONATION) {
                *kind = IMPERSONATION.to_owned();
            }
        }
    })
}

/// What came of asking for one token.
fn judged(
    desk: &Desk,
    step: &Step,
    outcome: Result<AccessToken>,
    life: bool,
    even: impl Fn(&mut Pairs, &Pairs),
) -> Made {
    let request = judge::form(desk.asked(), step, even);
    let answer = match outcome {
        Ok(token) if step.succeeded() => judge::token(step, &token, life),
        Err(error) if !step.succeeded() => judge::refusal(step, &error),
        Ok(_) => vec!["a refusal was taken for a success".to_owned()],
        Err(error) => vec![format!("a success was taken for an error: {error}")],
    };
    Made::Tried { request, answer }
}

/// What came of asking for all tokens of a user.
fn tokens(
    desk: &Desk,
    step: &Step,
    outcome: Result<UserTokens>,
    even: impl Fn(&mut Pairs, &Pairs),
) -> Made {
    let tokens = match outcome {
        Ok(tokens) => tokens,
        Err(error) => return judged(desk, step, Err(error), true, even),
    };
    let mut made = judged(desk, step, Ok(tokens.access_token().clone()), true, even);
    let Made::Tried { answer, .. } = &mut made else { return made };
    let recorded = step.answer();
    if tokens.refresh_token().as_deref() != recorded["refresh_token"].as_str() {
        answer.push("the refresh token is not the answer's".to_owned());
    }
    let id_token = recorded["id_token"].as_str();
    if tokens.id_token() != id_token {
        answer.push("the ID token is not the answer's".to_owned());
    }
    if let Some(claims) = id_token.and_then(crate::step::claims) {
        let decoded = tokens.claims().map(|claims| serde_json::to_value(&claims.user).unwrap());
        let mut of_user = claims;
        for name in ["iss", "aud", "exp", "iat", "nonce", "sid", "auth_time"] {
            of_user.as_object_mut().unwrap().remove(name);
        }
        answer.extend(judge::lost(&of_user, &decoded.unwrap_or_default()));
    }
    made
}
