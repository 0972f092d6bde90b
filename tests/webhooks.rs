//! Deliveries of real servers are verified and read without loss, and forgeries are rejected.
//!
//! `tests/webhooks/` has one delivery of each shape, of three releases. `LOGTO_WEBHOOKS` names
//! another folder of such files.

#![cfg(feature = "webhooks")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use logto_api::{
    Clock,
    webhooks::{Event, EventType, SIGNATURE_HEADER, WebhookError, WebhookVerifier},
};
use serde::Deserialize;
use serde_json::{Value, json};

const KEY: &str = "signing-key";
/// When the deliveries of `body_of` were created, in seconds since the epoch.
const CREATED_AT: u64 = 978_307_200;

/// A clock that stands at this second.
struct At(u64);

impl Clock for At {
    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

#[derive(Deserialize)]
struct Delivery {
    signing_key: String,
    headers: serde_json::Map<String, Value>,
    body: String,
}

fn folder() -> PathBuf {
    match env::var_os("LOGTO_WEBHOOKS") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhooks"),
    }
}

fn deliveries() -> Vec<Delivery> {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    paths
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            serde_json::from_str::<Vec<Delivery>>(&text).unwrap()
        })
        .collect()
}

fn headers(delivery: &Delivery) -> HeaderMap {
    let header = |(name, value): (&String, &Value)| {
        let value = HeaderValue::from_str(value.as_str()?).ok()?;
        Some((HeaderName::try_from(name).ok()?, value))
    };
    delivery.headers.iter().filter_map(header).collect()
}

fn only(signature: &str) -> HeaderMap {
    let value = HeaderValue::from_str(signature).unwrap();
    HeaderMap::from_iter([(HeaderName::from_static(SIGNATURE_HEADER), value)])
}

#[test]
fn every_delivery_is_verified_and_read_without_loss() {
    let (mut read, mut lost, mut unknown) = (0, 0, 0);
    let mut events = HashSet::new();
    let deliveries = deliveries();
    for delivery in &deliveries {
        let verifier = WebhookVerifier::new(&delivery.signing_key);
        let body = delivery.body.as_bytes();
        let event = verifier.verify(&headers(delivery), body).unwrap();
        let sent: Value = serde_json::from_str(&delivery.body).unwrap();
        read += 1;
        if serde_json::to_value(&event).unwrap() != sent {
            lost += 1;
            println!("lost: {}", delivery.body);
        }
        if matches!(event, Event::Unknown(_)) {
            unknown += 1;
            println!("unknown: {}", event.event_type());
        }
        assert_eq!(event.hook_id(), sent["hookId"].as_str());
        assert_eq!(event.event_type().as_str(), sent["event"]);
        assert!(event.created_at().is_some());
        events.insert(event.event_type());
    }
    println!("webhooks: {read} read, {} events, {lost} lost, {unknown} unknown", events.len());
    assert!(read > 0 && lost == 0 && unknown == 0);
    assert!(env::var_os("LOGTO_WEBHOOKS").is_some() || events.len() == 29, "{}", events.len());
}

fn body_of(event: &str) -> Vec<u8> {
    let body = json!({"event": event, "hookId": "h1", "createdAt": "2001-01-01T00:00:00.000Z"});
    body.to_string().into_bytes()
}

#[test]
fn a_forged_delivery_is_rejected() {
    let verifier = WebhookVerifier::new(KEY);
    let body = body_of("User.Created");
    let good = verifier.sign(&body);
    verifier.verify(&only(&good), &body).unwrap();
    let mut altered = body.clone();
    altered[12] ^= 1;
    let invalid = |signature: &str, body: &[u8]| {
        assert_eq!(
            verifier.verify(&only(signature), body),
            Err(WebhookError::InvalidSignature),
            "{signature}"
        );
    };
    invalid(&good, &altered);
    invalid(&WebhookVerifier::new("another").sign(&body), &body);
    invalid(&good.to_uppercase(), &body);
    invalid(&good[..62], &body);
    invalid("", &body);
    invalid(&format!("sha256={good}"), &body);
    invalid(&format!("{}, {good}", "0".repeat(64)), &body);
    invalid(&"é".repeat(32), &body);

    assert_eq!(verifier.verify(&HeaderMap::new(), &body), Err(WebhookError::MissingSignature));
    for order in [[&good, &"0".repeat(64)], [&"0".repeat(64), &good]] {
        let mut two = HeaderMap::new();
        for signature in order {
            two.append(SIGNATURE_HEADER, HeaderValue::from_str(signature).unwrap());
        }
        assert_eq!(verifier.verify(&two, &body), Err(WebhookError::InvalidSignature));
    }
    let nobody = WebhookVerifier::new("");
    assert_eq!(
        nobody.verify_signature(&nobody.sign(&body), &body),
        Err(WebhookError::InvalidSignature)
    );
    assert!(!format!("{verifier:?}").contains(KEY));
}

#[test]
fn both_keys_are_accepted_during_a_rotation() {
    let body = body_of("User.Created");
    let both = WebhookVerifier::new("new").or_key("old");
    for key in ["new", "old"] {
        both.verify_signature(&WebhookVerifier::new(key).sign(&body), &body).unwrap();
    }
    assert_eq!(both.sign(&body), WebhookVerifier::new("new").sign(&body));
}

#[test]
fn size_age_and_replays_are_limited() {
    let body = body_of("User.Created");
    let verifier = WebhookVerifier::new(KEY);
    let signature = verifier.sign(&body);
    let verify = |verifier: &WebhookVerifier| verifier.verify_signature(&signature, &body);
    verify(&verifier.clone().max_size(body.len())).unwrap();
    let smaller = verifier.clone().max_size(body.len() - 1);
    assert_eq!(verify(&smaller), Err(WebhookError::TooLarge));
    for (seconds, good) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let clock = At(CREATED_AT.checked_add_signed(seconds).unwrap());
        let recent = verifier.clone().max_age(Duration::from_secs(300)).clock(clock);
        assert_eq!(verify(&recent).is_ok(), good, "{seconds}");
    }
    let dateless = br#"{"event":"User.Created"}"#;
    let limited = verifier.clone().max_age(Duration::from_secs(1 << 40));
    let outcome = limited.verify_signature(&verifier.sign(dateless), dateless);
    assert_eq!(outcome, Err(WebhookError::OutOfDate));

    let seen = Mutex::new(HashSet::new());
    let once = verifier.replay_check(move |event, signature| {
        !seen.lock().unwrap().insert((event.hook_id().map(str::to_owned), signature.to_owned()))
    });
    verify(&once).unwrap();
    assert_eq!(verify(&once), Err(WebhookError::Replayed));
}

#[test]
fn an_unknown_event_and_unknown_members_are_kept() {
    let verifier = WebhookVerifier::new(KEY);
    for event in ["Planet.Discovered", "User.Created", "PostSignIn"] {
        let body = json!({"event": event, "createdAt": "soon", "orbit": {"secret": "hunter2"}});
        let bytes = body.to_string();
        let read = verifier.verify_signature(&verifier.sign(bytes.as_bytes()), bytes.as_bytes());
        let read = read.unwrap();
        assert_eq!(read.event_type(), EventType::from(event));
        assert_eq!(serde_json::to_value(&read).unwrap(), body);
        assert_eq!((read.hook_id(), read.created_at()), (None, None));
        assert!(!format!("{read:?}").contains("hunter2"));
    }
}

#[test]
fn what_is_signed_but_no_event_says_so_without_quoting_it() {
    let verifier = WebhookVerifier::new(KEY);
    for body in [
        "",
        "[]",
        "{}",
        "\"hunter2\"",
        r#"{"event":1}"#,
        r#"{"event":"User.Created","ip":{"hunter2":1}}"#,
    ] {
        let error = verifier.verify_signature(&verifier.sign(body.as_bytes()), body.as_bytes());
        let error = error.unwrap_err();
        assert!(matches!(error, WebhookError::InvalidBody(_)), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
