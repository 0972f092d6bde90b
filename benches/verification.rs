//! Instructions of verifying a token or a webhook's delivery next to the same by hand, counted by
//! callgrind, which must be installed.
//! `cargo bench --bench verification --features verify,webhooks`
//!
//! By hand is what one writes with `jsonwebtoken`: the key is found by the id in the token's header, and
//! what is wanted of a token is made once. For deliveries it is the HMAC of the body,
//! and the same decoding. What a process does besides is the same however often it verifies: the
//! difference between often and seldom is what verifying costs.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench is a program")]

#[path = "support/callgrind.rs"]
mod callgrind;
#[path = "../tests/support/issuer.rs"]
mod issuer;

use std::{
    collections::HashMap,
    env,
    hint::black_box,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::exit,
    thread,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use issuer::Key;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::Jwk};
use logto_api::{
    verify::TokenVerifier,
    webhooks::{Event, WebhookVerifier},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

const FEW: u64 = 50;
const MANY: u64 = 550;
const LIMIT: f64 = 1.05;

const ROLE: &str = "LOGTO_BENCH_VERIFICATION";

const API: &str = "https://api.acme.com";
const ISSUER: &str = "https://acme.logto.app/oidc";
const SIGNING_KEY: &str = "signing-key-of-the-webhook";

fn main() {
    verify_if_asked();
    let is_asked_for = env::args().any(|argument| argument == "--bench");
    if !is_asked_for || !callgrind::is_there() {
        return;
    }
    let es384 = Key::es384("NNC8Rs3ihEZ2F_2zJh8wvb2CIhCKRqZOoR8SMlqbXoM");
    let rs256 = Key::rs256("QMbD1ZOhbDpPIAWJ9blfuzVbXm0cqS5cd4E33Wd1zyc");
    let within_limit = [
        compare("token", "ES384", &token(&es384)),
        compare("token", "RS256", &token(&rs256)),
        compare("delivery", "User.Created", &delivery("User.Created")),
        compare("delivery", "Role.Deleted", &delivery("Role.Deleted")),
    ];
    exit(i32::from(within_limit.contains(&false)));
}

/// Whether ours is within the limit.
fn compare(what: &str, kind: &str, input: &Value) -> bool {
    let input = input.to_string();
    let [ours, by_hand] = ["ours", "by-hand"].map(|whose| {
        let count = |times: u64| {
            let role = format!("{what} {whose} {times} {input}");
            callgrind::instructions(&format!("{kind}.{whose}.{times}"), ROLE, &role)
        };
        (count(MANY) - count(FEW)) / (MANY - FEW)
    });
    let ratio = ours as f64 / by_hand as f64;
    println!("{kind:<13} by hand {by_hand:>8}, ours {ours:>8}, ratio {ratio:.4} (limit {LIMIT})");
    ratio <= LIMIT
}

fn token(key: &Key) -> Value {
    let header = json!({"alg": key.algorithm(), "typ": "at+jwt", "kid": key.id});
    let claims = json!({
        "jti": "qFivBSJ3dH3MIe1muaN5QU1PUz2fzdkMcMWi9iUK85D", "sub": "w0r9rk0gj2s4",
        "iat": 1_795_658_063, "exp": 4_102_444_800_u64, "scope": "read:orders write:orders",
        "client_id": "6xj0oe5ih4zpjzjdn3dph", "iss": ISSUER, "aud": API,
    });
    json!({"token": key.sign_with(&header, &claims), "jwk": key.jwk()})
}

/// A delivery of this event, as a real server sent it.
fn delivery(event: &str) -> Value {
    let deliveries: Value =
        serde_json::from_str(include_str!("../tests/webhooks/deliveries.json")).unwrap();
    let bodies = deliveries.as_array().unwrap().iter().map(|delivery| delivery["body"].clone());
    let named = format!("\"event\":\"{event}\"");
    let mut bodies = bodies.filter(|body| body.as_str().unwrap().contains(&named));
    let body = bodies.next().unwrap();
    let signature = WebhookVerifier::new(SIGNING_KEY).sign(body.as_str().unwrap().as_bytes());
    json!({"body": body, "signature": signature})
}

/// Is this process one that is counted, it verifies so often and never returns.
fn verify_if_asked() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let [what, whose, times, input] = role.splitn(4, ' ').collect::<Vec<_>>()[..] else {
        exit(2);
    };
    let (times, input) = (times.parse().unwrap(), serde_json::from_str(input).unwrap());
    match (what, whose) {
        ("token", "ours") => our_token(times, &input),
        ("token", _) => token_by_hand(times, &input),
        (_, "ours") => our_delivery(times, &input),
        _ => delivery_by_hand(times, &input),
    }
    exit(0);
}

fn our_token(times: u64, input: &Value) {
    let verifier = TokenVerifier::builder(publish(&input["jwk"]))
        .issuer(ISSUER)
        .audience(API)
        .build()
        .unwrap();
    let token = input["token"].as_str().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..times {
            let claims = verifier.verify(black_box(token)).await.unwrap();
            assert!(claims.has_scope("read:orders"));
            black_box(claims);
        }
    });
}

/// Publishes a key, and says where.
fn publish(jwk: &Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let body = json!({"keys": [jwk]}).to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut part = [0; 1024];
        while !head.ends_with(b"\r\n\r\n") {
            let length = stream.read(&mut part).unwrap();
            head.extend_from_slice(&part[..length]);
        }
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    });
    endpoint
}

#[derive(Deserialize)]
struct Claims {
    #[allow(dead_code, reason = "what a service wants to know, too")]
    sub: String,
    #[allow(dead_code, reason = "what a service wants to know, too")]
    client_id: String,
    scope: Option<String>,
}

fn token_by_hand(times: u64, input: &Value) {
    let jwk: Jwk = serde_json::from_value(input["jwk"].clone()).unwrap();
    let id = jwk.common.key_id.clone().unwrap();
    let keys = HashMap::from([(id, DecodingKey::from_jwk(&jwk).unwrap())]);
    let validations = [Algorithm::ES384, Algorithm::RS256].map(validation);
    let token = input["token"].as_str().unwrap();
    for _ in 0..times {
        let claims = verified_by_hand(black_box(token), &keys, &validations);
        assert!(claims.scope.as_deref().unwrap().split(' ').any(|scope| scope == "read:orders"));
        black_box(claims);
    }
}

fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[API]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation
}

fn verified_by_hand(
    token: &str,
    keys: &HashMap<String, DecodingKey>,
    validations: &[Validation],
) -> Claims {
    let header = decode_header(token).unwrap();
    assert!(header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt")));
    let mut validations = validations.iter();
    let validation = validations.find(|it| it.algorithms.contains(&header.alg)).unwrap();
    decode(token, &keys[header.kid.as_deref().unwrap()], validation).unwrap().claims
}

fn our_delivery(times: u64, input: &Value) {
    let verifier = WebhookVerifier::new(SIGNING_KEY);
    let (body, signature) = (input["body"].as_str().unwrap(), input["signature"].as_str().unwrap());
    for _ in 0..times {
        let body = black_box(body).as_bytes();
        black_box(verifier.verify_signature(signature, body).unwrap());
    }
}

fn delivery_by_hand(times: u64, input: &Value) {
    let key = Hmac::<Sha256>::new_from_slice(SIGNING_KEY.as_bytes()).unwrap();
    let (body, signature) = (input["body"].as_str().unwrap(), input["signature"].as_str().unwrap());
    for _ in 0..times {
        let body = black_box(body).as_bytes();
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(signature.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        }
        key.clone().chain_update(body).verify_slice(&bytes).unwrap();
        black_box(serde_json::from_slice::<Event>(body).unwrap());
    }
}
