//! The SDK's client for the mock, over its port and without one.

#![cfg(feature = "client")]

mod common;

use std::time::Duration;

use common::{Result, header, headers};
use logto_api::{
    RetryPolicy,
    reqwest::{Method, Request, Url},
};
use logto_mock::{Fault, Mock, Seed};
use tower_service::Service;

#[tokio::test]
async fn the_client_may_use_the_management_api() -> Result {
    let mock = Mock::start().await?;
    let user = mock.client()?.users().create().username("alice").send().await?;
    assert_eq!(mock.user_id("alice").as_deref(), Some(&*user.id));
    mock.requests().to("POST", "/api/users").assert_count(1);
    Ok(())
}

#[tokio::test]
async fn a_client_outlives_resets() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    let (logto, empty) = (mock.client()?, mock.snapshot());
    for _ in 0..5 {
        logto.users().create().username("alice").send().await?;
        mock.reset();
        logto.users().create().username("alice").send().await?;
        mock.restore(&empty);
    }
    assert_eq!(mock.requests().to("POST", "/oidc/token").len(), 0);
    Ok(())
}

#[tokio::test]
async fn without_a_port_requests_are_answered_in_the_process() -> Result {
    let seed =
        Seed::new().user("alice").password("correct horse").in_organization("Acme", ["admin"]);
    let mock = Mock::builder().without_port().seed(seed).start().await?;
    let logto = mock.client()?;
    logto.users().create().username("bob").send().await?;
    assert_eq!(logto.organizations().list().send().await?[0].name, "Acme");
    let missing = logto.users().get("nobody").send().await.err().ok_or("there is such a user")?;
    assert!(missing.is_not_found(), "{missing}");
    let created = mock.requests().to("POST", "/api/users");
    created.assert_count(1);
    assert_eq!(created[0].header("host"), Some("localhost"));
    Ok(())
}

#[tokio::test]
async fn redirects_and_cookies_pass_through_the_transport() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    let parameters = [
        ("client_id", mock.web_app_id()),
        ("redirect_uri", mock.redirect_uri()),
        ("response_type", "code"),
        ("scope", "openid"),
    ];
    let url = Url::parse_with_params(&format!("{}/oidc/auth", mock.endpoint()), parameters)?;
    let begun = mock.transport().call(Request::new(Method::GET, url)).await?;
    assert_eq!(begun.status(), 303);
    assert!(header(&begun, "location").starts_with("/sign-in?"));
    let cookies = headers(&begun, "set-cookie");
    let cookies: Vec<&str> = cookies.iter().filter_map(|own| own.split(';').next()).collect();

    let mut request = Request::new(Method::PUT, Url::parse("http://localhost/api/experience")?);
    request.headers_mut().insert("cookie", cookies.join("; ").parse()?);
    request.headers_mut().insert("content-type", "application/json".parse()?);
    *request.body_mut() = Some(r#"{"interactionEvent":"SignIn"}"#.into());
    assert_eq!(mock.transport().call(request).await?.status(), 204);
    Ok(())
}

#[tokio::test]
async fn faults_reach_a_client_without_a_port() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    let logto = mock.client_builder().retry(RetryPolicy::never()).build()?;
    let create = async || logto.users().create().send().await.map(drop);
    create().await?;
    for fault in [Fault::reset(), Fault::status(503), Fault::half_sent()] {
        mock.inject(fault.on("CreateUser").times(1));
        assert!(create().await.is_err());
        create().await?;
    }
    mock.refuse_connections(true);
    assert!(create().await.is_err());
    mock.refuse_connections(false);
    mock.inject(Fault::silent().on("CreateUser").times(1));
    let short = mock
        .client_builder()
        .timeout(Duration::from_millis(50))
        .retry(RetryPolicy::never())
        .build()?;
    let late = short.users().create().send().await.err().ok_or("it was answered")?;
    assert!(late.is_timeout(), "{late}");
    // All but those with a status and those that were refused were carried out.
    assert_eq!(logto.users().list().send().await?.len(), 7);
    Ok(())
}
