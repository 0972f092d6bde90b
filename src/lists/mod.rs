//! Long lists: their pages, streams over all of them, and what to search for.
//!
//! Uses `error`; `call` and the generated groups use it.

pub(crate) mod page;
pub(crate) mod progress;
pub(crate) mod search;
pub(crate) mod stream;
