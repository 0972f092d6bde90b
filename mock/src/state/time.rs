//! The time, as Logto counts and writes it.

use std::{
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

/// Milliseconds since the epoch, as Logto counts time.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// Such a time as the APIs write it where it is a text.
pub(crate) fn iso(millis: u64) -> String {
    const FORMAT: Iso8601<{ Config::DEFAULT.set_time_precision(MILLIS).encode() }> = Iso8601;
    const MILLIS: TimePrecision = TimePrecision::Second { decimal_digits: NonZero::new(3) };
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    time.ok().and_then(|time| time.format(&FORMAT).ok()).unwrap_or_default()
}
