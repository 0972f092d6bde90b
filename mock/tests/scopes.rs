//! What roles let users and machines do, as their tokens say it.

mod common;

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{Answer, Fixture, Result, answer, browser::Browser, string};
use logto_mock::{CustomClaims, Mock};
use reqwest::Method;
use serde_json::{Value, json};

const API: &str = "https://api.example.com";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An API with two scopes, an organization with a role that gives one of them, and its own scope.
struct Tenant {
    fixture: Fixture,
    organization: String,
    role: String,
    machine_role: String,
    organization_role: String,
}

impl Tenant {
    async fn open() -> Result<Self> {
        let fixture = Fixture::start().await?;
        let resource = json!({ "name": "API", "indicator": API });
        let resource = make(&fixture, "/api/resources", resource).await?;
        let scopes = format!("/api/resources/{resource}/scopes");
        let read = make(&fixture, &scopes, json!({ "name": "read" })).await?;
        let write = make(&fixture, &scopes, json!({ "name": "write" })).await?;
        let role = json!({ "name": "reader", "description": "d", "scopeIds": [read] });
        let role = make(&fixture, "/api/roles", role).await?;
        let machine_role = json!({
            "name": "writer", "description": "d", "type": "MachineToMachine", "scopeIds": [write],
        });
        let machine_role = make(&fixture, "/api/roles", machine_role).await?;
        let invite =
            make(&fixture, "/api/organization-scopes", json!({ "name": "invite" })).await?;
        let organization_role = json!({
            "name": "admin", "organizationScopeIds": [invite], "resourceScopeIds": [write],
        });
        let organization_role =
            make(&fixture, "/api/organization-roles", organization_role).await?;
        let organization = make(&fixture, "/api/organizations", json!({ "name": "Acme" })).await?;
        Ok(Self { fixture, organization, role, machine_role, organization_role })
    }

    async fn post(&self, path: &str, body: Value) -> Result {
        let (status, body) = self.fixture.send(Method::POST, path, body).await?;
        assert!(status.is_success(), "{path}: {status} {body}");
        Ok(())
    }

    /// Gives a user both roles.
    async fn admit(&self, user: &str) -> Result {
        let organization = format!("/api/organizations/{}", self.organization);
        self.post(&format!("/api/users/{user}/roles"), json!({ "roleIds": [self.role] })).await?;
        self.post(&format!("{organization}/users"), json!({ "userIds": [user] })).await?;
        let roles = json!({ "organizationRoleIds": [self.organization_role] });
        self.post(&format!("{organization}/users/{user}/roles"), roles).await
    }
}

async fn make(fixture: &Fixture, path: &str, body: Value) -> Result<String> {
    let (status, made) = fixture.send(Method::POST, path, body).await?;
    assert!(status.is_success(), "{path}: {status} {made}");
    Ok(string(&made["id"]))
}

/// The claims of a JWT.
fn claims(token: &Value) -> Result<Value> {
    let token = string(token);
    let part = token.split('.').nth(1).ok_or("no JWT")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part)?)?)
}

#[tokio::test]
async fn a_users_tokens_have_the_scopes_of_their_roles() -> Result {
    let tenant = Tenant::open().await?;
    let user = tenant.fixture.mock.add_user("bob", "correct horse");
    tenant.admit(&user).await?;
    let organization = tenant.organization.clone();
    let browser = Browser::of(tenant.fixture.mock)?;
    let scope = "openid offline_access read write invite urn:logto:scope:organizations";
    let more =
        [("scope", scope), ("resource", API), ("resource", "urn:logto:resource:organizations")];
    browser.authorize(browser.mock.web_app_id(), &more).await?;
    browser.start("SignIn").await?;
    browser.password("bob", "correct horse").await?;
    let tokens = browser.tokens().await?;
    assert_eq!(tokens["scope"], "openid offline_access urn:logto:scope:organizations");
    let refresh = string(&tokens["refresh_token"]);
    let renew = async |more: &[(&str, &str)]| {
        let own = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        browser.token(&own.iter().chain(more).copied().collect::<Vec<_>>()).await
    };
    let (_, api) = renew(&[("resource", API)]).await?;
    assert_eq!(api["scope"], "read write");
    let (_, in_organization) = renew(&[("organization_id", &organization)]).await?;
    let told = claims(&in_organization["access_token"])?;
    assert_eq!(told["scope"], "invite");
    assert_eq!(told["aud"], format!("urn:logto:organization:{organization}"));
    let (_, both) = renew(&[("resource", API), ("organization_id", &organization)]).await?;
    let told = claims(&both["access_token"])?;
    assert_eq!((&told["scope"], &told["aud"]), (&json!("write"), &json!(API)));
    assert_eq!(told["organization_id"], organization);
    let (status, _) = renew(&[("organization_id", "nothing")]).await?;
    assert_eq!(status, 403);
    Ok(())
}

#[tokio::test]
async fn a_machines_tokens_have_the_scopes_of_its_roles() -> Result {
    let tenant = Tenant::open().await?;
    let app = tenant.fixture.mock.app_id().to_owned();
    let ask = async |more: &[(&str, &str)]| token(&tenant.fixture, more).await;
    let (_, none) = ask(&[("resource", API), ("scope", "read write")]).await?;
    assert_eq!(none["scope"], Value::Null);
    let (status, _) = ask(&[("organization_id", &tenant.organization)]).await?;
    assert_eq!(status, 403);

    let roles = json!({ "roleIds": [tenant.machine_role] });
    tenant.post(&format!("/api/applications/{app}/roles"), roles).await?;
    let applications = format!("/api/organizations/{}/applications", tenant.organization);
    tenant.post(&applications, json!({ "applicationIds": [app] })).await?;
    let (_, some) = ask(&[("resource", API), ("scope", "read write")]).await?;
    assert_eq!(some["scope"], "write");
    let (status, own) = ask(&[("organization_id", &tenant.organization)]).await?;
    assert_eq!((status.as_u16(), &own["scope"]), (200, &json!("")));
    Ok(())
}

async fn token(fixture: &Fixture, more: &[(&str, &str)]) -> Result<Answer> {
    let mock = &fixture.mock;
    let form: Vec<_> = [("grant_type", "client_credentials")].iter().chain(more).copied().collect();
    let request = fixture.http.post(format!("{}/oidc/token", mock.endpoint()));
    answer(request.basic_auth(mock.app_id(), Some(mock.app_secret())).form(&form).send().await?)
        .await
}

#[tokio::test]
async fn custom_claims_are_added_or_deny_the_token() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.set_custom_claims(|told| {
        let name = told["context"]["application"]["name"].clone();
        CustomClaims::Add([("app".to_owned(), name)].into_iter().collect())
    });
    let resource = ("resource", fixture.mock.resource());
    let (_, tokens) = token(&fixture, &[resource]).await?;
    assert_eq!(claims(&tokens["access_token"])?["app"], "Management");
    fixture.mock.set_custom_claims(|_| CustomClaims::Deny("not on your plan".into()));
    let (status, body) = token(&fixture, &[resource]).await?;
    assert_eq!((status.as_u16(), &body["error"]), (400, &json!("access_denied")));
    assert_eq!(body["error_description"], "not on your plan");
    Ok(())
}

#[tokio::test]
async fn a_device_gets_tokens_once_its_user_agrees() -> Result {
    let mock = Mock::start().await?;
    let user = mock.add_user("alice", "correct horse");
    let http = common::client()?;
    let post = async |path: &str, form: &[(&str, &str)]| {
        answer(http.post(format!("{}{path}", mock.endpoint())).form(form).send().await?).await
    };
    let app = ("client_id", mock.device_app_id());
    let start = async || {
        let scope = ("scope", "openid offline_access");
        let (status, begun) = post("/oidc/device/auth", &[app, scope]).await?;
        assert_eq!(status, 200, "{begun}");
        Ok::<_, Box<dyn std::error::Error>>((
            string(&begun["device_code"]),
            string(&begun["user_code"]),
        ))
    };
    let poll = async |code: &str| {
        post("/oidc/token", &[app, ("grant_type", DEVICE_CODE), ("device_code", code)]).await
    };
    let (device_code, user_code) = start().await?;
    assert_eq!(poll(&device_code).await?.1["error"], "authorization_pending");
    assert!(mock.approve_device(&user_code.to_lowercase().replace('-', ""), &user));
    let (status, tokens) = poll(&device_code).await?;
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens["refresh_token"].is_string());
    assert_eq!(claims(&tokens["id_token"])?["sub"], user);
    // A code that is used again is stolen: what it gave is good no more.
    assert_eq!(poll(&device_code).await?.1["error"], "invalid_grant");
    let me = http.get(format!("{}/oidc/me", mock.endpoint()));
    assert_eq!(me.bearer_auth(string(&tokens["access_token"])).send().await?.status(), 401);

    let (device_code, user_code) = start().await?;
    assert!(mock.deny_device(&user_code));
    assert_eq!(poll(&device_code).await?.1["error"], "access_denied");
    assert_eq!(poll(&device_code).await?.1["error"], "invalid_grant");
    let (device_code, user_code) = start().await?;
    mock.advance(Duration::from_secs(601));
    assert_eq!(poll(&device_code).await?.1["error"], "expired_token");
    assert!(mock.expire_device(&user_code));
    Ok(())
}

#[tokio::test]
async fn a_stand_in_goes_back_to_what_it_knew() -> Result {
    let fixture = Fixture::start().await?;
    let user = fixture.mock.add_user("alice", "correct horse");
    let before = fixture.mock.snapshot();
    fixture.send(Method::DELETE, &format!("/api/users/{user}"), Value::Null).await?;
    assert_eq!(fixture.get(&format!("/api/users/{user}")).await?.status(), 404);
    fixture.mock.restore(&before);
    assert_eq!(fixture.get(&format!("/api/users/{user}")).await?.status(), 200);
    fixture.mock.reset();
    let token = common::management_token(&fixture.mock, &fixture.http).await?;
    let url = format!("{}/api/users/{user}", fixture.mock.endpoint());
    assert_eq!(fixture.http.get(url).bearer_auth(token).send().await?.status(), 404);
    Ok(())
}
