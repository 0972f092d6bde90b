//! What stands in for a tenant's scripts for custom claims: what it is told, and what comes of what
//! it says.

use serde_json::{Value, json};

use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        claims,
        errors::Failure,
        logs,
        releases::knows,
        users,
    },
    state::{
        State,
        collection::{Members, text},
        custom_claims::CustomClaims,
        tokens::AccessToken,
    },
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What is added to an access token, which a denial keeps from being.
pub(crate) fn claims(
    state: &mut State,
    token: &AccessToken,
    unique: &str,
) -> Result<Members, Failure> {
    let Some(customizer) = state.custom_claims.clone() else { return Ok(Members::new()) };
    let told = json!({ "token": payload(token, unique), "context": context(state, token) });
    let said = customizer(&told);
    note(state, token, told, &said);
    match said {
        CustomClaims::Add(claims) => Ok(claims),
        CustomClaims::Deny(why) => Err(Failure::oidc(400u16, "access_denied", &why)),
        CustomClaims::Fail(_) => Ok(Members::new()),
    }
}

/// What of a token a script sees.
fn payload(token: &AccessToken, unique: &str) -> Value {
    let mut shown = json!({
        "kind": "ClientCredentials", "jti": unique, "scope": token.scope, "clientId": token.app_id,
    });
    if let Some(audience) = &token.audience {
        shown["aud"] = audience.as_str().into();
    }
    if let Some(user_id) = &token.user_id {
        shown["kind"] = "AccessToken".into();
        shown["accountId"] = user_id.as_str().into();
        shown["grantId"] = token.grant.as_deref().unwrap_or_default().into();
        shown["gty"] = match &token.subject_context {
            Some(_) => EXCHANGE.into(),
            None => "authorization_code".into(),
        };
    }
    shown
}

fn context(state: &State, token: &AccessToken) -> Value {
    let application = state.tables.find("applications", &token.app_id).cloned();
    let mut context = json!({ "application": application });
    if let Some(user) = token.user_id.as_deref().and_then(|id| state.users.find(id)) {
        context["user"] = users::row(state, user);
        context["user"]["roles"] = claims::roles(state, user);
        context["user"]["organizations"] = claims::organization_data(state, user);
    }
    if let Some(organization) = organization_of(state, token) {
        context["organization"] = organization.clone().into();
    }
    if let Some(own) = &token.subject_context {
        context["grant"] = json!({ "type": EXCHANGE, "subjectTokenContext": own });
    }
    context
}

fn organization_of<'a>(state: &'a State, token: &AccessToken) -> Option<&'a Members> {
    let audience = token.audience.as_deref()?.strip_prefix("urn:logto:organization:");
    let id = audience.or_else(|| text(&token.claims, "organization_id"))?;
    state.tables.find("organizations", id)
}

/// Notes what a script was told and said, in the audit log.
fn note(state: &mut State, token: &AccessToken, told: Value, said: &CustomClaims) {
    let (key, kind) = match token.user_id {
        Some(_) => ("JwtCustomizer.AccessToken", "access-token"),
        None => ("JwtCustomizer.ClientCredentials", "client-credentials"),
    };
    let mut payload = told;
    payload["tokenType"] = kind.into();
    let mut members = Members::from_iter([
        ("applicationId".to_owned(), token.app_id.as_str().into()),
        ("tenantId".to_owned(), "default".into()),
        ("payload".to_owned(), payload),
    ]);
    members.extend(token.user_id.as_deref().map(|id| ("userId".to_owned(), id.into())));
    let failed = match said {
        CustomClaims::Add(claims) => {
            members.insert("customTokenClaims".into(), claims.clone().into());
            None
        }
        CustomClaims::Deny(why) | CustomClaims::Fail(why) => {
            members.insert("customJwtError".into(), why.as_str().into());
            Some(why.as_str().into())
        }
    };
    logs::add(state, key, None, failed, members);
}

/// Tries a script that is not in use: it says what what stands in for it says.
pub(crate) fn try_out(call: &mut Call<'_>) -> Outcome {
    let told = json!({ "token": call.body["token"], "context": call.body["context"] });
    let said = match call.state.custom_claims.clone() {
        Some(customizer) => Some(customizer(&told)),
        None => failure_of(call.text("script")),
    };
    let refusal = |status, data| Err(Failure::new(status, "jwt_customizer.general").data(data));
    match said {
        None => crate::rules::engine::run(call),
        Some(CustomClaims::Add(claims)) => Ok(Reply::ok(claims)),
        Some(CustomClaims::Fail(why)) => refusal(422, json!({ "message": why })),
        Some(CustomClaims::Deny(why)) if knows(call.state, "1.42") => {
            let error = json!({ "code": "AccessDenied", "message": why });
            refusal(403, json!({ "message": why, "error": error }))
        }
        Some(CustomClaims::Deny(why)) => {
            refusal(403, json!({ "message": why, "code": "AccessDenied" }))
        }
    }
}

/// Tries the script of an action, which lets everybody go on unless it fails.
pub(crate) fn try_action(call: &mut Call<'_>) -> Outcome {
    match failure_of(call.text("script")) {
        Some(CustomClaims::Fail(why) | CustomClaims::Deny(why)) => {
            Err(Failure::new(422, "action.general").data(json!({ "message": why })))
        }
        _ => crate::rules::engine::run(call),
    }
}

/// How a script fails that does nothing else. No other script is run here.
fn failure_of(script: &str) -> Option<CustomClaims> {
    let literal = |call: &str| {
        let rest = script.split_once(call)?.1.trim_start();
        let quote = rest.chars().next().filter(|c| ['"', '\'', '`'].contains(c))?;
        rest[1..].split(quote).next().map(str::to_owned)
    };
    if let Some(why) = literal("denyAccess(") {
        return Some(CustomClaims::Deny(why));
    }
    if let Some(why) = literal("throw new Error(") {
        return Some(CustomClaims::Fail(why));
    }
    let has_function = script.contains("=>") || script.contains("function");
    (!has_function).then(|| CustomClaims::Fail(format!("{script} is not defined")))
}
