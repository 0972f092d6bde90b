//! WebAuthn credentials as browsers and libraries write them, and options as they read them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(all(feature = "account", feature = "experience"))]

#[path = "support/server.rs"]
mod server;

use logto_api::Error;
use logto_api::models::{CredentialCreationOptions, CredentialRequestOptions};
use logto_api::web_authn::{authentication_credential, registration_credential};
use serde_json::{Value, json};
use server::{Server, ok};
use webauthn_rs_proto::{
    CreationChallengeResponse, PublicKeyCredential, RegisterPublicKeyCredential,
    RequestChallengeResponse,
};

/// What `toJSON()` gives in Chromium 148, with a virtual authenticator.
const CREATED: &str = include_str!("web_authn/chromium-create.json");
const GOT: &str = include_str!("web_authn/chromium-get.json");

fn created() -> Value {
    serde_json::from_str(CREATED).unwrap()
}

fn got() -> Value {
    serde_json::from_str(GOT).unwrap()
}

/// The credential with another value at a pointer; without any, it is left out.
fn with(mut credential: Value, pointer: &str, value: Option<Value>) -> Value {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let members = credential.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(members.insert(member.to_owned(), value)),
        None => drop(members.remove(member)),
    }
    credential
}

fn registered(credential: &Value) -> Value {
    serde_json::to_value(registration_credential(credential).unwrap()).unwrap()
}

fn authenticated(credential: &Value) -> Value {
    serde_json::to_value(authentication_credential(credential).unwrap()).unwrap()
}

#[tokio::test]
async fn what_a_browser_gives_is_sent_as_logto_takes_it() {
    let server = Server::answering([ok(&json!({ "verificationRecordId": "v" }))]);
    let logto = server.builder().bearer_token("a-users-token").build().unwrap();
    let credential = registration_credential(&created()).unwrap();
    let verifications = logto.verifications();
    verifications.verify_web_authn_registration("v", credential).send().await.unwrap();
    let mut sent: Value = serde_json::from_str(&server.seen().pop().unwrap().body).unwrap();
    let payload = sent["payload"].take();
    let expected = with(created(), "/type", Some("WebAuthn".into()));
    let expected = with(expected, "/clientExtensionResults/prf", None);
    assert_eq!(payload, expected);

    let expected = with(got(), "/type", Some("WebAuthn".into()));
    assert_eq!(authenticated(&got()), with(expected, "/clientExtensionResults/prf", None));
}

#[test]
fn a_text_and_the_model_do_as_well() {
    let expected = registration_credential(&created()).unwrap();
    assert_eq!(registration_credential(CREATED).unwrap(), expected);
    assert_eq!(registration_credential(&expected).unwrap(), expected);
    let expected = authentication_credential(&got()).unwrap();
    assert_eq!(authentication_credential(&GOT.to_owned()).unwrap(), expected);
    assert_eq!(authentication_credential(&expected).unwrap(), expected);
}

#[test]
fn what_webauthn_rs_gives_is_the_same_credential() {
    let library: RegisterPublicKeyCredential = serde_json::from_str(CREATED).unwrap();
    let credential = registration_credential(&library).unwrap();
    let browser = registration_credential(&created()).unwrap();
    assert_eq!(serde_json::to_value(&credential).unwrap()["type"], "WebAuthn");
    assert_eq!((&credential.id, &credential.raw_id), (&browser.id, &browser.raw_id));
    let (given, expected) = (&credential.response, &browser.response);
    assert_eq!(given.attestation_object, expected.attestation_object);
    assert_eq!(given.client_data_json, expected.client_data_json);
    assert_eq!(given.transports, expected.transports);

    let library: PublicKeyCredential = serde_json::from_str(GOT).unwrap();
    let credential = authentication_credential(&library).unwrap();
    assert_eq!(credential.response, authentication_credential(&got()).unwrap().response);
}

/// Logto refuses null, and any value that it does not know, where a member may be left out.
#[test]
fn what_logto_would_refuse_is_left_out() {
    let null = || Some(Value::Null);
    for (pointer, value) in [
        ("/authenticatorAttachment", null()),
        ("/authenticatorAttachment", Some("hologram".into())),
        ("/response/transports", null()),
        ("/response/publicKey", null()),
        ("/response/publicKeyAlgorithm", null()),
        ("/response/authenticatorData", null()),
        ("/clientExtensionResults/credProps", null()),
    ] {
        let expected = with(registered(&created()), pointer, None);
        assert_eq!(registered(&with(created(), pointer, None)), expected, "{pointer}");
        assert_eq!(registered(&with(created(), pointer, value)), expected, "{pointer}");
    }
    for pointer in ["/authenticatorAttachment", "/response/userHandle"] {
        let expected = with(authenticated(&got()), pointer, None);
        assert_eq!(authenticated(&with(got(), pointer, null())), expected, "{pointer}");
        assert_eq!(authenticated(&with(got(), pointer, None)), expected, "{pointer}");
    }
    let transports = json!(["usb", "test", "smart-card", "hologram"]);
    let read = registered(&with(created(), "/response/transports", Some(transports)));
    assert_eq!(read["response"]["transports"], json!(["usb", "smart-card"]));
}

#[test]
fn results_of_extensions_have_two_names_and_may_be_missing() {
    let results = json!({ "credProps": { "rk": true }, "largeBlob": { "supported": true } });
    let bare = with(created(), "/clientExtensionResults", None);
    for (credential, expected) in [
        (bare.clone(), json!({})),
        (with(bare.clone(), "/clientExtensionResults", Some(Value::Null)), json!({})),
        (with(bare.clone(), "/extensions", Some(Value::Null)), json!({})),
        (
            with(bare.clone(), "/extensions", Some(results.clone())),
            json!({ "credProps": { "rk": true } }),
        ),
        (with(created(), "/extensions", Some(json!({}))), json!({ "credProps": { "rk": true } })),
    ] {
        assert_eq!(registered(&credential)["clientExtensionResults"], expected);
    }
}

#[test]
fn anything_else_is_refused_without_being_quoted() {
    let secret = "c3VwZXItc2VjcmV0";
    let said = |error: Error| {
        assert!(error.is_invalid_request(), "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains(secret), "{text}");
        text
    };
    for (credential, part) in [
        (json!([secret]), "not a JSON object"),
        (json!(null), "not a JSON object"),
        (json!(secret), "not valid JSON"),
        (json!(format!("{{\"id\":\"{secret}\"")), "ends too early"),
        (json!({ "id": secret }), "`type` is not `public-key`"),
        (with(created(), "/type", Some(secret.into())), "`type` is not `public-key`"),
        (with(created(), "/rawId", None), "`rawId` is missing"),
        (with(created(), "/response/attestationObject", None), "at `response`"),
        (with(created(), "/response/transports", Some(secret.into())), "response.transports"),
        (with(got(), "/response/signature", Some(secret.into())), "`attestationObject` is missing"),
    ] {
        let text = said(registration_credential(&credential).unwrap_err());
        assert!(text.contains(part) && text.contains("create()"), "{part}: {text}");
    }
    let text = said(authentication_credential(&created()).unwrap_err());
    assert!(text.contains("get()") && text.contains("missing"), "{text}");

    struct Unwritable;
    impl serde::Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("c3VwZXItc2VjcmV0"))
        }
    }
    said(registration_credential(&Unwritable).unwrap_err());
}

/// Chromium's `PublicKeyCredential.parseCreationOptionsFromJSON` takes exactly this JSON.
#[test]
fn options_are_what_logto_gave_and_what_libraries_read() {
    let given = json!({
        "rp": { "name": "localhost", "id": "localhost" },
        "user": { "id": "OGk3emN5c2JrZG5t", "name": "a@acme.com", "displayName": "Alice" },
        "challenge": "7_udwDBlDUI9aauOdsYMCwieYOCj16MOC18kXwX45U4",
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
        "timeout": 60000,
        "excludeCredentials": [{ "type": "public-key", "id": "AQID", "transports": ["internal"] }],
        "authenticatorSelection": {
            "requireResidentKey": true, "residentKey": "required", "userVerification": "required"
        },
        "attestation": "none",
        "extensions": { "credProps": true },
    });
    let options: CredentialCreationOptions = serde_json::from_value(given.clone()).unwrap();
    assert_eq!(serde_json::to_value(&options).unwrap(), given);
    let challenge = json!({ "publicKey": options });
    let read: CreationChallengeResponse = serde_json::from_value(challenge).unwrap();
    assert_eq!(read.public_key.user.id.as_ref(), b"8i7zcysbkdnm");
    assert_eq!(read.public_key.exclude_credentials.unwrap().len(), 1);

    let given = json!({
        "challenge": "UlPRdre-TlRLbUgYchEvQfYAsQkp-Fi7o3moqfWLgKI",
        "timeout": 60000,
        "rpId": "localhost",
        "allowCredentials": [
            { "type": "public-key", "id": "tsI5pWMqc9xIjVxTqI9Ekg", "transports": ["internal"] }
        ],
        "userVerification": "required",
    });
    let options: CredentialRequestOptions = serde_json::from_value(given.clone()).unwrap();
    assert_eq!(serde_json::to_value(&options).unwrap(), given);
    let challenge = json!({ "publicKey": options });
    let read: RequestChallengeResponse = serde_json::from_value(challenge).unwrap();
    assert_eq!(read.public_key.rp_id, "localhost");
    assert_eq!(read.public_key.allow_credentials.len(), 1);
}
