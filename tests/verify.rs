//! Access tokens are accepted by the verifier that wants them, at their time, and by no other.
//!
//! `tests/verify/` has tokens of each kind that a real server issued, with its keys. `LOGTO_TOKENS`
//! names another folder with a `tokens.json` and a `jwks.json`.

#![cfg(feature = "verify")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/key_server.rs"]
mod key_server;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use issuer::{Key, hs256, jwt, unsigned};
use key_server::{API, JWKS, Logto, NOW, header, rejected, sign};
use logto_api::verify::TokenVerifier;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Recorded {
    kind: String,
    token: String,
}

fn folder() -> PathBuf {
    match env::var_os("LOGTO_TOKENS") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify"),
    }
}

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn recorded_tokens_are_for_the_verifier_that_wants_them_and_no_other() {
    let read = |name: &str| fs::read_to_string(folder().join(name)).unwrap();
    let recorded: Vec<Recorded> = serde_json::from_str(&read("tokens.json")).unwrap();
    let logto = Logto::with(serde_json::from_str(&read("jwks.json")).unwrap()).await;
    let (mut accepted, mut for_nobody) = (0, 0);
    for Recorded { kind, token } in &recorded {
        let claims = claims_of(token);
        let text = |name: &str| claims[name].as_str().unwrap_or("none").to_owned();
        let (audience, issued) = (text("aud"), claims["iat"].as_u64().unwrap());
        let of_issuer = || logto.builder().issuer(text("iss"));
        let for_api = || of_issuer().audience(&audience);
        let every = "urn:logto:resource:organizations";
        let wanted = match kind.as_str() {
            "id_token" => Some(3),
            "logout_token" => None,
            _ if audience == every => None,
            kind if kind.contains("organization token") => Some(2),
            kind if kind.contains("with organization_id") => Some(1),
            _ => Some(0),
        };
        let is_urn = audience.starts_with("urn:logto:");
        if is_urn {
            assert!(for_api().build().unwrap_err().is_invalid_request());
        }
        logto.clock.set(issued);
        let for_api = || of_issuer().audience(if is_urn { API } else { &audience });
        let api = for_api().build().unwrap();
        let within = for_api().in_organization().build().unwrap();
        let organizations = of_issuer().organization_tokens().build().unwrap();
        let outcomes = [
            api.verify(token).await.map(drop),
            within.verify(token).await.map(drop),
            organizations.verify(token).await.map(drop),
            api.verify_id_token(token, &audience).await.map(drop),
        ];
        for (at, outcome) in outcomes.into_iter().enumerate() {
            match wanted == Some(at) {
                true => outcome.unwrap_or_else(|error| panic!("{kind}: {error}")),
                false => drop(rejected(outcome)),
            }
        }
        match wanted {
            Some(_) => accepted += 1,
            None => for_nobody += 1,
        }
        logto.clock.set(claims["exp"].as_u64().unwrap() + 61);
        rejected(api.verify(token).await);
        rejected(organizations.verify(token).await);
    }
    println!("tokens: {} read, {accepted} accepted, {for_nobody} for nobody", recorded.len());
    assert!(accepted > 0);
}

#[tokio::test]
async fn claims_are_told() {
    #[derive(Deserialize)]
    struct Custom {
        plan: String,
    }

    for key in [Key::es384("k"), Key::rs256("k")] {
        let logto = Logto::of(&key).await;
        let claims = logto.changed(&json!({"plan": "hunter2", "act": {"sub": "u2"}}));
        let read = logto.verifier().verify(&sign(&key, &claims)).await.unwrap();
        assert_eq!((read.subject(), read.client_id(), read.is_machine()), ("u1", "app", false));
        assert!(read.has_scope("read") && !read.has_scope("rea") && !read.has_scope(""));
        assert!(read.has_all_scopes(["read", "write"]) && !read.has_all_scopes(["read", "x"]));
        assert_eq!(read.custom::<Custom>().unwrap().plan, "hunter2");
        assert_eq!(read.actor(), Some("u2"));
        assert_eq!(Value::Object(read.raw().clone()), claims);
        assert_eq!(read.expires_at().as_millis(), i64::try_from(NOW + 3600).unwrap() * 1000);
        assert!(!format!("{read:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn the_organization_of_the_request_is_demanded() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let for_organization = logto.changed(&json!({"aud": "urn:logto:organization:o1"}));
    let within = logto.changed(&json!({"organization_id": "o1"}));
    let anywhere = logto.builder().audience(API).optionally_in_organization().build().unwrap();
    for (verifier, claims) in [
        (logto.builder().organization_tokens().build().unwrap(), &for_organization),
        (logto.builder().audience(API).in_organization().build().unwrap(), &within),
        (anywhere.clone(), &within),
    ] {
        let token = sign(&key, claims);
        let read = verifier.verify_in(&token, "o1").await.unwrap();
        assert_eq!(read.organization_id(), Some("o1"));
        rejected(verifier.verify_in(&token, "o2").await);
        rejected(verifier.verify_in(&token, "").await);
    }
    let token = sign(&key, &logto.claims());
    assert_eq!(anywhere.verify(&token).await.unwrap().organization_id(), None);
    rejected(anywhere.verify_in(&token, "o1").await);
}

#[tokio::test]
async fn what_another_issued_or_is_for_another_is_rejected() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let verifier = logto.verifier();
    for changes in [
        json!({"iss": "https://evil.example/oidc"}),
        json!({"iss": format!("{}/oidc/", logto.desk.endpoint)}),
        json!({"iss": null}),
        json!({"aud": "https://api.acme.com/"}),
        json!({"aud": []}),
        json!({"aud": ["https://other.example"]}),
        json!({"aud": null}),
        json!({"aud": {"0": API}}),
        json!({"sub": ""}),
        json!({"sub": null}),
        json!({"client_id": null}),
        json!({"exp": null}),
        json!({"exp": "9999999999"}),
        json!({"exp": 1e300}),
        json!({"nbf": NOW + 61}),
        json!({"organization_id": "o1"}),
    ] {
        rejected(verifier.verify(&sign(&key, &logto.changed(&changes))).await);
    }
    let listed = logto.changed(&json!({"aud": ["https://other.example", API]}));
    verifier.verify(&sign(&key, &listed)).await.unwrap();
    rejected(verifier.verify(&sign(&Key::es384("k"), &logto.claims())).await);

    let one_app = logto.builder().audience(API).client_id("app").client_id("b").build().unwrap();
    one_app.verify(&sign(&key, &logto.claims())).await.unwrap();
    rejected(one_app.verify(&sign(&key, &logto.changed(&json!({"client_id": "c"})))).await);
    let machine = sign(&key, &logto.changed(&json!({"sub": "app"})));
    assert!(verifier.verify(&machine).await.unwrap().is_machine());
    rejected(logto.builder().audience(API).users_only().build().unwrap().verify(&machine).await);
}

#[tokio::test]
async fn the_leeway_has_an_edge() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let strict = logto.builder().audience(API).leeway(Duration::ZERO).build().unwrap();
    for (verifier, leeway) in [(logto.verifier(), 60), (strict, 0)] {
        for (changes, good) in [
            (json!({"exp": NOW - leeway}), false),
            (json!({"exp": NOW - leeway + 1}), true),
            (json!({"iat": NOW + leeway}), true),
            (json!({"iat": NOW + leeway + 1}), false),
            (json!({"nbf": NOW + leeway}), true),
            (json!({"nbf": NOW + leeway + 1}), false),
        ] {
            let outcome = verifier.verify(&sign(&key, &logto.changed(&changes))).await;
            assert_eq!(outcome.is_ok(), good, "{changes} {leeway}");
        }
    }
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn forged_headers_and_signatures_are_rejected() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let verifier = logto.verifier();
    let claims = logto.claims();
    let public = key.jwk().to_string();
    let evil = Key::es384("k");
    let with = |name: &str, value: Value| {
        let mut header = header(&key);
        header[name] = value;
        header
    };
    let good = sign(&key, &claims);
    verifier.verify(&good).await.unwrap();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut altered = good.clone().into_bytes();
    let at = signed.find('.').unwrap() + 10;
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    let hs = jwt(&with("alg", json!("HS256")), &claims, |_| vec![0; 32]);
    for token in [
        hs256("k", public.as_bytes(), &claims),
        hs,
        unsigned(&claims),
        jwt(&with("alg", json!("none")), &claims, |_| Vec::new()),
        jwt(&with("alg", json!("None")), &claims, |_| Vec::new()),
        key.sign_with(&with("alg", json!("ES256")), &claims),
        key.sign_with(&with("alg", json!("RS256")), &claims),
        key.sign_with(&with("typ", json!("JWT")), &claims),
        key.sign_with(&with("typ", json!("logout+jwt")), &claims),
        key.sign_with(&with("crit", json!(["exp"])), &claims),
        evil.sign_with(&with("jwk", evil.jwk()), &claims),
        evil.sign_with(&with("jku", json!("https://evil.example/jwks")), &claims),
        evil.sign_with(&with("x5u", json!("https://evil.example/cert")), &claims),
        String::from_utf8(altered).unwrap(),
        format!("{signed}."),
        format!("{signed}.{}", signature.to_lowercase()),
        format!("{signed}.{signature}="),
        format!("{signed}.{signature}.{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        "..".to_owned(),
        format!("a.{}.b", "x".repeat(1 << 20)),
    ] {
        rejected(verifier.verify(&token).await);
    }
    // A key that comes along with a good token changes nothing.
    verifier.verify(&key.sign_with(&with("jwk", evil.jwk()), &claims)).await.unwrap();
    let header = header(&key).to_string();
    let claims = claims.to_string();
    verifier.verify(&key.sign_text(&header, &claims)).await.unwrap();
    for name in ["sub", "aud", "exp", "scope"] {
        let member = format!("\"{name}\":");
        let twice = claims.replacen(&member, &format!("{member}null,{member}"), 1);
        rejected(verifier.verify(&key.sign_text(&header, &twice)).await);
    }
    for name in ["alg", "kid", "typ"] {
        let member = format!("\"{name}\":");
        let twice = header.replacen(&member, &format!("{member}\"none\",{member}"), 1);
        rejected(verifier.verify(&key.sign_text(&twice, &claims)).await);
    }
    let error = rejected(verifier.verify("q0paquetoken").await);
    assert!(error.is_opaque_token() && !error.to_string().contains("q0paque"));
    assert!(!rejected(verifier.verify("a.b.c").await).is_opaque_token());
}

#[tokio::test]
async fn a_key_id_is_only_compared() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let verifier = logto.verifier();
    verifier.verify(&sign(&key, &logto.claims())).await.unwrap();
    let (long, longest) = ("k".repeat(9999), "k".repeat(1 << 20));
    for id in ["../../etc/passwd", "https://evil.example/k", "' OR 1=1 --", "", &long, &longest] {
        let header = json!({"alg": "ES384", "typ": "at+jwt", "kid": id});
        rejected(verifier.verify(&key.sign_with(&header, &logto.claims())).await);
    }
    assert!(logto.desk.seen().iter().all(|seen| seen.target == JWKS));
    assert!(logto.fetches() <= 4, "{}", logto.fetches());
}

#[tokio::test]
async fn a_crowd_fetches_the_keys_once_and_strange_keys_seldom() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let verifier = logto.verifier();
    let token: Arc<str> = sign(&key, &logto.claims()).into();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let (verifier, token) = (verifier.clone(), token.clone());
        tasks.spawn(async move { verifier.verify(&token).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    assert_eq!(logto.fetches(), 1);

    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..10_000 {
        let header = json!({"alg": "ES384", "typ": "at+jwt", "kid": number.to_string()});
        let token = jwt(&header, &logto.claims(), |_| vec![0; 96]);
        let verifier = verifier.clone();
        tasks.spawn(async move { verifier.verify(&token).await });
    }
    tasks.join_all().await.into_iter().for_each(|outcome| drop(rejected(outcome)));
    assert!(logto.fetches() <= 4, "{}", logto.fetches());
}

#[tokio::test]
async fn known_keys_are_gone_on_with_for_a_while_when_logto_is_down() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let verifier = logto.verifier();
    let token = sign(&key, &logto.changed(&json!({"exp": NOW + 99_999})));
    let keys = logto.keys.lock().unwrap().take();

    let error = verifier.verify(&token).await.unwrap_err();
    assert!(!error.is_invalid_token() && error.is_transient(), "{error}");
    *logto.keys.lock().unwrap() = keys.clone();
    verifier.verify(&token).await.unwrap();

    *logto.keys.lock().unwrap() = None;
    logto.clock.forward(601);
    let before = logto.fetches();
    for _ in 0..100 {
        verifier.verify(&token).await.unwrap();
    }
    assert_eq!(logto.fetches(), before + 1);
    logto.clock.forward(7200);
    assert!(!verifier.verify(&token).await.unwrap_err().is_invalid_token());

    // A key that was withdrawn is forgotten as soon as the server can be asked again.
    *logto.keys.lock().unwrap() = keys;
    verifier.verify(&token).await.unwrap();
    *logto.keys.lock().unwrap() = Some(json!({"keys": []}));
    logto.clock.forward(601);
    rejected(verifier.verify(&token).await);
}

#[tokio::test]
async fn a_rotated_key_is_found() {
    let (old, new) = (Key::es384("old"), Key::rs256("new"));
    let logto = Logto::of(&old).await;
    let verifier = logto.verifier();
    verifier.verify(&sign(&old, &logto.claims())).await.unwrap();
    *logto.keys.lock().unwrap() = Some(json!({"keys": [new.jwk(), old.jwk()]}));
    for key in [&new, &old] {
        verifier.verify(&sign(key, &logto.claims())).await.unwrap();
    }
    assert_eq!(logto.fetches(), 2);
}

#[test]
fn settings_that_would_accept_too_much_are_refused() {
    let builder = || TokenVerifier::builder("https://acme.logto.app");
    for (builder, good) in [
        (builder(), false),
        (builder().audience(" "), false),
        (builder().audience(API).client_id(""), false),
        (builder().audience("urn:logto:resource:organizations"), false),
        (builder().audience("urn:logto:organization:o1"), false),
        (builder().organization_tokens().audience(API), false),
        (builder().audience(API), true),
        (builder().organization_tokens(), true),
    ] {
        assert_eq!(builder.build().is_ok(), good);
    }
}
