//! How the client behaves on the wire, against a server that answers whatever a test wants.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::time::Duration;

use logto_api::{Client, Method, RetryPolicy, StatusCode};
use serde_json::{Value, json};
use server::{Server, answer, nobody, ok, silence, token};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_dressed() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/oidc/token" => token("t1"),
        _ => ok(&json!({"id": "x"})),
    });
    let client = Client::builder(&server.endpoint)
        .client_credentials("app-id", "s3cret:+")
        .user_agent_suffix("acme/2")
        .build()
        .unwrap();
    let answer = client
        .request(Method::POST, "/api/users")
        .query(&[("a", "b c"), ("a", "d")])
        .header("x-test", "1")
        .json(&json!({"name": "é"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.request_id(), Some("req-1"));
    assert_eq!(answer.json::<Value>().unwrap()["id"], "x");

    let seen = server.seen();
    assert_eq!(seen[0].target, "/oidc/token");
    assert_eq!(
        seen[0].body,
        "grant_type=client_credentials&resource=https%3A%2F%2Fdefault.logto.app%2Fapi&scope=all"
    );
    // app-id:s3cret%3A%2B
    assert_eq!(seen[0].header("authorization"), Some("Basic YXBwLWlkOnMzY3JldCUzQSUyQg=="));
    assert_eq!(seen[1].method, "POST");
    assert_eq!(seen[1].target, "/api/users?a=b+c&a=d");
    assert_eq!(seen[1].header("authorization"), Some("Bearer t1"));
    assert_eq!(seen[1].header("content-type"), Some("application/json"));
    assert_eq!(seen[1].header("x-test"), Some("1"));
    assert_eq!(seen[1].header("origin"), None);
    let agent = seen[1].header("user-agent").unwrap();
    assert!(agent.starts_with("logto-api/") && agent.ends_with(" acme/2"));
    assert_eq!(seen[1].body, "{\"name\":\"é\"}");
}

#[tokio::test]
async fn a_body_that_is_empty_has_a_length() {
    let server = Server::start(|_| answer(204, "", ""));
    for (method, length) in [
        (Method::POST, Some("0")),
        (Method::PUT, Some("0")),
        (Method::PATCH, Some("0")),
        (Method::GET, None),
        (Method::DELETE, None),
    ] {
        server.client().request(method, "/api/status").unauthenticated().send().await.unwrap();
        assert_eq!(server.seen().pop().unwrap().header("content-length"), length);
    }
    let request = server.client().request(Method::POST, "/api/status").unauthenticated();
    request.body("").send().await.unwrap();
    assert_eq!(server.seen().pop().unwrap().header("content-length"), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_for_a_user_tell_their_origin() {
    let server = Server::start(|_| answer(204, "", ""));
    let user = Client::builder(&server.endpoint).bearer_token("user-token").build().unwrap();
    let endpoint = server.endpoint.as_str();
    for (path, origin) in [
        ("/api/my-account", Some(endpoint)),
        ("/api/experience/submit", Some(endpoint)),
        ("/api/users", None),
        ("/oidc/auth", None),
    ] {
        user.request(Method::GET, path).send().await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("origin"), origin, "{path}");
    }
    let request = user.request(Method::GET, "/api/my-account");
    request.header("Origin", "https://acme.com").send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.header("origin"), Some("https://acme.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_that_is_no_success_is_an_error() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/json" => answer(
            422,
            "content-type: application/json\r\n",
            r#"{"code":"user.username_already_in_use","message":"Taken.","data":{"typed":"hunter2"},"details":"hunter2"}"#,
        ),
        "/html" => answer(502, "content-type: text/html\r\n", "<h1>hunter2</h1>"),
        "/empty" => answer(404, "", ""),
        "/cut" => answer(500, "", r#"{"code":"entity.hunter2","message":"hun"#)
            .replace("content-length: 39", "content-length: 900"),
        "/limit" => answer(429, "retry-after: 1\r\n", r#"{"message":"slow down"}"#),
        other => panic!("{other}"),
    });
    let client = server.client();
    let fail = async |path: &str| client.request(Method::GET, path).send().await.unwrap_err();

    let error = fail("/json").await;
    assert!(error.is_unprocessable() && error.has_code("user.username_already_in_use"));
    assert_eq!(error.message(), Some("Taken."));
    assert_eq!(error.data(), Some(&json!({"typed": "hunter2"})));
    assert_eq!(error.details(), Some(&json!("hunter2")));
    assert_eq!(error.request_id(), Some("req-1"));
    assert_eq!(
        error.to_string(),
        "Logto responded with 422 user.username_already_in_use: Taken. (request req-1)"
    );
    assert!(!format!("{error:?}").contains("hunter2"));

    for (path, status) in [("/html", 502), ("/empty", 404), ("/cut", 500)] {
        let error = fail(path).await;
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!((error.code(), error.message()), (None, None));
        assert!(!format!("{error} {error:?}").contains("hun"), "{error}");
    }
    assert!(fail("/empty").await.status().unwrap() == 404);
    assert!(fail("/html").await.is_server_error());
    assert!(fail("/limit").await.is_rate_limited());
}

#[tokio::test]
async fn a_token_that_may_not_use_the_management_api_is_told_apart() {
    let server =
        Server::start(|_| answer(403, "", r#"{"code":"auth.forbidden","message":"Forbidden."}"#));
    let client = Client::builder(&server.endpoint).bearer_token("t").build().unwrap();
    let ask = async |path: &str| client.request(Method::GET, path).send().await.unwrap_err();
    let error = ask("/api/users").await;
    assert!(error.is_forbidden() && error.is_insufficient_scope() && !error.is_auth());
    assert_eq!(
        error.to_string(),
        "Logto responded with 403 auth.forbidden: Forbidden. (the token lacks the Management API's \
         permission `all`: assign the role `Logto Management API access` to the application) \
         (request req-1)"
    );
    assert!(!ask("/api/my-account").await.is_insufficient_scope());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_cannot_be_read_is_an_error() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/shape" => ok(&json!([{"name": "a"}, {"name": {"password": "hunter2"}}])),
        "/html" => answer(200, "content-type: text/html\r\n", "<h1>hunter2</h1>"),
        "/cut" => answer(200, "", "[{\"name\":").replace("content-length: 9", "content-length: 90"),
        _ => answer(200, "", ""),
    });
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Thing {
        name: String,
    }
    let client = server.client();
    for (path, json_path) in [("/shape", "[1].name"), ("/html", "."), ("/none", ".")] {
        let answer = client.request(Method::GET, path).send().await.unwrap();
        let error = answer.json::<Vec<Thing>>().unwrap_err();
        assert!(error.is_decode());
        assert_eq!(error.json_path(), Some(json_path));
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert_eq!(error.request_id(), Some("req-1"));
        assert!(!format!("{error} {error:?} {answer:?}").contains("hunter2"));
    }
    let error = client.request(Method::GET, "/cut").send().await.unwrap_err();
    assert!(!error.is_decode() && !error.is_connect());
    assert_eq!(error.status(), Some(StatusCode::OK));
    assert!(error.to_string().contains("is incomplete"), "{error}");
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_json() {
    let bom = "\u{feff}";
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/oidc/token" => answer(200, "", &format!("{bom}{{\"access_token\":\"t1\"}}")),
        "/api/error" => answer(404, "", &format!("{bom}{{\"code\":\"entity.not_found\"}}")),
        _ => answer(200, "", &format!("{bom}[{{\"id\":\"x\"}}]")),
    });
    let client = server.app();
    let get = async |path: &str| client.request(Method::GET, path).send().await;
    let answer = get("/api/things").await.unwrap();
    assert_eq!(answer.json::<Value>().unwrap()[0]["id"], "x");
    let error = answer.json::<Vec<[u8; 1]>>().unwrap_err();
    assert_eq!(error.json_path(), Some("[0]"));
    assert!(get("/api/error").await.unwrap_err().has_code("entity.not_found"));
}

fn bearer(server: &Server) -> Client {
    Client::builder(&server.endpoint).bearer_token("t").build().unwrap()
}

#[tokio::test]
async fn no_body_is_read_as_nothing() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/api/null" => answer(200, "content-type: application/json\r\n", "null"),
        _ => answer(204, "", ""),
    });
    for path in ["/api/none", "/api/null"] {
        let answer = bearer(&server).request(Method::GET, path).send().await.unwrap();
        answer.json::<()>().unwrap();
        assert_eq!(answer.json::<Option<String>>().unwrap(), None);
        let error = answer.json::<String>().unwrap_err();
        assert!(error.is_decode(), "{error}");
    }
    let answer = bearer(&server).request(Method::GET, "/api/none").send().await.unwrap();
    let error = answer.json::<String>().unwrap_err().to_string();
    assert!(error.contains("it is empty"), "{error}");
}

/// Not all releases have the sessions of a user.
#[cfg(feature = "users")]
#[tokio::test]
async fn an_operation_that_the_release_lacks_says_so() {
    let json = json!({"code": "entity.not_found", "message": "No such user."}).to_string();
    let answers = [
        (404, "Not Found", true),
        (405, "Method Not Allowed", true),
        (404, json.as_str(), false),
        (400, "", false),
    ];
    for (status, body, unsupported) in answers {
        let server = Server::answering([answer(status, "", body)]);
        let error = bearer(&server).users().list_sessions("u").send().await.unwrap_err();
        assert_eq!(error.is_unsupported_operation(), unsupported, "{error}");
        let said = "this Logto may be older than 1.38.0, the first release with this operation";
        assert_eq!(error.to_string().contains(said), unsupported, "{error}");
    }
    // All releases have this one.
    let server = Server::answering([answer(404, "", "Not Found")]);
    let error = bearer(&server).users().get("u").send().await.unwrap_err();
    assert!(error.status().unwrap() == 404 && !error.is_unsupported_operation(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_and_time_limits() {
    let server = Server::start(|_| silence());
    let request = server.client().request(Method::GET, "/api?token=hunter2");
    let error =
        request.unauthenticated().timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert!(error.is_timeout() && !error.is_connect());
    assert!(!format!("{error} {error:?}").contains("hunter2"));

    let builder = || Client::builder(nobody()).retry(RetryPolicy::never());
    let client = builder().build().unwrap();
    let request = client.request(Method::GET, "/api?token=hunter2").unauthenticated();
    let error = request.send().await.unwrap_err();
    assert!(error.is_connect() && !error.is_timeout(), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let app = builder().client_credentials("a", "hunter2");
    let request = app.build().unwrap().request(Method::GET, "/api/users");
    let error = request.send().await.unwrap_err();
    assert!(error.is_auth() && error.is_connect(), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_before_anything_is() {
    let server = Server::start(|_| answer(204, "", ""));
    let client = server.client();
    let get = |path: &str| client.request(Method::GET, path);
    for request in [
        get("api/status"),
        get("/api/users/../roles"),
        get("/api/users/%2E%2e/roles"),
        get("/x").header("a b", "c"),
        get("/x").header("a", "b\r\nc: d"),
        get("/x").header("Authorization", "Bearer hunter2"),
        get("/x").header("content-length", "1"),
        get("/x").token("hunter2\n\n2"),
        get("/x").token(""),
        get("/x").query("not pairs"),
    ] {
        let shown = format!("{request:?}");
        let error = request.send().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(!format!("{shown} {error} {error:?}").contains("hunter2"));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_answers() {
    let server = Server::start(|_| answer(303, "location: /sign-in\r\n", ""));
    let request = server.client().request(Method::GET, "/oidc/auth");
    let redirect = request.send().await.unwrap();
    assert_eq!(redirect.status(), 303);
    assert_eq!(redirect.headers()["location"], "/sign-in");
}

#[tokio::test]
#[cfg(feature = "users")]
async fn no_operation_takes_a_redirect_for_a_success() {
    let server = Server::start(|_| answer(301, "location: https://www.acme.com/\r\n", ""));
    let logto = server.builder().bearer_token("t").build().unwrap();
    for error in [
        logto.users().delete("alice").send().await.unwrap_err(),
        logto.users().get("alice").send().await.unwrap_err(),
    ] {
        assert_eq!((error.status(), error.attempts()), (Some(StatusCode::MOVED_PERMANENTLY), 1));
        assert!(error.to_string().contains("redirects are not followed"), "{error}");
    }
}

#[tokio::test]
async fn errors_count_the_attempts_before_an_answer_that_cannot_be_read() {
    let server = Server::answering([answer(503, "", ""), answer(200, "", "\u{fffd}")]);
    let answer =
        server.client().request(Method::GET, "/api").unauthenticated().send().await.unwrap();
    let error = answer.json::<Value>().unwrap_err();
    assert!(error.is_decode() && error.to_string().ends_with("2 attempts)"), "{error}");
    assert_eq!(error.attempts(), 2);
}

#[test]
#[cfg(feature = "saml-applications")]
fn a_secret_parameter_is_not_shown() {
    let logto = Client::builder("https://acme.logto.app").build().unwrap();
    let request =
        logto.saml_applications().handle_callback("id").code("hunter2").redirect_uri("seen");
    let shown = format!("{request:?}");
    assert!(shown.contains("seen") && !shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
#[cfg(feature = "configs")]
async fn a_body_that_may_be_left_out_is() {
    use logto_api::models::{OidcKeyType, RotateOidcKeys};

    let server = Server::answering([ok(&json!([]))]);
    let logto = server.builder().bearer_token("t").build().unwrap();
    let rotate = || logto.configs().rotate_oidc_keys(OidcKeyType::PrivateKeys);
    rotate().send().await.unwrap();
    rotate().body(RotateOidcKeys::default()).send().await.unwrap();
    let sent: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| (seen.header("content-type").map(str::to_owned), seen.body.clone()))
        .collect();
    assert_eq!(sent[0], (None, String::new()));
    assert_eq!(sent[1], (Some("application/json".to_owned()), "{}".to_owned()));
}
