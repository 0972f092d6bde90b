//! Where tokens come from.

use std::{fmt, pin::Pin, time::Duration};

use super::{AuthFailure, Bearer};

pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that gives a token when it is asked.
pub(crate) trait Source: Send + Sync + fmt::Debug {
    /// One attempt at a token.
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>>;

    /// Whether it can be asked again.
    fn renews(&self) -> bool {
        true
    }
}

/// A token that was just made.
pub(crate) struct Fetched {
    pub(crate) bearer: Bearer,
    /// How long it is good, from when it was asked for. Without, it is for those who wait for it,
    /// and not kept.
    pub(crate) life: Option<Duration>,
}
