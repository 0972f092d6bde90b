//! Whether what was sent is what was recorded, and what was made of the answer is what it says.

use logto_api::{AccessToken, Error};
use serde_json::Value;

use crate::{
    desk::{Asked, Desk},
    say,
    step::{Pairs, Step, claims, pairs, value},
};

/// How the query of the request differs, but for the parameters that are the client's own.
pub fn query(desk: &Desk, step: &Step, own: &[&str]) -> Vec<String> {
    let Some(asked) = desk.asked() else {
        return vec!["no request was sent".to_owned()];
    };
    differences(without(&asked.query, own), without(&step.query, own))
}

/// How the form of the request differs, after both have been made comparable.
pub fn form(asked: Option<Asked>, step: &Step, even: impl Fn(&mut Pairs, &Pairs)) -> Vec<String> {
    let Some(asked) = asked else {
        return vec!["no request was sent".to_owned()];
    };
    let mut recorded = step.form().unwrap_or_default();
    let mut sent = pairs(&asked.body);
    even(&mut sent, &recorded.clone());
    let own = ["client_id", "client_secret"];
    recorded.retain(|(_, value)| !value.is_empty());
    let mut problems = differences(without(&sent, &own), without(&recorded, &own));
    let authorization = asked.headers.get("authorization").and_then(|value| value.to_str().ok());
    let mut as_sent = step.clone();
    let authorization = authorization.map(|value| ("authorization".to_owned(), value.to_owned()));
    as_sent.headers = authorization.into_iter().collect();
    let who = |step: &Step, form: &Pairs| step.credentials(form).map(|who| (who.id, who.secret));
    if who(&as_sent, &sent) != who(step, &step.form().unwrap_or_default()) {
        problems.push("another application was named".to_owned());
    }
    problems
}

fn without(pairs: &Pairs, names: &[&str]) -> Pairs {
    let kept = pairs.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    let mut kept: Pairs = kept.cloned().collect();
    kept.sort();
    kept
}

fn differences(sent: Pairs, recorded: Pairs) -> Vec<String> {
    match sent == recorded {
        true => Vec::new(),
        false => vec![format!("{sent:?} was sent for {recorded:?}")],
    }
}

/// What is wrong with a token that was made of the answer.
pub fn token(step: &Step, token: &AccessToken, life: bool) -> Vec<String> {
    let answer = step.answer();
    let secret = answer["access_token"].as_str();
    let told = answer["scope"].as_str().map(str::to_owned).or_else(|| {
        let claims = secret.and_then(claims)?;
        Some(claims["scope"].as_str().unwrap_or_default().to_owned())
    });
    let seconds = token.lifetime().map(|life| life.as_secs());
    let mut problems = Vec::new();
    let mut check = |what: &str, right: bool| {
        if !right {
            problems.push(format!("the {what} is not the answer's"));
        }
    };
    check("access token", Some(token.secret()) == secret);
    check("scope", token.scope().filter(|_| told.is_some()) == told.as_deref());
    check("life", !life || seconds == answer["expires_in"].as_u64());
    problems
}

/// What is wrong with an error that was made of a refusal.
pub fn refusal(step: &Step, error: &Error) -> Vec<String> {
    let answer = step.answer();
    let member = |name: &str| answer[name].as_str();
    // Logto's own errors say best by themselves what is wrong, OAuth's by their description.
    let of_oauth = code_is_of_oauth(member("code"));
    let description = match of_oauth {
        true => member("error_description").or(member("message")),
        false => member("message").or(member("error_description")),
    };
    let code = match error.is_auth() {
        true => member("error").or(member("code")),
        false => member("code").or(member("error")),
    };
    let text = error.to_string();
    let of_token = step.path == "/oidc/token";
    let is_over = of_token
        && member("error") == Some("invalid_grant")
        && step.form().is_some_and(|form| value(&form, "refresh_token").is_some());
    let unauthorized = error.is_sign_in_required() || !is_over;
    let checks = [
        ("kind", error.is_auth() == (of_token || step.path == "/oidc/token/revocation")),
        (
            "status",
            error.is_auth() || error.status().map(|status| status.as_u16()) == Some(step.status),
        ),
        ("code", error.code() == code),
        ("message", error.message() == description),
        ("scope", error.refused_scope() == member("scope")),
        (
            "text, which leaves out what Logto says,",
            description.is_none_or(|said| text.contains(said)),
        ),
        ("text, which shows a placeholder,", !text.contains("{{")),
        ("way out, which is to sign in again,", unauthorized),
    ];
    if std::env::var_os("LOGTO_OIDC_REFUSALS").is_some() {
        say(&format!("{} -> {text}", step.place()));
    }
    let wrong = checks.iter().filter(|(_, right)| !right);
    wrong.map(|(what, _)| format!("the error's {what} is wrong: {error}")).collect()
}

fn code_is_of_oauth(code: Option<&str>) -> bool {
    code.is_none_or(|code| code.starts_with("oidc."))
}

/// What is wrong with an error that was made of a refusal at the redirect URI.
pub fn refused_callback(location: &Pairs, step: &Step, error: &Error) -> Vec<String> {
    let text = error.to_string();
    let said = value(location, "error_description");
    let checks = [
        ("kind", error.is_sign_in_refused()),
        ("code", error.code() == value(location, "error")),
        ("message", error.message() == said),
        ("scope", error.refused_scope() == value(location, "scope")),
        ("text", said.is_none_or(|said| text.contains(said))),
    ];
    if std::env::var_os("LOGTO_OIDC_REFUSALS").is_some() {
        say(&format!("{} -> {text}", step.place()));
    }
    let wrong = checks.iter().filter(|(_, right)| !right);
    wrong.map(|(what, _)| format!("the error's {what} is wrong: {error}")).collect()
}

/// Claims that came out otherwise, or not at all.
pub fn lost(recorded: &Value, decoded: &Value) -> Vec<String> {
    let found = crate::compare::differences(recorded, decoded);
    found.iter().map(|difference| format!("{difference}")).collect()
}
