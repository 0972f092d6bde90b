//! Sign-in sessions: what they refuse, what they make of Logto's answers, and what they keep to
//! themselves. The flows of a real Logto are in `conversations/`.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::time::Duration;

use logto_api::{
    BrowserCookies, Client, Error,
    reqwest::header::HeaderMap,
    sign_in::{
        ForgotPassword, Identifier, NextStep, PendingAuthorization, ProfileField, RedirectOutcome,
        Register, ResumedState, SignIn, SignInFlow, StoredTokens,
    },
};
use logto_mock::Mock;
use serde_json::{Value, json};
use server::{Seen, Server, answer, ok};

const CALLBACK: &str = "https://acme.com/callback";
const PASSWORD: &str = "correct horse 7 battery";

/// Opens interactions, and answers everything else as the test wants.
fn logto(other: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Server {
    Server::start(move |seen| {
        if seen.target.starts_with("/oidc/auth?") {
            return answer(
                303,
                "set-cookie: _interaction={\"app\":\"uid-1\",\"_legacy\":\"uid-1\"}; path=/; httponly\r\n\
                 location: /sign-in?app_id=app\r\n",
                "",
            );
        }
        match (seen.method.as_str(), seen.target.as_str()) {
            ("PUT", "/api/experience") => answer(204, "", ""),
            (_, target) if target.ends_with("/authorization-uri") => {
                ok(&json!({"authorizationUri": "https://github", "verificationId": "record-1"}))
            }
            (_, target) if target.contains("/verification/") => {
                ok(&json!({"verificationId": "record-1"}))
            }
            _ => other(seen),
        }
    })
}

fn refusal(status: u16, code: &str, data: &Value) -> String {
    let body = json!({"code": code, "message": "No.", "data": data});
    answer(status, "content-type: application/json\r\n", &body.to_string())
}

async fn begin(server: &Server) -> SignInFlow {
    server.client().sign_in("app", CALLBACK).begin().await.unwrap()
}

fn alice() -> Identifier {
    Identifier::username("alice")
}

/// How far a password gets when Logto answers its identification with this.
async fn identified_with(status: u16, code: &'static str, data: Value) -> Result<NextStep, Error> {
    let server = logto(move |_| refusal(status, code, &data));
    begin(&server).await.password(alice(), PASSWORD).await
}

#[tokio::test]
async fn bad_redirect_uris_are_refused_before_anything_is_sent() {
    let server = logto(|_| answer(204, "", ""));
    for (uri, word) in
        [("https://acme.com/callback#top", "fragment"), ("/callback", "absolute"), ("", "absolute")]
    {
        let error = server.client().sign_in("app", uri).begin().await.unwrap_err();
        assert!(error.is_invalid_request());
        assert!(error.to_string().contains(word), "{error}");
    }
    for (name, value) in [
        ("state", "mine"),
        ("nonce", "mine"),
        ("response_mode", "form_post"),
        ("response_mode", "query"),
        ("max_age", "soon"),
        ("max_age", "-1"),
    ] {
        let request = server.client().sign_in("app", CALLBACK).parameter(name, value);
        let error = request.begin().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains(name), "{error}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_sign_in_without_an_id_token_sends_no_nonce() {
    let server = logto(|_| answer(204, "", ""));
    for (scope, nonce) in
        [("openid", true), ("profile openid", true), ("profile email", false), ("", false)]
    {
        let request = server.client().sign_in("app", CALLBACK).scope(scope);
        let (url, _) = request.max_age(Duration::from_secs(300)).url().unwrap();
        assert_eq!(url.query_pairs().any(|(name, _)| name == "nonce"), nonce, "{scope}");
        assert!(url.query_pairs().any(|(name, value)| name == "max_age" && value == "300"));
    }
}

#[tokio::test]
async fn the_authorization_request_says_what_was_asked_for() {
    let server = logto(|_| answer(204, "", ""));
    let request = server.client().register("app", CALLBACK);
    let request = request.scope("openid").resource("https://a").resource("https://b");
    let request = request.organization_id("org").login_hint("alice").first_screen("sign_in");
    request.begin().await.unwrap();
    let (url, pending) = server.client().sign_in("app", CALLBACK).url().unwrap();

    let target = server.seen()[0].target.clone();
    for part in [
        "client_id=app",
        "redirect_uri=https%3A%2F%2Facme.com%2Fcallback",
        "response_type=code",
        "code_challenge_method=S256",
        "scope=openid",
        "prompt=consent",
        "resource=https%3A%2F%2Fa",
        "resource=https%3A%2F%2Fb",
        "organization_id=org",
        "login_hint=alice",
        "first_screen=sign_in",
    ] {
        assert!(target.contains(part), "{part} is missing in {target}");
    }
    assert_eq!(target.matches("first_screen").count(), 1);
    assert_eq!(server.seen()[1].body, r#"{"interactionEvent":"Register"}"#);
    assert!(url.as_str().starts_with(&format!("{}/oidc/auth?", server.endpoint)));
    assert!(url.as_str().contains(pending.state()));
}

#[tokio::test]
async fn redirects_to_another_origin_are_not_followed() {
    let elsewhere = Server::start(|_| answer(200, "", ""));
    let place = format!("{}/oidc/auth/uid-1", elsewhere.endpoint);
    let location = format!("location: {place}\r\n");
    let server = Server::start(move |_| answer(303, &location, ""));
    let error = server.client().sign_in("app", CALLBACK).begin().await.unwrap_err();
    assert!(
        error.is_invalid_callback() && error.to_string().contains("an origin other than"),
        "{error}"
    );

    let server = logto(move |seen| match seen.target.as_str() {
        "/api/experience/submit" => ok(&json!({"redirectTo": place})),
        _ => answer(204, "", ""),
    });
    let step = begin(&server).await.password(alice(), PASSWORD).await.unwrap();
    let error = step.submit().await.unwrap().tokens().await.unwrap_err();
    assert!(
        error.is_invalid_callback() && error.to_string().contains("an origin other than"),
        "{error}"
    );
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn the_redirect_uri_is_never_asked_for() {
    let application = Server::start(|_| answer(200, "", ""));
    let callback = format!("{}/callback", application.endpoint);
    let location = format!("location: {callback}?code=c0de&state=another\r\n");
    let server = logto(move |seen| match seen.target.as_str() {
        "/api/experience/submit" => ok(&json!({"redirectTo": "/oidc/auth/uid-1"})),
        "/oidc/auth/uid-1" => answer(303, &location, ""),
        _ => answer(204, "", ""),
    });
    let session = server.client().sign_in("app", callback).begin().await.unwrap();
    let step = session.password(alice(), PASSWORD).await.unwrap().submit().await.unwrap();
    let error = step.tokens().await.unwrap_err();
    assert!(error.is_invalid_callback() && error.to_string().contains("state"), "{error}");
    assert!(!error.to_string().contains("c0de") && !format!("{error:?}").contains("c0de"));
    assert!(application.seen().is_empty());
    assert_eq!(server.count("/oidc/token"), 0);
}

#[tokio::test]
async fn redirects_without_end_come_to_one() {
    let server = logto(|seen| match seen.target.as_str() {
        "/api/experience/submit" => ok(&json!({"redirectTo": "/oidc/auth/uid-1"})),
        "/oidc/auth/uid-1" => answer(303, "location: /oidc/auth/uid-1\r\n", ""),
        _ => answer(204, "", ""),
    });
    let step = begin(&server).await.password(alice(), PASSWORD).await.unwrap();
    let error = step.submit().await.unwrap().tokens().await.unwrap_err();
    assert!(error.to_string().contains("itself, endlessly"), "{error}");
}

#[tokio::test]
async fn cookies_of_another_session_are_refused() {
    let server = logto(|seen| match seen.target.as_str() {
        "/api/experience/submit" => ok(&json!({"redirectTo": "/oidc/auth/uid-2"})),
        _ => answer(204, "", ""),
    });
    let session = begin(&server).await;
    let pending = session.pending().unwrap().clone();
    let sent = server.seen().len();

    let other = BrowserCookies::from_headers([r#"_interaction={"app":"uid-2"}"#]);
    let error =
        server.client().resume_interaction(&other).authorization(pending.clone()).resume().await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("different sign-ins"), "{error}");
    assert_eq!(server.seen().len(), sent);

    // And when only Logto knows.
    let step = session.password(alice(), PASSWORD).await.unwrap().submit().await.unwrap();
    let error = step.tokens().await.unwrap_err();
    assert!(error.to_string().contains("different sign-ins"), "{error}");
    assert_eq!(server.count("/oidc/auth/uid-2"), 0);
}

#[tokio::test]
async fn a_user_who_is_signed_in_already_is_not_asked_by_mistake() {
    for location in ["/consent?app_id=app", "https://acme.com/callback?code=c0de&state=s"] {
        let location = format!("location: {location}\r\n");
        let server = Server::start(move |_| answer(303, &location, ""));
        let error = server.client().sign_in("app", CALLBACK).begin().await.unwrap_err();
        assert!(!error.to_string().contains("c0de"));
        assert_eq!(server.seen().len(), 1);
    }
}

/// Answers an authorization request at once, with its state, and everything else with 204.
fn answering_at_once(outcome: &'static str) -> Server {
    Server::start(move |seen| {
        let Some(query) = seen.target.strip_prefix("/oidc/auth?") else {
            return answer(204, "", "");
        };
        let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
        let host = seen.header("host").unwrap();
        let iss = format!("iss=http%3A%2F%2F{host}%2Foidc");
        let location = format!("location: {CALLBACK}?{outcome}&{state}&{iss}\r\n");
        answer(303, &location, "")
    })
}

#[tokio::test]
async fn a_user_who_is_signed_in_already_need_not_be_asked() {
    let server = answering_at_once("code=c0de");
    let silent = || server.client().sign_in("app", CALLBACK).prompt("none");
    let opened = silent().authorize().await.unwrap();
    let done = opened.completed().expect("there is nothing to ask");
    let RedirectOutcome::Callback(callback) = done.follow_redirects().await.unwrap() else {
        panic!("consent")
    };
    assert!(callback.url().contains("code=c0de"));
    let resumed = opened.clone().resume().await.unwrap();
    assert!(matches!(resumed, ResumedState::Identified(NextStep::Completed(_))));
    // There is no interaction to begin anything in.
    let error = opened.sign_in().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("`completed()`"), "{error}");
    assert_eq!(server.seen().len(), 1);

    let refusing = answering_at_once("error=login_required");
    let request = refusing.client().sign_in("app", CALLBACK).prompt("none");
    let error = request.authorize().await.unwrap_err();
    assert!(error.is_sign_in_refused() && error.has_code("login_required"), "{error}");
}

#[tokio::test]
async fn a_live_session_leads_through_consent() {
    let server = Server::start(|seen| match seen.target.as_str() {
        target if target.starts_with("/oidc/auth?") => {
            answer(303, "location: /consent?app_id=app\r\n", "")
        }
        "/consent?app_id=app" => answer(302, "location: /oidc/auth/uid-2\r\n", ""),
        "/oidc/auth/uid-2" => {
            answer(303, "location: https://acme.com/callback?code=c0de&state=s\r\n", "")
        }
        _ => answer(204, "", ""),
    });
    let opened = server.client().sign_in("app", CALLBACK).authorize().await.unwrap();
    let followed = opened.completed().unwrap().follow_redirects().await.unwrap();
    assert!(matches!(followed, RedirectOutcome::Callback(_)));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn another_user_signs_in_with_the_cookies_of_one_who_is_signed_in() {
    let page = r#"<form method="post" action="http://logto/oidc/session/end/confirm">
        <input type="hidden" name="xsrf" value="g-xJ"/><input name="logout" value="yes"/></form>"#;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = logto(move |seen| match seen.target.as_str() {
        "/api/experience/identification" => answer(204, "", ""),
        "/api/experience/submit" => ok(&json!({"redirectTo": "/oidc/auth/uid-1"})),
        "/oidc/auth/uid-1" => match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => answer(200, "", page),
            _ => answer(303, "location: https://acme.com/callback?code=c0de\r\n", ""),
        },
        "/oidc/session/end/confirm" => answer(303, "location: /oidc/auth/uid-1\r\n", ""),
        _ => panic!("{} is asked for", seen.target),
    });
    let step = begin(&server).await.password(alice(), PASSWORD).await.unwrap();
    let NextStep::Completed(done) = step.submit().await.unwrap() else { panic!("not done") };
    assert!(matches!(done.follow_redirects().await.unwrap(), RedirectOutcome::Callback(_)));
    let seen = server.seen();
    let confirmed =
        seen.iter().find(|seen| seen.method == "POST" && seen.target.ends_with("confirm"));
    assert_eq!(confirmed.unwrap().body, "xsrf=g-xJ&logout=yes");
}

#[tokio::test]
async fn a_user_who_may_not_use_the_application_is_told_from_one_who_is_to_consent() {
    let server = Server::start(|seen| match seen.target.as_str() {
        target if target.starts_with("/oidc/auth?") => {
            answer(303, "location: /consent?app_id=app\r\n", "")
        }
        "/api/interaction/consent" => refusal(400, "oidc.access_denied", &Value::Null),
        _ => answer(200, "", "<html>"),
    });
    let opened = server.client().sign_in("app", CALLBACK).authorize().await.unwrap();
    let error = opened.completed().unwrap().tokens().await.unwrap_err();
    assert!(error.is_sign_in_refused(), "{error}");
    assert!(error.to_string().contains("application access control"), "{error}");
}

#[tokio::test]
async fn a_sign_out_ends_the_tokens_the_session_and_the_interaction() {
    let page = r#"<form id="op.logoutForm"><input type="hidden" name="xsrf" value="4a76"/></form>
        <input type="hidden" form="op.logoutForm" value="yes" name="logout" />"#;
    let over = "set-cookie: _session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/oidc/session/end/confirm" => {
            answer(303, &format!("{over}location: /oidc/session/end/success\r\n"), "")
        }
        target if target.starts_with("/oidc/session/end") => {
            answer(200, "set-cookie: _session=two; path=/\r\n", page)
        }
        "/oidc/token/revocation" => answer(200, "", ""),
        _ => panic!("{} is asked for", seen.target),
    });
    let set = json!({
        "client_id": "app", "access_token": "opaque", "expires_at": 0, "scope": "openid",
        "refresh_token": "refresh",
    });
    let set: StoredTokens = serde_json::from_value(set).unwrap();
    let tokens = set.restore(&server.client(), None).unwrap();
    let kept = r#"_session=one; _interaction={"app":"uid"}; _interaction.sig=s; theme=dark"#;
    let cookies = BrowserCookies::from_headers([kept]);
    tokens.sign_out(&cookies).await.unwrap();

    let seen = server.seen();
    let targets: Vec<_> = seen.iter().map(|seen| seen.target.as_str()).collect();
    let end = ["/oidc/session/end?client_id=app", "/oidc/session/end/confirm"];
    assert_eq!(targets, ["/oidc/token/revocation", end[0], end[1]]);
    assert!(seen[0].body.contains("token=refresh"));
    assert_eq!(seen[1].header("cookie"), Some(kept));
    assert_eq!(seen[2].body, "xsrf=4a76&logout=yes");
    assert!(seen[2].header("cookie").unwrap().contains("_session=two"));
    // The browser forgets what is over, and keeps what is not Logto's.
    let set: Vec<_> = cookies.set_cookies_at("/").iter().map(|set| format!("{set:?}")).collect();
    assert_eq!(set.len(), 4);
    assert_eq!(format!("{cookies:?}"), r#"["theme"]"#);
    assert!(tokens.refresh().await.err().unwrap().is_sign_in_required());

    // A page that is none of Logto's is no sign-out.
    let server = Server::start(|_| answer(200, "", "<html>"));
    let set: StoredTokens = serde_json::from_value(json!({
        "client_id": "app", "access_token": "opaque", "expires_at": 0, "scope": "openid",
    }))
    .unwrap();
    let tokens = set.restore(&server.client(), None).unwrap();
    let error = tokens.end_session(&cookies).await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("confirm"), "{error}");
}

#[tokio::test]
async fn what_a_connector_brings_back_must_be_asked_for() {
    let server = logto(|_| answer(204, "", ""));
    let session = begin(&server).await;
    let github = session.social("github", "https://acme.com/github").await.unwrap();
    let sent = server.seen().len();
    for data in [vec![("code", "c0de")], vec![("code", "c0de"), ("state", "another")]] {
        let error = github.verify(data).await.unwrap_err();
        assert!(error.is_invalid_callback() && !error.to_string().contains("c0de"), "{error}");
    }
    let error = github.verify_callback("https://evil.example/?code=c0de").await.unwrap_err();
    assert!(error.is_invalid_callback(), "{error}");
    assert_eq!(server.seen().len(), sent);

    let kept = serde_json::to_string(github.state()).unwrap();
    let state = serde_json::from_str::<Value>(&kept).unwrap()["state"].clone();
    let again = session.connector_sign_in(serde_json::from_str(&kept).unwrap());
    let url = format!("https://acme.com/github?code=c0de&state={}", state.as_str().unwrap());
    assert!(matches!(again.verify_callback(&url).await.unwrap(), NextStep::Submit(_)));
    let verified = server.seen()[sent].body.clone();
    let data = &serde_json::from_str::<Value>(&verified).unwrap()["connectorData"];
    assert_eq!(data["redirectUri"], "https://acme.com/github");
    assert_eq!(data["code"], "c0de");
}

#[tokio::test]
async fn codes_are_not_sent_to_usernames() {
    let server = logto(|_| answer(204, "", ""));
    let session = begin(&server).await;
    let sent = server.seen().len();
    assert!(session.send_code(alice()).await.unwrap_err().is_invalid_request());
    assert_eq!(server.seen().len(), sent);
}

#[tokio::test]
async fn what_logto_wants_is_a_step_and_what_is_wrong_an_error() {
    let step =
        identified_with(422, "user.missing_profile", json!({"missingProfile": ["email", "hat"]}));
    let NextStep::CompleteProfile(missing) = step.await.unwrap() else { panic!("another step") };
    assert_eq!(missing.fields(), [ProfileField::Email, ProfileField::from("hat")]);

    let step =
        identified_with(404, "user.identity_not_exist", json!({"relatedUser": {"type": "email"}}));
    let NextStep::AccountNotFound(nobody) = step.await.unwrap() else { panic!("another step") };
    assert_eq!(nobody.related_user().unwrap()["type"], "email");
    for code in ["user.sso_identity_not_exist", "user.user_not_exist"] {
        let step = identified_with(404, code, Value::Null).await.unwrap();
        assert!(matches!(step, NextStep::AccountNotFound(_)), "{step:?}");
    }

    let step =
        identified_with(422, "session.sso_enabled", json!({"ssoConnectors": [{"id": "sso-1"}]}));
    let NextStep::UseSso(sso) = step.await.unwrap() else { panic!("another step") };
    assert_eq!(sso.connector_ids(), ["sso-1"]);

    let step = identified_with(400, "session.verification_failed", Value::Null).await.unwrap();
    assert!(
        matches!(&step, NextStep::Verify(record) if record.verification_id() == Some("record-1"))
    );
    let step = identified_with(422, "session.captcha_required", Value::Null).await.unwrap();
    assert!(matches!(step, NextStep::SolveCaptcha(_)));

    let step = identified_with(422, "user.suggest_mfa", Value::Null).await.unwrap();
    assert!(matches!(step, NextStep::EnableMfa(_)));

    let step = identified_with(403, "session.moon_phase", json!({"moon": "full"})).await.unwrap();
    assert_eq!(step.code(), Some("session.moon_phase"));
    assert!(step.clone().into_error().to_string().contains("session.moon_phase"));
    let NextStep::Unknown(other) = step else { panic!("another step") };
    assert_eq!(other.data().unwrap()["moon"], "full");

    for (status, code) in [
        (401, "user.suspended"),
        (404, "session.identifier_not_found"),
        (422, "user.username_already_in_use"),
        (422, "session.email_blocklist.email_not_allowed"),
        (422, "session.not_supported_for_forgot_password"),
        (500, "session.moon_phase"),
    ] {
        let error = identified_with(status, code, Value::Null).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
}

/// The codes of steps mean something else where no record of the user's is at stake.
#[tokio::test]
async fn what_submitting_runs_into_is_no_step_of_a_record() {
    for (status, code) in [
        (400, "session.verification_failed"),
        (404, "user.sso_identity_not_exist"),
        (422, "user.email_already_in_use"),
        (422, "action.sign_in_identifier_changed"),
    ] {
        let server = logto(move |seen| match seen.target.as_str() {
            "/api/experience/submit" => refusal(status, code, &Value::Null),
            _ => answer(204, "", ""),
        });
        let step = begin(&server).await.password(alice(), PASSWORD).await.unwrap();
        assert_eq!(step.submit().await.unwrap_err().code(), Some(code));
    }
}

#[tokio::test]
async fn a_second_factor_that_comes_before_a_change_is_a_step() {
    let server = logto(|seen| match seen.target.as_str() {
        "/api/experience/profile" | "/api/experience/profile/mfa/mfa-skipped" => refusal(
            403,
            "session.mfa.require_mfa_verification",
            &json!({"availableFactors": ["Totp"]}),
        ),
        "/api/experience/profile/mfa" => {
            refusal(422, "session.mfa.mfa_policy_not_user_controlled", &Value::Null)
        }
        _ => answer(204, "", ""),
    });
    let step = begin(&server).await.password(alice(), PASSWORD).await.unwrap();
    let NextStep::Submit(user) = step else { panic!("another step") };
    for step in [user.profile().username("alice2").await, user.mfa().skip().await] {
        let NextStep::VerifyMfa(challenge) = step.unwrap() else { panic!("another step") };
        assert!(challenge.interrupts_change());
        assert_eq!(challenge.available_factors(), ["Totp".into()]);
        let step = challenge.verify_totp("123456").await.unwrap();
        assert!(matches!(step, NextStep::Submit(_)), "{step:?}");
    }
    let error = user.mfa().bind("Totp".to_owned(), "record-1").await.unwrap_err();
    assert!(error.has_code("session.mfa.mfa_policy_not_user_controlled"), "{error}");
}

#[tokio::test]
async fn what_is_refused_at_the_beginning_can_be_tried_again() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "PUT" if seen.body.contains("s0lved") => answer(204, "", ""),
        "PUT" => refusal(422, "session.captcha_failed", &Value::Null),
        _ => answer(303, "location: /sign-in?app_id=app\r\n", ""),
    });
    let opened = server.client().sign_in("app", CALLBACK).authorize().await.unwrap();
    let error = opened.clone().captcha_token("wr0ng").sign_in().await.unwrap_err();
    assert!(error.has_code("session.captcha_failed"), "{error}");
    opened.captcha_token("s0lved").sign_in().await.unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_session_does_nothing_out_of_turn() {
    let server = logto(|seen| match seen.target.as_str() {
        "/api/experience/submit" => refusal(
            403,
            "session.mfa.require_mfa_verification",
            &json!({"availableFactors": ["Totp"]}),
        ),
        _ => answer(204, "", ""),
    });
    let step = begin(&server).await.password(alice(), PASSWORD).await.unwrap();
    let sent = server.seen().len();
    let error = step.clone().tokens().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("submit it first"), "{error}");
    assert_eq!(server.seen().len(), sent);

    let asked = step.submit().await.unwrap();
    assert!(matches!(&asked, NextStep::VerifyMfa(challenge) if !challenge.interrupts_change()));
    let error = asked.clone().tokens().await.unwrap_err();
    assert!(error.to_string().contains("session.mfa.require_mfa_verification"), "{error}");
    assert!(asked.submit().await.unwrap_err().is_invalid_request());
    assert_eq!(server.seen().len(), sent + 1);
}

#[tokio::test]
async fn an_attached_session_ends_in_the_browser() {
    let server = logto(|seen| match seen.target.as_str() {
        "/api/experience/submit" => ok(&json!({"redirectTo": "/oidc/auth/uid-1"})),
        _ => answer(204, "", ""),
    });
    let cookies = BrowserCookies::from_headers([r#"_interaction={"app":"uid-1"}"#]);
    let session: SignInFlow<SignIn> =
        server.client().resume_interaction(&cookies).sign_in().await.unwrap();
    let step = session.password(alice(), PASSWORD).await.unwrap().submit().await.unwrap();
    let NextStep::Completed(done) = step else { panic!("another step") };
    assert_eq!(done.redirect_to(), "/oidc/auth/uid-1");
    let error = done.tokens().await.unwrap_err();
    assert!(error.to_string().contains("redirect_to"), "{error}");
    for seen in server.seen() {
        assert_eq!(seen.header("cookie"), Some(r#"_interaction={"app":"uid-1"}"#));
    }
}

#[tokio::test]
async fn pages_of_another_origin_are_named() {
    let server = logto(|_| answer(204, "", ""));
    let request = server.client().sign_in("app", CALLBACK).origin("https://acme.com/sign-in");
    let session = request.begin().await.unwrap();
    session.state().await.unwrap_err();
    assert_eq!(server.seen().last().unwrap().header("origin"), Some("https://acme.com"));
    let error = server.client().sign_in("app", CALLBACK).origin("acme").begin().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
}

#[tokio::test]
async fn a_session_begins_anew_for_something_else() {
    let server = logto(|_| answer(204, "", ""));
    let session = begin(&server).await;
    let _: SignInFlow<ForgotPassword> = session.restart().await.unwrap();
    let _: SignInFlow<Register> = session.switch_to_register().await.unwrap();
    session.captcha("s0lved").await.unwrap();
    let bodies: Vec<_> = server.seen().into_iter().map(|seen| (seen.target, seen.body)).collect();
    let event = |event| format!(r#"{{"interactionEvent":"{event}"}}"#);
    assert_eq!(bodies[2], ("/api/experience".to_owned(), event("ForgotPassword")));
    assert_eq!(bodies[3], ("/api/experience/interaction-event".to_owned(), event("Register")));
    let captcha: Value = serde_json::from_str(&bodies[4].1).unwrap();
    assert_eq!(captcha, json!({"interactionEvent": "SignIn", "captchaToken": "s0lved"}));
}

#[tokio::test]
async fn secrets_do_not_show() {
    let server = logto(|seen| match seen.target.as_str() {
        "/api/experience/submit" => ok(&json!({"redirectTo": "/oidc/auth/uid-1?s3cret"})),
        "/api/experience/identification" => answer(204, "", ""),
        _ => refusal(404, "one_time_token.token_not_found", &Value::Null),
    });
    let request = server.client().sign_in("app", CALLBACK).client_secret("hunter2");
    let request = request.one_time_token("hunter2", "alice@acme.com").captcha_token("hunter2");
    assert!(!format!("{request:?}").contains("hunter2"));
    let session = request.begin().await.unwrap();
    let pending = session.pending().unwrap();
    let state = pending.state().to_owned();
    let step = session.password(alice(), "hunter2").await.unwrap();
    let done = step.clone().submit().await.unwrap();
    let resumed = ResumedState::SignIn(session.clone());
    for shown in [
        format!("{session:?}"),
        format!("{pending:?}"),
        format!("{step:?}"),
        format!("{done:?}"),
        format!("{resumed:?}"),
    ] {
        for secret in ["hunter2", "s3cret", &state] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_one_time_token_is_not_quoted() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/api/experience" => answer(204, "", ""),
        "/api/experience/verification/one-time-token/verify" => {
            let body = json!({"code": "one_time_token.token_not_found", "message": "Token hunter2 not found."});
            answer(404, "content-type: application/json\r\n", &body.to_string())
        }
        _ => answer(303, "location: /sign-in\r\n", ""),
    });
    let error = begin(&server).await.one_time_token("alice@acme.com", "hunter2").await.unwrap_err();
    assert_eq!(error.code(), Some("one_time_token.token_not_found"));
    assert!(!error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"));
    assert_eq!(error.message(), Some("Token hunter2 not found."));
}

#[tokio::test]
async fn a_whole_sign_in_ends_in_tokens() {
    let mock = Mock::start().await.unwrap();
    let id = mock.add_user("alice", PASSWORD);
    let logto = Client::builder(mock.endpoint()).build().unwrap();
    let request = logto.sign_in(mock.web_app_id(), mock.redirect_uri());
    let session = request.client_secret(mock.web_app_secret()).begin().await.unwrap();

    let error = session.password(alice(), "wrong").await.unwrap_err();
    assert!(error.is_invalid_credentials(), "{error}");
    let step = session.password(alice(), PASSWORD).await.unwrap();
    let tokens = step.submit().await.unwrap().tokens().await.unwrap();
    assert_eq!(tokens.claims().unwrap().user.sub, id);
    assert_eq!(tokens.user_info().await.unwrap().username.as_deref(), Some("alice"));
    let renewed = tokens.refresh().await.unwrap();
    assert_eq!(renewed.claims().unwrap().user.sub, id);
}

#[tokio::test]
async fn a_browser_carries_a_session_from_request_to_request() {
    let mock = Mock::start().await.unwrap();
    let id = mock.add_user("alice", PASSWORD);
    let logto = Client::builder(mock.endpoint()).build().unwrap();

    let cookies = BrowserCookies::new();
    let request = logto.sign_in(mock.web_app_id(), mock.redirect_uri()).browser_cookies(&cookies);
    let session = request.client_secret(mock.web_app_secret()).begin().await.unwrap();
    let kept = serde_json::to_string(session.pending().unwrap()).unwrap();
    let set = cookies.set_cookies_at("/sign-in");
    assert!(set.iter().all(|header| header.to_str().unwrap().ends_with("; path=/sign-in")));

    // The next request, with nothing in memory.
    let mut headers = HeaderMap::new();
    for header in &set {
        headers.append(
            "cookie",
            header.to_str().unwrap().split("; ").next().unwrap().parse().unwrap(),
        );
    }
    let cookies = BrowserCookies::from_headers(headers.get_all("cookie"));
    let pending: PendingAuthorization = serde_json::from_str(&kept).unwrap();
    let attach = || {
        logto
            .resume_interaction(&cookies)
            .authorization(pending.clone())
            .client_secret(mock.web_app_secret())
    };
    let ResumedState::SignIn(session) = attach().resume().await.unwrap() else {
        panic!("elsewhere")
    };
    session.password(alice(), PASSWORD).await.unwrap();

    // And the one after that.
    let ResumedState::Identified(step) = attach().resume().await.unwrap() else {
        panic!("elsewhere")
    };
    let tokens = step.submit().await.unwrap().tokens().await.unwrap();
    assert_eq!(tokens.claims().unwrap().user.sub, id);
}

/// Logto 1.30 has no operation for it, and answers as for any path that it does not know.
#[tokio::test]
async fn a_logto_that_does_not_tell_where_a_session_is_is_named() {
    let server = logto(|_| answer(404, "content-type: text/plain\r\n", "Not Found"));
    let cookies = BrowserCookies::from_headers([r#"_interaction={"app":"uid-1"}"#]);
    let resumed = server.client().resume_interaction(&cookies).resume().await.unwrap_err();
    let asked = begin(&server).await.state().await.unwrap_err();
    for error in [resumed, asked] {
        assert!(error.status().unwrap() == 404 && !error.is_session_ended());
        let text = error.to_string();
        assert!(text.contains("older than 1.") && text.contains("identified"), "{text}");
    }
    let ended = logto(|_| refusal(404, "session.interaction_not_found", &Value::Null));
    let error = ended.client().resume_interaction(&cookies).resume().await.unwrap_err();
    assert!(error.is_session_ended() && !error.to_string().contains("older than"), "{error}");
}

#[tokio::test]
async fn what_is_known_of_a_session_need_not_be_asked() {
    let server = logto(|seen| match seen.target.as_str() {
        "/api/experience/submit" => ok(&json!({"redirectTo": "/oidc/auth/uid-1"})),
        _ => answer(204, "", ""),
    });
    let cookies = BrowserCookies::from_headers([r#"_interaction={"app":"uid-1"}"#]);
    let attach = || server.client().resume_interaction(&cookies);
    attach().flow::<Register>().unwrap().create_account().await.unwrap();
    let user = attach().identified::<SignIn>().unwrap();
    assert!(matches!(user.submit().await.unwrap(), NextStep::Completed(_)));
    let sent: Vec<_> = server.seen().into_iter().map(|seen| (seen.target, seen.body)).collect();
    let expected = [("/api/experience/identification", "{}"), ("/api/experience/submit", "")];
    assert_eq!(sent, expected.map(|(target, body)| (target.to_owned(), body.to_owned())));
}
