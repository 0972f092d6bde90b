//! What a user's tokens are good for, in applications with and without a secret.

use logto_api::{
    reqwest::StatusCode,
    sign_in::{Identifier, UserTokens},
};

use crate::{PASSWORD, Tenant, signed_in, user_id};

const API: &str = "https://api.acme.com";
const ORGANIZATIONS: &str = "urn:logto:resource:organizations";
const SCOPE: &str = "openid profile offline_access urn:logto:scope:organizations";

/// Alice has signed in to the single-page application, which may call the API.
async fn signed_in_to_app(tenant: &Tenant) -> UserTokens {
    tenant.manager().resources().create("API", API).send().await.unwrap();
    let request = tenant.logto.sign_in(tenant.mock.spa_app_id(), tenant.mock.redirect_uri());
    let session = request.scope(SCOPE).resource(API).resource(ORGANIZATIONS).begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    signed_in(step).await
}

#[tokio::test]
async fn without_a_secret_rotate_their_refresh_tokens() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let tokens = signed_in_to_app(&tenant).await;
    assert_eq!((user_id(&tokens), tokens.client_id()), (&*alice, tenant.mock.spa_app_id()));
    let first = tokens.refresh_token().unwrap();
    let renewed = tokens.refresh().await.unwrap();
    assert_ne!(renewed.refresh_token().unwrap(), first);
    assert_eq!(tokens.refresh_token(), renewed.refresh_token(), "what was spent is not kept");
    assert_eq!(user_id(&tokens.refresh().await.unwrap()), alice);
}

#[tokio::test]
async fn call_apis_on_the_users_behalf() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let tokens = signed_in_to_app(&tenant).await;
    let token = tokens.for_resource(API).access_token().await.unwrap();
    assert_eq!(token.secret().split('.').count(), 3, "a JWT");
    assert_ne!(token.secret(), tokens.access_token().secret());
    let error = tokens.for_resource("https://other.example").access_token().await.unwrap_err();
    assert!(error.is_auth() && error.has_code("invalid_target"), "{error}");
}

#[tokio::test]
async fn act_in_the_users_organizations() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let organizations = tenant.manager().organizations();
    let acme = organizations.create("Acme").send().await.unwrap().id;
    let tokens = signed_in_to_app(&tenant).await;
    let error = tokens.for_organization(&acme).access_token().await.unwrap_err();
    assert!(error.has_code("access_denied"), "{error}");

    organizations.add_users(&acme, [&alice]).send().await.unwrap();
    // Nobody has a permission in the mock's organizations.
    let of_acme = tokens.for_organization(&acme).allow_fewer_scopes();
    let token = of_acme.clone().access_token().await.unwrap();
    assert_eq!(token.secret().split('.').count(), 3, "a JWT");
    let both = of_acme.resource(API).access_token().await.unwrap();
    assert_ne!(both.secret(), token.secret());
    let info = tokens.user_info().await.unwrap();
    assert_eq!(info.organizations, Some(vec![acme]));
}

#[tokio::test]
async fn need_the_scope_for_organizations() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let organizations = tenant.manager().organizations();
    let acme = organizations.create("Acme").send().await.unwrap().id;
    organizations.add_users(&acme, [&alice]).send().await.unwrap();
    let step = tenant.sign_in().await.password(Identifier::username("alice"), PASSWORD).await;
    let tokens = signed_in(step.unwrap()).await;
    let error = tokens.for_organization(acme).access_token().await.unwrap_err();
    assert!(error.is_insufficient_scope(), "{error}");
}

#[tokio::test]
async fn have_no_refresh_token_unless_they_ask_for_one() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let request = tenant.logto.sign_in(tenant.mock.spa_app_id(), tenant.mock.redirect_uri());
    let session = request.scope("openid profile").begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let tokens = signed_in(step).await;
    assert!(tokens.refresh_token().is_none());
    let error = tokens.refresh().await.unwrap_err();
    assert!(error.is_auth(), "{error}");
}

#[tokio::test]
async fn give_tokens_back() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let tokens = signed_in_to_app(&tenant).await;
    tokens.revoke().await.unwrap();
    assert_eq!(tokens.refresh_token(), None);
    assert!(tokens.refresh().await.unwrap_err().is_auth());
    let error = tokens.user_info().await.unwrap_err();
    assert!(error.is_sign_in_required(), "the access token is gone as well: {error}");
}

#[tokio::test]
async fn take_the_browser_back_after_signing_out() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let tokens = signed_in_to_app(&tenant).await;
    let back = tenant.mock.post_logout_redirect_uri();
    let url = tokens.sign_out_url(Some(back)).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/oidc/session/end?", tenant.mock.endpoint())));
    assert!(!url.as_str().contains(tokens.access_token().secret()));

    let redirects = logto_api::reqwest::redirect::Policy::none();
    let browser = logto_api::reqwest::Client::builder().redirect(redirects).build().unwrap();
    let answer = browser.get(url).send().await.unwrap();
    assert!(answer.status() == StatusCode::OK || answer.status().is_redirection());
    let elsewhere = tokens.sign_out_url(Some("https://evil.example/")).unwrap();
    let answer = browser.get(elsewhere).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn with_a_secret_have_to_know_it() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let request = tenant.logto.sign_in(tenant.mock.web_app_id(), tenant.mock.redirect_uri());
    let session = request.client_secret("hunter2").begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let error = step.submit().await.unwrap().tokens().await.unwrap_err();
    assert!(error.is_auth() && error.has_code("invalid_client"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
