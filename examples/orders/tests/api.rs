//! The API is open to those who have a role at the customer, and to nobody else.

use std::{error::Error, time::Duration};

use logto_api::{Client, reqwest, sign_in::Identifier};
use logto_mock::Mock;
use orders_example::{
    API, api,
    provision::{Customer, provision},
};
use serde_json::{Value, json};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const PASSWORD: &str = "correct horse 7 battery";

/// The API, and a tenant whose people have passwords.
struct Scene {
    mock: Mock,
    logto: Client,
    home: String,
}

impl Scene {
    async fn open() -> Result<Self> {
        let mock = Mock::start().await?;
        let logto = mock.client()?;
        let customers: Vec<Customer> = serde_json::from_value(json!([
            { "name": "Acme", "people": [
                { "username": "alice", "role": "clerk" }, { "username": "bob", "role": "viewer" },
            ] },
            { "name": "Globex", "people": [] },
        ]))?;
        provision(&logto, &customers).await?;
        for name in ["alice", "bob"] {
            let id = mock.user_id(name).ok_or("no such user")?;
            logto.users().update_password(id, PASSWORD).await?;
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let home = format!("http://{}", listener.local_addr()?);
        tokio::spawn(axum::serve(listener, api::routes(&logto)?).into_future());
        Ok(Self { mock, logto, home })
    }

    async fn organization(&self, name: &str) -> Result<String> {
        let found = self.logto.organizations().list().search(name).await?;
        Ok(found.first().ok_or("no such organization")?.id.clone())
    }

    /// Signs somebody in to the customer's own application; gives a token for the API.
    async fn token(&self, username: &str, organization: &str) -> Result<String> {
        let app = self.logto.sign_in(self.mock.spa_app_id(), self.mock.redirect_uri());
        let scope = "openid offline_access urn:logto:scope:organizations read:orders write:orders";
        let flow = app.scope(scope).resource(API).begin().await?;
        let step = flow.password(Identifier::username(username), PASSWORD).await?;
        let tokens = step.submit().await?.tokens().await?;
        let token = tokens.for_resource(API).organization(organization).allow_fewer_scopes();
        Ok(token.access_token().await?.secret().to_owned())
    }

    async fn send(&self, request: reqwest::RequestBuilder, token: &str) -> Result<(u16, Value)> {
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or_default()))
    }

    async fn list(&self, organization: &str, token: &str) -> Result<(u16, Value)> {
        let url = format!("{}/customers/{organization}/orders", self.home);
        self.send(reqwest::Client::new().get(url), token).await
    }

    async fn add(&self, organization: &str, token: &str) -> Result<(u16, Value)> {
        let url = format!("{}/customers/{organization}/orders", self.home);
        self.send(reqwest::Client::new().post(url).json(&json!({ "item": "tea" })), token).await
    }
}

#[tokio::test]
async fn a_clerk_orders_and_a_viewer_looks_on() -> Result {
    let scene = Scene::open().await?;
    let acme = scene.organization("Acme").await?;
    let (alice, bob) = (scene.token("alice", &acme).await?, scene.token("bob", &acme).await?);
    assert_eq!(scene.add(&acme, &alice).await?.0, 201);
    assert_eq!(scene.list(&acme, &bob).await?, (200, json!([{ "item": "tea" }])));
    assert_eq!(scene.add(&acme, &bob).await?.0, 403);
    Ok(())
}

#[tokio::test]
async fn other_customers_and_strangers_are_kept_out() -> Result {
    let scene = Scene::open().await?;
    let (acme, globex) = (scene.organization("Acme").await?, scene.organization("Globex").await?);
    let alice = scene.token("alice", &acme).await?;
    assert_eq!(scene.list(&globex, &alice).await?.0, 401);
    assert_eq!(scene.list(&acme, "").await?.0, 401);
    assert_eq!(scene.list(&acme, "opaque").await?.0, 401);
    assert!(scene.token("alice", &globex).await.is_err(), "Logto gives out no such token");
    Ok(())
}

#[tokio::test]
async fn the_keys_are_fetched_once() -> Result {
    let scene = Scene::open().await?;
    let acme = scene.organization("Acme").await?;
    let alice = scene.token("alice", &acme).await?;
    let before = scene.mock.requests().to("GET", "/oidc/jwks").len();
    for _ in 0..5 {
        assert_eq!(scene.list(&acme, &alice).await?.0, 200);
    }
    let after = scene.mock.requests().to("GET", "/oidc/jwks").len();
    assert!(after <= before + 1, "{before} then {after}");
    Ok(())
}

#[tokio::test]
async fn a_token_expires_and_a_new_one_does_not() -> Result {
    let scene = Scene::open().await?;
    let acme = scene.organization("Acme").await?;
    let token = scene.token("alice", &acme).await?;
    assert_eq!(scene.list(&acme, &token).await?.0, 200);

    scene.mock.advance(Duration::from_secs(4000));
    assert_eq!(scene.list(&acme, &token).await?.0, 401);
    let token = scene.token("alice", &acme).await?;
    assert_eq!(scene.list(&acme, &token).await?.0, 200);
    Ok(())
}
