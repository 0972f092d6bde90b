//! Operations through the public API, against the mock and against a server
//! that answers what the mock does not know.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use logto_api::models::{
    ApplicationType, HookEvent, InteractionIdentifier, SignInIdentifierType, User,
    VerificationCodeIdentifier,
};
use logto_api::{Bytes, Client, LogicalOperator, Search, SearchMode, Upload};
use logto_mock::Mock;
use serde_json::{Value, json};

fn of_mock(mock: &Mock) -> Client {
    Client::builder(mock.endpoint())
        .client_credentials(mock.app_id(), mock.app_secret())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_user_lives_from_creation_to_deletion() {
    let mock = Mock::start().await.unwrap();
    let logto = of_mock(&mock);
    let user =
        logto.users().create().username("alice").password("s3cret pass").send().await.unwrap();
    assert_eq!(user.username.as_deref(), Some("alice"));

    let named = logto.users().update(&user.id).name("Alice").send().await.unwrap();
    assert_eq!(named.name.as_deref(), Some("Alice"));
    let other =
        logto.users().update(&user.id).avatar("https://a.example/a.png").send().await.unwrap();
    assert_eq!(other.name.as_deref(), Some("Alice"), "an absent member stays");
    let cleared = logto.users().update(&user.id).name(None).send().await.unwrap();
    assert_eq!(cleared.name, None, "an explicit null clears");

    logto.users().delete(&user.id).send().await.unwrap();
    let gone = logto.users().get(&user.id).send().await.unwrap_err();
    assert!(gone.is_not_found() && gone.has_code("entity.not_found"), "{gone}");
    assert_eq!(gone.operation(), Some("GetUser"));
    assert!(gone.request_id().is_some());
    assert_eq!(mock.token_requests(), 1);
}

#[tokio::test]
async fn a_list_is_a_page_with_a_total() {
    let mock = Mock::start().await.unwrap();
    let logto = of_mock(&mock);
    for name in ["ann", "bob", "cat"] {
        logto.users().create().username(name).send().await.unwrap();
    }
    let page = logto.users().list().page(2).page_size(2).send().await.unwrap();
    assert_eq!((page.len(), page.total(), page.page()), (1, Some(3), 2));
    let found = logto.users().list().search("%bo%").send().await.unwrap();
    assert_eq!(found[0].username.as_deref(), Some("bob"));
    let refused = logto.users().list().page(0).send().await.unwrap_err();
    assert!(
        refused.is_bad_request() && refused.code() == Some("guard.invalid_pagination"),
        "{refused}"
    );
}

/// What the last request was.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<(String, String, Bytes)>>);

/// A server that gives the same answer to every request.
async fn server(
    status: u16,
    headers: &'static [(&str, &str)],
    body: &'static str,
) -> (Client, Seen) {
    let seen = Seen::default();
    let answer = move |State(seen): State<Seen>, request: Request| async move {
        let (parts, sent) = request.into_parts();
        let kind = parts.headers.get("content-type");
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
        let sent = to_bytes(sent, usize::MAX).await.unwrap();
        *seen.0.lock().unwrap() = (format!("{} {}", parts.method, parts.uri), kind, sent);
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Body::from(body)).unwrap()
    };
    let router = Router::new().fallback(answer).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (Client::builder(endpoint).bearer_token("a-token").build().unwrap(), seen)
}

impl Seen {
    fn line(&self) -> String {
        self.0.lock().unwrap().0.clone()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.0.lock().unwrap().2).unwrap()
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

#[tokio::test]
async fn what_is_sent_is_what_was_set() {
    let (logto, seen) = server(204, &[], "").await;
    logto.roles().add_users("r", ["a", "b"]).send().await.unwrap();
    assert_eq!(seen.json(), json!({"userIds": ["a", "b"]}));
    logto.organizations().replace_users("o", Vec::<String>::new()).send().await.unwrap();
    assert_eq!(seen.json(), json!({"userIds": []}), "an empty list is sent");

    let webhook = "https://hook.example";
    let config = logto_api::models::HookConfig::new(webhook);
    let created = logto.hooks().create(config).events(["PostSignIn", "Later.Event"]);
    assert!(created.send().await.unwrap_err().is_decode(), "no hook came back");
    assert_eq!(seen.json()["events"], json!(["PostSignIn", "Later.Event"]));
}

#[tokio::test]
async fn ids_of_any_form_stay_one_segment() {
    let (logto, seen) = server(204, &[], "").await;
    logto.users().delete("a/b?c#d%e f é").send().await.unwrap();
    assert_eq!(seen.line(), "DELETE /api/users/a%2Fb%3Fc%23d%25e%20f%20%C3%A9");
    for id in ["", ".", ".."] {
        let error = logto.users().delete(id).send().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("userId"), "{error}");
    }
}

#[tokio::test]
async fn a_search_may_repeat_its_keys() {
    let (logto, seen) = server(200, JSON, "[]").await;
    let search = Search::new()
        .field("username", "ann")
        .field("username", "bob")
        .mode("username", SearchMode::Exact)
        .operator(LogicalOperator::Or);
    logto.users().list().search(search).send().await.unwrap();
    let line = seen.line();
    assert!(line.contains("search.username=ann&search.username=bob"), "{line}");
    assert!(line.contains("mode.username=exact") && line.contains("joint=or"), "{line}");

    logto.applications().list().types(["SPA", "Native"]).is_third_party(true).send().await.unwrap();
    let line = seen.line();
    assert!(
        line.contains("types=SPA&types=Native") && line.contains("isThirdParty=true"),
        "{line}"
    );
}

#[tokio::test]
async fn an_upload_is_a_form_with_a_file() {
    let (logto, seen) = server(200, JSON, r#"{"url":"https://a.example/a.png"}"#).await;
    let whole = Upload::bytes("a.png", "image/png", Bytes::from_static(b"PNG"));
    let asset = logto.user_assets().upload(whole).send().await.unwrap();
    assert_eq!(asset.url, "https://a.example/a.png");
    let (line, kind, body) = seen.0.lock().unwrap().clone();
    assert_eq!(line, "POST /api/user-assets");
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    let body = String::from_utf8(body.to_vec()).unwrap();
    for part in ["name=\"file\"", "filename=\"a.png\"", "image/png", "PNG"] {
        assert!(body.contains(part), "{body}");
    }
}

#[tokio::test]
async fn redirects_pages_and_metadata_are_answers() {
    let (logto, seen) = server(302, &[("location", "https://idp.example/x")], "").await;
    let answer = logto.saml_applications().handle_post_authn("s", "request").send().await.unwrap();
    assert_eq!(answer.location(), Some("https://idp.example/x"));
    let (_, kind, body) = seen.0.lock().unwrap().clone();
    assert_eq!(kind, "application/x-www-form-urlencoded");
    assert_eq!(body, "SAMLRequest=request");

    let (logto, _) = server(200, &[("content-type", "text/xml")], "<EntityDescriptor/>").await;
    let xml = logto.saml_applications().get_metadata("s").send().await.unwrap();
    assert_eq!(xml, "<EntityDescriptor/>");

    let (logto, _) = server(201, &[("content-type", "text/plain")], "Created").await;
    logto.roles().add_users("r", ["a"]).send().await.unwrap();
}

#[tokio::test]
async fn an_answer_of_another_shape_says_where_and_not_what() {
    let body = r#"[{"id":"abcdef","username":{"hunter2":1}}]"#;
    let (logto, _) = server(200, JSON, body).await;
    let error = logto.users().list().send().await.unwrap_err();
    assert!(error.is_decode());
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    assert!(error.json_path().unwrap().contains("username"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn unknown_values_are_kept() {
    let event: HookEvent = serde_json::from_value(json!("Later.Event")).unwrap();
    assert_eq!(event, HookEvent::Unknown("Later.Event".into()));
    assert_eq!(serde_json::to_value(&event).unwrap(), "Later.Event");
    assert_eq!(ApplicationType::from("SPA").as_str(), "SPA");

    let later = json!({"type": "wallet", "value": "0x0", "more": 1});
    let identifier: VerificationCodeIdentifier = serde_json::from_value(later.clone()).unwrap();
    assert!(matches!(identifier, VerificationCodeIdentifier::Unknown(_)));
    assert_eq!(serde_json::to_value(&identifier).unwrap(), later);
}

#[test]
fn secrets_are_not_shown() {
    const SECRET: &str = "hunter2";
    let logto = Client::builder("https://acme.logto.app")
        .client_credentials("app", SECRET)
        .build()
        .unwrap();
    let identifier = InteractionIdentifier::new(SignInIdentifierType::Username, "alice");
    let experience = logto.experience();
    let shown = [
        format!("{logto:?}"),
        format!("{:?}", logto.users().create().username("alice").password(SECRET)),
        format!("{:?}", logto.users().update_password("id", SECRET)),
        format!("{:?}", logto.users().get("id").token(SECRET).header("cookie", SECRET)),
        format!("{:?}", experience.create_password_verification(identifier, SECRET)),
        format!("{:?}", experience.verify_totp(SECRET)),
        format!("{:?}", experience.verify_backup_code(SECRET)),
        format!("{:?}", experience.reset_password(SECRET)),
        format!("{:?}", experience.verify_social("c", [("code", SECRET)])),
    ];
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
    let user = json!({"id": "a", "customData": {}, "identities": {}, "createdAt": 1, "updatedAt": 1,
        "profile": {}, "isSuspended": false, "passwordDigest": SECRET});
    let user: User = serde_json::from_value(user).unwrap();
    assert_eq!(user.password_digest.as_deref(), Some(SECRET));
    assert!(!format!("{user:?}").contains(SECRET));
}
