//! Whole conversations with a real Logto, driven through sessions against a server that answers
//! the recorded steps in order and checks what it is sent.

#![cfg(feature = "sign-in")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout
)]

mod conversation;
mod director;
mod failures;
#[path = "../support/issuer.rs"]
mod issuer;
mod registrations;
mod second_factors;
mod sign_ins;
mod signer;
mod strictness;
mod tenant;
mod unseen;

use std::path::Path;

use logto_api::sign_in::{AuthorizationRequest, Event, NextStep};
use tenant::Tenant;

/// Recorded, and then all names, ids and secrets were replaced by made-up ones.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conversations/experience.jsonl");

const APP_ID: &str = "wrc4vkj2zcuexwjp2x0ct";
const CALLBACK: &str = "http://localhost:9999/callback";
const SCOPE: &str = "openid profile email phone address custom_data identities roles \
                     urn:logto:scope:organizations urn:logto:scope:organization_roles \
                     urn:logto:scope:sessions offline_access";

async fn tenant(title: &str) -> Tenant {
    let conversations = conversation::read(Path::new(RECORDED));
    let conversation = conversations.iter().find(|conversation| conversation.title == title);
    Tenant::open(conversation.expect("a conversation of this title")).await
}

/// As the recorder asked.
fn as_recorded<E: Event>(request: AuthorizationRequest<E>) -> AuthorizationRequest<E> {
    request.client_secret("app-secret").scope(SCOPE)
}

/// What is next is this, and what it carries.
macro_rules! next {
    ($step:expr, $variant:ident) => {
        match $step {
            logto_api::sign_in::NextStep::$variant(carried) => carried,
            other => panic!("{} was expected, not {other:?}", stringify!($variant)),
        }
    };
}
pub(crate) use next;

/// The session is done, and the tokens are good.
async fn assert_signed_in(step: NextStep) {
    let tokens = next!(step, Completed).tokens().await.unwrap();
    assert_eq!(tokens.scope().split(' ').count(), SCOPE.split_whitespace().count());
    assert!(tokens.refresh_token().is_some());
    assert_eq!(tokens.claims().unwrap().aud, [APP_ID]);
}
