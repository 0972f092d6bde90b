//! Signing in from a command line: with a code that is confirmed on another device, and with the
//! browser of the same machine.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../examples/cli_sign_in.rs"]
mod cli_sign_in;
#[path = "support/clock.rs"]
mod clock;
#[path = "support/desk.rs"]
mod desk;
#[path = "support/issuer.rs"]
mod issuer;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use clock::TestClock;
use desk::{Desk, Reply, Seen};
use issuer::Key;
use logto_api::{
    Client,
    reqwest::{self, StatusCode, Url},
    sign_in::{DeviceAuthorization, Loopback},
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const DEVICE: &str = "/oidc/device/auth";
const TOKEN: &str = "/oidc/token";

/// A Logto that gives codes and tokens.
struct Logto {
    desk: Desk,
    clock: TestClock,
    key: Arc<Key>,
    /// What the token endpoint answers, before it gives tokens.
    replies: Arc<Mutex<VecDeque<Reply>>>,
    /// The claims of the ID token, besides those that it always has.
    claims: Arc<Mutex<Value>>,
}

impl Logto {
    async fn open() -> Self {
        Self::giving(json!({
            "device_code": "d3vice", "user_code": "KPTK-CNPV",
            "verification_uri": "https://id.acme.com/device",
            "verification_uri_complete": "https://id.acme.com/device?user_code=KPTK-CNPV",
            "expires_in": 600,
        }))
        .await
    }

    /// One that answers this to a device.
    async fn giving(codes: Value) -> Self {
        let key = Arc::new(Key::es384("k1"));
        let replies = Arc::new(Mutex::new(VecDeque::<Reply>::new()));
        let claims = Arc::new(Mutex::new(json!({})));
        let shared = (key.clone(), replies.clone(), claims.clone());
        let endpoint = Arc::new(Mutex::new(String::new()));
        let own = endpoint.clone();
        let desk = Desk::open(move |seen: Seen| {
            let (key, replies, claims) = shared.clone();
            let (codes, own) = (codes.clone(), own.clone());
            async move {
                match seen.target.as_str() {
                    DEVICE => Reply::json(200, &codes),
                    TOKEN => {
                        let waiting = replies.lock().unwrap().pop_front();
                        let issuer = format!("{}/oidc", own.lock().unwrap());
                        waiting.unwrap_or_else(|| tokens(&key, &issuer, &claims.lock().unwrap()))
                    }
                    "/oidc/me" => Reply::json(200, &json!({"sub": "u1", "username": "alice"})),
                    "/oidc/jwks" => Reply::json(200, &json!({"keys": [key.jwk()]})),
                    "/oidc/token/revocation" => Reply::new(200, ""),
                    _ => Reply::new(404, ""),
                }
            }
        })
        .await;
        endpoint.lock().unwrap().clone_from(&desk.endpoint);
        Self { desk, clock: TestClock::new(0.5), key, replies, claims }
    }

    fn client(&self) -> Client {
        self.desk.builder().clock(self.clock.clone()).build().unwrap()
    }

    fn reply(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    /// What OAuth calls an error.
    fn refuse(&self, code: &str) {
        let body = json!({"error": code, "error_description": format!("it is {code}")});
        self.reply(Reply::json(400, &body));
    }

    async fn device(&self) -> DeviceAuthorization {
        self.client().device_sign_in("device-app").begin().await.unwrap()
    }
}

fn tokens(key: &Key, issuer: &str, more: &Value) -> Reply {
    let mut claims = json!({
        "iss": issuer, "aud": "device-app", "sub": "u1",
        "iat": TestClock::START, "exp": TestClock::START + 36_000,
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    Reply::json(
        200,
        &json!({
            "access_token": "acc3ss", "refresh_token": "r3fresh", "expires_in": 3600,
            "token_type": "Bearer", "scope": "openid offline_access profile",
            "id_token": key.sign(&claims),
        }),
    )
}

fn form(seen: &Seen) -> Vec<(String, String)> {
    let query = Url::parse(&format!("http://form/?{}", seen.body)).unwrap();
    query.query_pairs().into_owned().collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_device_shows_a_code_and_waits_for_the_user() {
    let logto = Logto::open().await;
    let request = logto.client().device_sign_in("device-app");
    let request = request.scope("openid read:orders").resource("https://api.acme.com");
    let device = request.resource("urn:logto:resource:organizations").begin().await.unwrap();
    assert_eq!(device.user_code(), "KPTK-CNPV");
    assert_eq!(device.verification_uri().as_str(), "https://id.acme.com/device");
    let complete = device.verification_uri_complete().unwrap().as_str();
    assert_eq!(complete, "https://id.acme.com/device?user_code=KPTK-CNPV");
    assert_eq!(device.expires_at().as_millis(), (TestClock::START as i64 + 600) * 1000);
    assert!(!format!("{device:?}").contains("d3vice"));

    logto.refuse("authorization_pending");
    logto.refuse("authorization_pending");
    let tokens = device.tokens().await.unwrap();
    assert_eq!(tokens.claims().unwrap().user.sub, "u1");
    assert_eq!(tokens.refresh_token().as_deref(), Some("r3fresh"));
    // Logto names no interval; RFC 8628 has five seconds then.
    assert_eq!(logto.clock.sleeps(), [5000, 5000, 5000]);

    let seen = logto.desk.seen();
    assert_eq!(seen[0].target, DEVICE);
    assert_eq!(
        form(&seen[0]),
        [
            pair("scope", "openid read:orders"),
            pair("resource", "https://api.acme.com"),
            pair("resource", "urn:logto:resource:organizations"),
            pair("client_id", "device-app"),
        ]
    );
    let expected = [
        pair("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        pair("device_code", "d3vice"),
        pair("client_id", "device-app"),
    ];
    assert!(seen.iter().filter(|seen| seen.target == TOKEN).all(|seen| form(seen) == expected));
}

#[tokio::test]
async fn a_device_asks_at_the_pace_of_the_server() {
    let logto = Logto::giving(json!({
        "device_code": "d3vice", "user_code": "K", "verification_uri": "https://id.acme.com/device",
        "expires_in": 600, "interval": 2,
    }))
    .await;
    let device = logto.device().await;
    assert_eq!(device.verification_uri_complete(), None);
    logto.refuse("slow_down");
    logto.refuse("authorization_pending");
    logto.refuse("slow_down");
    // Failures of the network do not end it, and slow it down.
    logto.reply(Reply::new(502, "<html>"));
    logto.reply(Reply::new(503, "").header("retry-after", "90"));
    logto.refuse("authorization_pending");
    device.tokens().await.unwrap();
    assert_eq!(logto.clock.sleeps(), [2000, 7000, 7000, 12_000, 24_000, 90_000, 90_000]);
}

#[tokio::test]
async fn denial_and_expiry_are_told_apart() {
    let logto = Logto::open().await;
    let device = logto.device().await;
    logto.refuse("authorization_pending");
    logto.refuse("access_denied");
    let error = device.tokens().await.unwrap_err();
    assert!(error.is_sign_in_refused() && !error.is_device_code_expired(), "{error}");
    assert!(error.has_code("access_denied") && error.message() == Some("it is access_denied"));

    let device = logto.device().await;
    logto.refuse("expired_token");
    let error = device.tokens().await.unwrap_err();
    assert!(error.is_device_code_expired() && !error.is_sign_in_refused(), "{error}");
    assert!(error.has_code("expired_token"));

    // It ends by itself, where the server is silent about it.
    let device = logto.device().await;
    (0..200).for_each(|_| logto.refuse("authorization_pending"));
    let before = logto.desk.count(TOKEN);
    let error = device.tokens().await.unwrap_err();
    assert!(error.is_device_code_expired(), "{error}");
    assert_eq!(logto.desk.count(TOKEN) - before, 120);
    logto.replies.lock().unwrap().clear();

    let device = logto.device().await;
    logto.refuse("invalid_grant");
    let error = device.tokens().await.unwrap_err();
    assert!(error.is_auth() && !error.is_sign_in_required(), "{error}");
    assert!(error.to_string().contains("redeemed once"), "{error}");
    assert!(!format!("{error} {error:?}").contains("d3vice"));
}

#[tokio::test]
async fn a_device_believes_only_its_own_id_token() {
    for claims in [json!({"aud": "other"}), json!({"iss": "https://evil.example/oidc"})] {
        let logto = Logto::open().await;
        *logto.claims.lock().unwrap() = claims;
        let error = logto.device().await.tokens().await.unwrap_err();
        assert!(error.is_invalid_token(), "{error}");
    }
    let logto = Logto::open().await;
    let device = logto.device().await;
    logto.reply(Reply::token("acc3ss"));
    let error = device.tokens().await.unwrap_err();
    assert!(error.is_invalid_token(), "`openid` was asked for: {error}");
    let device = logto.client().device_sign_in("device-app").scope("profile");
    let device = device.begin().await.unwrap();
    logto.reply(Reply::token("acc3ss"));
    assert!(device.tokens().await.unwrap().claims().is_none());
}

#[tokio::test]
async fn an_application_that_is_not_for_devices_is_told_so() {
    for (status, description, words) in [
        (
            400,
            "urn:ietf:params:oauth:grant-type:device_code is not allowed for this client",
            "create a native application",
        ),
        (400, "requested grant type is not allowed for this client", "create a native application"),
        (404, "unrecognized route or not allowed method (POST on /device/auth)", "older than 1.38"),
    ] {
        let body = json!({"error": "invalid_request", "error_description": description});
        let desk = Desk::open(move |_: Seen| {
            let body = body.clone();
            async move { Reply::json(status, &body) }
        })
        .await;
        let client = desk.builder().build().unwrap();
        let error = client.device_sign_in("web-app").begin().await.unwrap_err();
        assert!(error.is_auth() && error.to_string().contains(words), "{error}");
    }
    let desk = Desk::open(|_: Seen| async { Reply::json(200, &json!({"user_code": "K"})) }).await;
    let client = desk.builder().build().unwrap();
    let error = client.device_sign_in("web-app").begin().await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("cannot be decoded"), "{error}");
    for request in [
        client.device_sign_in(" "),
        client.device_sign_in("app").scope(""),
        client.device_sign_in("app").resource(""),
    ] {
        assert!(request.begin().await.unwrap_err().is_invalid_request());
    }
}

async fn loopback(logto: &Logto, redirect_uri: &str) -> Loopback {
    logto.client().sign_in("device-app", redirect_uri).loopback().await.unwrap()
}

/// The parameters of the authorization request.
fn asked(sign_in: &Loopback) -> HashMap<String, String> {
    sign_in.url().query_pairs().into_owned().collect()
}

/// What the browser comes back to.
fn callback(logto: &Logto, sign_in: &Loopback) -> String {
    let asked = asked(sign_in);
    *logto.claims.lock().unwrap() = json!({"nonce": asked["nonce"]});
    let issuer = format!("{}/oidc", logto.desk.endpoint);
    let answer = [("code", "c0de"), ("state", &asked["state"]), ("iss", &issuer)];
    Url::parse_with_params(sign_in.redirect_uri(), answer).unwrap().into()
}

async fn visit(url: &str) -> (StatusCode, String) {
    let response = reqwest::get(url).await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_browser_comes_back_to_a_port_of_its_own() {
    for uri in
        ["http://127.0.0.1/callback", "http://localhost/callback", "http://127.0.0.1:0/callback"]
    {
        let logto = Logto::open().await;
        let sign_in = loopback(&logto, uri).await;
        let port = Url::parse(sign_in.redirect_uri()).unwrap().port().unwrap();
        assert_ne!(port, 0);
        assert_eq!(asked(&sign_in)["redirect_uri"], sign_in.redirect_uri());
        let callback = callback(&logto, &sign_in);
        let tokens = tokio::spawn(sign_in.tokens());
        let (status, page) = visit(&callback).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("You are signed in"), "{page}");
        let tokens = tokens.await.unwrap().unwrap();
        assert_eq!(tokens.claims().unwrap().user.sub, "u1");
        let form: HashMap<_, _> = form(&logto.desk.seen()[0]).into_iter().collect();
        assert_eq!(form["redirect_uri"], uri_with_port(uri, port));
        // The port is closed.
        assert!(reqwest::get(&callback).await.unwrap_err().is_connect());
    }
}

fn uri_with_port(uri: &str, port: u16) -> String {
    let mut url = Url::parse(uri).unwrap();
    url.set_port(Some(port)).unwrap();
    url.into()
}

#[tokio::test]
async fn other_requests_to_the_port_do_not_end_a_sign_in() {
    let logto = Logto::open().await;
    let sign_in = loopback(&logto, "http://127.0.0.1/callback").await;
    let good = callback(&logto, &sign_in);
    let state = asked(&sign_in)["state"].clone();
    let address = Url::parse(sign_in.redirect_uri()).unwrap();
    let place = ("127.0.0.1", address.port().unwrap());
    let tokens = tokio::spawn(sign_in.tokens());

    // Browsers connect ahead of need, and some hang up.
    let _idle = TcpStream::connect(place).await.unwrap();
    drop(TcpStream::connect(place).await.unwrap());
    let mut odd = TcpStream::connect(place).await.unwrap();
    odd.write_all(b"\x16\x03\x01 no HTTP\r\n\r\n").await.unwrap();
    let at = |path: &str| address.join(path).unwrap().to_string();
    for (url, status) in [
        (at("/favicon.ico"), 404),
        (address.as_str().replace("/callback", "//evil.example/callback"), 404),
        (at("/callback"), 400),
        (good.replace(&state, "other"), 400),
        (format!("{good}&state={state}"), 400),
        (good.replace("state=", "error=access_denied&x="), 400),
    ] {
        assert_eq!(visit(&url).await.0, status, "{url}");
    }
    let posted = reqwest::Client::new().post(&good).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    let headers = posted.headers();
    assert_eq!(
        (&headers["cache-control"], &headers["referrer-policy"]),
        (&"no-store".parse().unwrap(), &"no-referrer".parse().unwrap())
    );
    assert_eq!(logto.desk.count(TOKEN), 0);

    assert_eq!(visit(&good).await.0, StatusCode::OK);
    tokens.await.unwrap().unwrap();
    assert_eq!(logto.desk.count(TOKEN), 1);
}

#[tokio::test]
async fn a_refusal_comes_to_the_port_too() {
    for (from, to, is_refused) in [
        ("code=c0de", "error=access_denied", true),
        ("%2Foidc", "%2Fother", false),
        ("code=c0de", "code=", false),
    ] {
        let logto = Logto::open().await;
        let sign_in = loopback(&logto, "http://127.0.0.1/callback").await;
        let answer = callback(&logto, &sign_in).replace(from, to);
        let tokens = tokio::spawn(sign_in.tokens());
        let (status, page) = visit(&answer).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains("failed") && !page.contains("c0de"), "{page}");
        let error = tokens.await.unwrap().unwrap_err();
        assert_eq!(error.is_sign_in_refused(), is_refused, "{error}");
        assert_eq!(error.is_invalid_callback(), !is_refused, "{error}");
    }
}

#[tokio::test]
async fn a_port_is_opened_on_this_machine_only() {
    let logto = Logto::open().await;
    for uri in
        ["https://127.0.0.1/callback", "http://acme.com/callback", "http://0.0.0.0/", "app:/x"]
    {
        let error = logto.client().sign_in("app", uri).loopback().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("127.0.0.1"), "{error}");
    }
    let sign_in = loopback(&logto, "http://127.0.0.1/callback").await;
    let taken = sign_in.redirect_uri().to_owned();
    let host = taken.replace("http://", "").replace("/callback", "");
    let error = logto.client().sign_in("app", &taken).loopback().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("cannot open"), "{error}");
    // Whoever gives up closes the port.
    drop(sign_in);
    while TcpStream::connect(&host).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let again = loopback(&logto, &taken).await;
    assert_eq!(again.redirect_uri(), taken);
    assert!(logto.key.id == "k1" && !format!("{again:?}").contains(&asked(&again)["state"]));
}

#[tokio::test]
async fn a_command_line_tool_remembers_its_user() {
    let logto = Logto::open().await;
    let client = logto.client();
    let path = std::env::temp_dir().join(format!("logto-cli-{}.json", uuid::Uuid::new_v4()));
    let file = cli_sign_in::File(path.clone());
    let tokens = cli_sign_in::by_device(&client, "device-app").await.unwrap();
    assert_eq!(cli_sign_in::greet(&file, tokens).await.unwrap(), "alice");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let kept = || std::fs::read_to_string(&path).unwrap();
    assert!(kept().contains("r3fresh"));
    cli_sign_in::sign_out(&client, &file).await.unwrap();
    assert_eq!(logto.desk.last().target, "/oidc/token/revocation");
    assert!(!path.exists());

    logto.refuse("access_denied");
    let error = cli_sign_in::by_device(&client, "device-app").await.unwrap_err();
    assert_eq!(error.to_string(), "the sign-in was denied");
}
