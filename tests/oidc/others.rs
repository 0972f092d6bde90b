//! The other endpoints, and what is not for the crate to do.

use logto_api::sign_in::{PendingAuthorization, StoredTokens, UserTokens};
use serde_json::json;

use crate::{
    Made, browser,
    desk::Desk,
    judge,
    step::{Step, value},
};

/// Why a step is none that an application makes with the crate.
pub fn not_for_the_crate(step: &Step) -> Option<&'static str> {
    let path = step.path.as_str();
    if step.elsewhere {
        return Some("a request of Logto's to an application: back-channel logout");
    }
    if step.header("if-none-match").is_some() || step.status == 304 {
        return Some("caching by ETags, which a user's own HTTP client may do");
    }
    if path.starts_with("/oidc/device") || path.starts_with("/device") {
        return Some("the device flow, which is for devices without a browser");
    }
    match path {
        "/oidc/token/introspection" => {
            Some("introspection: opaque tokens are Logto's own, and JWTs need none")
        }
        "/oidc/request" => Some("pushed authorization requests"),
        _ if step.header("origin").is_some() => Some("a web page's request, which CORS is about"),
        _ => None,
    }
}

/// Tokens of a user, of which these are known.
fn tokens(desk: &Desk, step: &Step, set: serde_json::Value, secret: Option<&str>) -> UserTokens {
    let set: StoredTokens = serde_json::from_value(set).unwrap();
    set.restore(&desk.client(step), secret).unwrap()
}

pub async fn user_info(desk: &Desk, step: &Step) -> Made {
    let bearer = step.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    let Some(token) = bearer.filter(|token| !token.trim().is_empty() && step.query.is_empty())
    else {
        return Made::not("userinfo without a bearer token in its header");
    };
    if token.split_whitespace().count() != 1 {
        return Made::not("userinfo without a bearer token in its header");
    }
    desk.expect(step);
    let set = json!({
        "client_id": "app", "access_token": token, "expires_at": 4_000_000_000_000_i64, "scope": "",
    });
    let outcome = tokens(desk, step, set, None).user_info().await;
    let sent = desk.asked().and_then(|asked| asked.headers.get("authorization").cloned());
    let same = sent.is_some_and(|sent| sent.to_str().ok() == step.header("authorization"));
    let request = (!same).then(|| "another token was sent".to_owned()).into_iter().collect();
    let answer = match outcome {
        Ok(user) if step.succeeded() => {
            judge::lost(&step.answer(), &serde_json::to_value(&user).unwrap())
        }
        Err(error) if !step.succeeded() => {
            let mut wrong = judge::refusal(step, &error);
            if (step.status == 401) != error.is_sign_in_required() {
                wrong.push("who is to sign in again is not told".to_owned());
            }
            wrong
        }
        Ok(_) => vec!["a refusal was taken for a success".to_owned()],
        Err(error) => vec![format!("a success was taken for an error: {error}")],
    };
    Made::Tried { request, answer }
}

pub async fn revocation(desk: &Desk, step: &Step) -> Made {
    let form = step.form().unwrap_or_default();
    let Some(credentials) = step.credentials(&form) else {
        return Made::not("a revocation by nobody");
    };
    let Some(token) = value(&form, "token").filter(|token| !token.is_empty()) else {
        return Made::not("a revocation of nothing");
    };
    desk.expect(step);
    let mut set = json!({
        "client_id": credentials.id, "access_token": token, "expires_at": 0, "scope": "",
    });
    if value(&form, "token_type_hint") == Some("refresh_token") {
        set["refresh_token"] = token.into();
    }
    let outcome = tokens(desk, step, set, credentials.secret.as_deref()).revoke().await;
    let request = judge::form(desk.asked(), step, |sent, recorded| {
        // A hint, which Logto need not heed.
        if value(recorded, "token_type_hint").is_none() {
            sent.retain(|(name, _)| name != "token_type_hint");
        }
    });
    let answer = match outcome {
        Ok(()) if step.succeeded() => Vec::new(),
        Err(error) if !step.succeeded() => judge::refusal(step, &error),
        Ok(()) => vec!["a refusal was taken for a success".to_owned()],
        Err(error) => vec![format!("a success was taken for an error: {error}")],
    };
    Made::Tried { request, answer }
}

fn pending() -> PendingAuthorization {
    serde_json::from_value(json!({
        "client_id": "app", "redirect_uri": browser::CALLBACK, "state": "s", "code_verifier": "v",
    }))
    .unwrap()
}

/// The keys are asked for when a token is to be verified.
pub async fn keys(desk: &Desk, step: &Step) -> Made {
    desk.expect(step);
    let callback = format!("{}?code=c&state=s&iss={}", browser::CALLBACK, desk.issuer());
    let error = pending().redeem(&desk.client(step), None, &callback).await.unwrap_err();
    let request = judge::query(desk, step, &[]);
    let read = error.to_string().contains("does not have");
    let answer = (!read).then(|| format!("the keys were not read: {error}")).into_iter().collect();
    Made::Tried { request, answer }
}

/// What a server tells of itself is asked for when a callback does not name its issuer.
pub async fn metadata(desk: &Desk, step: &Step) -> Made {
    desk.expect(step);
    let callback = format!("{}?code=c&state=s", browser::CALLBACK);
    let error = pending().redeem(&desk.client(step), None, &callback).await.unwrap_err();
    let request = judge::query(desk, step, &[]);
    let read = error.is_invalid_callback() && error.to_string().contains("`iss`");
    let answer = (!read).then(|| format!("it was not read: {error}")).into_iter().collect();
    Made::Tried { request, answer }
}
