//! What the release that the mock plays has.

use super::contract::is_later;
use crate::state::State;

/// Whether the release that is played has what came with this one.
pub(crate) fn knows(state: &State, since: &str) -> bool {
    has(state.release.as_deref(), Some(since))
}

/// Whether a release has what came with `since`; the newest one, without a number, has everything.
pub(crate) fn has(release: Option<&str>, since: Option<&str>) -> bool {
    release.zip(since).is_none_or(|(release, since)| !is_later(since, release))
}
