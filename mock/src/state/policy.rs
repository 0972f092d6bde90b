//! What a tenant asks of those who sign in: the part of its sign-in experience that can be set.

/// A second factor, by Logto's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MfaFactor {
    /// A passkey or a security key.
    WebAuthn,
    /// An authenticator app.
    Totp,
    /// A code sent to the user's phone.
    PhoneVerificationCode,
    /// A code sent to the user's e-mail address.
    EmailVerificationCode,
    /// A code of a list that the user keeps: good once, and never the only factor.
    BackupCode,
}

/// When a user is asked to set up a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MfaPolicy {
    /// Without one, nobody gets in.
    Mandatory,
    /// Never.
    NoPrompt,
    /// When signing in, and it can be skipped.
    PromptOnlyAtSignIn,
    /// When signing in or registering, and it can be skipped.
    #[default]
    PromptAtSignInAndSignUp,
}

/// What a user must have: who lacks it has to add it before the end of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignUpField {
    /// A username.
    Username,
    /// An e-mail address; with [`Phone`](Self::Phone), either will do.
    Email,
    /// A phone number; with [`Email`](Self::Email), either will do.
    Phone,
    /// A password; a social identity stands in for it.
    Password,
}

#[derive(Clone)]
pub(crate) struct Policy {
    pub(crate) mfa: MfaPolicy,
    /// In the order in which users are offered them.
    pub(crate) factors: Vec<MfaFactor>,
    pub(crate) sign_up: Vec<SignUpField>,
    /// What else new users have to tell, by its names.
    pub(crate) profile_fields: Vec<String>,
    pub(crate) passkey_sign_in: bool,
    /// The token that proves that somebody is no robot, where that has to be proved.
    pub(crate) captcha: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mfa: MfaPolicy::default(),
            factors: Vec::new(),
            sign_up: vec![SignUpField::Username, SignUpField::Password],
            profile_fields: Vec::new(),
            passkey_sign_in: false,
            captcha: None,
        }
    }
}

impl Policy {
    pub(crate) fn asks_for(&self, field: SignUpField) -> bool {
        self.sign_up.contains(&field)
    }
}

impl MfaFactor {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let all = [
            Self::WebAuthn,
            Self::Totp,
            Self::PhoneVerificationCode,
            Self::EmailVerificationCode,
            Self::BackupCode,
        ];
        all.into_iter().find(|factor| factor.name() == name)
    }

    /// Its name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebAuthn => "WebAuthn",
            Self::Totp => "Totp",
            Self::PhoneVerificationCode => "PhoneVerificationCode",
            Self::EmailVerificationCode => "EmailVerificationCode",
            Self::BackupCode => "BackupCode",
        }
    }
}

impl MfaPolicy {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let all = [
            Self::Mandatory,
            Self::NoPrompt,
            Self::PromptOnlyAtSignIn,
            Self::PromptAtSignInAndSignUp,
        ];
        all.into_iter().find(|policy| policy.name() == name)
    }

    /// Its name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mandatory => "Mandatory",
            Self::NoPrompt => "NoPrompt",
            Self::PromptOnlyAtSignIn => "PromptOnlyAtSignIn",
            Self::PromptAtSignInAndSignUp => "PromptAtSignInAndSignUp",
        }
    }
}
