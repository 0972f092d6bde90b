//! A server that is reached at another address than the one that users see.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/server.rs"]
mod server;

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use issuer::Key;
use logto_api::{
    Client, Error,
    reqwest::Url,
    sign_in::{Completed, Identifier},
};
use serde_json::{Value, json};
use server::{Seen, Server, answer, ok};

const PUBLIC: &str = "https://id.acme.com";
const CALLBACK: &str = "https://acme.com/callback";

/// A Logto whose `ENDPOINT` is the public one. Some of its redirects name the address that it was
/// asked at, as it knows no other there.
struct Logto {
    server: Server,
}

impl Logto {
    /// Tokens are issued by `issuer`; the interaction goes on at `resume`.
    fn start(issuer: &'static str, resume: &'static str) -> Self {
        let (key, request) = (Key::es384("k1"), Arc::new(Mutex::new(None::<Url>)));
        let server = Server::start(move |seen| {
            let asked = |name: &str| {
                let request = request.lock().unwrap();
                let mut pairs = request.as_ref().unwrap().query_pairs();
                pairs.find(|(found, _)| found == name).unwrap().1.into_owned()
            };
            let host = format!("http://{}", seen.header("host").unwrap());
            match seen.target.as_str() {
                target if target.starts_with("/oidc/auth?") => {
                    *request.lock().unwrap() =
                        Some(Url::parse(&format!("{PUBLIC}{target}")).unwrap());
                    answer(
                        303,
                        "set-cookie: _interaction={\"app\":\"uid-1\"}; path=/; secure; httponly\r\n\
                         location: /sign-in?app_id=app\r\n",
                        "",
                    )
                }
                "/api/experience" => answer(204, "", ""),
                "/api/experience/verification/password" => ok(&json!({"verificationId": "r1"})),
                "/api/experience/identification" => answer(204, "", ""),
                "/api/experience/submit" => {
                    ok(&json!({"redirectTo": format!("{host}/oidc/auth/uid-1")}))
                }
                "/oidc/auth/uid-1" => answer(303, &format!("location: {resume}\r\n"), ""),
                "/oidc/auth/uid-1/resumed" => {
                    let mut url = Url::parse(CALLBACK).unwrap();
                    let state = asked("state");
                    let pairs = [("code", "c0de"), ("state", &*state), ("iss", issuer)];
                    url.query_pairs_mut().extend_pairs(pairs);
                    answer(303, &format!("location: {url}\r\n"), "")
                }
                "/oidc/token" => ok(&tokens(&key, issuer, &asked("nonce"))),
                "/oidc/jwks" => ok(&json!({"keys": [key.jwk()]})),
                other => panic!("{other}"),
            }
        });
        Self { server }
    }

    fn client(&self) -> Client {
        self.server.builder().public_endpoint(PUBLIC).build().unwrap()
    }

    async fn submit(&self) -> Result<Completed, Error> {
        let session = self.client().sign_in("app", CALLBACK).begin().await?;
        session.password(Identifier::username("alice"), "pw").await?.submit().await?.done()
    }
}

fn tokens(key: &Key, issuer: &str, nonce: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "iss": issuer, "aud": "app", "sub": "u1", "iat": now, "exp": now + 60, "nonce": nonce,
    });
    json!({
        "access_token": "t", "expires_in": 60, "token_type": "Bearer", "scope": "openid",
        "id_token": key.sign(&claims),
    })
}

trait IntoDone {
    fn done(self) -> Result<Completed, Error>;
}

impl IntoDone for logto_api::sign_in::NextStep {
    fn done(self) -> Result<Completed, Error> {
        match self {
            Self::Completed(done) => Ok(done),
            other => Err(other.into_error()),
        }
    }
}

fn cookie(seen: &Seen) -> Option<&str> {
    seen.header("cookie")
}

#[tokio::test]
async fn a_sign_in_ends_at_the_public_address() {
    let logto =
        Logto::start("https://id.acme.com/oidc", "https://id.acme.com/oidc/auth/uid-1/resumed");
    let done = logto.submit().await.unwrap();
    assert_eq!(done.redirect_to(), "https://id.acme.com/oidc/auth/uid-1");
    let tokens = done.tokens().await.unwrap();
    assert_eq!(tokens.claims().unwrap().iss, "https://id.acme.com/oidc");
    let sign_out = tokens.sign_out_url(None).unwrap();
    assert!(sign_out.as_str().starts_with("https://id.acme.com/oidc/session/end?"));

    // The server was asked for everything, with the cookies that browsers have at the public one.
    let seen = logto.server.seen();
    let place = |target: &str| seen.iter().position(|seen| seen.target == target).unwrap();
    for target in ["/api/experience/submit", "/oidc/auth/uid-1", "/oidc/auth/uid-1/resumed"] {
        let cookie = cookie(&seen[place(target)]).unwrap_or_default();
        assert!(cookie.starts_with("_interaction="), "{target}: {cookie}");
    }
    assert_eq!(cookie(&seen[place("/oidc/token")]), None);
    assert_eq!(seen[place("/api/experience")].header("origin"), Some(PUBLIC));
}

#[tokio::test]
async fn a_browser_is_sent_to_the_public_address() {
    let logto = Client::builder("http://logto:3001").allow_insecure_http().public_endpoint(PUBLIC);
    let logto = logto.build().unwrap();
    assert_eq!((logto.endpoint(), logto.public_endpoint()), ("http://logto:3001", PUBLIC));
    let (url, pending) = logto.sign_in("app", CALLBACK).url().unwrap();
    assert!(url.as_str().starts_with("https://id.acme.com/oidc/auth?"), "{url}");
    assert_eq!(pending.client_id(), "app");
}

#[tokio::test]
async fn redirects_are_followed_to_the_two_addresses_alone() {
    let elsewhere: [&str; 3] = [
        "https://evil.example/oidc/auth/uid-1/resumed",
        "https://id.acme.com.evil.example/oidc/auth/uid-1/resumed",
        "http://id.acme.com/oidc/auth/uid-1/resumed",
    ];
    for resume in elsewhere {
        let logto = Logto::start("https://id.acme.com/oidc", resume);
        let error = logto.submit().await.unwrap().tokens().await.unwrap_err();
        assert!(error.is_invalid_callback(), "{error}");
        assert!(error.to_string().contains("public_endpoint"), "{error}");
        assert_eq!(logto.server.seen().pop().unwrap().target, "/oidc/auth/uid-1");
    }
    let relative = Logto::start("https://id.acme.com/oidc", "/oidc/auth/uid-1/resumed");
    relative.submit().await.unwrap().tokens().await.unwrap();
}

#[tokio::test]
async fn another_issuer_than_the_public_one_is_refused() {
    let logto = Logto::start("https://other.acme.com/oidc", "/oidc/auth/uid-1/resumed");
    let error = logto.submit().await.unwrap().tokens().await.unwrap_err();
    assert!(error.is_invalid_callback() && error.to_string().contains("issuer"), "{error}");
    assert_eq!(logto.server.count("/oidc/token"), 0);
}

#[test]
fn a_public_address_is_an_origin() {
    for (public, word) in [
        ("id.acme.com", "not a URL"),
        ("https://id.acme.com/oidc", "path"),
        ("https://user:hunter2@id.acme.com", "password"),
    ] {
        let builder = Client::builder("https://acme.logto.app").public_endpoint(public);
        let error = builder.build().unwrap_err();
        assert!(error.is_invalid_request());
        let text = error.to_string();
        assert!(text.contains(word) && text.contains("public") && !text.contains("hunter2"));
    }
}
