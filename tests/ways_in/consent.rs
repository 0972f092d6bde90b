//! Consent to what somebody else's application wants.

use logto_api::sign_in::{Done, Followed, Identifier};

use crate::{PASSWORD, Tenant, next, submitted, user_id};

const SCOPE: &str = "openid profile email offline_access urn:logto:scope:organizations";

/// Alice has signed in to it.
async fn done(tenant: &Tenant) -> Done {
    let mock = &tenant.mock;
    let request = tenant.logto.sign_in(mock.third_party_app_id(), mock.redirect_uri());
    let request = request.client_secret(mock.third_party_app_secret()).scope(SCOPE);
    let session = request.begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    next!(submitted(step).await, Done)
}

#[tokio::test]
async fn is_asked_of_the_user() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let organizations = tenant.manager().organizations();
    let acme = organizations.create("Acme").send().await.unwrap().id;
    organizations.add_users(&acme, [&alice]).send().await.unwrap();

    let done = done(&tenant).await;
    let Followed::Consent(question) = done.follow().await.unwrap() else { panic!("not asked") };
    assert_eq!(question.application_id(), Some(tenant.mock.third_party_app_id()));
    assert_eq!(question.application_name(), Some("Third party"));
    assert!(question.scopes().contains(&"email".to_owned()), "{question:?}");
    assert!(question.resource_scopes().is_empty());
    let [offered] = question.organizations() else { panic!("{question:?}") };
    assert_eq!((&*offered.id, &*offered.name), (&*acme, "Acme"));

    let Followed::Callback(callback) = question.grant([&acme]).await.unwrap() else {
        panic!("asked again")
    };
    let tokens = callback.tokens().await.unwrap();
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
        error.to_string().contains("follow()") && error.to_string().contains("grant()"),
        "{error}"
    );
}

#[tokio::test]
async fn is_given_for_the_users_own_organizations() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let elsewhere = tenant.manager().organizations().create("Elsewhere").send().await.unwrap().id;
    let Followed::Consent(question) = done(&tenant).await.follow().await.unwrap() else {
        panic!("not asked")
    };
    assert!(question.organizations().is_empty());
    let error = question.grant([elsewhere]).await.unwrap_err();
    assert!(error.has_code("organization.require_membership"), "{error}");
    let Followed::Callback(callback) = question.grant([""; 0]).await.unwrap() else {
        panic!("asked again")
    };
    assert!(callback.tokens().await.unwrap().refresh_token().is_some());
}

#[tokio::test]
async fn is_not_asked_for_the_tenants_own_applications() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let session = tenant.sign_in().await;
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let done = next!(submitted(step).await, Done);
    let Followed::Callback(callback) = done.follow().await.unwrap() else { panic!("asked") };
    assert!(callback.url().starts_with(tenant.mock.redirect_uri()));
    let secret = callback.url().to_owned();
    assert!(!format!("{callback:?}").contains(secret.rsplit("code=").next().unwrap()));
    callback.tokens().await.unwrap();
    let error = callback.tokens().await.unwrap_err();
    assert!(error.is_auth() && error.has_code("invalid_grant"), "{error}");
}
