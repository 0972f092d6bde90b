//! HTTP as every client needs it, nothing of it Logto's own: how requests are sent, when they are
//! sent again, cookies, uploads, traces.
//!
//! Uses `error`; everything above uses it.

pub(crate) mod body;
pub(crate) mod cookies;
pub(crate) mod endpoint;
pub(crate) mod operation;
pub(crate) mod retry;
pub(crate) mod runtimes;
pub(crate) mod trace;
pub(crate) mod transport;
pub(crate) mod upload;
