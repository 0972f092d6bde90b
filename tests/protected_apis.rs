//! Requests are served with a good access token, in each framework, and else rejected by RFC 6750.

#![cfg(all(feature = "verify", feature = "axum"))]
#![allow(clippy::unwrap_used)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/key_server.rs"]
mod key_server;

use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, Response},
    response::IntoResponse,
    routing::get,
};
use issuer::Key;
use key_server::{API, Logto, sign};
use logto_api::{
    Result,
    verify::{
        AccessTokenClaims, Authenticated, BearerLayer, BearerRejection, TokenClaims, TokenVerifier,
    },
};
use serde_json::{Value, json};
use tower::{Service, ServiceExt};

/// Who may read and write.
struct Clerk(String);

impl TokenClaims for Clerk {
    const SCOPES: &'static [&'static str] = &["read", "write"];

    fn from_claims(claims: AccessTokenClaims) -> Result<Self> {
        Ok(Self(claims.subject().to_owned()))
    }
}

async fn by_type(caller: Authenticated<Clerk>) -> String {
    caller.0.0
}

async fn by_hand(caller: Authenticated) -> Result<String, BearerRejection> {
    Ok(caller.require(&["read", "write"])?.subject().to_owned())
}

async fn by_layer(Extension(claims): Extension<AccessTokenClaims>) -> String {
    claims.subject().to_owned()
}

/// Status, challenge and body.
type Told = (u16, String, String);

async fn told(response: Response<Body>) -> Told {
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, challenge.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

fn request(authorization: &[String]) -> Request<Body> {
    let mut request = Request::get("/");
    for value in authorization {
        request = request.header("authorization", value);
    }
    request.body(Body::empty()).unwrap()
}

/// What requests with these headers are answered.
fn cases(logto: &Logto, key: &Key) -> Vec<(Vec<String>, u16, &'static str, &'static str)> {
    let good = sign(key, &logto.claims());
    let lacking = sign(key, &logto.changed(&json!({"scope": "read"})));
    vec![
        (vec![format!("Bearer {good}")], 200, "", "u1"),
        (vec![format!("bearer  {good}")], 200, "", "u1"),
        (vec![], 401, "Bearer", r#"{"error":"missing_token"}"#),
        (vec![format!("Basic {good}")], 401, "Bearer", r#"{"error":"missing_token"}"#),
        (vec![good.clone()], 401, "Bearer", r#"{"error":"missing_token"}"#),
        (
            vec!["Bearer x".to_owned()],
            401,
            r#"Bearer error="invalid_token""#,
            r#"{"error":"invalid_token"}"#,
        ),
        (
            vec![format!("Bearer {good}x")],
            401,
            r#"Bearer error="invalid_token""#,
            r#"{"error":"invalid_token"}"#,
        ),
        (
            vec![format!("Bearer {good}"); 2],
            400,
            r#"Bearer error="invalid_request""#,
            r#"{"error":"invalid_request"}"#,
        ),
        (
            vec![format!("Bearer {lacking}")],
            403,
            r#"Bearer error="insufficient_scope", scope="read write""#,
            r#"{"error":"insufficient_scope"}"#,
        ),
    ]
}

#[tokio::test]
async fn axum_extracts_claims_and_takes_a_layer() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let layer = BearerLayer::new(logto.verifier()).scopes(["read", "write"]);
    for app in [
        Router::new().route("/", get(by_type)).with_state(logto.verifier()),
        Router::new().route("/", get(by_hand)).with_state(logto.verifier()),
        Router::new().route("/", get(by_layer)).layer(layer),
    ] {
        let ask = async |authorization: &[String]| {
            told(app.clone().oneshot(request(authorization)).await.unwrap()).await
        };
        let keys = logto.keys.lock().unwrap().take();
        let (good, ..) = &cases(&logto, &key)[0];
        let unavailable = r#"{"error":"temporarily_unavailable"}"#;
        assert_eq!(ask(good).await, (503, String::new(), unavailable.to_owned()));
        *logto.keys.lock().unwrap() = keys;
        for (headers, status, challenge, body) in cases(&logto, &key) {
            let expected = (status, challenge.to_owned(), body.to_owned());
            assert_eq!(ask(&headers).await, expected, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn a_handler_answers_rejections_in_a_form_of_its_own() {
    struct Problem(BearerRejection);

    impl IntoResponse for Problem {
        fn into_response(self) -> Response<Body> {
            let body = json!({"title": self.0.to_string(), "status": self.0.status().as_u16()});
            self.0.response(body.to_string())
        }
    }

    async fn orders(
        caller: Result<Authenticated, BearerRejection>,
    ) -> Result<Json<Value>, Problem> {
        Ok(Json(json!(caller.map_err(Problem)?.0.subject())))
    }

    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let verifier = logto.verifier();
    let extracted = Router::new().route("/", get(orders)).with_state(verifier.clone());
    let layer =
        BearerLayer::new(verifier).on_rejection(|rejection| Problem(rejection).into_response());
    let layered = Router::new().route("/", get(by_layer)).layer(layer);
    for app in [extracted, layered] {
        let response = app.oneshot(request(&[])).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        let (status, challenge, body) = told(response).await;
        assert_eq!((status, challenge.as_str()), (401, "Bearer"));
        assert_eq!(body, r#"{"status":401,"title":"the request has no bearer token"}"#);
    }
}

#[tokio::test]
async fn a_preflight_request_passes_the_layer_and_others_do_not() {
    let logto = Logto::of(&Key::es384("k")).await;
    let inner = tower::service_fn(async |_: Request<Body>| {
        Ok::<_, std::convert::Infallible>(Response::new(Body::from("reached")))
    });
    let layer = BearerLayer::new(logto.verifier());
    let service = tower::Layer::layer(&layer, inner);
    let preflight = ["origin", "access-control-request-method"];
    for (method, headers, passes) in [
        ("OPTIONS", &preflight[..], true),
        ("OPTIONS", &preflight[..1], false),
        ("OPTIONS", &preflight[1..], false),
        ("GET", &preflight[..], false),
        ("POST", &preflight[..], false),
    ] {
        let mut request = Request::builder().method(method);
        for name in headers {
            request = request.header(*name, "GET");
        }
        let request = request.body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().is_success(), passes, "{method} {headers:?}");
    }
    let preflight = || {
        let request = Request::options("/").header("origin", "https://evil.example");
        request.header("access-control-request-method", "POST").body(Body::empty()).unwrap()
    };
    // What does not look at the method would do as it is asked.
    let strict = tower::Layer::layer(&layer.clone().verify_preflight(), inner);
    assert_eq!(strict.oneshot(preflight()).await.unwrap().status(), 401);
    let grpc = tower::Layer::layer(&layer.grpc(), inner);
    assert_eq!(grpc.oneshot(preflight()).await.unwrap().headers()["grpc-status"], "16");
    assert_eq!(logto.fetches(), 0);
}

#[tokio::test]
async fn grpc_is_told_by_a_status_in_the_headers() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let inner = tower::service_fn(async |request: Request<Body>| {
        let claims = request.extensions().get::<AccessTokenClaims>().unwrap();
        Ok::<_, std::convert::Infallible>(Response::new(Body::from(claims.subject().to_owned())))
    });
    let layer = BearerLayer::new(logto.verifier()).scopes(["read", "write"]).grpc();
    let mut service = tower::Layer::layer(&layer, inner);
    for (authorization, status, ..) in cases(&logto, &key) {
        let response = service.ready().await.unwrap().call(request(&authorization)).await.unwrap();
        assert_eq!(response.status(), 200);
        let expected = match status {
            200 => None,
            400 => Some("3"),
            401 => Some("16"),
            _ => Some("7"),
        };
        let found = response.headers().get("grpc-status").map(|status| status.to_str().unwrap());
        assert_eq!(found, expected);
        let is_grpc =
            response.headers().get("content-type") == Some(&"application/grpc".parse().unwrap());
        assert_eq!(is_grpc, expected.is_some());
    }
}

/// Verifiers of tokens in organizations, which a request names by its path, a header or otherwise.
fn by_organization(logto: &Logto) -> [TokenVerifier; 3] {
    let builder = || logto.builder().audience(API).in_organization();
    [
        builder().organization_from_path("/{version}/organizations/{organization}").build(),
        builder().organization_from_header("X-Organization-Id").build(),
        builder()
            .organization_by(|head| {
                let query = head.query()?.strip_prefix("organization=")?;
                (head.method() == "GET").then(|| query.to_owned())
            })
            .build(),
    ]
    .map(Result::unwrap)
}

#[tokio::test]
async fn a_token_is_about_the_organization_that_the_request_names() {
    let key = Key::es384("k");
    let logto = Logto::of(&key).await;
    let token = sign(&key, &logto.changed(&json!({"organization_id": "o1"})));
    let (ok, other, unnamed) = (None, Some(401), Some(400));
    let expected = [
        ("/v1/organizations/o1/orders", "", [ok, unnamed, unnamed]),
        ("/v1/organizations/o1", "", [ok, unnamed, unnamed]),
        ("/v1/organizations/o2/orders", "", [other, unnamed, unnamed]),
        ("/v1/organizations//orders", "", [unnamed, unnamed, unnamed]),
        ("/v1/organizations", "", [unnamed, unnamed, unnamed]),
        ("/v1/users/o1", "", [unnamed, unnamed, unnamed]),
        ("/organizations/o1", "", [unnamed, unnamed, unnamed]),
        ("/v1/organizations/%6f1", "", [other, unnamed, unnamed]),
        ("/", "o1", [unnamed, ok, unnamed]),
        ("/", "o2", [unnamed, other, unnamed]),
        ("/", "o1 ", [unnamed, other, unnamed]),
        ("/?organization=o1", "", [unnamed, unnamed, ok]),
        ("/?organization=o2", "", [unnamed, unnamed, other]),
        ("/?organization=", "", [unnamed, unnamed, unnamed]),
    ];
    for (uri, header, outcomes) in expected {
        let mut request = Request::get(uri).header("authorization", format!("Bearer {token}"));
        if !header.is_empty() {
            request = request.header("x-organization-id", header);
        }
        let request = request.body(()).unwrap();
        for (verifier, expected) in by_organization(&logto).iter().zip(outcomes) {
            let outcome = verifier.authenticate(&request, &["read"]).await;
            let status = outcome.err().map(|rejection| rejection.status().as_u16());
            assert_eq!(status, expected, "{verifier:?} {uri} {header:?}");
        }
    }
    let [_, by_header, _] = by_organization(&logto);
    let mut twice = Request::new(());
    twice.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    for id in ["o1", "o2"] {
        twice.headers_mut().append("x-organization-id", id.parse().unwrap());
    }
    let outcome = by_header.authenticate(&twice, &["read"]).await;
    assert_eq!(outcome, Err(BearerRejection::InvalidRequest));
}

#[tokio::test]
async fn an_organization_that_is_never_looked_at_is_an_error() {
    let logto = Logto::of(&Key::es384("k")).await;
    let builder = || logto.builder().audience(API);
    for builder in [
        builder().organization_from_header("x-organization-id"),
        builder().in_organization().organization_from_path("organizations/{organization}"),
        builder().in_organization().organization_from_path("/organizations/{id}"),
        builder().in_organization().organization_from_path("/{organization}/{organization}"),
    ] {
        assert!(builder.build().unwrap_err().is_invalid_request());
    }
}

#[cfg(feature = "actix")]
mod on_actix {
    use actix_web::{
        App,
        http::header::AUTHORIZATION,
        rt::System,
        test::{TestRequest, call_service, init_service, read_body},
        web,
    };

    use super::*;

    async fn by_type(caller: Authenticated<Clerk>) -> String {
        caller.0.0
    }

    async fn by_hand(caller: Authenticated) -> Result<String, BearerRejection> {
        Ok(caller.require(&["read", "write"])?.subject().to_owned())
    }

    #[test]
    fn actix_extracts_claims() {
        System::new().block_on(async {
            let key = Key::es384("k");
            let logto = Logto::of(&key).await;
            let app = init_service(
                App::new()
                    .app_data(logto.verifier())
                    .route("/type", web::get().to(by_type))
                    .route("/hand", web::get().to(by_hand)),
            )
            .await;
            for (uri, (headers, status, challenge, body)) in ["/type", "/hand"]
                .into_iter()
                .flat_map(|uri| cases(&logto, &key).into_iter().map(move |case| (uri, case)))
            {
                let mut request = TestRequest::get().uri(uri);
                for value in &headers {
                    request = request.append_header((AUTHORIZATION, value.as_str()));
                }
                let response = call_service(&app, request.to_request()).await;
                let found = response.headers().get("www-authenticate");
                let found = found.map(|value| value.to_str().unwrap()).unwrap_or_default();
                assert_eq!((response.status().as_u16(), found), (status, challenge), "{headers:?}");
                assert_eq!(read_body(response).await, body);
            }
        });
    }

    #[test]
    fn actix_names_the_organization_and_takes_shared_data() {
        System::new().block_on(async {
            let key = Key::es384("k");
            let logto = Logto::of(&key).await;
            let token = sign(&key, &logto.changed(&json!({"organization_id": "o1"})));
            for (at, uri, status) in [
                (0, "/v1/organizations/o1", 200),
                (0, "/v1/organizations/o2", 401),
                (2, "/?organization=o1", 200),
                (2, "/?organization=o2", 401),
                (1, "/", 400),
            ] {
                let verifier = by_organization(&logto)[at].clone();
                let app = App::new().app_data(web::Data::new(verifier));
                let app = init_service(app.default_service(web::to(by_type))).await;
                let authorization = (AUTHORIZATION, format!("Bearer {token}"));
                let request = TestRequest::get().uri(uri).append_header(authorization);
                let response = call_service(&app, request.to_request()).await;
                assert_eq!(response.status().as_u16(), status, "{uri}");
            }
            let app = init_service(App::new().route("/", web::get().to(by_type))).await;
            let response = call_service(&app, TestRequest::get().uri("/").to_request()).await;
            assert_eq!(response.status().as_u16(), 500);
        });
    }
}

#[test]
fn a_head_tells_of_the_request() {
    let mut request = Request::post("/a%20b?c=d").body(()).unwrap();
    let headers: HeaderMap = [("x-one", "1"), ("x-two", "2"), ("x-two", "3")]
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .into_iter()
        .fold(HeaderMap::new(), |mut all, (name, value)| {
            let name: axum::http::HeaderName = name;
            all.append(name, value);
            all
        });
    *request.headers_mut() = headers;
    let head = logto_api::verify::RequestHead::from(&request);
    assert_eq!((head.method(), head.path(), head.query()), ("POST", "/a%20b", Some("c=d")));
    assert_eq!(
        (head.header("X-One"), head.header("x-two"), head.header("x")),
        (Some("1"), None, None)
    );
}
