//! Accounts elsewhere: at social providers, and at a company.

use logto_api::{
    reqwest::Url,
    sign_in::{ConnectorSignIn, Identifier},
};
use logto_mock::SignUpField;

use crate::{PASSWORD, Tenant, next, signed_in, user_id};

const CALLBACK: &str = "https://acme.com/callback/provider";
const EMAIL: (&str, &str) = ("email", "alice@acme.com");

/// The URL that the provider sends the user back to, with what it tells of them.
fn back(sent: &ConnectorSignIn, told: &[(&str, &str)]) -> String {
    let asked = Url::parse(sent.authorization_uri()).unwrap();
    let parameter = |name: &str| asked.query_pairs().find(|(own, _)| own == name).unwrap().1;
    let mut url = Url::parse(&parameter("redirect_uri")).unwrap();
    let state = parameter("state");
    url.query_pairs_mut()
        .append_pair("state", &state)
        .append_pair("code", "c0de")
        .extend_pairs(told);
    url.into()
}

#[tokio::test]
async fn register_newcomers_and_let_them_in_from_then_on() {
    let tenant = Tenant::asking_for(&[]).await;
    let github = tenant.mock.add_social_connector();
    let sent = tenant.sign_in().await.social(&github, CALLBACK).await.unwrap();
    let octocat = [("userId", "octocat"), ("name", "Octo Cat")];
    let step = sent.verify_callback(&back(&sent, &octocat)).await.unwrap();
    assert_eq!(step.code(), Some("user.identity_not_exist"));
    let newcomer = next!(step, AccountNotFound);
    assert!(newcomer.related_user().is_none());
    let first = signed_in(newcomer.register().await.unwrap()).await;
    assert_eq!(first.user_info().await.unwrap().name.as_deref(), Some("Octo Cat"));

    let sent = tenant.sign_in().await.social(&github, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &octocat)).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), user_id(&first));
}

#[tokio::test]
async fn stand_in_for_a_password_but_not_for_a_username() {
    let tenant = Tenant::open().await;
    let github = tenant.mock.add_social_connector();
    let sent = tenant.register().await.social(&github, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &[("userId", "octocat")])).await.unwrap();
    let missing = next!(step, CompleteProfile);
    let tokens = signed_in(missing.profile().username("octocat").await.unwrap()).await;
    assert_eq!(tokens.user_info().await.unwrap().username.as_deref(), Some("octocat"));
}

#[tokio::test]
async fn are_linked_to_the_account_with_the_same_address() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let github = tenant.mock.add_social_connector();
    let told = [("userId", "octocat"), EMAIL];
    let sent = tenant.sign_in().await.social(&github, CALLBACK).await.unwrap();
    let newcomer = next!(sent.verify_callback(&back(&sent, &told)).await.unwrap(), AccountNotFound);
    assert_eq!(newcomer.related_user().unwrap()["type"], "email");
    assert_eq!(user_id(&signed_in(newcomer.link().await.unwrap()).await), alice);

    // From now on, nobody has to be asked.
    let sent = tenant.sign_in().await.social(&github, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &told)).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

#[tokio::test]
async fn of_somebody_who_is_known_lead_to_a_sign_in() {
    let tenant = Tenant::asking_for(&[]).await;
    let github = tenant.mock.add_social_connector();
    let octocat = [("userId", "octocat")];
    let sent = tenant.register().await.social(&github, CALLBACK).await.unwrap();
    let first = signed_in(sent.verify_callback(&back(&sent, &octocat)).await.unwrap()).await;

    let sent = tenant.register().await.social(&github, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &octocat)).await.unwrap();
    assert_eq!(step.code(), Some("user.identity_already_in_use"));
    let tokens = signed_in(next!(step, AccountExists).sign_in().await.unwrap()).await;
    assert_eq!(user_id(&tokens), user_id(&first));
}

#[tokio::test]
async fn are_added_to_an_account_whose_user_is_signing_in() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let github = tenant.mock.add_social_connector();
    let session = tenant.sign_in().await;
    let user =
        next!(session.password(Identifier::username("alice"), PASSWORD).await.unwrap(), Submit);
    let sent = user.profile().start_social(&github, CALLBACK).await.unwrap();
    let back_again = user.profile().connector_sign_in(sent.state().clone());
    let url = back(&sent, &[("userId", "octocat")]);
    signed_in(back_again.verify_callback(&url).await.unwrap()).await;

    let sent = tenant.sign_in().await.social(&github, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &[("userId", "octocat")])).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

/// What somebody new was to have besides, and somebody has, is a proof of who they are.
#[tokio::test]
async fn that_somebody_has_lead_from_a_registration_to_a_sign_in() {
    let tenant = Tenant::asking_for(&[SignUpField::Username]).await;
    let github = tenant.mock.add_social_connector();
    let octocat = [("userId", "octocat")];
    let sent = tenant.register().await.social(&github, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &octocat)).await.unwrap();
    let step = next!(step, CompleteProfile).profile().username("octocat").await.unwrap();
    let first = signed_in(step).await;

    let profile = tenant.register().await.profile();
    let sent = profile.start_social(&github, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &octocat)).await.unwrap();
    assert_eq!(step.code(), Some("user.identity_already_in_use"));
    let tokens = signed_in(next!(step, AccountExists).sign_in().await.unwrap()).await;
    assert_eq!(user_id(&tokens), user_id(&first));
}

#[tokio::test]
async fn have_to_send_the_user_back_with_something() {
    let tenant = Tenant::open().await;
    let session = tenant.sign_in().await;
    let error = session.social("nothing", CALLBACK).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");

    let github = tenant.mock.add_social_connector();
    let sent = session.social_with_state(&github, CALLBACK, "my-own").await.unwrap();
    let refused = [("state", "my-own"), ("error", "access_denied")];
    let error = sent.verify(refused).await.unwrap_err();
    assert!(error.has_code("connector.invalid_response"), "{error}");
}

#[tokio::test]
async fn of_a_company_are_found_by_the_address() {
    let tenant = Tenant::open().await;
    let acme = tenant.mock.add_sso_connector("acme.com");
    let session = tenant.sign_in().await;
    assert!(session.sso_connectors("bob@elsewhere.com").await.unwrap().is_empty());
    let connectors = session.sso_connectors("alice@acme.com").await.unwrap();
    assert_eq!(connectors, [acme.as_str()]);

    let told = [("userId", "alice-at-acme"), EMAIL];
    let sent = session.sso(&connectors[0], CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &told)).await.unwrap();
    assert_eq!(step.code(), Some("user.sso_identity_not_exist"));
    let newcomer = next!(step, AccountNotFound);
    let first = signed_in(newcomer.register().await.unwrap()).await;

    let sent = tenant.sign_in().await.sso(&acme, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &told)).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), user_id(&first));

    let sent = tenant.register().await.sso(&acme, CALLBACK).await.unwrap();
    let known = next!(sent.verify_callback(&back(&sent, &told)).await.unwrap(), AccountExists);
    let tokens = signed_in(known.sign_in().await.unwrap()).await;
    assert_eq!(user_id(&tokens), user_id(&first));
}

/// Who has such an address gets in there, and nowhere else.
#[tokio::test]
async fn of_a_company_are_what_its_people_have_to_use() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let acme = tenant.mock.add_sso_connector("acme.com");
    let session = tenant.sign_in().await;
    let address = Identifier::email("alice@acme.com");

    let step = session.password(address.clone(), PASSWORD).await.unwrap();
    assert_eq!(next!(step, UseSso).connector_ids(), [acme.as_str()]);
    let sent = session.send_code(address.clone()).await.unwrap();
    let step = sent.verify(tenant.code(address.value())).await.unwrap();
    let company = next!(step, UseSso);
    let sent = company.sso(&company.connector_ids()[0], CALLBACK).await.unwrap();
    let told = [("userId", "alice-at-acme"), EMAIL];
    let step = sent.verify_callback(&back(&sent, &told)).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

/// An account with such an address is made there as well, however the address came in.
#[tokio::test]
async fn of_a_company_are_where_its_people_register() {
    let tenant = Tenant::asking_for(&[SignUpField::Username, SignUpField::Email]).await;
    let acme = tenant.mock.add_sso_connector("acme.com");
    let address = Identifier::email("alice@acme.com");
    let session = tenant.register().await;
    let sent = session.send_code(address.clone()).await.unwrap();
    let step = sent.verify(tenant.code(address.value())).await.unwrap();
    assert_eq!(next!(step, UseSso).connector_ids(), [acme.as_str()]);
    let token = tenant.mock.add_one_time_token(address.value());
    next!(session.one_time_token(address.value(), token).await.unwrap(), UseSso);

    let step = session.profile().username("alice").await.unwrap();
    let missing = next!(step, CompleteProfile);
    let sent = missing.profile().send_code(address.clone()).await.unwrap();
    let company = next!(sent.verify(tenant.code(address.value())).await.unwrap(), UseSso);

    let sent = company.sso(acme, CALLBACK).await.unwrap();
    let told = [("userId", "alice-at-acme"), EMAIL];
    let tokens = signed_in(sent.verify_callback(&back(&sent, &told)).await.unwrap()).await;
    let user = tenant.manager().users().get(user_id(&tokens)).send().await.unwrap();
    assert_eq!(user.primary_email.as_deref(), Some("alice@acme.com"));
}

#[tokio::test]
async fn of_a_company_need_nothing_else_of_their_users() {
    let tenant = Tenant::asking_for(&[SignUpField::Username, SignUpField::Password]).await;
    let acme = tenant.mock.add_sso_connector("acme.com");
    tenant.mock.set_mfa(logto_mock::MfaPolicy::Mandatory, &[logto_mock::MfaFactor::Totp]);
    let sent = tenant.register().await.sso(&acme, CALLBACK).await.unwrap();
    let step = sent.verify_callback(&back(&sent, &[("userId", "alice-at-acme"), EMAIL])).await;
    signed_in(step.unwrap()).await;
}
