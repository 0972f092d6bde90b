//! The time, as Logto counts and writes it.

use std::{
    cell::Cell,
    num::NonZero,
    time::{SystemTime, UNIX_EPOCH},
};

use ::time::{
    OffsetDateTime,
    format_description::well_known::{
        Iso8601,
        iso8601::{Config, TimePrecision},
    },
};

thread_local! {
    /// How far the mock whose state this thread looked at last is ahead, in milliseconds.
    static AHEAD: Cell<u64> = const { Cell::new(0) };
}

/// From here on, this thread reads the time of a mock that is this far ahead.
pub(super) fn go_by(ahead: u64) {
    AHEAD.set(ahead);
}

/// Milliseconds since the epoch, as Logto counts time, by the clock of the mock whose state
/// this thread has locked, or locked last.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let real = since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    real + AHEAD.get()
}

/// Such a time as the APIs write it where it is a text.
pub(crate) fn iso(millis: u64) -> String {
    const FORMAT: Iso8601<{ Config::DEFAULT.set_time_precision(MILLIS).encode() }> = Iso8601;
    const MILLIS: TimePrecision = TimePrecision::Second { decimal_digits: NonZero::new(3) };
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    time.ok().and_then(|time| time.format(&FORMAT).ok()).unwrap_or_default()
}
