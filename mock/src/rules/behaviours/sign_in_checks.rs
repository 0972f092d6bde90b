//! What the sign-in experience cannot be set to.

use serde_json::{Value, json};

use super::profile_fields::check_known;
use crate::rules::{call::Call, errors::Failure};

type Check = fn(&Value) -> Option<Failure>;

/// By the member that is set: what is refused of it.
const CHECKS: &[(&str, Check)] = &[
    ("mfa", only_backup_codes),
    ("signUp", not_verified),
    ("emailBlocklistPolicy", not_a_domain),
    ("emailBlocklistPolicy", disposable),
    ("hideLogtoBranding", branding),
    ("customUiCsp", policy),
];

pub(super) fn check(call: &Call<'_>) -> Result<(), Failure> {
    for (member, check) in CHECKS {
        if let Some(failure) = call.body.get(member).and_then(check) {
            return Err(failure);
        }
    }
    let fields = call.body["signUpProfileFields"].as_array();
    check_known(call.state, fields.map_or(&[], Vec::as_slice))
}

fn only_backup_codes(mfa: &Value) -> Option<Failure> {
    let code = "sign_in_experiences.backup_code_cannot_be_enabled_alone";
    (mfa["factors"] == json!(["BackupCode"])).then(|| Failure::new(400, code))
}

/// Addresses and numbers that users sign up with, first or second, have to be verified.
fn not_verified(sign_up: &Value) -> Option<Failure> {
    let list = |name: &str| sign_up[name].as_array().cloned().unwrap_or_default();
    let second = list("secondaryIdentifiers");
    let second = second.iter().map(|own| &own["identifier"]);
    let first = list("identifiers");
    let mut all = first.iter().chain(second);
    let is_address = |own: &Value| matches!(own.as_str(), Some("email" | "phone" | "emailOrPhone"));
    let code = "sign_in_experiences.passwordless_requires_verify";
    (sign_up["verify"] == false && all.any(is_address)).then(|| Failure::new(400, code))
}

fn not_a_domain(policy: &Value) -> Option<Failure> {
    let items = policy["customBlocklist"].as_array().into_iter().flatten();
    let is_wrong = |item: &&str| item.split_once('@').is_none_or(|(_, rest)| !rest.contains('.'));
    let wrong: Vec<&str> = items.filter_map(Value::as_str).filter(is_wrong).collect();
    if wrong.is_empty() {
        return None;
    }
    let message = format!(
        "Invalid custom email blocklist items: {}. Each item must be a valid email address or \
         email domain, e.g., foo@example.com or @example.com.",
        wrong.join(", ")
    );
    let code = "sign_in_experiences.invalid_custom_email_blocklist_format";
    Some(Failure::with_message(400, code, &message))
}

/// What Logto Cloud has, and a server of one's own does not.
fn unavailable(what: &str) -> Failure {
    Failure::with_message(400, "request.invalid_input", &format!("Input is invalid. {what}"))
}

fn disposable(policy: &Value) -> Option<Failure> {
    let what = "Disposable email domain validation is not supported in this environment";
    (policy["blockDisposableAddresses"] == true).then(|| unavailable(what))
}

fn branding(hidden: &Value) -> Option<Failure> {
    let what = "Hide Logto branding is not supported in this environment";
    (*hidden == true).then(|| unavailable(what))
}

fn policy(directives: &Value) -> Option<Failure> {
    let directives = directives.as_object().filter(|own| !own.is_empty())?;
    let sources = directives.iter().flat_map(|(directive, sources)| {
        let sources = sources.as_array().into_iter().flatten().filter_map(Value::as_str);
        sources.map(move |source| (directive, source))
    });
    let mut malformed = sources.filter(|(_, source)| source.contains(char::is_whitespace));
    Some(match malformed.next() {
        Some((directive, source)) => {
            let what =
                format!("Invalid customUiCsp.{directive} source \"{source}\": Malformed URL");
            unavailable(&what).data(json!({
                "directive": directive, "source": source, "validationErrorCode": "malformed_url",
            }))
        }
        None => unavailable("Custom UI CSP configuration is not available"),
    })
}
