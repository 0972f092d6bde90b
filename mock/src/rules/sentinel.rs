//! Who has failed too often is refused for a while, whatever they send then.

use serde_json::Value;

use crate::{
    rules::{errors::Failure, releases::knows},
    state::{
        State,
        attempts::{Attempt, Pool},
        now,
    },
};

pub(crate) const BLOCKED: &str = "session.verification_blocked_too_many_attempts";

/// How far back failures count, in milliseconds.
const WINDOW: u64 = 3_600_000;
/// Where the sign-in experience says nothing else.
const MAX_ATTEMPTS: u64 = 100;
const LOCKOUT_MINUTES: u64 = 60;

/// Notes an attempt; refuses it if there were too many, even if it was right.
pub(crate) fn report(
    state: &mut State,
    target: &str,
    pool: Pool,
    failed: bool,
) -> Result<(), Failure> {
    let now = now();
    let until = blocked_until(state, target, pool).or_else(|| {
        let failures = state.attempts.of(target, pool).filter(|own| {
            own.failed && own.blocks_until.is_none() && own.at.saturating_add(WINDOW) > now
        });
        let failures = failures.count() as u64;
        // Before 1.41, Logto put the new failure's digit behind those of the others' number.
        let before = if knows(state, "1.41") { failures } else { failures * 10 };
        let is_blocked = before + u64::from(failed) >= policy(state, "maxAttempts", MAX_ATTEMPTS);
        is_blocked.then(|| now + lockout(state))
    });
    state.attempts.add(target, Attempt { pool, failed, at: now, blocks_until: until });
    match until {
        Some(until) => Err(refusal(until.saturating_sub(now))),
        None => Ok(()),
    }
}

/// Refuses a target's first factors from now on, as after too many failures.
pub(crate) fn block(state: &mut State, target: &str) {
    let blocks_until = Some(now() + lockout(state));
    let pool = Pool::FirstFactor;
    state.attempts.add(target, Attempt { pool, failed: true, at: now(), blocks_until });
}

/// Lets targets try again that were refused in the last hour.
pub(crate) fn unblock<'a>(state: &mut State, targets: impl Iterator<Item = &'a str>) {
    let since = now().saturating_sub(WINDOW);
    targets.for_each(|target| state.attempts.forget(target, since));
}

fn blocked_until(state: &State, target: &str, pool: Pool) -> Option<u64> {
    let ends = state.attempts.of(target, pool).filter_map(|own| own.blocks_until);
    ends.into_iter().find(|until| *until > now())
}

fn lockout(state: &State) -> u64 {
    policy(state, "lockoutDuration", LOCKOUT_MINUTES).saturating_mul(60_000)
}

/// What the sign-in experience says of lock-outs.
fn policy(state: &State, name: &str, default: u64) -> u64 {
    let own = state.tables.get("sign-in-exp").and_then(|table| table.get("", ""));
    let own = own.and_then(|row| row.members.get("sentinelPolicy"));
    // A fraction of a minute or of an attempt is possible, but nobody's need.
    own.and_then(|policy| policy.get(name)).and_then(Value::as_u64).unwrap_or(default)
}

fn refusal(left: u64) -> Failure {
    let minutes = (left + 30_000) / 60_000;
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let message =
        format!("Too many attempts in a short time. Please try again in {minutes} {unit}.");
    Failure::with_message(400, BLOCKED, &message)
}
