//! New accounts, and what they have to have.

use logto_api::sign_in::{Identifier, NextStep, ProfileField};
use logto_mock::SignUpField::{Email, Password, Phone, Username};

use crate::{PASSWORD, Tenant, next, signed_in, submitted, user_id};

#[tokio::test]
async fn take_a_username_and_a_password() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let session = tenant.register().await;
    let error = session.username_and_password("alice", PASSWORD).await.unwrap_err();
    assert!(error.has_code("user.username_already_in_use"), "{error}");
    let error = session.username_and_password("bob", "12345").await.unwrap_err();
    assert!(error.is_password_rejected(), "{error}");

    let step = session.username_and_password("bob", PASSWORD).await.unwrap();
    let tokens = signed_in(step).await;
    assert_eq!(tokens.user_info().await.unwrap().username.as_deref(), Some("bob"));
    let session = tenant.sign_in().await;
    let step = session.password(Identifier::username("bob"), PASSWORD).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), user_id(&tokens));
}

#[tokio::test]
async fn ask_for_what_is_missing_one_by_one() {
    let tenant = Tenant::asking_for(&[Username, Password, Email]).await;
    tenant.add_alice();
    let bob = Identifier::email("bob@acme.com");
    let sent = tenant.register().await.send_code(bob.clone()).await.unwrap();
    let missing = next!(sent.verify(tenant.code(bob.value())).await.unwrap(), CompleteProfile);
    assert_eq!(missing.fields(), [ProfileField::Username, ProfileField::Password]);

    let error = missing.profile().username("alice").await.unwrap_err();
    assert!(error.has_code("user.username_already_in_use"), "{error}");
    let missing = next!(missing.profile().username("bob").await.unwrap(), CompleteProfile);
    assert_eq!(missing.fields(), [ProfileField::Password]);
    let error = missing.profile().password("aaaaaaaa").await.unwrap_err();
    assert!(error.is_password_rejected(), "{error}");
    let tokens = signed_in(missing.profile().password(PASSWORD).await.unwrap()).await;

    for identifier in [bob, Identifier::username("bob")] {
        let step = tenant.sign_in().await.password(identifier, PASSWORD).await.unwrap();
        assert_eq!(user_id(&signed_in(step).await), user_id(&tokens));
    }
}

#[tokio::test]
async fn have_addresses_proved() {
    for (fields, field, address) in [
        (&[Username, Password, Email][..], ProfileField::Email, Identifier::email("bob@acme.com")),
        (&[Username, Password, Phone], ProfileField::Phone, Identifier::phone("14155550199")),
        (&[Username, Email, Phone], ProfileField::EmailOrPhone, Identifier::phone("14155550199")),
    ] {
        let tenant = Tenant::asking_for(fields).await;
        let step = tenant.register().await.username_and_password("bob", PASSWORD).await.unwrap();
        let missing = next!(step, CompleteProfile);
        assert_eq!(missing.fields(), [field]);
        let sent = missing.profile().send_code(address.clone()).await.unwrap();
        let error = sent.verify("wrong").await.unwrap_err();
        assert!(error.is_wrong_code(), "{error}");
        signed_in(sent.verify(tenant.code(address.value())).await.unwrap()).await;
    }
}

#[tokio::test]
async fn take_no_address_that_somebody_has() {
    let tenant = Tenant::asking_for(&[Username, Password, Email]).await;
    let alice = tenant.add_alice();
    let bobs_with_alices_address = async || {
        let step = tenant.register().await.username_and_password("bob", PASSWORD).await.unwrap();
        let profile = next!(step, CompleteProfile).profile();
        let sent = profile.send_code(Identifier::email("alice@acme.com")).await.unwrap();
        let step = sent.verify(tenant.code("alice@acme.com")).await.unwrap();
        assert_eq!(step.code(), Some("user.email_already_in_use"));
        (profile, next!(step, AccountExists))
    };
    // Either it is alice who asks, and has proved it,
    let (_, known) = bobs_with_alices_address().await;
    assert_eq!(user_id(&signed_in(known.sign_in().await.unwrap()).await), alice);
    // or another address is taken.
    let (profile, _) = bobs_with_alices_address().await;
    let sent = profile.send_code(Identifier::email("bob@acme.com")).await.unwrap();
    signed_in(sent.verify(tenant.code("bob@acme.com")).await.unwrap()).await;
}

/// Of somebody who is known, it is a failure: nobody has two accounts.
#[tokio::test]
async fn of_somebody_who_is_known_take_none_either() {
    let tenant = Tenant::asking_for(&[Username, Password, Email]).await;
    tenant.add_alice();
    tenant.mock.add_user("bob", PASSWORD);
    let session = tenant.sign_in().await;
    let step = session.password(Identifier::username("bob"), PASSWORD).await.unwrap();
    let missing = next!(submitted(step).await, CompleteProfile);
    let sent = missing.profile().send_code(Identifier::email("alice@acme.com")).await.unwrap();
    let error = sent.verify(tenant.code("alice@acme.com")).await.unwrap_err();
    assert!(error.has_code("user.email_already_in_use"), "{error}");
}

#[tokio::test]
async fn collect_everything_before_there_is_an_account() {
    let tenant = Tenant::open().await;
    let session = tenant.register().await;
    let missing = next!(session.profile().username("bob").await.unwrap(), CompleteProfile);
    assert_eq!(missing.fields(), [ProfileField::Password]);
    signed_in(session.profile().password(PASSWORD).await.unwrap()).await;
}

#[tokio::test]
async fn keep_fields_of_the_tenants_own() {
    let tenant = Tenant::open().await;
    let session = tenant.register().await;
    let missing = next!(session.profile().username("bob").await.unwrap(), CompleteProfile);
    let extra = [("name", "Bob"), ("nickname", "Bobby"), ("company", "Acme")];
    let missing = next!(missing.profile().extra(extra).await.unwrap(), CompleteProfile);
    let step = missing.profile().password(PASSWORD).await.unwrap();
    // Known by now, bob can still add to it.
    let step = next!(step, Submit).profile().extra([("shoe_size", 43)]).await.unwrap();
    let tokens = signed_in(step).await;

    let user = tenant.manager().users().get(user_id(&tokens)).send().await.unwrap();
    let user = serde_json::to_value(user).unwrap();
    assert_eq!((&user["name"], &user["profile"]["nickname"]), (&"Bob".into(), &"Bobby".into()));
    assert_eq!(
        (&user["customData"]["company"], &user["customData"]["shoe_size"]),
        (&"Acme".into(), &43.into())
    );
}

#[tokio::test]
async fn ask_for_fields_of_the_tenants_own_in_the_end() {
    let tenant = Tenant::open().await;
    tenant.mock.set_profile_fields(&["nickname", "company"]);
    let step = tenant.register().await.username_and_password("bob", PASSWORD).await.unwrap();
    let missing = next!(step, CompleteProfile);
    assert_eq!(missing.fields(), [ProfileField::ExtraProfile]);
    let missing =
        next!(missing.profile().extra([("nickname", "Bobby")]).await.unwrap(), CompleteProfile);
    assert_eq!(missing.fields(), [ProfileField::ExtraProfile]);
    let both = [("nickname", "Bobby"), ("company", "Acme")];
    signed_in(missing.profile().extra(both).await.unwrap()).await;

    // Who is known already is not asked.
    tenant.mock.set_profile_fields(&["birthdate"]);
    let session = tenant.sign_in().await;
    signed_in(session.password(Identifier::username("bob"), PASSWORD).await.unwrap()).await;
}

/// An account of before the tenant asked for more.
#[tokio::test]
async fn are_completed_at_the_next_sign_in() {
    let tenant = Tenant::asking_for(&[Username, Password, Email]).await;
    let bob = tenant.mock.add_user("bob", PASSWORD);
    let session = tenant.sign_in().await;
    let step = session.password(Identifier::username("bob"), PASSWORD).await.unwrap();
    let missing = next!(submitted(step).await, CompleteProfile);
    let sent = missing.profile().send_code(Identifier::email("bob@acme.com")).await.unwrap();
    let step = sent.verify(tenant.code("bob@acme.com")).await.unwrap();
    assert!(matches!(step, NextStep::Submit(_)));
    assert_eq!(user_id(&signed_in(step).await), bob);

    let step = session.restart::<logto_api::sign_in::SignIn>().await;
    assert!(step.unwrap_err().is_session_ended(), "the session is over");
    let session = tenant.sign_in().await;
    let step = session.password(Identifier::email("bob@acme.com"), PASSWORD).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), bob);
}
