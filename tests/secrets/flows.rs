//! Sessions in a store, sign-ins on devices and by loopback, logout tokens; and, with their features,
//! the verifier of tokens and that of webhooks.

use logto_api::{
    ClientBuilder, MemoryTokenStore,
    logout::LogoutTokenVerifier,
    sign_in::{StoredTokens, UserSessions},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{APP_ID, Shown, canary, server::KEY};

/// Sessions under ids that are secrets themselves.
pub async fn store(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let (client, store) = (builder().build().unwrap(), MemoryTokenStore::new());
    let id = canary("session");
    let given: StoredTokens = serde_json::from_value(json!({
        "client_id": APP_ID, "access_token": canary("access"), "expires_at": 1,
        "refresh_token": canary("refresh"), "scope": "openid",
    }))
    .unwrap();
    shown.show(&given);
    let sessions = UserSessions::new(&client, store.clone()).client_secret(canary("app-secret"));
    let given = given.restore(&client, Some(&canary("app-secret"))).unwrap();
    shown.outcome(sessions.insert(&id, &given).await).expect("tokens");
    let tokens = shown.outcome(sessions.get(&id).await).expect("a session").unwrap();
    let request = tokens.for_resource("https://api.acme.com");
    shown.show(&request);
    let token = shown.outcome(request.clone().access_token().await).expect("a token");
    assert_eq!(token.secret(), canary("access"));
    shown.outcome(request.client()).expect("a client");
    assert!(shown.outcome(tokens.refresh().await).is_none(), "its ID token is none");
    shown.outcome(tokens.revoke().await).expect("an end");
    assert!(shown.outcome(tokens.refresh().await).is_none());
    shown.show(&sessions);
    shown.show(&store);
    let app = builder().client_credentials(APP_ID, canary("app-secret")).token_store(store);
    let app = app.build().unwrap();
    shown.outcome(app.access_token().await).expect("a token");
    shown.show(&app);
}

/// A sign-in on a device, whose tokens are not to be trusted.
pub async fn device(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let client = builder().build().unwrap();
    let request = client.device_sign_in(APP_ID).client_secret(canary("app-secret"));
    shown.show(&request);
    let device = shown.outcome(request.begin().await).expect("codes");
    assert_eq!(device.user_code(), canary("user-code"));
    assert!(shown.outcome(device.tokens().await).is_none());
}

/// A sign-in whose browser brings a code.
pub async fn loopback(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let client = builder().build().unwrap();
    let request = client.sign_in(APP_ID, "http://127.0.0.1/callback");
    let request = request.client_secret(canary("app-secret"));
    shown.show(&request);
    let sign_in = shown.outcome(request.loopback().await).expect("a port");
    let state = sign_in.url().query_pairs().find(|(name, _)| name == "state").unwrap().1;
    let address = sign_in.redirect_uri().strip_prefix("http://").unwrap();
    let address = address.split_once('/').unwrap().0.to_owned();
    let target = format!("/callback?code={}&state={state}", canary("code"));
    let visit = async {
        let mut browser = TcpStream::connect(&address).await.unwrap();
        let head = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\n\r\n");
        browser.write_all(head.as_bytes()).await.unwrap();
        let mut page = String::new();
        browser.read_to_string(&mut page).await.unwrap();
        page
    };
    let (outcome, page) = tokio::join!(sign_in.tokens(), visit);
    assert!(shown.outcome(outcome).is_none());
    shown.show(&page);
}

/// Logout tokens, good and not.
pub async fn logout(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let client = builder().build().unwrap();
    let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let claims = json!({
        "iss": format!("{}/oidc", client.endpoint()), "aud": APP_ID, "sub": "u1",
        "sid": canary("sid"), "jti": canary("jti"), "iat": 1, "exp": 4_102_444_800_u64,
        "events": event,
    });
    let header = json!({"alg": "ES384", "typ": "logout+jwt", "kid": KEY.id});
    let good = KEY.sign_with(&header, &claims);
    shown.hide(&good);
    let verifier = LogoutTokenVerifier::new(&client, APP_ID);
    shown.show(&verifier);
    let token = shown.outcome(verifier.verify(&good).await).expect("a token");
    assert_eq!(token.id(), canary("jti"));
    for body in [canary("token"), format!("logout_token={}", canary("token"))] {
        assert!(shown.outcome(verifier.verify_form(body.as_bytes()).await).is_none());
    }
    let other = LogoutTokenVerifier::new(&client, "another");
    assert!(shown.outcome(other.verify(&good).await).is_none());
}

/// Access tokens that are verified, or asked about.
#[cfg(feature = "verify")]
pub async fn verification(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let app = builder().client_credentials(APP_ID, canary("app-secret")).build().unwrap();
    let verifier = app.token_verifier().audience("https://api.acme.com");
    shown.show(&verifier);
    let verifier = verifier.build().unwrap();
    shown.show(&verifier);
    let claims = json!({
        "iss": format!("{}/oidc", app.endpoint()), "aud": "https://api.acme.com", "sub": "u1",
        "client_id": "a", "iat": 1, "exp": 4_102_444_800_u64, "plan": canary("custom"),
    });
    let header = |kind: &str| json!({"alg": "ES384", "typ": kind, "kid": KEY.id});
    let good = KEY.sign_with(&header("at+jwt"), &claims);
    shown.hide(&good);
    let read = shown.outcome(verifier.verify(&good).await).expect("claims");
    assert_eq!(read.raw()["plan"], canary("custom"));
    let wrong = KEY.sign_with(&header("JWT"), &claims);
    for token in [wrong.clone(), canary("a.b.c"), format!("{good}{}", canary("d")), canary("e")] {
        shown.hide(&token);
        assert!(shown.outcome(verifier.verify(&token).await).is_none());
        assert!(shown.outcome(verifier.verify_id_token(&token, "b").await).is_none());
        let head = http::Request::get("/").header("authorization", format!("Bearer {token}"));
        let head = head.body(()).unwrap();
        let rejection = verifier.authenticate(&head, &["read"]).await.unwrap_err();
        shown.show(&(&rejection, rejection.to_string(), rejection.body()));
    }
    let opaque = canary("opaque");
    let told = shown.outcome(verifier.introspect(&opaque).await).expect("claims");
    assert_eq!(told.raw()["plan"], canary("custom"));
    let error = verifier.introspect(&canary("not-active")).await;
    assert!(shown.outcome(error).is_none());
}

/// Deliveries, good and not.
#[cfg(feature = "webhooks")]
pub fn webhooks(shown: &mut Shown) {
    use logto_api::webhooks::WebhookVerifier;

    let verifier = WebhookVerifier::new(canary("key")).or_key(canary("old-key"));
    shown.show(&verifier);
    let user: serde_json::Value = json!({
        "id": "u1", "primaryEmail": canary("email"), "customData": {"k": canary("custom")},
    });
    for body in [
        json!({"event": "PostSignIn", "user": user, "x": canary("x"), "userIp": canary("ip")}),
        json!({"event": "User.Created", "data": user, "params": {"id": canary("id")}}),
        json!({"event": "Identifier.Lockout", "value": canary("email")}),
        json!({"event": "Message.RateLimited", "recipient": canary("email")}),
        json!({"event": "Of.Later", "x": canary("x")}),
        json!({"event": "PostSignIn", "user": canary("user")}),
        json!({"event": "User.Created", "status": canary("status")}),
        json!({"event": [canary("event")]}),
        serde_json::Value::from(canary("text")),
    ] {
        let body = body.to_string();
        let signature = verifier.sign(body.as_bytes());
        shown.hide(&signature);
        for outcome in [
            verifier.verify_signature(&signature, body.as_bytes()),
            verifier.verify_signature(&canary("signature"), body.as_bytes()),
        ] {
            shown.show(&outcome);
            if let Err(error) = outcome {
                shown.show(&error.to_string());
            }
        }
    }
}
