//! Signatures of deliveries.

use std::{fmt, sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

use super::{Event, WebhookError};
use crate::{Clock, Timestamp, clock::SharedClock};

/// The header with the signature: HMAC-SHA-256 of the body, in hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "logto-signature-sha-256";

/// In bytes. The longest delivery seen had 104 kB; its data is the tenant's own.
const MAX_SIZE: usize = 1024 * 1024;

/// Decides whether a delivery is a replay.
type Seen = dyn Fn(&Event, &str) -> bool + Send + Sync;

/// Verifies deliveries of webhooks by their signing key. Cloning is cheap.
///
/// `Debug` does not show the keys.
#[derive(Clone)]
pub struct WebhookVerifier {
    keys: Vec<Hmac<Sha256>>,
    max_size: usize,
    max_age: Option<Duration>,
    seen: Option<Arc<Seen>>,
    clock: SharedClock,
}

impl WebhookVerifier {
    /// A verifier with the signing key from the webhook's page in the Console.
    pub fn new(signing_key: impl AsRef<[u8]>) -> Self {
        let verifier = Self {
            keys: Vec::new(),
            max_size: MAX_SIZE,
            max_age: None,
            seen: None,
            clock: SharedClock::default(),
        };
        verifier.or_key(signing_key)
    }

    /// Also accepts deliveries that are signed with this key: during a rotation, some are still
    /// signed with the old one.
    #[must_use]
    pub fn or_key(mut self, signing_key: impl AsRef<[u8]>) -> Self {
        // HMAC takes a key of any length; an empty one would let everybody in.
        let key = signing_key.as_ref();
        if !key.is_empty() {
            self.keys.extend(Hmac::<Sha256>::new_from_slice(key));
        }
        self
    }

    /// The maximum size of a body, in bytes; 1 MiB by default.
    #[must_use]
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }

    /// How far the `createdAt` of a delivery may be in the past or in the future. Unlimited by
    /// default: deliveries may be queued, and Logto does not retry rejected ones.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Rejects a delivery if the function returns `true`, because it has been received before. The
    /// arguments are the event and the signature, which only equal bytes share: store `hook_id` and
    /// signature for as long as [`max_age`](Self::max_age).
    #[must_use]
    pub fn replay_check(
        mut self,
        seen: impl Fn(&Event, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.seen = Some(Arc::new(seen));
        self
    }

    /// The clock for [`max_age`](Self::max_age); the system clock by default.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock(Arc::new(clock));
        self
    }

    /// Verifies a delivery by its headers and its body as they were received, and returns its
    /// event.
    ///
    /// # Errors
    ///
    /// See [`WebhookError`].
    pub fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Event, WebhookError> {
        self.verify_signature(signature(headers)?, body)
    }

    /// Verifies a delivery by the value of its header [`SIGNATURE_HEADER`] and its body as it was
    /// received, and returns its event.
    ///
    /// # Errors
    ///
    /// See [`WebhookError`].
    pub fn verify_signature(&self, signature: &str, body: &[u8]) -> Result<Event, WebhookError> {
        if body.len() > self.max_size {
            return Err(WebhookError::TooLarge);
        }
        let bytes = bytes_of(signature).ok_or(WebhookError::InvalidSignature)?;
        // Each comparison takes the same time, whatever the signature.
        let is_signed = |key: &Hmac<Sha256>| key.clone().chain_update(body).verify_slice(&bytes);
        if !self.keys.iter().any(|key| is_signed(key).is_ok()) {
            return Err(WebhookError::InvalidSignature);
        }
        let event: Event = serde_json::from_slice(body).map_err(|error| {
            WebhookError::InvalidBody(crate::models::json_path::problem(&error))
        })?;
        self.check_age(&event)?;
        match &self.seen {
            Some(seen) if seen(&event, signature) => Err(WebhookError::Replayed),
            _ => Ok(event),
        }
    }

    /// The signature of a body with the first key, as Logto computes it: for your own tests.
    pub fn sign(&self, body: &[u8]) -> String {
        let signature = self.keys.first().map(|key| key.clone().chain_update(body).finalize());
        let bytes = signature.map(|signature| signature.into_bytes()).unwrap_or_default();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[cfg(any(feature = "actix", feature = "tower"))]
    pub(super) fn size_limit(&self) -> usize {
        self.max_size
    }

    fn check_age(&self, event: &Event) -> Result<(), WebhookError> {
        let Some(limit) = self.max_age else { return Ok(()) };
        let created = event.created_at().ok_or(WebhookError::OutOfDate)?;
        let now = Timestamp::from(self.clock.wall_time());
        let age = now.as_millis().abs_diff(created.as_millis());
        match u128::from(age) <= limit.as_millis() {
            true => Ok(()),
            false => Err(WebhookError::OutOfDate),
        }
    }
}

/// The signature, of which there is one.
pub(super) fn signature(headers: &HeaderMap) -> Result<&str, WebhookError> {
    let mut signatures = headers.get_all(SIGNATURE_HEADER).iter();
    let signature = signatures.next().ok_or(WebhookError::MissingSignature)?;
    match signatures.next() {
        None => signature.to_str().map_err(|_| WebhookError::InvalidSignature),
        Some(_) => Err(WebhookError::InvalidSignature),
    }
}

/// Logto writes lower-case digits. Others would be a second spelling of a signature, which a replay
/// check would take for another delivery.
fn bytes_of(signature: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = signature.as_bytes().try_into().ok()?;
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookVerifier")
            .field("keys", &self.keys.len())
            .field("max_size", &self.max_size)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
