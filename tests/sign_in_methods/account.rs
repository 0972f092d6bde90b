//! What users who have signed in do with their own account.

use logto_api::{
    models::{EmailIdentifier, VerificationCodeIdentifier},
    sign_in::{Identifier, UserTokens},
};

use crate::{PASSWORD, Tenant, signed_in};

const NEW: &str = "battery 8 staple";

async fn alices_tokens(tenant: &Tenant) -> UserTokens {
    let app = tenant.mock.web_app_id();
    let request = tenant.logto.sign_in(app, tenant.mock.redirect_uri());
    let request = request.client_secret(tenant.mock.web_app_secret());
    let session = request.scope("openid profile email").begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    signed_in(step).await
}

#[tokio::test]
async fn a_profile_is_read_and_changed() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let account = alices_tokens(&tenant).await.account();
    account.update().name("Alice").send().await.unwrap();
    let profile = account.get().send().await.unwrap();
    assert_eq!(profile.id.as_deref(), Some(&*alice));
    assert_eq!(profile.name.as_deref(), Some("Alice"));
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let tokens = alices_tokens(&tenant).await;
    let (account, verifications) = (tokens.account(), tokens.verifications());
    for proof in [None, Some("forged".into())] {
        let error = account.update_password(NEW, proof).send().await.unwrap_err();
        assert!(error.has_code("verification_record.permission_denied"), "{error}");
        assert!(error.is_unauthorized() && !format!("{error:?}").contains(NEW), "{error}");
    }
    let error = verifications.verify_password("a guess").send().await.unwrap_err();
    assert!(error.is_invalid_credentials(), "{error}");

    let record = verifications.verify_password(PASSWORD).send().await.unwrap();
    let error = account.update_password("short", &record).send().await.unwrap_err();
    assert!(error.is_password_rejected(), "{error}");
    account.update_password(NEW, &record).send().await.unwrap();

    let session = tenant.sign_in().await;
    let step = session.password(Identifier::username("alice"), NEW).await.unwrap();
    signed_in(step).await;
}

#[tokio::test]
async fn a_proof_that_is_too_old_is_none() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let tokens = alices_tokens(&tenant).await;
    let proof = tokens.verifications().verify_password(PASSWORD).send().await.unwrap();
    tenant.mock.expire_verifications();
    let error = tokens.account().update_password(NEW, proof).send().await.unwrap_err();
    assert!(error.has_code("verification_record.permission_denied"), "{error}");
}

/// Two proofs: who is calling, and that the address is theirs.
#[tokio::test]
async fn an_address_is_changed_by_a_proof_of_its_own() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let tokens = alices_tokens(&tenant).await;
    let (account, verifications) = (tokens.account(), tokens.verifications());
    let email = "alice@elsewhere.com";
    let identifier = VerificationCodeIdentifier::Email(EmailIdentifier::new(email));
    let sent = verifications.send_code(identifier.clone()).send().await.unwrap();
    let id = sent.verification_record_id;
    let proof = verifications.verify_password(PASSWORD).send().await.unwrap();
    let error = account.update_primary_email(email, &id, &proof).send().await.unwrap_err();
    assert!(error.has_code("verification_record.not_found"), "{error}");

    let wrong = verifications.verify_code(identifier.clone(), &id, "wrong").send().await;
    assert!(wrong.unwrap_err().is_wrong_code());
    let code = tenant.code(email);
    let verified = verifications.verify_code(identifier, &id, code).send().await.unwrap();
    let id = verified.verification_record_id;
    let error = account.update_primary_email(email, &id, &id).send().await.unwrap_err();
    assert!(error.has_code("verification_record.permission_denied"), "{error}");
    account.update_primary_email(email, &id, &proof).send().await.unwrap();
    let profile = account.get().send().await.unwrap();
    assert_eq!(profile.primary_email.as_deref(), Some(email));
}

/// Where nobody proves anything with a password: the code goes to the address that they have.
#[tokio::test]
async fn a_code_to_the_own_address_proves_who_is_calling() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let tokens = alices_tokens(&tenant).await;
    let verifications = tokens.verifications();
    let own = VerificationCodeIdentifier::Email(EmailIdentifier::new("alice@acme.com"));
    let sent = verifications.send_code(own.clone()).send().await.unwrap();
    let code = tenant.code("alice@acme.com");
    let call = verifications.verify_code(own, &sent.verification_record_id, code);
    let proof = call.send().await.unwrap();
    tokens.account().update_password(NEW, &proof).send().await.unwrap();
}

#[tokio::test]
async fn the_account_is_open_to_its_user_alone() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let error = tenant.manager().account().get().send().await.unwrap_err();
    assert!(error.is_unauthorized() || error.is_invalid_request() || error.is_auth(), "{error}");
}
