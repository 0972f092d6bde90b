//! The Account API: what users do with their own account.

pub(crate) mod auth;
mod factors;
mod identities;
mod profile;
mod sessions;
mod verifications;

use axum::Router;

use crate::state::Store;

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .merge(verifications::routes())
        .merge(profile::routes())
        .merge(factors::routes())
        .merge(identities::routes())
        .merge(sessions::routes())
}
