//! Users who are new: by a password, a code, a social account or an enterprise's.

mod common;

use common::{Result, browser::Browser};
use logto_mock::SignUpField;
use serde_json::json;

#[tokio::test]
async fn a_username_and_a_password_make_an_account() -> Result {
    let browser = Browser::at("Register").await?;
    let operation = "verification/new-password-identity";
    let body = |name: &str, password: &str| json!({ "identifier": { "type": "username", "value": name }, "password": password });
    let taken = browser.refusal(operation, body("alice", "battery staple")).await?;
    assert_eq!(taken, (422, "user.username_already_in_use".into()));
    let (status, weak) = browser.step(operation, body("bob", "123")).await?;
    let complaints = json!([
        { "code": "password_rejected.too_short", "interpolation": { "min": 8 } },
        { "code": "password_rejected.restricted.sequence" },
    ]);
    assert_eq!((status.as_u16(), &weak["data"]), (422, &complaints));
    let id = browser.verification("new-password-identity", body("bob", "battery staple")).await?;
    assert_eq!(browser.identify(&id).await?, 201);
    browser.tokens().await?;

    browser.come_back("bob", "battery staple").await
}

#[tokio::test]
async fn what_is_missing_can_be_added_on_the_way() -> Result {
    let browser = Browser::at("Register").await?;
    browser.mock.set_sign_up(&[SignUpField::Email, SignUpField::Password]);
    let id = browser.prove_email("new@example.com", "Register").await?;
    let (status, body) = browser.step("identification", json!({ "verificationId": id })).await?;
    let missing = json!({ "missingProfile": ["password"] });
    assert_eq!((status.as_u16(), &body["data"]), (422, &missing));
    let password = json!({ "type": "password", "value": "battery staple" });
    assert_eq!(browser.step("profile", password).await?.0, 204);
    let extra = json!({
        "type": "extraProfile",
        "values": { "name": "New", "givenName": "N.", "shoeSize": 43 },
    });
    assert_eq!(browser.step("profile", extra).await?.0, 204);
    let profile = browser.interaction().await?["profile"].clone();
    let expected = json!({
        "primaryEmail": "new@example.com", "name": "New", "profile": { "givenName": "N." },
        "customData": { "shoeSize": 43 },
    });
    assert_eq!(profile, expected);
    assert_eq!(browser.step("identification", json!({})).await?.0, 201);
    browser.tokens().await?;

    browser.begin("Register").await?;
    let id = browser.prove_email("new@example.com", "Register").await?;
    let refused = browser.refusal("identification", json!({ "verificationId": id })).await?;
    assert_eq!(refused, (422, "user.email_already_in_use".into()));
    Ok(())
}

#[tokio::test]
async fn who_signs_in_adds_what_the_tenant_has_come_to_ask_for() -> Result {
    let browser = Browser::at("SignIn").await?;
    let fields = [SignUpField::Username, SignUpField::Email, SignUpField::Phone];
    browser.mock.set_sign_up(&fields);
    browser.password("alice", "correct horse").await?;
    let (status, body) = browser.submit().await?;
    let missing = json!({ "missingProfile": ["emailOrPhone"] });
    assert_eq!((status.as_u16(), &body["data"]), (422, &missing));
    let id = browser.prove_email("alice@example.com", "Register").await?;
    let email = json!({ "type": "email", "verificationId": id });
    assert_eq!(browser.step("profile", email).await?.0, 204);
    let name = json!({ "type": "username", "value": "alison" });
    let refused = browser.refusal("profile", name).await?;
    assert_eq!(refused, (422, "user.username_exists_in_profile".into()));
    assert_eq!(browser.submit().await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_social_account_registers_and_comes_back() -> Result {
    let browser = Browser::at("SignIn").await?;
    let connector = browser.mock.add_social_connector();
    let verified = async || {
        let path = format!("social/{connector}");
        let uri = format!("{path}/authorization-uri");
        let body = json!({ "state": "s", "redirectUri": "https://app.example/social" });
        let (_, begun) = browser.step(&format!("verification/{uri}"), body.clone()).await?;
        let expected = "http://mock-social/?state=s&redirect_uri=\
                        https%3A%2F%2Fapp.example%2Fsocial&scope=email+profile";
        assert_eq!(begun["authorizationUri"], expected);
        let data = json!({ "code": "c", "userId": "social-1", "name": "Sue" });
        let body = json!({ "verificationId": begun["verificationId"], "connectorData": data });
        browser.verification(&format!("{path}/verify"), body).await
    };
    let id = verified().await?;
    let (status, body) = browser.step("identification", json!({ "verificationId": id })).await?;
    let expected = json!({
        "code": "user.identity_not_exist", "data": {},
        "message": "User: identity not exist.",
    });
    assert_eq!((status.as_u16(), body), (404, expected));
    let event = json!({ "interactionEvent": "Register" });
    browser.put("/api/experience/interaction-event", event).await?;
    let (_, body) = browser.step("identification", json!({ "verificationId": id })).await?;
    assert_eq!(body["data"], json!({ "missingProfile": ["username"] }));
    let early = browser.refusal("submit", json!({})).await?;
    assert_eq!(early, (404, "session.identifier_not_found".into()));
    let name = json!({ "type": "username", "value": "sue" });
    assert_eq!(browser.step("profile", name).await?.0, 204);
    assert_eq!(browser.step("identification", json!({})).await?.0, 201);
    browser.tokens().await?;

    browser.begin("SignIn").await?;
    let id = verified().await?;
    assert_eq!(browser.identify(&id).await?, 204);
    assert_eq!(browser.submit().await?.0, 200);
    let unknown = browser.refusal(
        "verification/social/unknown/authorization-uri",
        json!({ "state": "s", "redirectUri": "https://app.example/social" }),
    );
    assert_eq!(unknown.await?, (404, "entity.not_found".into()));
    Ok(())
}

#[tokio::test]
async fn a_social_account_is_linked_to_the_user_whose_address_it_has() -> Result {
    let browser = Browser::at("SignIn").await?;
    let alice = browser.alice().to_owned();
    browser.mock.set_email(&alice, "alice@example.com");
    let connector = browser.mock.add_social_connector();
    let data = json!({ "code": "c", "userId": "social-2", "email": "alice@example.com" });
    let body = json!({ "connectorData": data });
    let path = format!("social/{connector}/verify");
    let id = browser.verification(&path, body.clone()).await?;
    let (_, body_of_refusal) =
        browser.step("identification", json!({ "verificationId": id })).await?;
    let related = json!({ "relatedUser": { "type": "email", "value": "alice@example.com" } });
    assert_eq!(body_of_refusal["data"], related);
    let link = json!({ "verificationId": id, "linkSocialIdentity": true });
    assert_eq!(browser.step("identification", link).await?.0, 204);
    assert_eq!(browser.submit().await?.0, 200);

    browser.begin("SignIn").await?;
    let id = browser.verification(&path, body).await?;
    assert_eq!(browser.identify(&id).await?, 204);
    assert_eq!(browser.interaction().await?["userId"], alice);
    Ok(())
}

#[tokio::test]
async fn an_enterprise_brings_its_users_and_keeps_them() -> Result {
    let browser = Browser::at("SignIn").await?;
    let connector = browser.mock.add_sso_connector("acme.example");
    let found = browser.get("/api/experience/sso-connectors?email=eve@acme.example").await?;
    let found = common::answer(found).await?.1;
    assert_eq!(found, json!({ "connectorIds": [connector] }));
    let found = browser.get("/api/experience/sso-connectors").await?;
    let (status, body) = common::answer(found).await?;
    assert_eq!((status.as_u16(), &body["message"]), (400, &json!("The request query is invalid.")));

    let path = format!("verification/sso/{connector}");
    let begin = json!({ "state": "s", "redirectUri": "https://app.example/sso" });
    let (_, begun) = browser.step(&format!("{path}/authorization-uri"), begin).await?;
    let data = json!({ "code": "c", "userId": "eve", "email": "eve@acme.example" });
    let body = json!({ "verificationId": begun["verificationId"], "connectorData": data });
    let id = browser.verification(&format!("sso/{connector}/verify"), body).await?;
    let refused = browser.refusal("identification", json!({ "verificationId": id })).await?;
    assert_eq!(refused, (404, "user.sso_identity_not_exist".into()));
    let event = json!({ "interactionEvent": "Register" });
    browser.put("/api/experience/interaction-event", event).await?;
    assert_eq!(browser.identify(&id).await?, 201);
    browser.tokens().await?;

    browser.begin("SignIn").await?;
    let id = browser.prove_email("eve@acme.example", "SignIn").await?;
    let refused = browser.refusal("identification", json!({ "verificationId": id })).await?;
    assert_eq!(refused, (422, "session.sso_enabled".into()));
    Ok(())
}
