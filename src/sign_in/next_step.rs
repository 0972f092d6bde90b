//! The next step of a flow.

use std::{fmt, sync::Arc};

use serde_json::Value;

use super::{
    AccountExists, AccountNotFound, BackupCodesStep, CaptchaStep, Completed, Identified,
    MfaChallenge, MfaEnrollment, MfaPrompt, MissingProfile, PasskeyPrompt, PasswordReset, SsoStep,
    UnknownStep, UnverifiedStep, interaction::Interaction,
};
use crate::{Error, Result, models::InteractionEvent, reqwest::StatusCode};

/// Logto's code for a second factor that has to be verified.
const REQUIRE_MFA: &str = "session.mfa.require_mfa_verification";
/// Logto's code for an e-mail address that belongs to an enterprise connector.
const SSO_ENABLED: &str = "session.sso_enabled";
/// Logto's codes for an identity without an account. The second is that of enterprise connectors
/// since 1.36; earlier releases use the first.
const UNKNOWN: [&str; 3] =
    ["user.identity_not_exist", "user.sso_identity_not_exist", "user.user_not_exist"];
/// Logto's codes for an identity that has an account.
const TAKEN: [&str; 3] =
    ["user.email_already_in_use", "user.phone_already_in_use", "user.identity_already_in_use"];

/// The next step of a flow, with the methods to take it.
///
/// Every sign-in method, every factor and [`submit`](Identified::submit) return it. It is
/// non-exhaustive: match the steps that your application supports, and turn the others into an
/// error.
///
/// ```no_run
/// # async fn run(flow: logto_api::sign_in::SignInFlow) -> logto_api::Result<()> {
/// use logto_api::sign_in::{Identifier, NextStep};
///
/// let mut step = flow.password(Identifier::email("alice@acme.com"), "pw").await?;
/// let tokens = loop {
///     step = match step {
///         NextStep::Submit(user) => user.submit().await?,
///         NextStep::VerifyMfa(mfa) => mfa.verify_totp("123456").await?,
///         NextStep::Completed(done) => break done.tokens().await?,
///         other => return Err(other.into_error()),
///     };
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum NextStep {
    /// Logto has identified the user: submit what has been verified.
    Submit(Identified),
    /// The account lacks profile data (`user.missing_profile`).
    CompleteProfile(MissingProfile),
    /// The user has to verify a second factor (`session.mfa.require_mfa_verification`).
    VerifyMfa(MfaChallenge),
    /// The user has to set up a second factor (`user.missing_mfa`).
    BindMfa(MfaEnrollment),
    /// The user is asked whether to enable MFA (`user.suggest_mfa`).
    EnableMfa(MfaPrompt),
    /// The user may set up an additional factor (`session.mfa.suggest_additional_mfa`).
    SuggestMfa(MfaEnrollment),
    /// The user has to create backup codes (`session.mfa.backup_code_required`).
    CreateBackupCodes(BackupCodesStep),
    /// The user is asked whether to create a passkey (`user.passkey_preferred`).
    CreatePasskey(PasskeyPrompt),
    /// No account has the verified identity (`user.identity_not_exist`,
    /// `user.sso_identity_not_exist`, `user.user_not_exist`).
    AccountNotFound(AccountNotFound),
    /// An account already has the verified identity (`user.email_already_in_use` and the like), be
    /// it the identifier of the registration or part of the new profile.
    AccountExists(AccountExists),
    /// The verification record has not been verified yet (`session.verification_failed`).
    Verify(UnverifiedStep),
    /// The e-mail address belongs to an enterprise connector (`session.sso_enabled`).
    UseSso(SsoStep),
    /// A captcha has to be solved (`session.captcha_required`).
    SolveCaptcha(CaptchaStep),
    /// The user, who has forgotten the password, has to set a new one.
    ResetPassword(PasswordReset),
    /// The new password is set. The user can sign in with it.
    PasswordChanged,
    /// The flow is completed: get the tokens.
    Completed(Completed),
    /// A step that this version of the crate does not know.
    Unknown(UnknownStep),
}

/// The state of a flow at a step, and the response that led to it.
#[derive(Clone)]
pub(crate) struct Step {
    pub(super) interaction: Interaction,
    pub(super) event: InteractionEvent,
    /// The verification record by which the user was to be identified.
    pub(super) record: Option<String>,
    /// Whether Logto has identified the user.
    pub(super) identified: bool,
    /// Whether the step interrupts a change.
    pub(super) interrupted: bool,
    /// The response that asks for this step.
    pub(super) reason: Option<Arc<Error>>,
}

impl Step {
    pub(super) fn new(interaction: &Interaction, event: InteractionEvent) -> Self {
        Self {
            interaction: interaction.clone(),
            event,
            record: None,
            identified: false,
            interrupted: false,
            reason: None,
        }
    }

    /// The step after the user is identified, or has done what Logto asked for.
    pub(super) fn identified(&self) -> NextStep {
        let step = Self { identified: true, ..Self::new(&self.interaction, self.event.clone()) };
        match step.event {
            InteractionEvent::ForgotPassword => NextStep::ResetPassword(PasswordReset { step }),
            _ => NextStep::Submit(Identified { step }),
        }
    }

    /// Identifies the user by a verification record, or by the data that a registration has
    /// collected.
    pub(super) async fn identify(&self, record: Option<String>) -> Result<NextStep> {
        self.identify_or_link(record, false).await
    }

    /// Signs in to the account that is related to a social account, and adds the social account to
    /// it.
    pub(super) async fn link(&self, record: Option<String>) -> Result<NextStep> {
        self.identify_or_link(record, true).await
    }

    async fn identify_or_link(&self, record: Option<String>, link: bool) -> Result<NextStep> {
        let mut call = self.experience().identify();
        if let Some(id) = &record {
            call = call.verification_id(id);
        }
        if link {
            call = call.link_social_identity(true);
        }
        match call.send().await {
            Ok(()) => Ok(self.identified()),
            Err(error) => {
                let step = Self::new(&self.interaction, self.event.clone());
                NextStep::from_error(error, Self { record, ..step })
            }
        }
    }

    /// The step after a change of the account with this verification record, if there is one. A new
    /// account is created as far as the change completes it. An identity that has another account
    /// identifies that account.
    pub(super) async fn added(
        &self,
        record: Option<String>,
        response: Result<()>,
    ) -> Result<NextStep> {
        match response {
            Ok(()) if !self.identified => self.identify(None).await,
            Err(error) if TAKEN.iter().any(|code| error.has_code(code)) && !self.identified => {
                NextStep::from_error(error, Self { record, ..self.clone() })
            }
            response => self.changed(response),
        }
    }

    /// The step after a change of the account. Logto may require one of the user's second factors
    /// first, and accepts no e-mail address of an enterprise connector.
    pub(super) fn changed(&self, response: Result<()>) -> Result<NextStep> {
        match response {
            Ok(()) => Ok(self.identified()),
            Err(error) if error.has_code(REQUIRE_MFA) || error.has_code(SSO_ENABLED) => {
                NextStep::from_error(error, Self { interrupted: true, ..self.clone() })
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn experience(&self) -> crate::experience::Experience {
        self.interaction.experience()
    }

    /// A field of the data in Logto's response.
    pub(super) fn data(&self, member: &str) -> Option<&Value> {
        self.reason.as_deref()?.data()?.get(member)
    }

    /// A list of strings in the data.
    pub(super) fn strings<T: From<String>>(&self, member: &str) -> Vec<T> {
        let items = self.data(member).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(|text| T::from(text.to_owned())).collect()
    }

    pub(super) fn flag(&self, member: &str) -> bool {
        self.data(member).and_then(Value::as_bool).unwrap_or(false)
    }
}

impl NextStep {
    /// The step that a response asks for; responses that are failures remain errors.
    pub(super) fn from_error(error: Error, step: Step) -> Result<Self> {
        let code = error.code().unwrap_or_default().to_owned();
        let status = error.status();
        let at = (step.event.clone(), step.record.is_some());
        let step = |error| Step { reason: Some(Arc::new(error)), ..step };
        Ok(match code.as_str() {
            "user.missing_profile" => Self::CompleteProfile(MissingProfile { step: step(error) }),
            REQUIRE_MFA => Self::VerifyMfa(MfaChallenge { step: step(error) }),
            "user.missing_mfa" => Self::BindMfa(MfaEnrollment { step: step(error) }),
            "user.suggest_mfa" => Self::EnableMfa(MfaPrompt { step: step(error) }),
            "session.mfa.suggest_additional_mfa" => {
                Self::SuggestMfa(MfaEnrollment { step: step(error) })
            }
            "session.mfa.backup_code_required" => {
                Self::CreateBackupCodes(BackupCodesStep { step: step(error) })
            }
            "user.passkey_preferred" => Self::CreatePasskey(PasskeyPrompt { step: step(error) }),
            // Without a record, a script of the tenant's has gone wrong.
            "session.verification_failed" if at.1 => {
                Self::Verify(UnverifiedStep { step: step(error) })
            }
            SSO_ENABLED => Self::UseSso(SsoStep { step: step(error) }),
            "session.captcha_required" => Self::SolveCaptcha(CaptchaStep { step: step(error) }),
            code if UNKNOWN.contains(&code) && at == (InteractionEvent::SignIn, true) => {
                Self::AccountNotFound(AccountNotFound { step: step(error) })
            }
            code if TAKEN.contains(&code) && at == (InteractionEvent::Register, true) => {
                Self::AccountExists(AccountExists { step: step(error) })
            }
            _ if is_unknown_step(&code, status) => Self::Unknown(UnknownStep { step: step(error) }),
            _ => return Err(error),
        })
    }

    /// Submits what has been verified, if that is the next step.
    ///
    /// # Errors
    ///
    /// The same as [`Identified::submit`]. If another step is next, an error that names it; nothing
    /// is sent.
    pub async fn submit(self) -> Result<Self> {
        match self {
            Self::Submit(user) => user.submit().await,
            other => Err(other.unexpected_step("submitted")),
        }
    }

    /// The user's tokens, if the flow is completed.
    ///
    /// # Errors
    ///
    /// The same as [`Completed::tokens`]. If another step is next, an error that names it; nothing
    /// is sent.
    pub async fn tokens(self) -> Result<super::UserTokens> {
        match self {
            Self::Completed(done) => done.tokens().await,
            other => Err(other.unexpected_step("ended")),
        }
    }

    /// Logto's error code for the step, if a response asked for it.
    pub fn code(&self) -> Option<&str> {
        self.reason()?.code()
    }

    /// Logto's response that asked for this step.
    pub fn reason(&self) -> Option<&Error> {
        let step = match self {
            Self::PasswordChanged | Self::Completed(_) => return None,
            Self::Submit(of) => &of.step,
            Self::CompleteProfile(of) => &of.step,
            Self::VerifyMfa(of) => &of.step,
            Self::BindMfa(of) | Self::SuggestMfa(of) => &of.step,
            Self::EnableMfa(of) => &of.step,
            Self::CreateBackupCodes(of) => &of.step,
            Self::CreatePasskey(of) => &of.step,
            Self::AccountNotFound(of) => &of.step,
            Self::AccountExists(of) => &of.step,
            Self::Verify(of) => &of.step,
            Self::UseSso(of) => &of.step,
            Self::SolveCaptcha(of) => &of.step,
            Self::ResetPassword(of) => &of.step,
            Self::Unknown(of) => &of.step,
        };
        step.reason.as_deref()
    }

    /// An error for a step that your application does not support.
    pub fn into_error(self) -> Error {
        self.unexpected_step("continued")
    }

    fn unexpected_step(&self, done: &str) -> Error {
        Error::request(format!("the interaction cannot be {done}: {}", self.what()))
    }

    fn what(&self) -> String {
        let what = match self {
            Self::Submit(_) => "submit it first",
            Self::CompleteProfile(_) => "the account lacks required data",
            Self::VerifyMfa(_) => "the user has to verify a second factor",
            Self::BindMfa(_) => "the user has to set up a second factor",
            Self::EnableMfa(_) => "the user is offered a second factor, which can be skipped",
            Self::SuggestMfa(_) => "the user is offered another factor, which can be skipped",
            Self::CreateBackupCodes(_) => "the user has to save backup codes",
            Self::CreatePasskey(_) => "the user is offered a passkey, which can be skipped",
            Self::AccountNotFound(_) => "no account has this identity",
            Self::AccountExists(_) => "an account with this identity already exists",
            Self::Verify(_) => "the verification record has to be verified first",
            Self::UseSso(_) => "the user has to sign in with their company's identity provider",
            Self::SolveCaptcha(_) => "a captcha has to be solved",
            Self::ResetPassword(_) => "the user has to set a new password",
            Self::PasswordChanged => "the password has been set; start a new sign-in",
            Self::Completed(_) => "it is complete, and the tokens can be obtained",
            Self::Unknown(_) => {
                "Logto asks for something that this version of the crate does not know"
            }
        };
        match self.code() {
            Some(code) => format!("{what} ({})", crate::error::one_line::one_line(code, 100)),
            None => what.to_owned(),
        }
    }
}

/// Whether a response asks for a step that is not known here. Steps of a flow have codes of certain
/// kinds and one of two statuses; invalid input has codes of another kind.
fn is_unknown_step(code: &str, status: Option<StatusCode>) -> bool {
    let asked = matches!(status, Some(StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY));
    let refusals = ["session.email_blocklist.", "session.not_supported_for_"];
    let is_refusal = refusals.iter().any(|kind| code.starts_with(kind));
    let of_session = code.starts_with("session.") && !is_refusal;
    let of_user = ["user.missing_", "user.suggest_"].iter().any(|kind| code.starts_with(kind));
    asked && (of_session || of_user)
}

impl fmt::Debug for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Submit(_) => "Submit",
            Self::CompleteProfile(_) => "CompleteProfile",
            Self::VerifyMfa(_) => "VerifyMfa",
            Self::BindMfa(_) => "BindMfa",
            Self::EnableMfa(_) => "EnableMfa",
            Self::SuggestMfa(_) => "SuggestMfa",
            Self::CreateBackupCodes(_) => "CreateBackupCodes",
            Self::CreatePasskey(_) => "CreatePasskey",
            Self::AccountNotFound(_) => "AccountNotFound",
            Self::AccountExists(_) => "AccountExists",
            Self::Verify(_) => "Verify",
            Self::UseSso(_) => "UseSso",
            Self::SolveCaptcha(_) => "SolveCaptcha",
            Self::ResetPassword(_) => "ResetPassword",
            Self::PasswordChanged => "PasswordChanged",
            Self::Completed(_) => "Completed",
            Self::Unknown(_) => "Unknown",
        };
        match self.code() {
            Some(code) => f.debug_tuple(name).field(&code).finish(),
            None => f.write_str(name),
        }
    }
}
