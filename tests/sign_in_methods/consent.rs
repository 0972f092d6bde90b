//! Consent to what somebody else's application wants.

use logto_api::{
    BrowserCookies, Method,
    sign_in::{Completed, Identifier, RedirectOutcome, SignIn},
};

use crate::{PASSWORD, Tenant, next, submitted, user_id};

const SCOPE: &str = "openid profile email offline_access urn:logto:scope:organizations";

/// Alice has signed in to it.
async fn done(tenant: &Tenant) -> Completed {
    let mock = &tenant.mock;
    let request = tenant.logto.sign_in(mock.third_party_app_id(), mock.redirect_uri());
    let request = request.client_secret(mock.third_party_app_secret()).scope(SCOPE);
    let session = request.begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    next!(submitted(step).await, Completed)
}

#[tokio::test]
async fn is_asked_of_the_user() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let organizations = tenant.manager().organizations();
    let acme = organizations.create("Acme").send().await.unwrap().id;
    organizations.add_users(&acme, [&alice]).send().await.unwrap();

    let done = done(&tenant).await;
    let RedirectOutcome::Consent(question) = done.follow_redirects().await.unwrap() else {
        panic!("not asked")
    };
    assert_eq!(question.application_id(), Some(tenant.mock.third_party_app_id()));
    assert_eq!(question.application_name(), Some("Third party"));
    assert!(question.scopes().contains(&"email".to_owned()), "{question:?}");
    assert!(question.resource_scopes().is_empty());
    let [offered] = question.organizations() else { panic!("{question:?}") };
    assert_eq!((&*offered.id, &*offered.name), (&*acme, "Acme"));

    let tokens = question.grant_in([&acme]).await.unwrap().tokens().await.unwrap();
    assert_eq!(user_id(&tokens), alice);
    assert_eq!(tokens.user_info().await.unwrap().email.as_deref(), Some("alice@acme.com"));
}

#[tokio::test]
async fn is_not_taken_for_granted() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let done = done(&tenant).await;
    let error = done.tokens().await.unwrap_err();
    assert!(
        error.to_string().contains("follow_redirects()") && error.to_string().contains("grant()"),
        "{error}"
    );
}

#[tokio::test]
async fn is_given_for_the_users_own_organizations() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let elsewhere = tenant.manager().organizations().create("Elsewhere").send().await.unwrap().id;
    let RedirectOutcome::Consent(question) = done(&tenant).await.follow_redirects().await.unwrap()
    else {
        panic!("not asked")
    };
    assert!(question.organizations().is_empty());
    let error = question.grant_in([elsewhere]).await.unwrap_err();
    assert!(error.has_code("organization.require_membership"), "{error}");
    let tokens = question.grant().await.unwrap().tokens().await.unwrap();
    assert!(tokens.refresh_token().is_some());
}

#[tokio::test]
async fn is_not_asked_for_the_tenants_own_applications() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let session = tenant.sign_in().await;
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let done = next!(submitted(step).await, Completed);
    let RedirectOutcome::Callback(callback) = done.follow_redirects().await.unwrap() else {
        panic!("asked")
    };
    assert!(callback.url().starts_with(tenant.mock.redirect_uri()));
    let secret = callback.url().to_owned();
    assert!(!format!("{callback:?}").contains(secret.rsplit("code=").next().unwrap()));
    callback.tokens().await.unwrap();
    let error = callback.tokens().await.unwrap_err();
    assert!(error.is_auth() && error.has_code("invalid_grant"), "{error}");
}

/// On pages of the tenant's own, to which Logto sends browsers of all applications.
#[tokio::test]
async fn is_asked_of_a_browser() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let cookies = BrowserCookies::new();
    let mock = &tenant.mock;
    let request = tenant.logto.sign_in(mock.third_party_app_id(), mock.redirect_uri());
    let session = request.browser_cookies(&cookies).begin().await.unwrap();
    let pending = session.pending().unwrap().clone();

    // The page does not know the application's authorization.
    let attach = || tenant.logto.resume_interaction(&cookies);
    let error = attach().consent().await.unwrap_err();
    assert!(error.is_session_ended(), "{error}");
    let session = attach().flow::<SignIn>().unwrap();
    session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let user = attach().identified::<SignIn>().unwrap();
    let done = next!(user.submit().await.unwrap(), Completed);
    let page = follow(&tenant, &cookies, done.redirect_to()).await;
    assert!(page.starts_with("/consent?"), "{page}");

    let question = attach().consent().await.unwrap();
    assert_eq!(question.application_name(), Some("Third party"));
    let done = question.grant().await.unwrap();
    assert!(done.tokens().await.unwrap_err().to_string().contains("redirect_to()"));
    let callback = follow(&tenant, &cookies, done.redirect_to()).await;
    let secret = Some(mock.third_party_app_secret());
    let tokens = pending.redeem(&tenant.logto, secret, &callback).await.unwrap();
    assert_eq!(tokens.user_info().await.unwrap().username.as_deref(), Some("alice"));
}

/// Where Logto sends the browser from there.
async fn follow(tenant: &Tenant, cookies: &BrowserCookies, to: &str) -> String {
    let path = to.strip_prefix(tenant.mock.endpoint()).unwrap();
    let browser = tenant.logto.with_browser_cookies(cookies);
    let answer = browser.request(Method::GET, path).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The server that began it goes on with its authorization, and gets the tokens.
#[tokio::test]
async fn is_given_in_another_request() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let cookies = BrowserCookies::new();
    let mock = &tenant.mock;
    let request = tenant.logto.sign_in(mock.third_party_app_id(), mock.redirect_uri());
    let request = request.client_secret(mock.third_party_app_secret()).browser_cookies(&cookies);
    let session = request.begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let done = next!(submitted(step).await, Completed);
    assert!(matches!(done.follow_redirects().await.unwrap(), RedirectOutcome::Consent(_)));

    let pending = session.pending().unwrap().clone();
    let attach = tenant.logto.resume_interaction(&cookies).authorization(pending);
    let question = attach.client_secret(mock.third_party_app_secret()).consent().await.unwrap();
    let tokens = question.grant().await.unwrap().tokens().await.unwrap();
    assert_eq!(user_id(&tokens), alice);
}
