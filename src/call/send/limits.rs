//! How long a call and its attempts may take.

use std::time::Duration;

use super::{BodyMode, Execution, Payload};
use crate::{Error, Result, error::TimeLimit};

impl Execution {
    /// That of the whole call.
    pub(super) fn time_limit(&self) -> TimeLimit {
        TimeLimit { option: "timeout", time: self.timeout }
    }

    /// The time left for the call; `None` is unlimited.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let now = self.client.clock().now();
        Some(self.deadline?.saturating_duration_since(now))
    }

    /// How long the attempt may take. What is sent or read as it goes may take all the time that
    /// the call has.
    pub(super) fn limit(&self) -> Result<(Option<Duration>, Option<TimeLimit>)> {
        let streamed =
            matches!(self.payload, Payload::Upload(_)) || self.body_mode == BodyMode::Streamed;
        let usual = if streamed { None } else { Some(self.client.attempt_timeout()) };
        let attempt = self.options.attempt_timeout.or(usual);
        let attempt = attempt.map(|time| (time, TimeLimit { option: "attempt_timeout", time }));
        let call = self.remaining().map(|left| (left, self.time_limit()));
        match attempt.into_iter().chain(call).min_by_key(|(time, _)| *time) {
            Some((Duration::ZERO, limit)) => Err(Error::deadline().within(Some(limit))),
            Some((time, limit)) => Ok((Some(time), Some(limit))),
            None => Ok((None, None)),
        }
    }
}
