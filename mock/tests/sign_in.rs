//! A password sign-in from the authorization request to the tokens.

mod common;

use common::{
    Result, answer,
    browser::{Browser, SCOPE, VERIFIER},
    client, header, headers, management_token, parameter, string,
};
use reqwest::Url;
use serde_json::json;

#[tokio::test]
async fn a_password_leads_to_tokens() -> Result {
    let browser = Browser::at("SignIn").await?;
    assert_eq!(browser.interaction().await?["verificationRecords"], json!([]));

    let (status, verified) = browser.try_password("alice", "correct horse").await?;
    assert_eq!(status, 200);
    assert_eq!(browser.identify(&string(&verified["verificationId"])).await?, 204);
    let interaction = browser.interaction().await?;
    let expected = json!({
        "interactionEvent": "SignIn", "userId": interaction["userId"], "profile": {},
        "verificationRecords": [{
            "id": verified["verificationId"], "type": "Password", "verified": true,
            "identifier": { "type": "username", "value": "alice" },
        }],
        "mfa": {}, "signInContext": { "ip": "::ffff:127.0.0.1" },
        "captcha": { "verified": false, "skipped": false },
    });
    assert_eq!(interaction, expected);

    // Who proves it once more is who they were.
    browser.password("alice", "correct horse").await?;
    let callback = browser.callback().await?;
    let shown = callback.as_str();
    assert!(shown.starts_with(browser.mock.redirect_uri()), "{shown}");
    assert_eq!(parameter(&callback, "state"), "xyz");
    let issuer = format!("{}/oidc", browser.mock.endpoint());
    assert_eq!(parameter(&callback, "iss"), issuer);

    let code = parameter(&callback, "code");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", browser.mock.redirect_uri()),
    ];
    let (status, tokens) = browser.token(&form).await?;
    assert_eq!(status, 200);
    assert_eq!(tokens["scope"], SCOPE);
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(string(&tokens["access_token"]).len(), 43);
    assert_eq!(string(&tokens["id_token"]).split('.').count(), 3);

    let refresh = string(&tokens["refresh_token"]);
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let (status, renewed) = browser.token(&again).await?;
    assert_eq!((status.as_u16(), &renewed["refresh_token"]), (200, &tokens["refresh_token"]));
    assert_ne!(renewed["access_token"], tokens["access_token"]);

    let (status, error) = browser.token(&form).await?;
    let expected = json!({
        "code": "oidc.invalid_grant", "message": "Oidc: invalid grant.",
        "error": "invalid_grant", "error_description": "grant request is invalid",
        "error_uri": "https://openid.sh/debug/invalid_grant",
    });
    assert_eq!((status.as_u16(), error), (400, expected));
    Ok(())
}

#[tokio::test]
async fn the_cookies_have_the_real_form() -> Result {
    let browser = Browser::open().await?;
    let app = browser.mock.web_app_id();
    let response = browser.authorize(app, &[("first_screen", "register")]).await?;
    let location = format!("/register?app_id={app}");
    assert_eq!(header(&response, "location"), location);
    let cookies = headers(&response, "set-cookie");
    assert_eq!(cookies.len(), 6);
    let logto = format!(r#"_logto={{"appId":"{app}"}}; path=/; samesite=lax"#);
    assert_eq!(cookies[0], logto);
    let resume = cookies[4].strip_prefix("_interaction_resume=");
    let uid = resume.and_then(|rest| rest.split(';').next()).unwrap_or_default();
    assert_eq!(uid.len(), 43);
    let interaction = format!(r#"_interaction={{"{app}":"{uid}","_legacy":"{uid}"}}; path=/; "#);
    assert!(cookies[2].starts_with(&interaction), "{}", cookies[2]);
    assert!(cookies[4].contains(&format!("; path=/oidc/auth/{uid}; expires=")));
    for (twin, name) in [(1, "_logto"), (3, "_interaction"), (5, "_interaction_resume")] {
        let signature = cookies[twin].strip_prefix(&format!("{name}.sig="));
        let signature = signature.and_then(|rest| rest.split(';').next());
        assert_eq!(signature.unwrap_or_default().len(), 27);
    }
    Ok(())
}

#[tokio::test]
async fn a_cookie_without_its_twin_is_no_session() -> Result {
    let browser = Browser::open().await?;
    let response = browser.authorize(browser.mock.web_app_id(), &[]).await?;
    let cookies = headers(&response, "set-cookie");
    let pairs = cookies.iter().filter_map(|cookie| cookie.split(';').next());
    let unsigned = pairs.filter(|pair| !pair.contains(".sig="));
    let response = client()?
        .put(format!("{}/api/experience", browser.mock.endpoint()))
        .header("cookie", unsigned.collect::<Vec<_>>().join("; "))
        .json(&json!({ "interactionEvent": "SignIn" }))
        .send()
        .await?;
    assert_eq!(answer(response).await?.1["code"], "session.not_found");
    Ok(())
}

#[tokio::test]
async fn a_single_page_application_proves_itself_with_pkce() -> Result {
    for (verifier, expected) in [(VERIFIER, 200), ("wrong", 400)] {
        let browser = Browser::open().await?;
        let app = browser.mock.spa_app_id();
        let code = browser.spa_code().await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", app),
            ("code", code.as_str()),
            ("redirect_uri", browser.mock.redirect_uri()),
            ("code_verifier", verifier),
        ];
        let (status, _) = browser.token(&form).await?;
        assert_eq!(status, expected);
    }
    Ok(())
}

#[tokio::test]
async fn bad_authorization_requests_are_refused() -> Result {
    let browser = Browser::open().await?;
    let (web, spa) = (browser.mock.web_app_id(), browser.mock.spa_app_id());
    let response = browser.authorize("nobody", &[]).await?;
    assert_eq!(answer(response).await?.1["code"], "oidc.invalid_client");
    let elsewhere = [("redirect_uri", "https://evil.example")];
    let response = browser.authorize(web, &elsewhere).await?;
    assert_eq!(answer(response).await?.1["code"], "oidc.invalid_redirect_uri");

    for (app, more, error) in [
        (web, ("response_type", "token"), "unsupported_response_type"),
        (web, ("code_challenge_method", "plain"), "invalid_request"),
        (web, ("prompt", "none"), "login_required"),
        (spa, ("state", "xyz"), "invalid_request"),
    ] {
        let response = browser.authorize(app, &[more]).await?;
        assert_eq!(response.status(), 303);
        let location = header(&response, "location").replace('#', "?");
        let callback = Url::parse(&location)?;
        assert_eq!(parameter(&callback, "error"), error);
        assert_eq!(parameter(&callback, "state"), "xyz");
    }
    Ok(())
}

#[tokio::test]
async fn steps_out_of_order_are_refused() -> Result {
    let browser = Browser::open().await?;
    let expected = json!({
        "code": "session.not_found",
        "message": "Session: not found.",
        "error": "invalid_request",
        "error_description": "interaction session not found",
    });
    let (status, body) = browser.start("SignIn").await?;
    assert_eq!((status.as_u16(), body), (400, expected));

    browser.authorize(browser.mock.web_app_id(), &[]).await?;
    let nothing_started = (404, "session.interaction_not_found".into());
    assert_eq!(browser.refusal("submit", json!({})).await?, nothing_started);
    let (status, body) = browser.try_password("alice", "correct horse").await?;
    assert_eq!((status.as_u16(), string(&body["code"])), nothing_started);

    let browser = Browser::at("SignIn").await?;
    let unknown = json!({ "verificationId": "does-not-exist" });
    let refused = browser.refusal("identification", unknown).await?;
    assert_eq!(refused, (404, "session.verification_session_not_found".into()));
    let refused = browser.refusal("submit", json!({})).await?;
    assert_eq!(refused, (404, "session.identifier_not_found".into()));
    Ok(())
}

#[tokio::test]
async fn wrong_passwords_and_bodies_are_refused() -> Result {
    let browser = Browser::at("SignIn").await?;
    let expected = json!({
        "code": "session.invalid_credentials",
        "message": "Session: invalid credentials.",
    });
    for (username, password) in [("alice", "wrong"), ("nobody", "correct horse")] {
        let (status, body) = browser.try_password(username, password).await?;
        assert_eq!((status.as_u16(), &body), (422, &expected));
    }
    let nickname = json!({ "identifier": { "type": "nickname", "value": "nobody" } });
    let (status, body) = browser.step("verification/password", nickname).await?;
    let enumeration = "Invalid enum value. Expected 'username' | 'email' | 'phone', \
                       received 'nickname'";
    let expected = json!([
        {
            "received": "nickname", "code": "invalid_enum_value",
            "options": ["username", "email", "phone"], "path": ["identifier", "type"],
            "message": enumeration,
        },
        {
            "code": "invalid_type", "expected": "string", "received": "undefined",
            "path": ["password"], "message": "Required",
        },
    ]);
    assert_eq!((status.as_u16(), &body["data"]["issues"]), (400, &expected));
    let details = format!(
        "Error in key path \"identifier.type\": (invalid_enum_value) {enumeration}\n\
         Error in key path \"password\": (invalid_type) Expected string but received undefined."
    );
    assert_eq!(body["details"], details);

    let (status, body) = browser.put("/api/experience", json!({})).await?;
    let events = "'SignIn' | 'Register' | 'ForgotPassword'";
    let expected = json!([{
        "expected": events, "received": "undefined", "code": "invalid_type",
        "path": ["interactionEvent"], "message": "Required",
    }]);
    assert_eq!((status.as_u16(), &body["data"]["issues"]), (400, &expected));
    Ok(())
}

#[tokio::test]
async fn the_event_can_change_but_not_to_a_forgotten_password() -> Result {
    let browser = Browser::at("SignIn").await?;
    let path = "/api/experience/interaction-event";
    let (status, _) = browser.put(path, json!({ "interactionEvent": "Register" })).await?;
    assert_eq!(status, 204);
    assert_eq!(browser.interaction().await?["interactionEvent"], "Register");
    let forgot = json!({ "interactionEvent": "ForgotPassword" });
    let (status, body) = browser.put(path, forgot).await?;
    let code = json!("session.not_supported_for_forgot_password");
    assert_eq!((status.as_u16(), &body["code"]), (400, &code));
    Ok(())
}

#[tokio::test]
async fn coming_back_too_early_asks_again() -> Result {
    let browser = Browser::open().await?;
    let response = browser.authorize(browser.mock.web_app_id(), &[]).await?;
    let cookies = headers(&response, "set-cookie");
    let path = cookies[4].split("path=").nth(1).and_then(|rest| rest.split(';').next());
    let path = path.unwrap_or_default().to_owned();
    let again = browser.get(&path).await?;
    assert_eq!(again.status(), 303);
    assert!(header(&again, "location").starts_with("/sign-in?"));
    // The first interaction is over; another one has begun.
    let (status, body) = answer(browser.get(&path).await?).await?;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("session.not_found")));
    Ok(())
}

#[tokio::test]
async fn a_suspended_user_cannot_sign_in() -> Result {
    let browser = Browser::open().await?;
    let token = management_token(&browser.mock, &browser.http).await?;
    let path = format!("/api/users/{}/is-suspended", browser.alice());
    let request = browser.http.patch(format!("{}{path}", browser.mock.endpoint()));
    let request = request.bearer_auth(token).json(&json!({ "isSuspended": true }));
    assert_eq!(request.send().await?.status(), 200);

    browser.begin("SignIn").await?;
    let (status, body) = browser.try_password("alice", "correct horse").await?;
    let expected = json!({ "code": "user.suspended", "message": "User: suspended." });
    assert_eq!((status.as_u16(), body), (401, expected));
    Ok(())
}
