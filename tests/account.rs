//! The Account API: the proof that it is still the user who is calling.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "account")]

#[path = "support/server.rs"]
mod server;

use logto_api::models::{IssuedVerificationRecord, VerifiedRecord};
use logto_api::{Client, VerificationRecordId};
use serde_json::{Value, json};
use server::{Server, answer, ok};

const PROOF: &str = "logto-verification-id";
const RECORD: &str = "r3cord";

fn of(server: &Server) -> Client {
    server.builder().bearer_token("a-users-token").build().unwrap()
}

fn record() -> Value {
    json!({ "verificationRecordId": RECORD, "expiresAt": "2026-11-22T18:48:02.083Z" })
}

fn issued() -> IssuedVerificationRecord {
    serde_json::from_value(record()).unwrap()
}

/// The proof that the last call carried.
fn shown(server: &Server) -> Option<String> {
    server.seen().pop().unwrap().header(PROOF).map(str::to_owned)
}

#[tokio::test]
async fn what_a_verification_answers_is_the_proof() {
    let server = Server::answering([ok(&record()), answer(204, "", "")]);
    let logto = of(&server);
    let record = logto.verifications().verify_password("correct horse").send().await.unwrap();
    logto.account().delete_primary_email(&record).send().await.unwrap();
    assert_eq!(shown(&server).as_deref(), Some(RECORD));
    logto.account().update_password("battery staple", &record).send().await.unwrap();
    assert_eq!(shown(&server).as_deref(), Some(RECORD));
    assert_eq!(server.seen().pop().unwrap().body, r#"{"password":"battery staple"}"#);
}

#[tokio::test]
async fn a_proof_is_taken_in_every_form_it_comes_in() {
    let server = Server::answering([answer(204, "", "")]);
    let account = of(&server).account();
    let id = VerificationRecordId::from(RECORD);
    let verified: VerifiedRecord = serde_json::from_value(record()).unwrap();
    let (text, record) = (RECORD.to_owned(), issued());
    for request in [
        account.delete_session("s", RECORD),
        account.delete_session("s", &text),
        account.delete_session("s", text.clone()),
        account.delete_session("s", &record),
        account.delete_session("s", record.clone()),
        account.delete_session("s", &verified),
        account.delete_session("s", verified.clone()),
        account.delete_session("s", &id),
        account.delete_session("s", id.clone()),
    ] {
        request.send().await.unwrap();
        assert_eq!(shown(&server).as_deref(), Some(RECORD));
    }
    assert_eq!(id.as_str(), RECORD);
}

#[tokio::test]
async fn a_user_who_can_prove_nothing_says_so() {
    let server = Server::answering([answer(204, "", "")]);
    let account = of(&server).account();
    let record = issued();
    for (request, proof) in [
        (account.remove_identity("github", None), None),
        (account.remove_identity("github", RECORD), Some(RECORD)),
        (account.remove_identity("github", &record), Some(RECORD)),
        (account.remove_identity("github", record.clone()), Some(RECORD)),
        (account.remove_identity("github", Some(RECORD.into())), Some(RECORD)),
    ] {
        request.send().await.unwrap();
        assert_eq!(shown(&server).as_deref(), proof);
    }
}

#[tokio::test]
async fn where_it_is_rarely_needed_it_is_a_setter() {
    let server = Server::answering([ok(&json!({}))]);
    let account = of(&server).account();
    account.update().name("Alice").send().await.unwrap();
    assert_eq!(shown(&server), None);
    account.update().username("alice").verification_record(issued()).send().await.unwrap();
    assert_eq!(shown(&server).as_deref(), Some(RECORD));
}

#[tokio::test]
async fn a_proof_that_no_header_can_carry_is_refused_before_anything_is_sent() {
    let server = Server::answering([answer(204, "", "")]);
    let account = of(&server).account();
    for (id, problem) in [("", "is empty"), ("r3cord\r\nx: y", "line break")] {
        let error = account.delete_primary_phone(id).send().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(PROOF) && text.contains(problem), "{text}");
        assert!(!text.contains(RECORD), "{text}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_header_set_by_hand_takes_its_place() {
    let server = Server::answering([answer(204, "", "")]);
    let account = of(&server).account();
    account.delete_primary_phone(RECORD).header(PROOF, "another").send().await.unwrap();
    assert_eq!(shown(&server).as_deref(), Some("another"));
}

#[tokio::test]
async fn a_proof_that_has_expired_is_an_error_of_its_own() {
    let refusal = r#"{"code":"verification_record.permission_denied","message":"Permission denied, please re-authenticate."}"#;
    let server = Server::answering([answer(401, "content-type: application/json\r\n", refusal)]);
    let error = of(&server).account().list_sessions(RECORD).send().await.unwrap_err();
    assert!(error.has_code("verification_record.permission_denied"), "{error}");
    assert_eq!(server.seen().len(), 1, "another token would not help");
    assert!(!format!("{error} {error:?}").contains(RECORD));
}

#[test]
fn a_proof_does_not_show() {
    let account = Client::builder("https://acme.logto.app").build().unwrap().account();
    let id = VerificationRecordId::from(RECORD);
    for text in [
        format!("{id:?}"),
        format!("{:?}", account.update_password("s3cret", &id)),
        format!("{:?}", account.delete_grant("g", &id)),
        format!("{:?}", account.update().verification_record(&id)),
    ] {
        assert!(text.contains("[redacted]"), "{text}");
        assert!(!text.contains(RECORD) && !text.contains("s3cret"), "{text}");
    }
}
