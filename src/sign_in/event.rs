//! What a session is for, in its type.

use crate::models::InteractionEvent;

/// Signing in.
#[derive(Clone, Copy, Debug)]
pub enum SignIn {}

/// Making a new account.
#[derive(Clone, Copy, Debug)]
pub enum Register {}

/// Setting a new password in place of a forgotten one.
#[derive(Clone, Copy, Debug)]
pub enum ForgotPassword {}

/// What a [`SignInFlow`](super::SignInFlow) can be for: [`SignIn`], [`Register`] or [`ForgotPassword`].
pub trait Event: sealed::Sealed + Send + Sync + 'static {}

/// What ends with the user signed in: [`SignIn`] and [`Register`].
pub trait SignsIn: Event {}

impl SignsIn for SignIn {}
impl SignsIn for Register {}

pub(crate) mod sealed {
    use super::InteractionEvent;

    pub trait Sealed {
        const EVENT: InteractionEvent;
        /// The page that Logto is to begin with, where it is not the usual one.
        const FIRST_SCREEN: Option<&'static str>;
    }
}

impl Event for SignIn {}
impl Event for Register {}
impl Event for ForgotPassword {}

impl sealed::Sealed for SignIn {
    const EVENT: InteractionEvent = InteractionEvent::SignIn;
    const FIRST_SCREEN: Option<&'static str> = None;
}

impl sealed::Sealed for Register {
    const EVENT: InteractionEvent = InteractionEvent::Register;
    const FIRST_SCREEN: Option<&'static str> = Some("register");
}

impl sealed::Sealed for ForgotPassword {
    const EVENT: InteractionEvent = InteractionEvent::ForgotPassword;
    const FIRST_SCREEN: Option<&'static str> = Some("reset_password");
}
