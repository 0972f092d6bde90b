//! Assertions on recorded requests, and what a failed one says.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{Fixture, Result};
use logto_mock::{Fault, Mock, Requests, Seed};
use reqwest::Method;
use serde_json::json;

/// What a failed assertion says.
fn failure(assertion: impl FnOnce()) -> Result<String> {
    let panic = catch_unwind(AssertUnwindSafe(assertion)).err().ok_or("it did not fail")?;
    Ok(panic.downcast_ref::<String>().ok_or("no text")?.clone())
}

async fn provisioned() -> Result<(Fixture, Requests)> {
    let fixture = Fixture::start().await?;
    for name in ["alice", "bob"] {
        let user = json!({ "username": name, "password": "correct horse", "profile": {} });
        fixture.send(Method::POST, "/api/users?trace=1", user).await?;
    }
    fixture.get("/api/users/alice").await?;
    let requests = fixture.mock.requests();
    Ok((fixture, requests))
}

#[tokio::test]
async fn requests_are_selected_by_method_and_path() -> Result {
    let (_fixture, requests) = provisioned().await?;
    assert_eq!(requests.len(), 4);
    let created = requests.clone().to("POST", "/api/users");
    created.assert_count(2).assert_body(&json!({ "username": "bob" }));
    assert_eq!(created[0].json()["username"], "alice");
    let token = requests.clone().to("POST", "/oidc/token");
    assert_eq!(token[0].form_field("grant_type").as_deref(), Some("client_credentials"));
    requests.clone().to("GET", "/api/users/{id}").assert_count(1);
    requests.clone().to("GET", "/api/users").assert_count(0);
    requests.clone().to("GET", "/api/users/{id}/roles").assert_count(0);
    requests.to("DELETE", "/api/users/{id}").assert_count(0);
    Ok(())
}

#[tokio::test]
async fn a_failed_assertion_lists_what_came_without_secrets() -> Result {
    let (_fixture, requests) = provisioned().await?;
    let created = requests.to("POST", "/api/users");
    let told = failure(|| _ = created.assert_count(3))?;
    assert!(told.starts_with("expected 3 requests to POST /api/users, but 2 came:\n"), "{told}");
    for part in [
        r#"  POST /api/users {"password":"…","profile":{},"username":"alice"}"#,
        "the newest 2 of 2 others:\n  POST /oidc/token\n  GET /api/users/alice\n",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let told = failure(|| _ = created.assert_body(&json!({ "username": "carol" })))?;
    assert!(told.contains(r#"with the body {"username":"carol"}, but none came:"#), "{told}");
    assert!(!told.contains("correct horse"), "{told}");
    let told = failure(|| _ = created.clone().to("PUT", "/api").assert_count(1))?;
    assert!(told.contains("but 0 came:\n  (none)\nthe newest 4 of 4 others:"), "{told}");
    Ok(())
}

#[tokio::test]
async fn ids_are_the_same_in_each_run_and_on_any_port() -> Result {
    let ids = async |mock: Mock| {
        let ids = [mock.app_id(), mock.app_secret(), mock.web_app_id()].map(str::to_owned);
        (ids, mock.add_user("alice", "correct horse"))
    };
    let first = ids(Mock::start().await?).await;
    assert_eq!(first, ids(Mock::start().await?).await);
    assert_ne!(first, ids(Mock::builder().id_seed("another").start().await?).await);
    Ok(())
}

#[tokio::test]
async fn what_logto_would_not_take_is_an_error_at_once() -> Result {
    let mock = Mock::start().await?;
    let bob = mock.add_user("bob", "correct horse");
    let alice = mock.add_user("alice", "correct horse");
    mock.set_email(&bob, "bob@acme.example");
    mock.set_phone(&bob, "15551234567");
    let add = |name: &'static str| failure(|| _ = mock.add_user(name, "correct horse"));
    for (told, why) in [
        (add("bob")?, r#"there is a user "bob" already"#),
        (add("not a valid name!")?, "is no username"),
        (add("")?, "is no username"),
        (failure(|| _ = mock.add_totp("ghost"))?, r#"no user with the id "ghost""#),
        (failure(|| _ = mock.add_backup_codes("bob"))?, r#"no user with the id "bob""#),
        (failure(|| mock.expire_password(""))?, r#"no user with the id """#),
        (failure(|| mock.set_email("ghost", "a@acme.example"))?, "no user with the id"),
        (failure(|| mock.set_email(&bob, "nothing"))?, "no e-mail address"),
        (failure(|| mock.set_email(&alice, "bob@acme.example"))?, "another user has"),
        (failure(|| mock.set_phone(&bob, "+1 555"))?, "no phone number"),
        (failure(|| mock.set_phone(&alice, "15551234567"))?, "another user has"),
        (failure(|| _ = mock.approve_device("AAAA-AAAA", "ghost"))?, "no user with the id"),
        (failure(|| mock.fail_next(1, 101))?, "from 400 to 599"),
        (failure(|| mock.fail_next(1, 200))?, "from 400 to 599"),
        (failure(|| _ = Fault::status(999))?, "from 200 to 599"),
    ] {
        assert!(told.contains(why), "{told}");
    }
    mock.set_email(&bob, "bob@acme.example");
    Ok(())
}

#[tokio::test]
async fn what_would_never_happen_is_an_error_at_once() -> Result {
    let mock = Mock::start().await?;
    let told = failure(|| mock.inject(Fault::status(503).on("CreateUsers")))?;
    assert!(told.contains("no operation CreateUsers"), "{told}");
    let told = failure(|| _ = Fault::reset().with_probability(10.0))?;
    assert!(told.contains("10 is not a probability"), "{told}");
    let told = failure(|| mock.set_release("latest"))?;
    assert!(told.contains(r#""latest" is not a release"#), "{told}");

    for unknown in ["newest", "1.20", "9.99", "1.38.0.1"] {
        let error = Mock::builder().release(unknown).start().await.err().ok_or("it started")?;
        assert!(error.to_string().contains("give one from 1.30 to 1.42"), "{error}");
    }
    for known in ["1.30", "1.37", "v1.42.0"] {
        Mock::builder().release(known).start().await?;
    }
    let nobody = Seed::new().password("correct horse").user("alice");
    let error = Mock::builder().seed(nobody).start().await.err().ok_or("it started")?;
    assert!(error.to_string().contains("names a user first"), "{error}");
    let port = mock.endpoint().rsplit(':').next().ok_or("no port")?.to_owned();
    let error = Mock::builder().port(port.parse()?).start().await.err().ok_or("it started")?;
    assert!(error.to_string().contains(&port), "{error}");
    Ok(())
}
