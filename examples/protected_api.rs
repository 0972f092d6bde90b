//! An API that requires access tokens: with scopes of the API, and permissions in organizations.
//!
//! ```sh
//! cargo run --example protected_api --features axum,verify
//! ```
//!
//! Without these variables it uses a mock of Logto, and prints requests to try. For your own
//! server, set `LOGTO_ENDPOINT`, and `LOGTO_AUDIENCE` to the identifier of an API resource.

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use std::env;

use axum::{
    Extension, Json, Router,
    extract::{Path, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use logto_api::{
    Client, Result,
    models::{ApplicationType, RoleType},
    verify::{
        AccessTokenClaims, Authenticated, BearerLayer, BearerRejection, TokenClaims, TokenVerifier,
    },
};
use serde_json::{Value, json};

pub(crate) const AUDIENCE: &str = "https://api.acme.com";

pub(crate) type Outcome<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A caller that may read orders.
struct OrdersReader(AccessTokenClaims);

impl TokenClaims for OrdersReader {
    const SCOPES: &'static [&'static str] = &["read:orders"];

    fn from_claims(claims: AccessTokenClaims) -> Result<Self> {
        Ok(Self(claims))
    }
}

/// The errors of this API. Status and `WWW-Authenticate` are those of RFC 6750.
struct ApiError(BearerRejection);

impl From<BearerRejection> for ApiError {
    fn from(rejection: BearerRejection) -> Self {
        Self(rejection)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({ "code": self.0.code(), "message": self.0.to_string() });
        self.0.response(body.to_string())
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let (endpoint, audience, stand_in) = match env::var("LOGTO_ENDPOINT") {
        Ok(endpoint) => (endpoint, env::var("LOGTO_AUDIENCE")?, None),
        Err(_) => {
            let mock = logto_mock::Mock::start().await?;
            (mock.endpoint().to_owned(), AUDIENCE.to_owned(), Some(mock))
        }
    };
    if let Some(mock) = &stand_in {
        let logto = Client::builder(mock.endpoint());
        let logto = logto.client_credentials(mock.app_id(), mock.app_secret()).build()?;
        let caller = Caller::seed(&logto).await?;
        let (token, organization) = (caller.token().await?, &caller.organization);
        println!("curl -H 'Authorization: Bearer {token}' http://localhost:3000/orders");
        let token = caller.organization_token().await?;
        let url = format!("http://localhost:3000/organizations/{organization}/projects");
        println!("curl -H 'Authorization: Bearer {token}' {url}");
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 3000)).await?;
    axum::serve(listener, routes(&endpoint, &audience)?).await?;
    Ok(())
}

/// The API. Verifiers are built once; they keep Logto's keys.
pub(crate) fn routes(endpoint: &str, audience: &str) -> Result<Router> {
    let for_api = TokenVerifier::builder(endpoint).audience(audience).build()?;
    let for_organization = TokenVerifier::builder(endpoint)
        .organization_tokens()
        .organization_from_path("/organizations/{organization}")
        .build()?;
    let permission = BearerLayer::new(for_organization)
        .scopes(["read:projects"])
        .on_rejection(|rejection| ApiError(rejection).into_response());
    let projects = Router::new()
        .route("/organizations/{organization}/projects", get(projects))
        .layer(permission);
    let orders = get(orders).post(create_order);
    Ok(Router::new()
        .route("/orders", orders)
        .with_state(for_api)
        .merge(projects)
        .layer(from_fn(no_store)))
}

/// The type requires the scope.
async fn orders(
    caller: std::result::Result<Authenticated<OrdersReader>, BearerRejection>,
) -> std::result::Result<Json<Value>, ApiError> {
    let Authenticated(OrdersReader(claims)) = caller?;
    Ok(Json(json!({ "orders_of": claims.subject() })))
}

/// The handler requires the scope.
async fn create_order(
    caller: std::result::Result<Authenticated, BearerRejection>,
) -> std::result::Result<Json<Value>, ApiError> {
    let caller = caller?;
    let claims = caller.require(&["write:orders"])?;
    Ok(Json(json!({ "created_by": claims.subject() })))
}

/// The layer requires the permission in the organization.
async fn projects(
    Path(organization): Path<String>,
    Extension(claims): Extension<AccessTokenClaims>,
) -> Json<Value> {
    Json(json!({ "organization": organization, "for": claims.subject() }))
}

/// Responses to authorized requests must not be cached by others.
async fn no_store(request: Request, next: Next) -> impl IntoResponse {
    ([("cache-control", "no-store")], next.run(request).await)
}

/// A machine that calls the API, with a role that allows it.
pub(crate) struct Caller {
    client: Client,
    pub(crate) organization: String,
}

impl Caller {
    /// Registers the API, the permissions and the machine that has them.
    pub(crate) async fn seed(logto: &Client) -> Outcome<Self> {
        let api = logto.resources().create("Orders", AUDIENCE).send().await?;
        let scope = logto.resources().create_scope(&api.id, "read:orders").send().await?;
        let role = logto.roles().create("clerk", "Reads orders");
        let role = role.r#type(RoleType::MachineToMachine).send().await?;
        logto.roles().add_scopes(&role.id, [&scope.id]).send().await?;
        let machine = logto.applications().create("Clerk", ApplicationType::MachineToMachine);
        let machine = machine.send().await?;
        logto.applications().add_roles(&machine.id, [&role.id]).send().await?;

        let organization = logto.organizations().create("Acme").send().await?;
        let scope = logto.organization_scopes().create("read:projects").send().await?;
        let role = logto.organization_roles().create("builder");
        let role = role.r#type(RoleType::MachineToMachine).send().await?;
        logto.organization_roles().add_scopes(&role.id, [&scope.id]).send().await?;
        let organizations = logto.organizations();
        organizations.add_applications(&organization.id, [&machine.id]).send().await?;
        let roles = organizations.add_application_roles(&organization.id, &machine.id, [&role.id]);
        roles.send().await?;

        let secret = logto.applications().create_secret(&machine.id, "example").send().await?.value;
        let client = Client::builder(logto.endpoint());
        let client = client.client_credentials(&machine.id, secret).resource(AUDIENCE);
        Ok(Self { client: client.scope("read:orders").build()?, organization: organization.id })
    }

    /// A token for the API.
    pub(crate) async fn token(&self) -> Result<String> {
        Ok(self.client.access_token().await?.secret().to_owned())
    }

    /// A token for the organization.
    pub(crate) async fn organization_token(&self) -> Result<String> {
        let client =
            self.client.as_organization(&self.organization).scope("read:projects").build()?;
        Ok(client.access_token().await?.secret().to_owned())
    }
}
