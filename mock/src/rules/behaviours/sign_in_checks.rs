//! What the sign-in experience cannot be set to.

use serde_json::{Value, json};

use super::{profile_fields::check_known, sign_in_experience};
use crate::rules::{call::Call, errors::Failure, releases::knows};

type Check = fn(&Value) -> Option<Failure>;

/// By the member that is set: what is refused of it.
const CHECKS: &[(&str, Check)] = &[
    ("languageInfo", not_spoken),
    ("signUp", identifiers),
    ("signUp", not_verified),
    ("signIn", no_factor),
    ("mfa", repeated_factors),
    ("mfa", only_backup_codes),
    ("emailBlocklistPolicy", not_a_domain),
    ("emailBlocklistPolicy", disposable),
    ("hideLogtoBranding", branding),
    ("customUiCsp", policy),
];

/// The languages that Logto's own pages speak.
const LANGUAGES: [&str; 20] = [
    "ar", "cs", "de", "en", "es", "fa-IR", "fr", "it", "ja", "ko", "pl-PL", "pt-BR", "pt-PT", "ru",
    "th", "tr-TR", "uk-UA", "zh-CN", "zh-HK", "zh-TW",
];

pub(super) fn check(call: &Call<'_>) -> Result<(), Failure> {
    let has_phrases = |tag: &str| {
        call.state.tables.of_all("custom-phrases").any(|row| row.members["languageTag"] == tag)
    };
    for (member, check) in CHECKS {
        if let Some(failure) = call.body.get(member).and_then(check) {
            let tag = call.body["languageInfo"]["fallbackLanguage"].as_str().unwrap_or_default();
            if *member != "languageInfo" || !has_phrases(tag) {
                return Err(failure);
            }
        }
    }
    if let Some(failure) = codes_for_both(call).or_else(|| adaptive(call)) {
        return Err(failure);
    }
    let fields = call.body["signUpProfileFields"].as_array();
    check_known(call.state, fields.map_or(&[], Vec::as_slice))
}

fn refused(code: &str) -> Option<Failure> {
    Some(Failure::new(400, &format!("sign_in_experiences.{code}")))
}

fn not_spoken(info: &Value) -> Option<Failure> {
    let is_spoken = LANGUAGES.iter().any(|own| info["fallbackLanguage"] == *own);
    (!is_spoken).then(|| refused("unsupported_default_language")).flatten()
}

/// Who is asked for a second identifier is asked for a first one, and for each once.
fn identifiers(sign_up: &Value) -> Option<Failure> {
    let list = |name: &str| sign_up[name].as_array().cloned().unwrap_or_default();
    let (first, second) = (list("identifiers"), list("secondaryIdentifiers"));
    if first.is_empty() && !second.is_empty() {
        return refused("missing_sign_up_identifiers");
    }
    let second = second.iter().flat_map(|own| match own["identifier"].as_str() {
        Some("emailOrPhone") => vec!["email".into(), "phone".into()],
        _ => vec![own["identifier"].clone()],
    });
    let all: Vec<Value> = first.iter().cloned().chain(second).collect();
    repeats(&all).then(|| refused("duplicated_sign_up_identifiers")).flatten()
}

fn repeats(values: &[Value]) -> bool {
    values.iter().enumerate().any(|(at, own)| values[..at].contains(own))
}

fn no_factor(sign_in: &Value) -> Option<Failure> {
    let mut methods = sign_in["methods"].as_array().into_iter().flatten();
    let lacks = |own: &Value| own["password"] == false && own["verificationCode"] == false;
    methods.any(lacks).then(|| refused("at_least_one_authentication_factor")).flatten()
}

fn repeated_factors(mfa: &Value) -> Option<Failure> {
    let is_repeated = mfa["factors"].as_array().is_some_and(|factors| repeats(factors));
    is_repeated.then(|| refused("duplicated_mfa_factors")).flatten()
}

/// A code is sent for one of both: to sign in, or as a second factor.
fn codes_for_both(call: &Call<'_>) -> Option<Failure> {
    call.body.get("signIn").or(call.body.get("mfa"))?;
    let current = sign_in_experience::current(call);
    let own = |name: &str| call.body.get(name).unwrap_or(&current[name]).clone();
    let (sign_in, mfa) = (own("signIn"), own("mfa"));
    let methods = sign_in["methods"].as_array()?;
    let use_of = if call.body.get("signIn").is_some() { "sign_in" } else { "mfa" };
    [("email", "EmailVerificationCode"), ("phone", "PhoneVerificationCode")].into_iter().find_map(
        |(identifier, factor)| {
            let signs_in = methods
                .iter()
                .any(|own| own["identifier"] == identifier && own["verificationCode"] == true);
            let is_factor = mfa["factors"].as_array()?.iter().any(|own| own == factor);
            let code = format!("{identifier}_verification_code_cannot_be_used_for_{use_of}");
            (signs_in && is_factor).then(|| refused(&code)).flatten()
        },
    )
}

/// A second factor that is asked for at times cannot be declined for good.
fn adaptive(call: &Call<'_>) -> Option<Failure> {
    let current = sign_in_experience::current(call);
    let given = call.body.get("mfa");
    let mfa = given.unwrap_or(&current["mfa"]);
    let is_on = mfa["factors"].as_array().is_some_and(|factors| !factors.is_empty());
    let policy = mfa["policy"].as_str().unwrap_or_default();
    let cannot_be_skipped = policy.ends_with("Mandatory") && policy.starts_with("Prompt");
    let adaptive = match &call.body["adaptiveMfa"]["enabled"] {
        Value::Bool(enabled) => *enabled,
        _ if given.is_some() && is_on && knows(call.state, "1.38") => {
            current["adaptiveMfa"]["enabled"] == true
        }
        _ => return None,
    };
    let code = match (adaptive, cannot_be_skipped) {
        (true, _) if !is_on => "adaptive_mfa_requires_mfa",
        (true, false) => "adaptive_mfa_requires_non_skippable_policy",
        (false, true) => "non_adaptive_mfa_requires_skippable_policy",
        _ => return None,
    };
    Some(Failure::new(422, &format!("sign_in_experiences.{code}")))
}

fn only_backup_codes(mfa: &Value) -> Option<Failure> {
    let is_alone = mfa["factors"] == json!(["BackupCode"]);
    is_alone.then(|| refused("backup_code_cannot_be_enabled_alone")).flatten()
}

/// Addresses and numbers that users sign up with, first or second, have to be verified.
fn not_verified(sign_up: &Value) -> Option<Failure> {
    let list = |name: &str| sign_up[name].as_array().cloned().unwrap_or_default();
    let second = list("secondaryIdentifiers");
    let is_address = |own: &Value| matches!(own.as_str(), Some("email" | "phone" | "emailOrPhone"));
    if second.iter().any(|own| is_address(&own["identifier"]) && own["verify"] == false) {
        return refused("passwordless_requires_verify");
    }
    let second = second.iter().map(|own| &own["identifier"]);
    let first = list("identifiers");
    let mut all = first.iter().chain(second);
    let is_refused = sign_up["verify"] == false && all.any(is_address);
    is_refused.then(|| refused("passwordless_requires_verify")).flatten()
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
