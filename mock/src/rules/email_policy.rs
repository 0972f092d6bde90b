//! Which e-mail addresses the tenant takes from those who sign up.

use serde_json::Value;

use crate::{rules::errors::Failure, state::State};

/// Refuses an address that the sign-in experience's policy blocks.
pub(crate) fn check(state: &State, email: &str) -> Result<(), Failure> {
    let stored = state.tables.get("sign-in-exp").and_then(|table| table.get("", ""));
    let policy = stored.and_then(|row| row.members.get("emailBlocklistPolicy"));
    let Some(policy) = policy else { return Ok(()) };
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let listed = |name: &str| {
        let items = policy[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut items = items.peekable();
        items.peek().is_some().then(|| {
            let is_it = |item: &str| match item.strip_prefix('@') {
                Some(own) => own.eq_ignore_ascii_case(domain),
                None => item.eq_ignore_ascii_case(email),
            };
            items.any(is_it)
        })
    };
    if policy["blockSubaddressing"] == true && local.contains('+') {
        let code = "session.email_blocklist.email_subaddressing_not_allowed";
        return Err(Failure::with_message(422, code, "Email subaddressing is not allowed."));
    }
    let message = format!("\"{email}\" may not be used here.");
    match listed("customAllowlist") == Some(false) || listed("customBlocklist") == Some(true) {
        true => {
            Err(Failure::with_message(422, "session.email_blocklist.email_not_allowed", &message))
        }
        false => Ok(()),
    }
}
