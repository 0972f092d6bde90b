//! How errors of a user's sign-in and of tokens that are verified are made.

use std::borrow::Cow;

use super::{Error, Kind, SignIn, Stage};

impl Error {
    /// The authorization endpoint's error response (RFC 6749, section 4.1.2.1).
    #[cfg(feature = "sign-in")]
    pub(crate) fn authorization(
        code: String,
        message: Option<String>,
        scope: Option<String>,
    ) -> Self {
        let problem = "the sign-in failed:".into();
        let (code, stage) = (Some(code), Stage::Authorization);
        Self::new(Kind::SignIn(SignIn { stage, problem, code, message, scope }))
    }

    /// The error response of a sign-in on a device (RFC 8628, section 3.5).
    #[cfg(feature = "sign-in")]
    pub(crate) fn device_authorization(code: &str, message: Option<String>) -> Self {
        let problem = "the sign-in failed:".into();
        let (code, stage) = (Some(code.to_owned()), Stage::Authorization);
        Self::new(Kind::SignIn(SignIn { stage, problem, code, message, scope: None }))
    }

    /// Nobody confirmed the sign-in on a device in time.
    #[cfg(feature = "sign-in")]
    pub(crate) fn device_code_expired(message: Option<String>) -> Self {
        let problem = "the sign-in was not confirmed in time:".into();
        let (code, stage) = (Some("expired_token".to_owned()), Stage::Expired);
        Self::new(Kind::SignIn(SignIn { stage, problem, code, message, scope: None }))
    }

    /// A callback that is not the response to the authorization request.
    #[cfg(feature = "sign-in")]
    pub(crate) fn callback(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::sign_in(Stage::Callback, problem.into())
    }

    /// An ID token that is not to be trusted, or what does not agree with it.
    #[cfg(feature = "jwks")]
    pub(crate) fn invalid_token(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::sign_in(Stage::Token, problem.into())
    }

    /// A token that can only be asked about.
    #[cfg(feature = "verify")]
    pub(crate) fn opaque_token() -> Self {
        let problem = "the access token is opaque, so it is not for this API: have the client \
                       request one with the API's identifier as `resource`";
        Self::sign_in(Stage::Opaque, problem.into())
    }

    #[cfg(feature = "jwks")]
    fn sign_in(stage: Stage, problem: Cow<'static, str>) -> Self {
        Self::new(Kind::SignIn(SignIn { stage, problem, code: None, message: None, scope: None }))
    }
}
