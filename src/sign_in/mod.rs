//! Sign-in flows: from the authorization request over the Experience API to the user's tokens.
//!
//! A [`SignInFlow`] is begun by [`Client::sign_in`](crate::Client::sign_in),
//! [`register`](crate::Client::register) or [`forgot_password`](crate::Client::forgot_password). It
//! holds the state of the interaction with Logto: cookies, PKCE, `state` and `nonce`. Its methods
//! return the [`NextStep`] that Logto asks for, such as a second factor. A failure, such as a wrong
//! password, is an error and leaves the flow as it was.
//!
//! ```no_run
//! # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
//! use logto_api::sign_in::{Identifier, NextStep};
//!
//! let flow = logto.sign_in("web-app-id", "https://acme.com/callback").begin().await?;
//! let mut step = flow.password(Identifier::username("alice"), "pw").await?;
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
//! Types allow only what is possible: a registration has no method for an existing password, and
//! there are no tokens before the end.
//!
//! ```compile_fail,E0599
//! # use logto_api::sign_in::{Identifier, Register, SignInFlow};
//! # async fn run(flow: SignInFlow<Register>) -> logto_api::Result<()> {
//! flow.password(Identifier::username("alice"), "pw").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Sign-in pages of your own
//!
//! Nothing has to be kept in memory between the requests of a browser. Begin with
//! [`AuthorizationRequest::browser_cookies`], pass the cookies of
//! [`BrowserCookies::set_cookies_at`](crate::BrowserCookies::set_cookies_at) on to the browser, and
//! store [`SignInFlow::pending`] where the browser cannot see it. At its next request, continue
//! with [`Client::resume_interaction`](crate::Client::resume_interaction). Whatever waits for the
//! user, such as [`CodeSent`] or [`ConnectorSignIn`], can be recreated from its id or state.
//!
//! An interaction that Logto itself has redirected to your page is
//! [resumed](crate::Client::resume_interaction) the same way, without an authorization request.
//! Such a flow ends with [`Completed::redirect_to`].

/// `Debug` of types that show only their name, because they hold secrets.
macro_rules! plain_debug {
    ($($name:ident),+) => { $(
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+ };
}

mod app_setters;
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
        "the cookies and the authorization request belong to different sign-ins: start again, or \
         resume with the cookies and the authorization of the same sign-in",
    )
}
