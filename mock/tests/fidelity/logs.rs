//! Recorded entries of the audit log: what they tell of is done here, too.

use serde_json::{Value, json};

use crate::{
    exchange::Exchange,
    stage::{self, Stage, reach},
    world::World,
};

/// Does what the recorded entries tell of, newest last, and has own entries stand for them.
pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) {
    let recorded = &exchange.response_body;
    let entries = recorded.as_array().cloned().unwrap_or_else(|| vec![recorded.clone()]);
    for entry in entries.iter().rev().filter(|entry| entry["payload"].is_object()) {
        world.has_agent = entry["payload"]["userAgent"].is_string();
        world.leave_browser();
        act(world, entry).await;
        world.has_agent = true;
        let key = entry["key"].as_str().unwrap_or_default();
        let own = world.manage("GET", &format!("/api/logs?logKey={key}"), &Value::Null).await.body;
        let own = own.as_array().into_iter().flatten();
        let own =
            own.into_iter().find(|own| own["payload"]["result"] == entry["payload"]["result"]);
        if let (Some(own), Some(id)) = (own, entry["id"].as_str()) {
            world.equate(id, own["id"].as_str().unwrap_or_default());
            for name in ["userId", "applicationId"] {
                if let (Some(recorded), Some(own)) =
                    (entry["payload"][name].as_str(), own["payload"][name].as_str())
                {
                    world.equate(recorded, own);
                }
            }
        }
    }
}

/// Does what an entry tells of.
async fn act(world: &mut World<'_>, entry: &Value) {
    let (key, payload) = (entry["key"].as_str().unwrap_or_default(), &entry["payload"]);
    let parts: Vec<&str> = key.split('.').collect();
    match parts.as_slice() {
        ["Interaction", "Create" | "End"] => drop(code(world).await),
        ["Interaction", event, rest @ ..] => {
            let mut wanted = payload["interaction"].clone();
            wanted["interactionEvent"] = (*event).into();
            wanted["missingProfile"] = payload["error"]["data"]["missingProfile"].clone();
            interaction(world, &wanted, rest, payload).await;
        }
        ["SamlApplication", "Callback"] => {
            let id = payload["applicationId"].as_str().unwrap_or_default();
            let id = world.own(id).unwrap_or(id);
            let code = payload["query"]["code"].as_str().unwrap_or_default();
            let path = format!("/api/saml-applications/{id}/callback?code={code}");
            world.browse("GET", &path, &Value::Null).await;
        }
        ["ExchangeTokenBy", grant] => tokens(world, grant, payload["result"] == "Error").await,
        _ => {}
    }
}

/// Does what happened to an interaction, and left it like this.
async fn interaction(world: &mut World<'_>, wanted: &Value, what: &[&str], payload: &Value) {
    let failed = payload["result"] == "Error";
    let mut stage = reach(world, wanted).await;
    let body = &payload["payload"];
    match what {
        ["Update"] => {
            let body = json!({ "interactionEvent": payload["interactionEvent"] });
            stage.world.browse("PUT", "/api/experience/interaction-event", &body).await;
        }
        ["Submit"] => {
            stage.refuse(&payload["error"]).await;
            stage.post("/submit", Value::Null).await;
        }
        ["Identifier", "Submit"] if failed => {
            let body = stage.world.translate(body);
            stage.post("/identification", body).await;
        }
        ["Profile", "Update"] if failed && body.is_null() => {
            stage.forget_password().await;
        }
        ["Profile", "Update"] if failed => drop(stage.post("/profile", body.clone()).await),
        ["Verification", kind, step] if failed => {
            fail(&mut stage, kind, step, payload).await;
        }
        ["Identifier", "SingleSignOn", step] if failed => {
            fail(&mut stage, "EnterpriseSso", step, payload).await;
        }
        _ => {}
    }
}

/// Tries what was refused.
async fn fail(stage: &mut Stage<'_, '_>, kind: &str, step: &str, payload: &Value) {
    let mut body = stage.world.translate(&payload["payload"]);
    let code = payload["error"]["code"].as_str().unwrap_or_default();
    if code == "user.suspended" {
        stage.suspended(&body["identifier"]).await;
    }
    if body["password"].is_string() {
        body["password"] =
            if code == "user.suspended" { stage::PASSWORD.into() } else { "wrong".into() };
    }
    if body["token"].is_string() {
        body["token"] = "nope".into();
    }
    let connector = body["connectorId"].as_str().or(payload["connectorId"].as_str());
    let connector = stage.world.translate(&connector.unwrap_or("unknown").into());
    let connector = connector.as_str().unwrap_or_default().to_owned();
    if let Some(members) = body.as_object_mut() {
        members.remove("connectorId");
    }
    let place = if kind == "Social" { "social" } else { "sso" };
    let end = if step == "Create" { "authorization-uri" } else { "verify" };
    let path = match kind {
        "Password" => "/verification/password".into(),
        "NewPasswordIdentity" => "/verification/new-password-identity".into(),
        "OneTimeToken" => "/verification/one-time-token/verify".into(),
        "Totp" => "/verification/totp/verify".into(),
        "WebAuthn" if step == "Create" => "/verification/web-authn/authentication".into(),
        "WebAuthn" => "/verification/web-authn/registration/verify".into(),
        "Social" | "EnterpriseSso" => format!("/verification/{place}/{connector}/{end}"),
        _ if step == "Create" => "/verification/verification-code".into(),
        _ if stage.last_kind().starts_with("Mfa") => {
            body["identifierType"] = body["identifier"]["type"].clone();
            "/verification/mfa-verification-code/verify".into()
        }
        _ => "/verification/verification-code/verify".into(),
    };
    if kind == "Totp" {
        body["code"] = "000000".into();
    }
    stage.post(&path, body).await;
}

/// Has a user sign in by name and password; gives the name.
pub(crate) async fn credentials(world: &mut World<'_>, user_id: &str) -> String {
    let path = format!("/api/users/{user_id}");
    let user = world.manage("GET", &path, &Value::Null).await.body;
    let password = json!({ "password": stage::PASSWORD });
    world.manage("PATCH", &format!("{path}/password"), &password).await;
    if let Some(username) = user["username"].as_str() {
        return username.to_owned();
    }
    let username = format!("named{}", world.number());
    world.manage("PATCH", &path, &json!({ "username": username })).await;
    username
}

/// Signs the account's user in, as in each of these sessions, or by name and password.
pub(crate) async fn sign_in(world: &mut World<'_>, sessions: &Value) {
    let sessions = sessions.as_array().into_iter().flatten();
    let submissions = sessions.map(|own| {
        let mut submission = own["lastSubmission"].clone();
        let apps = own["payload"]["authorizations"].as_object();
        if submission.is_object() && apps.is_some_and(serde_json::Map::is_empty) {
            submission["goesNowhere"] = true.into();
        }
        submission
    });
    let submissions: Vec<Value> = submissions.filter(Value::is_object).collect();
    if submissions.is_empty() {
        let id = world.account_id();
        let value = credentials(world, &id).await;
        let record = json!({
            "type": "Password", "identifier": { "type": "username", "value": value },
        });
        let wanted = json!({
            "interactionEvent": "SignIn", "userId": id, "signInContext": {},
            "verificationRecords": [record],
        });
        code_of(world, &wanted).await;
    }
    // Each signs in whom it tells of: enough of them to see each kind.
    for submission in submissions.iter().take(4) {
        code_of(world, submission).await;
    }
}

/// Signs somebody in, who agrees; gives the code.
async fn code(world: &mut World<'_>) -> String {
    let wanted = json!({
        "interactionEvent": "SignIn", "userId": "somebody", "signInContext": {},
        "verificationRecords": [{
            "type": "Password", "identifier": { "type": "username", "value": "itestuser" },
        }],
    });
    code_of(world, &wanted).await
}

async fn code_of(world: &mut World<'_>, wanted: &Value) -> String {
    let stage = reach(world, wanted).await;
    let mut next =
        stage.post("/submit", Value::Null).await["redirectTo"].as_str().map(str::to_owned);
    // The page that asks for consent is the first that comes after signing in.
    let steps = if wanted["goesNowhere"] == true { 1 } else { 6 };
    for _ in 0..steps {
        let Some(url) = next.filter(|url| !url.contains("code=")) else { break };
        next = world.follow(&url).await;
        if let Some(code) = next.as_ref().and_then(|url| url.split("code=").nth(1)) {
            return code.split('&').next().unwrap_or_default().to_owned();
        }
    }
    String::new()
}

/// Asks for tokens by a grant.
async fn tokens(world: &mut World<'_>, grant: &str, failed: bool) {
    let (id, secret) = (world.mock.web_app_id().to_owned(), world.mock.web_app_secret().to_owned());
    let redirect = world.mock.redirect_uri().to_owned();
    let asked = match grant {
        "ClientCredentials" => return world.renew_token().await,
        "TokenExchange" if failed => vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
            ("subject_token", "nonsense".to_owned()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token".to_owned()),
        ],
        "TokenExchange" => return drop(world.user_token().await),
        _ if failed && grant == "RefreshToken" => {
            vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", "bad".to_owned())]
        }
        _ => {
            let code = if failed { "bad".to_owned() } else { code(world).await };
            vec![
                ("grant_type", "authorization_code".to_owned()),
                ("code", code),
                ("redirect_uri", redirect),
            ]
        }
    };
    let answer = world.token(&id, &secret, &asked).await;
    if let ("RefreshToken", Some(token)) = (grant, answer["refresh_token"].as_str()) {
        let asked =
            [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
        world.token(&id, &secret, &asked).await;
    }
}
