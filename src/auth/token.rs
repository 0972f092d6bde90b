//! A cached token.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use super::{Bearer, source::Fetched};
use crate::clock::part;

/// How long before its expiry a token is no longer used, so that it is still valid on arrival.
const LEEWAY: Duration = Duration::from_secs(10);
/// A year counts as forever, and keeps sums in range.
const FOREVER: Duration = Duration::from_secs(31_536_000);

/// A cached token.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) bearer: Bearer,
    /// Whether a server has accepted it.
    pub(crate) accepted: Arc<AtomicBool>,
    /// Its scope, if known.
    pub(crate) scope: Option<Arc<str>>,
    pub(super) asked_at: Instant,
    /// When it is renewed.
    pub(super) renew_at: Instant,
    /// When it is no longer used.
    pub(crate) good_until: Instant,
}

impl Token {
    /// Spreads the renewals of programs that started together, by a random number from 0 to 1.
    pub(super) fn new(fetched: Fetched, asked_at: Instant, renews: bool, chance: f64) -> Self {
        let lifetime = fetched.lifetime.unwrap_or_default().min(FOREVER);
        let usable = lifetime - LEEWAY.min(lifetime / 10);
        let early = match renews {
            true => part(lifetime, 0.8 + 0.1 * chance),
            false => usable,
        };
        Self {
            bearer: fetched.bearer,
            accepted: Arc::default(),
            scope: fetched.scope.map(Arc::from),
            asked_at,
            renew_at: asked_at + early,
            good_until: asked_at + usable,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_token_is_renewed_ahead_of_its_end_and_dropped_before_it() {
        for (lifetime, chance, early, late) in [
            (3600, 0.0, 2880, 3590),
            (3600, 1.0, 3240, 3590),
            (10, 0.5, 8, 9),
            (0, 0.5, 0, 0),
            (u64::MAX, 0.0, 25_228_800, 31_535_990),
        ] {
            let bearer = Bearer::new("t").unwrap();
            let lifetime = Some(Duration::from_secs(lifetime));
            let now = Instant::now();
            let token = Token::new(Fetched { bearer, lifetime, scope: None }, now, true, chance);
            assert_eq!((token.renew_at - now).as_secs_f64().floor(), f64::from(early));
            assert_eq!((token.good_until - now).as_secs(), late);
        }
    }
}
