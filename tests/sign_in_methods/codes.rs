//! Codes by e-mail and by phone.

use logto_api::sign_in::{Identifier, NextStep};
use logto_mock::SignUpField;

use crate::{Tenant, next, signed_in, submitted, user_id};

fn addresses() -> [Identifier; 2] {
    [Identifier::email("alice@acme.com"), Identifier::phone("14155550123")]
}

#[tokio::test]
async fn let_users_in() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    for address in addresses() {
        let sent = tenant.sign_in().await.send_code(address.clone()).await.unwrap();
        assert_eq!(sent.to(), &address);
        let error = sent.verify("000000x").await.unwrap_err();
        assert!(error.is_wrong_code() && !error.is_expired_code(), "{error}");

        let tokens = signed_in(sent.verify(tenant.code(address.value())).await.unwrap()).await;
        assert_eq!(user_id(&tokens), alice);
    }
}

#[tokio::test]
async fn that_are_too_old_are_sent_anew() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    for address in addresses() {
        let sent = tenant.sign_in().await.send_code(address.clone()).await.unwrap();
        let old = tenant.code(address.value());
        tenant.mock.expire_codes();
        let error = sent.verify(&old).await.unwrap_err();
        assert!(error.is_expired_code() && !error.is_wrong_code(), "{error}");
        assert!(!format!("{error} {error:?} {sent:?}").contains(&old));

        let again = sent.resend().await.unwrap();
        assert_eq!(again.to(), &address);
        assert_ne!(again.verification_id(), sent.verification_id());
        let step = again.verify(tenant.code(address.value())).await.unwrap();
        assert_eq!(user_id(&signed_in(step).await), alice);
    }
}

/// Only the newest is good.
#[tokio::test]
async fn take_the_place_of_those_before() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let [address, _] = addresses();
    let first = tenant.sign_in().await.send_code(address.clone()).await.unwrap();
    let old = tenant.code(address.value());
    let second = first.resend().await.unwrap();
    let error = first.verify(old).await.unwrap_err();
    assert!(error.has_code("session.verification_session_not_found"), "{error}");
    signed_in(second.verify(tenant.code(address.value())).await.unwrap()).await;
}

#[tokio::test]
async fn lead_those_without_an_account_to_a_registration() {
    for (address, field) in [
        (Identifier::email("bob@acme.com"), SignUpField::Email),
        (Identifier::phone("14155550199"), SignUpField::Phone),
    ] {
        let tenant = Tenant::asking_for(&[field]).await;
        let sent = tenant.sign_in().await.send_code(address.clone()).await.unwrap();
        let step = sent.verify(tenant.code(address.value())).await.unwrap();
        assert_eq!(step.code(), Some("user.user_not_exist"));
        let newcomer = next!(step, AccountNotFound);
        assert!(newcomer.related_user().is_none());

        let tokens = signed_in(newcomer.register().await.unwrap()).await;
        let user = tenant.manager().users().get(user_id(&tokens)).send().await.unwrap();
        let known = user.primary_email.or(user.primary_phone);
        assert_eq!(known.as_deref(), Some(address.value()));
    }
}

#[tokio::test]
async fn register_newcomers() {
    for (address, field) in [
        (Identifier::email("bob@acme.com"), SignUpField::Email),
        (Identifier::phone("14155550199"), SignUpField::Phone),
    ] {
        let tenant = Tenant::asking_for(&[field]).await;
        let sent = tenant.register().await.send_code(address.clone()).await.unwrap();
        let error = sent.verify("wrong").await.unwrap_err();
        assert!(error.is_wrong_code(), "{error}");
        let step = sent.verify(tenant.code(address.value())).await.unwrap();
        let newcomer = signed_in(step).await;

        // And let them in afterwards.
        let sent = tenant.sign_in().await.send_code(address.clone()).await.unwrap();
        let step = sent.verify(tenant.code(address.value())).await.unwrap();
        assert_eq!(user_id(&signed_in(step).await), user_id(&newcomer));
    }
}

#[tokio::test]
async fn lead_those_with_an_account_to_a_sign_in() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    for (address, code) in
        addresses().into_iter().zip(["user.email_already_in_use", "user.phone_already_in_use"])
    {
        let sent = tenant.register().await.send_code(address.clone()).await.unwrap();
        let step = sent.verify(tenant.code(address.value())).await.unwrap();
        assert_eq!(step.code(), Some(code));
        let known = next!(step, AccountExists);
        assert_eq!(user_id(&signed_in(known.sign_in().await.unwrap()).await), alice);
    }
}

/// A user at the sign-in page says that they are new, and the other way round.
#[tokio::test]
async fn are_good_after_a_change_of_mind() {
    let tenant = Tenant::asking_for(&[SignUpField::Email]).await;
    let bob = Identifier::email("bob@acme.com");
    let session = tenant.sign_in().await.switch_to_register().await.unwrap();
    let sent = session.send_code(bob.clone()).await.unwrap();
    let newcomer = signed_in(sent.verify(tenant.code(bob.value())).await.unwrap()).await;

    let session = tenant.register().await.switch_to_sign_in().await.unwrap();
    let sent = session.send_code(bob.clone()).await.unwrap();
    let tokens = signed_in(sent.verify(tenant.code(bob.value())).await.unwrap()).await;
    assert_eq!(user_id(&tokens), user_id(&newcomer));
}

/// What was verified before goes along.
#[tokio::test]
async fn that_are_verified_stay_so() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let [address, _] = addresses();
    let session = tenant.register().await;
    let sent = session.send_code(address.clone()).await.unwrap();
    let known = next!(sent.verify(tenant.code(address.value())).await.unwrap(), AccountExists);
    let session = known.flow().await.unwrap();
    let step = session.identify(sent.verification_id()).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

#[tokio::test]
async fn that_nobody_has_verified_prove_nothing() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let [address, _] = addresses();
    let session = tenant.sign_in().await;
    let sent = session.send_code(address.clone()).await.unwrap();
    let unverified = next!(session.identify(sent.verification_id()).await.unwrap(), Verify);
    assert_eq!(unverified.verification_id(), Some(sent.verification_id()));
    let step = sent.verify(tenant.code(address.value())).await.unwrap();
    assert!(matches!(step, NextStep::Submit(_)));
    let tokens = submitted(step).await.tokens().await.unwrap();
    assert_eq!(user_id(&tokens), alice);
}
