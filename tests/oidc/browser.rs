//! Steps that a browser makes, or a server with a browser's cookies.

use logto_api::{
    BrowserCookies, Error, Result,
    reqwest::Url,
    sign_in::{NextStep, PendingAuthorization, RedirectOutcome, SignIn, StoredTokens},
};
use serde_json::json;

use crate::{
    Made,
    desk::Desk,
    judge,
    step::{Pairs, Step, pairs, value},
};

pub const CALLBACK: &str = "http://localhost:9999/callback";
/// What a request of the crate's has of its own.
const OWN: [&str; 5] = ["state", "nonce", "code_challenge", "code_challenge_method", "prompt"];

pub async fn authorize(desk: &Desk, step: &Step) -> Made {
    let (Some(id), Some(redirect_uri)) = (step.query("client_id"), step.query("redirect_uri"))
    else {
        return Made::not("an authorization request of nobody, or that leads nowhere");
    };
    if let Some(why) = not_asked_for(step) {
        return Made::not(why);
    }
    desk.expect(step);
    let cookies = BrowserCookies::from_headers(step.cookies());
    let client = desk.client(step);
    let mut request = client.sign_in(id, redirect_uri).browser_cookies(&cookies);
    request = request.scope(step.query("scope").unwrap_or_default());
    request = request.prompt(step.query("prompt").unwrap_or_default());
    let named = ["client_id", "redirect_uri", "response_type", "scope"];
    for (name, value) in &step.query {
        if !named.contains(&name.as_str()) && !OWN.contains(&name.as_str()) {
            request = request.parameter(name, value);
        }
    }
    let outcome = request.authorize().await;
    let own: Vec<_> = OWN.into_iter().filter(|name| *name != "prompt").collect();
    let mut request = judge::query(desk, step, &own);
    if step.query("scope").is_none() {
        // Nothing is asked for either way.
        request.clear();
    }
    let location = location(step);
    let answer = match (outcome, &location) {
        (Err(error), Some(query)) if value(query, "error").is_some() => {
            judge::refused_callback(query, step, &error)
        }
        (Err(error), _) if !step.succeeded() => judge::refusal(step, &error),
        (Ok(opened), Some(query)) if value(query, "code").is_some() => match opened.completed() {
            Some(done) if Some(done.redirect_to().contains("code=")) == Some(true) => Vec::new(),
            _ => vec!["the code was lost".to_owned()],
        },
        (Ok(opened), _) if step.succeeded() => {
            let asks =
                step.response_header("location").is_some_and(|to| to.starts_with("/consent"));
            match opened.completed().is_some() == asks {
                true => Vec::new(),
                false => vec!["what Logto wants was taken for something else".to_owned()],
            }
        }
        (Ok(_), _) => vec!["a refusal was taken for a success".to_owned()],
        (Err(error), _) => vec![format!("a success was taken for an error: {error}")],
    };
    Made::Tried { request, answer }
}

fn not_asked_for(step: &Step) -> Option<&'static str> {
    let asks_for_openid =
        step.query("scope").is_some_and(|scope| scope.split(' ').any(|one| one == "openid"));
    if step.query("response_type") != Some("code") {
        return Some(
            "another response type than `code`, the one that Logto's applications may use",
        );
    }
    if step.query("response_mode").is_some() {
        return Some("another response mode than the query: callbacks are read from it");
    }
    if step.query("request").or(step.query("request_uri")).is_some() {
        return Some("request objects, which Logto does not take");
    }
    if step.query("nonce").is_some() && !asks_for_openid {
        return Some("a nonce without `openid`, which Logto refuses");
    }
    if step.query("state").is_none() {
        return Some("an authorization request without `state`");
    }
    if step.query("max_age").is_some_and(|age| age.parse::<u64>().is_err()) {
        return Some("a `max_age` that is no number");
    }
    let is_public_refusal = location(step).is_some_and(|query| {
        let said = value(&query, "error_description").unwrap_or_default();
        ["PKCE", "code_challenge", "nonce"].iter().any(|word| said.contains(word))
    });
    is_public_refusal.then_some("a request without PKCE, or with a challenge that is none")
}

/// The query of the redirect URI that an answer leads to.
fn location(step: &Step) -> Option<Pairs> {
    let location = step.response_header("location")?;
    let redirect_uri = step.query("redirect_uri").unwrap_or(CALLBACK);
    location.strip_prefix(redirect_uri)?.strip_prefix('?').map(pairs)
}

fn pending(state: &str) -> PendingAuthorization {
    serde_json::from_value(json!({
        "client_id": "app", "redirect_uri": CALLBACK, "state": state, "code_verifier": "v",
    }))
    .unwrap()
}

/// A step on the way from a session to the redirect URI.
pub async fn redirect(desk: &Desk, step: &Step) -> Made {
    let leads_to = step.response_header("location").unwrap_or_default().to_owned();
    let callback = leads_to.split_once('?').filter(|(place, _)| *place == CALLBACK);
    if leads_to.starts_with(&format!("{CALLBACK}#")) {
        return Made::not("another response mode than the query: callbacks are read from it");
    }
    let is_elsewhere = Url::parse(&leads_to).is_ok_and(|url| {
        callback.is_none() && !url.as_str().starts_with(&format!("{}/", desk.endpoint))
    });
    if is_elsewhere {
        return Made::not("a redirect URI that the other steps of the flow do not name");
    }
    let state = callback.and_then(|(_, query)| value(&pairs(query), "state").map(str::to_owned));
    let state = state.unwrap_or_else(|| "s".to_owned());
    desk.expect(step);
    desk.lead(&step.target(), &state);
    let cookies = BrowserCookies::from_headers(step.cookies());
    let attached = desk.client(step).resume_interaction(&cookies).authorization(pending(&state));
    let submitted = attached.identified::<SignIn>().unwrap().submit().await;
    let Ok(NextStep::Completed(done)) = submitted else { panic!("{submitted:?}") };
    let outcome = done.follow_redirects().await;
    let request = judge::query(desk, step, &[]);
    let answer = match outcome {
        Ok(followed) if step.succeeded() => arrived(step, callback, followed).await,
        Err(error) if !step.succeeded() => judge::refusal(step, &error),
        Ok(_) => vec!["a refusal was taken for a success".to_owned()],
        Err(error) => wrong_page(step, &error),
    };
    Made::Tried { request, answer }
}

async fn arrived(
    step: &Step,
    callback: Option<(&str, &str)>,
    followed: RedirectOutcome,
) -> Vec<String> {
    let (Some((_, query)), RedirectOutcome::Callback(reached)) = (callback, followed) else {
        return Vec::new();
    };
    let query = pairs(query);
    if reached.url() != step.response_header("location").unwrap_or_default() {
        return vec!["another callback was reached".to_owned()];
    }
    match value(&query, "error") {
        None => Vec::new(),
        Some(_) => match reached.tokens().await {
            Ok(_) => vec!["a refusal was taken for a success".to_owned()],
            Err(error) => judge::refused_callback(&query, step, &error),
        },
    }
}

/// A page of Logto's own, where a session has nothing to go on with.
fn wrong_page(step: &Step, error: &Error) -> Vec<String> {
    let ways_on = ["/oidc/auth/", "/consent"];
    let to_page = step.response_header("location").is_some_and(|location| {
        ways_on.iter().all(|way| !location.contains(way)) && !location.starts_with(CALLBACK)
    });
    match error.is_invalid_callback() && to_page {
        true => Vec::new(),
        false => vec![format!("a success was taken for an error: {error}")],
    }
}

pub async fn consent(desk: &Desk, step: &Step) -> Made {
    let body: serde_json::Value =
        serde_json::from_str(step.body.as_deref().unwrap_or_default()).unwrap_or_default();
    let cookies = BrowserCookies::from_headers(step.cookies());
    let attached = desk.client(step).resume_interaction(&cookies);
    desk.expect(step);
    let outcome: Result<()> = match step.method.as_str() {
        "GET" => attached.consent().await.map(drop),
        "POST" => match attached.consent().await {
            Ok(question) => {
                let ids = body["organizationIds"].as_array().cloned().unwrap_or_default();
                let ids = ids.iter().filter_map(|id| id.as_str().map(str::to_owned));
                question.grant_in(ids).await.map(drop)
            }
            Err(error) => Err(error),
        },
        _ => {
            return Made::not(
                "no part of what the crate does: a request that no application makes",
            );
        }
    };
    let Some(asked) = desk.asked() else {
        return Made::Tried { request: vec!["no request was sent".to_owned()], answer: Vec::new() };
    };
    let none = json!({"organizationIds": []});
    let sent: serde_json::Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let same = sent == body || (sent == none && body.get("organizationIds").is_none());
    let request = (!same).then(|| format!("{sent} was sent for {body}")).into_iter().collect();
    let answer = match outcome {
        Ok(()) if step.succeeded() => Vec::new(),
        Err(error) if !step.succeeded() => judge::refusal(step, &error),
        Ok(()) => vec!["a refusal was taken for a success".to_owned()],
        Err(error) => vec![format!("a success was taken for an error: {error}")],
    };
    Made::Tried { request, answer }
}

fn kept(desk: &Desk, step: &Step, client_id: &str) -> logto_api::sign_in::UserTokens {
    let set = json!({
        "client_id": client_id, "access_token": "t", "expires_at": 0, "scope": "openid",
    });
    let set: StoredTokens = serde_json::from_value(set).unwrap();
    set.restore(&desk.client(step), None).unwrap()
}

pub async fn end_session(desk: &Desk, step: &Step) -> Made {
    if step.query("id_token_hint").is_some() {
        return Made::not("an ID token in a URL: the application is named by its id");
    }
    let Some(client_id) = step.query("client_id") else {
        return Made::not("a sign-out of no application, which Logto leads nowhere");
    };
    let redirect_uri = step.query("post_logout_redirect_uri");
    let tokens = kept(desk, step, client_id);
    if redirect_uri.is_some() {
        // For browsers to go to: the answer is theirs.
        let url = tokens.sign_out_url(redirect_uri).unwrap();
        let sent: Pairs = url.query_pairs().into_owned().collect();
        let mut recorded = step.query.clone();
        recorded.retain(|(name, _)| name != "state");
        let request = (sent != recorded).then(|| format!("{url} was made")).into_iter().collect();
        return Made::Tried { request, answer: Vec::new() };
    }
    desk.expect(step);
    desk.offer("x");
    let cookies = BrowserCookies::from_headers(step.cookies());
    let outcome = tokens.end_session(&cookies).await;
    let request = judge::query(desk, step, &[]);
    Made::Tried { request, answer: ended(step, outcome) }
}

pub async fn confirm(desk: &Desk, step: &Step) -> Made {
    let form = step.form().unwrap_or_default();
    if value(&form, "logout") != Some("yes") {
        return Made::not("a confirmation that ends one application's part of the session only");
    }
    let Some(xsrf) = value(&form, "xsrf") else {
        return Made::not("a confirmation without what its page gave");
    };
    desk.expect(step);
    desk.offer(xsrf);
    let cookies = BrowserCookies::from_headers(step.cookies());
    let outcome = kept(desk, step, "app").end_session(&cookies).await;
    let request = match desk.asked() {
        Some(asked) if pairs(&asked.body) == form => Vec::new(),
        Some(asked) => vec![format!("{} was sent", asked.body)],
        None => vec!["no request was sent".to_owned()],
    };
    Made::Tried { request, answer: ended(step, outcome) }
}

fn ended(step: &Step, outcome: Result<()>) -> Vec<String> {
    match outcome {
        Ok(()) if step.succeeded() => Vec::new(),
        Err(error) if !step.succeeded() => judge::refusal(step, &error),
        Ok(()) => vec!["a refusal was taken for a success".to_owned()],
        Err(error) => vec![format!("a success was taken for an error: {error}")],
    }
}
