//! The API: orders of a customer, for people with a role at that customer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{FromRef, Path, State},
    http::StatusCode,
    routing::get,
};
use logto_api::{
    Client, Result,
    verify::{Authenticated, BearerRejection, TokenVerifier},
};
use serde::{Deserialize, Serialize};

use crate::{API, READ, WRITE};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Order {
    pub item: String,
}

type Orders = Arc<Mutex<HashMap<String, Vec<Order>>>>;

#[derive(Clone)]
struct Shop {
    verifier: TokenVerifier,
    orders: Orders,
}

impl FromRef<Shop> for TokenVerifier {
    fn from_ref(shop: &Shop) -> Self {
        shop.verifier.clone()
    }
}

/// The routes of the API. Tokens are for it, within the organization that the path names.
///
/// # Errors
///
/// When the verifier cannot be built.
pub fn routes(logto: &Client) -> Result<Router> {
    let verifier = logto
        .token_verifier()
        .audience(API)
        .in_organization()
        .organization_from_path("/customers/{organization}/orders")
        .build()?;
    let shop = Shop { verifier, orders: Orders::default() };
    Ok(Router::new()
        .route("/customers/{organization}/orders", get(list).post(add))
        .with_state(shop))
}

async fn list(
    caller: Authenticated,
    Path(organization): Path<String>,
    State(shop): State<Shop>,
) -> std::result::Result<Json<Vec<Order>>, BearerRejection> {
    caller.require(&[READ])?;
    let orders = shop.orders.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Json(orders.get(&organization).cloned().unwrap_or_default()))
}

async fn add(
    caller: Authenticated,
    Path(organization): Path<String>,
    State(shop): State<Shop>,
    Json(order): Json<Order>,
) -> std::result::Result<StatusCode, BearerRejection> {
    caller.require(&[WRITE])?;
    let mut orders = shop.orders.lock().unwrap_or_else(PoisonError::into_inner);
    orders.entry(organization).or_default().push(order);
    Ok(StatusCode::CREATED)
}
