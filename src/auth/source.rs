//! Where tokens come from.

use std::{fmt, pin::Pin, time::Duration};

use super::{Bearer, attempts::attempts};
use crate::{error::AuthFailure, http::retry::Retries};

pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that gives a token when it is asked.
pub(crate) trait TokenSource: Send + Sync + fmt::Debug {
    /// One attempt at a token.
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>>;

    /// A token, after as many attempts as help: asking for one changes nothing.
    fn fetch<'a>(&'a self, retries: &'a Retries) -> Pending<'a, Result<Fetched, AuthFailure>> {
        Box::pin(attempts(retries, true, None, || self.fetch_once()))
    }

    /// Whether it can be asked again.
    fn renews(&self) -> bool {
        true
    }

    /// Whether it can be asked while there is a token that is good.
    fn renews_early(&self) -> bool {
        true
    }

    /// Why none of its tokens is to be used any more.
    fn ended(&self) -> Option<AuthFailure> {
        None
    }
}

/// A token that was just made.
pub(crate) struct Fetched {
    pub(crate) bearer: Bearer,
    /// How long it is good, from when it was asked for. Without, it is for those who wait for it,
    /// and not kept.
    pub(crate) lifetime: Option<Duration>,
    /// What it may do, where that is told.
    pub(crate) scope: Option<String>,
}
