//! Validation of granted scopes.

use serde_json::{Map, Value};

use super::{endpoint::Granted, jwt};
use crate::error::{AuthFailure, Details, INSUFFICIENT};

/// Rejects a token that lacks a requested scope: its calls would be rejected one by one.
pub(crate) fn check(
    asked: &str,
    resource: Option<&str>,
    granted: &Granted,
) -> Result<(), AuthFailure> {
    // What is not told is as asked for (RFC 6749, section 5.1).
    let Some(told) = &granted.token.scope else {
        return Ok(());
    };
    let lacks = |scope: &&str| !told.split_whitespace().any(|told| told == *scope);
    let missing: Vec<_> = asked.split_whitespace().filter(lacks).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(insufficient(&missing, resource)),
    }
}

/// Rejects a token that has no permission at all.
pub(crate) fn check_any(granted: &Granted) -> Result<(), AuthFailure> {
    let Some(told) = &granted.token.scope else {
        return Ok(());
    };
    match told.trim().is_empty() {
        false => Ok(()),
        true => Err(Details {
            problem: "the token endpoint issued a token without any permission:".to_owned(),
            code: Some(INSUFFICIENT.to_owned()),
            hint: Some(
                "name the permissions with `scope(…)`, as Logto grants only what is requested (for \
                 a user's organization token, with the resource `urn:logto:resource:organizations` \
                 when they sign in); to accept a token without any, use `allow_fewer_scopes()`"
                    .to_owned(),
            ),
            ..Details::default()
        }
        .into()),
    }
}

fn insufficient(missing: &[&str], resource: Option<&str>) -> AuthFailure {
    let missing = missing.join("`, `");
    let hint = match (resource, missing.as_str()) {
        (Some(resource), "all") => format!(
            "assign the application a machine-to-machine role, or the user a role, that has the \
             permission `all` of the API resource `{resource}`; for the Management API, Logto \
             comes with the role `Logto Management API access`"
        ),
        (Some(resource), missing) => format!(
            "assign a role that has the permission `{missing}` of the API resource `{resource}`, \
             request less with `scope(…)`, or accept fewer with `allow_fewer_scopes()`"
        ),
        (None, missing) => format!(
            "assign a role that has the permission `{missing}`, or request less with `scope(…)`"
        ),
    };
    Details {
        problem: format!("the token endpoint issued a token without the scope `{missing}`:"),
        code: Some(INSUFFICIENT.to_owned()),
        hint: Some(hint),
        ..Details::default()
    }
    .into()
}

/// The scope in the token itself. Logto omits an empty scope from response and token: an access
/// token in the format of RFC 9068 contains its scope if it has one.
pub(crate) fn of_jwt(token: &str) -> Option<String> {
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
