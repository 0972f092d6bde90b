//! Webhooks: verifies Logto's deliveries, and deserializes them into typed events.
//!
//! Requires only the feature `webhooks`, which builds no HTTP client.
//!
//! ```
//! use logto_api::webhooks::{Event, WebhookVerifier};
//!
//! # fn main() -> Result<(), logto_api::webhooks::WebhookError> {
//! let verifier = WebhookVerifier::new("signing-key-of-the-webhook");
//!
//! let body = br#"{"event":"Role.Deleted","hookId":"h1","createdAt":"2026-11-26T01:53:15.662Z",
//!     "path":"/roles/r1","params":{"id":"r1"}}"#;
//! // Logto sends the signature in the header `logto-signature-sha-256`.
//! let signature = verifier.sign(body);
//! match verifier.verify_signature(&signature, body)? {
//!     Event::RoleDeleted(change) => assert_eq!(change.param("id"), Some("r1")),
//!     other => println!("{}", other.event_type()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Logto sends each delivery once: it does not retry, whatever the response, and times out after
//! ten seconds. Respond at once, and process the event afterwards. Deliveries arrive in any order,
//! and some releases send the same one twice.

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(any(feature = "actix", feature = "axum"))]
mod delivery;
mod error;
mod event;
mod payload;
#[cfg(feature = "tower")]
mod receive;
#[cfg(feature = "hooks")]
mod subscribe;
mod verifier;

#[cfg(any(feature = "actix", feature = "axum"))]
pub use self::delivery::Delivery;
#[cfg(feature = "hooks")]
pub use self::subscribe::RotatedHook;

pub use self::{
    error::WebhookError,
    event::{Event, EventType},
    payload::{
        Application, DataChange, GrantLimit, Interaction, Lockout, RateLimit, UnknownEvent, User,
    },
    verifier::{SIGNATURE_HEADER, WebhookVerifier},
};
