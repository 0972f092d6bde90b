//! Whether a token may do what it was asked for.

use serde_json::{Map, Value};

use super::{AuthFailure, endpoint::Granted, failure::Details, jwt};

/// The code of failures of this kind.
pub(crate) const INSUFFICIENT: &str = "insufficient_scope";

/// Refuses a token that lacks a scope that was asked for: it would be refused call by call.
pub(crate) fn check(
    asked: &str,
    resource: Option<&str>,
    granted: &Granted,
) -> Result<(), AuthFailure> {
    let told = match &granted.scope {
        Some(scope) => scope.clone(),
        None => match scope_of_jwt(granted.token.bearer.token()) {
            Some(scope) => scope,
            // What is not told is as asked for (RFC 6749, section 5.1).
            None => return Ok(()),
        },
    };
    let lacks = |scope: &&str| !told.split_whitespace().any(|told| told == *scope);
    let missing: Vec<_> = asked.split_whitespace().filter(lacks).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(insufficient(&missing, resource)),
    }
}

fn insufficient(missing: &[&str], resource: Option<&str>) -> AuthFailure {
    let missing = missing.join("`, `");
    let hint = match (resource, missing.as_str()) {
        (Some(resource), "all") => format!(
            "assign the application a machine-to-machine role, or the user a role, that has the \
             permission `all` of the API resource `{resource}`; for the Management API, Logto comes with the role \
             `Logto Management API access`"
        ),
        (Some(resource), missing) => format!(
            "assign a role that has the permission `{missing}` of the API resource `{resource}`, \
             or ask for less with `scope(…)`"
        ),
        (None, missing) => format!(
            "assign a role that has the permission `{missing}`, or ask for less with `scope(…)`"
        ),
    };
    Details {
        problem: format!("the token endpoint gave a token without the scope `{missing}`:"),
        code: Some(INSUFFICIENT.to_owned()),
        hint: Some(hint),
        ..Details::default()
    }
    .into()
}

/// What the token itself says. Logto's answer leaves the scope out when there is none, and so does
/// the token then: one that calls itself an access token of RFC 9068 tells its scope if it has one.
fn scope_of_jwt(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let mut object = || jwt::part::<Map<String, Value>>(parts.next()?);
    let (header, claims) = (object()?, object()?);
    let kind = header.get("typ")?.as_str()?;
    if !matches!(kind, "at+jwt" | "application/at+jwt") {
        return None;
    }
    let scope = claims.get("scope").and_then(Value::as_str);
    Some(scope.unwrap_or_default().to_owned())
}
