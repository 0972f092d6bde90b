//! Whether what a method gave is what the recorded answer says.

use logto_api::{Error, sign_in::NextStep};
use serde_json::Value;

use super::{How, Taken, steps::API};
use crate::conversation::Step;

pub(super) fn problems(last: &Step, taken: &Taken, event: &str) -> Vec<String> {
    let location = last.response_header("location").unwrap_or_default();
    match &taken.result {
        Err(error) if last.failed() => {
            if let Some(expected) = asked_for(last, event) {
                return vec![format!("{expected} was to be the next step, not an error: {error}")];
            }
            refusal(last, error)
        }
        // The answer to an authorization request tells of failures by a redirect.
        Err(error) if location.contains("error=") => {
            let code = error.code().unwrap_or("?");
            match location.contains(&format!("error={code}")) {
                true => Vec::new(),
                false => vec![format!("the redirect's error became `{error}`")],
            }
        }
        Err(error) => vec![format!("a success became an error: {error}")],
        Ok(Some(step)) => next_step(last, step, event),
        Ok(None) if last.failed() => vec!["a refusal became a success".into()],
        Ok(None) if taken.how == How::SignInFlow && ends_in_step(last) => {
            vec!["there is no next step".into()]
        }
        Ok(None) => Vec::new(),
    }
}

fn ends_in_step(last: &Step) -> bool {
    matches!(last.path().strip_prefix(API), Some("/identification" | "/submit"))
}

/// The step that an answer asks for, if it is not just a refusal.
fn asked_for(last: &Step, event: &str) -> Option<&'static str> {
    let path = last.path();
    let operation = path.strip_prefix(API)?;
    let code = last.code()?;
    let has_record = last.asked().get("verificationId").is_some();
    if operation.starts_with("/profile") {
        return match code.as_str() {
            // A second factor comes before anything is added to an account.
            "session.mfa.require_mfa_verification" => Some("VerifyMfa"),
            "session.sso_enabled" => Some("UseSso"),
            // Only somebody new can turn out to be known by it.
            code if is_taken(code) && event == "Register" && has_record => Some("AccountExists"),
            _ => None,
        };
    }
    if !ends_in_step(last) {
        return None;
    }
    Some(match (code.as_str(), event) {
        ("user.missing_profile", _) => "CompleteProfile",
        ("session.mfa.require_mfa_verification", _) => "VerifyMfa",
        ("user.missing_mfa", _) => "BindMfa",
        ("user.suggest_mfa", _) => "EnableMfa",
        ("session.mfa.suggest_additional_mfa", _) => "SuggestMfa",
        ("session.mfa.backup_code_required", _) => "CreateBackupCodes",
        ("user.passkey_preferred", _) => "CreatePasskey",
        ("session.verification_failed", _) if has_record => "Verify",
        ("session.sso_enabled", _) => "UseSso",
        ("session.captcha_required", _) => "SolveCaptcha",
        (
            "user.identity_not_exist" | "user.sso_identity_not_exist" | "user.user_not_exist",
            "SignIn",
        ) if has_record => "AccountNotFound",
        (code, "Register") if is_taken(code) && has_record => "AccountExists",
        _ => return None,
    })
}

fn is_taken(code: &str) -> bool {
    let kinds = ["email", "phone", "identity"];
    kinds.iter().any(|kind| code == format!("user.{kind}_already_in_use"))
}

fn next_step(last: &Step, step: &NextStep, event: &str) -> Vec<String> {
    let shown = format!("{step:?}");
    let name = shown.split('(').next().unwrap_or_default();
    let operation = last.path();
    let expected = match (last.failed(), operation.strip_prefix(API)) {
        // What is asked for and has no name is kept.
        (true, _) => asked_for(last, event).unwrap_or("Unknown"),
        (false, Some("/submit")) if last.status == 204 => "PasswordChanged",
        (false, Some("/submit")) => "Completed",
        (false, _) if event == "ForgotPassword" => "ResetPassword",
        (false, _) => "Submit",
    };
    let mut problems = Vec::new();
    if name != expected {
        problems.push(format!("{expected} was to be the next step, not {shown}"));
    }
    if last.failed() {
        match step.reason() {
            Some(reason) => problems.extend(refusal(last, reason)),
            None => problems.push("the step does not say what asked for it".into()),
        }
    }
    problems.extend(carried(&last.answered()["data"], step));
    problems
}

/// What a step says of `data`.
fn carried(data: &Value, step: &NextStep) -> Option<String> {
    fn names<T: AsRef<str>>(found: &[T]) -> Vec<&str> {
        found.iter().map(AsRef::as_ref).collect()
    }
    let (member, found): (_, Vec<String>) = match step {
        NextStep::CompleteProfile(missing) => {
            let fields = missing.fields();
            ("missingProfile", fields.iter().map(|field| field.as_str().to_owned()).collect())
        }
        NextStep::VerifyMfa(challenge) => {
            let factors = challenge.available_factors();
            ("availableFactors", factors.iter().map(|it| it.as_str().to_owned()).collect())
        }
        NextStep::BindMfa(enrollment) | NextStep::SuggestMfa(enrollment) => {
            let factors = enrollment.available_factors();
            ("availableFactors", factors.iter().map(|it| it.as_str().to_owned()).collect())
        }
        _ => return None,
    };
    let said = data[member].as_array().into_iter().flatten().filter_map(Value::as_str);
    let said: Vec<_> = said.collect();
    (said != names(&found)).then(|| format!("{member}: {found:?} is carried, not {said:?}"))
}

/// What an error says otherwise than the answer.
fn refusal(last: &Step, error: &Error) -> Vec<String> {
    let body = last.answered();
    let text = |names: [&str; 2]| names.iter().find_map(|name| body[*name].as_str());
    let mut wrong = Vec::new();
    if error.code() != text(["code", "error"]) {
        wrong.push("code");
    }
    if error.message() != text(["message", "error_description"]) {
        wrong.push("message");
    }
    // Errors of the token endpoint are not answers to an operation.
    if let Some(status) = error.status() {
        let facts = [
            (status.as_u16() == last.status, "status"),
            (error.data() == body.get("data"), "data"),
            (error.details() == body.get("details"), "details"),
        ];
        wrong.extend(facts.iter().filter(|(right, _)| !right).map(|(_, name)| *name));
    }
    wrong.iter().map(|name| format!("the error's {name} is wrong: {error}")).collect()
}
