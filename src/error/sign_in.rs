//! Errors during a user's sign-in.

use super::codes;
use crate::Error;

impl Error {
    /// The user does not exist, or the password is wrong. Logto does not distinguish the two.
    pub fn is_invalid_credentials(&self) -> bool {
        self.has_code(codes::SESSION_INVALID_CREDENTIALS)
    }

    /// A code is wrong: a verification code, a code of an authenticator app, or a backup code.
    pub fn is_wrong_code(&self) -> bool {
        self.has_any_code(&[
            codes::VERIFICATION_CODE_CODE_MISMATCH,
            codes::SESSION_MFA_INVALID_TOTP_CODE,
            codes::SESSION_MFA_INVALID_BACKUP_CODE,
        ])
    }

    /// A verification code or one-time token is no longer valid: it expired, was used, or was tried
    /// too often. Send another one.
    pub fn is_expired_code(&self) -> bool {
        self.has_any_code(&[
            codes::VERIFICATION_CODE_EXPIRED,
            codes::VERIFICATION_CODE_EXCEED_MAX_TRY,
            codes::VERIFICATION_CODE_NOT_FOUND,
            codes::ONE_TIME_TOKEN_TOKEN_EXPIRED,
            codes::ONE_TIME_TOKEN_TOKEN_CONSUMED,
            codes::ONE_TIME_TOKEN_TOKEN_REVOKED,
        ])
    }

    /// Too many failed attempts: Logto accepts nothing for a while. Its message says for how long.
    pub fn is_locked_out(&self) -> bool {
        self.has_code(codes::SESSION_VERIFICATION_BLOCKED_TOO_MANY_ATTEMPTS)
    }

    /// The account is suspended.
    pub fn is_suspended(&self) -> bool {
        self.has_code(codes::USER_SUSPENDED)
    }

    /// The password is correct, but has to be reset before the user can sign in.
    pub fn is_password_expired(&self) -> bool {
        self.has_code(codes::PASSWORD_EXPIRED)
    }

    /// A new password violates the tenant's policy. [`data`](Self::data) is a list of reasons, each
    /// with its `code`.
    pub fn is_password_rejected(&self) -> bool {
        self.has_code(codes::PASSWORD_REJECTED)
    }

    /// A captcha has to be solved before a code is sent: pass the token of its widget to
    /// `SignInFlow::captcha`. Elsewhere it is a step, `NextStep::SolveCaptcha`.
    pub fn is_captcha_required(&self) -> bool {
        self.has_code(codes::SESSION_CAPTCHA_REQUIRED)
    }

    /// The cookies identify no interaction, or it has expired: start again.
    pub fn is_session_ended(&self) -> bool {
        self.has_any_code(&[codes::SESSION_NOT_FOUND, codes::SESSION_INTERACTION_NOT_FOUND])
    }

    fn has_any_code(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.has_code(code))
    }
}

/// What to do about an error of the authorization endpoint whose description does not say so.
pub(crate) fn hint(code: Option<&str>, message: Option<&str>) -> Option<&'static str> {
    Some(match code? {
        "login_required" | "consent_required" | "interaction_required" => {
            "Logto has to interact with the user: send them to sign in, without the prompt `none`"
        }
        // The user's own refusal says so.
        "access_denied" if message != Some("End-User aborted interaction") => {
            "the user may not use this application (application access control)"
        }
        "invalid_scope" => {
            "the application may not request it: a third-party application's scopes are enabled in \
             its settings"
        }
        "invalid_target" => {
            "check the resource indicators: one of them is not an API resource of this server"
        }
        _ => return None,
    })
}
