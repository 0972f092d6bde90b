//! Sign-in sessions: a whole flow of the Experience API, from the authorization request to tokens.
//!
//! A session is begun by [`Client::sign_in`](crate::Client::sign_in),
//! [`register`](crate::Client::register) or [`forgot_password`](crate::Client::forgot_password). It
//! holds what Logto's interaction lives in: cookies, PKCE, `state` and `nonce`. What can be done is
//! a method of what has been reached, and answers with the [`NextStep`]: what Logto wants of the
//! user next, such as a second factor, is no error. A wrong password is one, and the session is as
//! it was.
//!
//! ```no_run
//! # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
//! use logto_api::sign_in::{Identifier, NextStep};
//!
//! let session = logto.sign_in("web-app-id", "https://acme.com/callback").begin().await?;
//! let mut step = session.password(Identifier::username("alice"), "pw").await?;
//! let tokens = loop {
//!     step = match step {
//!         NextStep::Submit(user) => user.submit().await?,
//!         NextStep::VerifyMfa(mfa) => mfa.verify_totp("123456").await?,
//!         NextStep::CompleteProfile(missing) => missing.profile().username("alice").await?,
//!         NextStep::Completed(done) => break done.tokens().await?,
//!         other => return Err(other.into_error()),
//!     };
//! };
//! println!("{}", tokens.scope());
//! # Ok(())
//! # }
//! ```
//!
//! What cannot be done has no method: nobody registers with a password that they have already, and
//! there are no tokens before the end.
//!
//! ```compile_fail,E0599
//! # use logto_api::sign_in::{Identifier, Register, SignInFlow};
//! # async fn run(session: SignInFlow<Register>) -> logto_api::Result<()> {
//! session.password(Identifier::username("alice"), "pw").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # On a server with pages of its own
//!
//! Between the requests of a browser nothing has to be kept in memory. Begin with
//! [`AuthorizationRequest::browser_cookies`], hand the browser what
//! [`BrowserCookies::set_cookies_at`](crate::BrowserCookies::set_cookies_at) gives, and keep
//! [`SignInFlow::pending`] where the browser cannot see it. At its next request,
//! [`Client::resume_interaction`](crate::Client::resume_interaction) goes on. Whatever waits for the user, such as
//! [`CodeSent`] or [`ConnectorSignIn`], can be made again from its id or its state.
//!
//! The interaction of a browser that Logto itself has sent to your page is
//! [attached](crate::Client::resume_interaction) the same way, without an authorization: such a session ends
//! with [`Completed::redirect_to`].

/// `Debug` of what only goes by its name: it holds secrets, or a session that does.
macro_rules! plain_debug {
    ($($name:ident),+) => { $(
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+ };
}

mod authorization_request;
mod backup_codes;
mod code;
mod completed;
mod connector;
mod consent;
mod device;
mod event;
mod event_switch;
mod flow;
mod identified;
mod identifier;
mod interaction;
mod interaction_handle;
mod loopback;
mod mfa;
mod mfa_steps;
mod next_step;
mod passkey;
mod password_reset;
mod profile;
mod redirects;
mod sign_out;
mod standalone_steps;
mod totp_setup;
mod user_sessions;
mod web_authn_setup;

pub use self::{
    authorization_request::{AuthorizationRequest, FirstScreen},
    backup_codes::{BackupCodes, BackupCodesStep},
    code::{CodeSent, MfaCodeSent},
    completed::{Callback, Completed, RedirectOutcome},
    connector::{ConnectorSignIn, ConnectorState},
    consent::{ConsentOrganization, ConsentRequest},
    device::DeviceAuthorizationRequest,
    event::{Event, ForgotPassword, Register, SignIn, SignsIn},
    event_switch::{AccountExists, AccountNotFound},
    flow::SignInFlow,
    identified::Identified,
    identifier::{Channel, Identifier},
    interaction_handle::{InteractionHandle, ResumedState},
    loopback::Loopback,
    mfa::Mfa,
    mfa_steps::{MfaChallenge, MfaEnrollment, MfaPrompt},
    next_step::NextStep,
    passkey::{PasskeySignIn, WebAuthnChallenge},
    password_reset::PasswordReset,
    profile::{MissingProfile, Profile, ProfileField},
    standalone_steps::{CaptchaStep, SsoStep, UnknownStep, UnverifiedStep},
    totp_setup::TotpSetup,
    user_sessions::UserSessions,
    web_authn_setup::{PasskeyPrompt, WebAuthnSetup},
};
pub use crate::oidc::{
    DeviceAuthorization, IdTokenClaims, PendingAuthorization, StoredTokens, TokenRequest, UserInfo,
    UserTokens,
};

fn mismatched_cookies() -> crate::Error {
    crate::Error::callback(
        "the cookies are those of another session than the authorization request: begin anew, or \
         attach with the cookies and the authorization of the same session",
    )
}
