//! Asking the token endpoint again, where that may help.

use std::time::Instant;

use crate::{
    error::{AuthFailure, NO_RUNTIME},
    http::{
        retry::{Failure, Retries},
        runtimes, trace,
    },
};

/// What comes of asking, after as many attempts as the client's policy allows. What is not
/// `idempotent` is only asked for again if nothing was sent.
pub(crate) async fn attempts<T, F>(
    retries: &Retries,
    idempotent: bool,
    deadline: Option<Instant>,
    ask: impl Fn() -> F,
) -> Result<T, AuthFailure>
where
    F: Future<Output = Result<T, AuthFailure>>,
{
    if runtimes::current().is_none() {
        return Err(AuthFailure::new(NO_RUNTIME));
    }
    let started = retries.clock.now();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let failure = match ask().await {
            Ok(granted) => return Ok(granted),
            Err(failure) => failure,
        };
        let error = &failure.to_error(retries.clock.wall_time());
        let deadline = [deadline, failure.retry_before].into_iter().flatten().min();
        let failed = Failure { error, idempotent, attempt, started, deadline };
        let Some(delay) = retries.delay(&retries.policy, &failed) else {
            return Err(failure);
        };
        trace::token_retrying(&failure, attempt, delay);
        retries.clock.sleep(delay).await;
    }
}
