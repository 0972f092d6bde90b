//! The header `Retry-After`: its value.

use std::time::Duration;

use axum::http::{HeaderValue, header::RETRY_AFTER};
use logto_api::Method;

use crate::{desk, message::Message, told};

/// What is waited for at most.
const LONGEST: Duration = Duration::from_secs(30);

pub(crate) fn target(input: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    let mut answer = Message::of(503, "");
    answer.headers.insert(RETRY_AFTER, value);
    let client = desk::client();
    let request = client.request(Method::GET, "/api/users");
    let error = desk::run(move |_| answer.clone(), request.send()).unwrap_err();
    told::check(&error, input);
    let slept = desk::slept();
    assert!(slept.iter().all(|wait| *wait <= LONGEST + Duration::from_secs(5)), "{slept:?}");
    // Section 10.2.3 of RFC 9110.
    let text = std::str::from_utf8(input).unwrap_or_default().trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(seconds) = text.parse::<u64>().ok().filter(|_| digits) {
        let asked = Duration::from_secs(seconds);
        assert_eq!(error.retry_after(), Some(asked), "{text}");
        let obeyed = slept.iter().all(|wait| *wait >= asked);
        // No attempt starts later than a minute after the first.
        let waits = if asked > LONGEST { 0..=0 } else { 1..=2 };
        assert!(obeyed && waits.contains(&slept.len()), "{text}: {slept:?}");
    }
}
