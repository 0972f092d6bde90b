//! What may be repeated.

use serde_json::{Value, json};

use super::{again, document, refusal, run, run_with};
use crate::{Knowledge, Overlay};

const MARK: &str = "x-logto-retry";

/// What the contract says of the only operation, at `/api/{path}`, when it is `extra` of its own.
fn mark(method: &str, path: &str, extra: Value) -> Value {
    let path = format!("/api/{path}");
    let mut operation = json!({ "operationId": "DoThing", "responses": { "204": {} } });
    operation.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let contract = run(document(json!({ &path: { method: operation } }))).contract;
    contract["paths"][&path][method][MARK].clone()
}

fn posted(path: &str) -> Value {
    mark("post", path, json!({}))
}

fn body(member: &str) -> Value {
    let properties = json!({ member: { "type": "object" } });
    let schema = json!({ "type": "object", "properties": properties });
    json!({ "requestBody": { "content": { "application/json": { "schema": schema } } } })
}

#[test]
fn what_checks_a_secret_is_never_repeated() {
    for path in [
        "experience/verification/totp/verify",
        "one-time-tokens/verify",
        "experience/verification/password",
        "verifications/password",
    ] {
        assert_eq!(posted(path), "never", "{path}");
    }
    assert_eq!(mark("get", "things/verify", json!({})), Value::Null);
    assert_eq!(posted("my-account/password"), Value::Null);
}

#[test]
fn what_an_identity_provider_issued_is_never_sent_again() {
    let code = json!({ "name": "code", "in": "query", "schema": { "type": "string" } });
    assert_eq!(mark("get", "callback", json!({ "parameters": [code] })), "never");
    assert_eq!(mark("post", "assertions", body("SAMLResponse")), "never");
    assert_eq!(mark("post", "users/identities", body("connectorData")), "never");
    assert_eq!(mark("post", "authn/saml", body("other")), "never");
    assert_eq!(mark("post", "users/identities", body("other")), Value::Null);
    assert_eq!(mark("get", "authn/hasura", json!({})), Value::Null);
}

#[test]
fn messages_tests_and_last_steps_are_never_repeated() {
    let limited = json!({ "responses": { "204": {}, "429": {} } });
    assert_eq!(mark("post", "verification-codes", limited), "never");
    for path in ["hooks/test", "experience/submit", "configs/oidc/private-keys/rotate"] {
        assert_eq!(posted(path), "never", "{path}");
    }
}

#[test]
fn a_deletion_by_post_may_be_repeated() {
    assert_eq!(posted("tokens/delete"), "always");
}

#[test]
fn otherwise_the_method_tells() {
    for method in ["get", "post", "put", "patch", "delete"] {
        assert_eq!(mark(method, "users", json!({})), Value::Null, "{method}");
    }
}

#[test]
fn a_correction_wins() {
    let corrections = |value: &str| {
        let text = format!(
            "{{overlay: 1.0.0, actions: [{{target: $.paths.*.post, update: {{{MARK}: {value}}}}}]}}"
        );
        Knowledge { corrections: Overlay::parse(&text).unwrap(), ..Knowledge::default() }
    };
    let operation = json!({ "post": { "operationId": "DoThing", "responses": { "204": {} } } });
    for path in ["/api/verify", "/api/users"] {
        for value in ["always", "by-method", "never"] {
            let document = document(json!({ path: operation }));
            let vendored = run_with(document, corrections(value));
            let contract = vendored.contract.clone();
            assert_eq!(contract["paths"][path]["post"][MARK], value);
            assert_eq!(again(contract.clone(), vendored).contract, contract);
        }
    }
}

#[test]
fn an_unknown_value_is_refused() {
    let operation = json!({ "operationId": "DoThing", "responses": { "204": {} }, MARK: "once" });
    let why = refusal(document(json!({ "/api/thing": { "post": operation } })));
    assert!(why.contains("DoThing") && why.contains("\"once\"") && why.contains("never"), "{why}");
}
