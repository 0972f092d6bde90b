//! The event of a flow, as a type.

use crate::models::InteractionEvent;

/// Signing in.
#[derive(Clone, Copy, Debug)]
pub enum SignIn {}

/// Creating an account.
#[derive(Clone, Copy, Debug)]
pub enum Register {}

/// Resetting a forgotten password.
#[derive(Clone, Copy, Debug)]
pub enum ForgotPassword {}

/// What a [`SignInFlow`](super::SignInFlow) is for: [`SignIn`], [`Register`] or [`ForgotPassword`].
pub trait Event: sealed::Sealed + Send + Sync + 'static {}

/// Events that end with the user signed in: [`SignIn`] and [`Register`].
pub trait SignsIn: Event {}

impl SignsIn for SignIn {}
impl SignsIn for Register {}

pub(crate) mod sealed {
    use super::InteractionEvent;

    pub trait Sealed {
        const EVENT: InteractionEvent;
        /// The page that Logto begins with, if not the default.
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
