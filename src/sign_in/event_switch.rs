//! Steps that lead from a sign-in to a registration, and the other way.

use serde_json::{Map, Value};

use super::{
    NextStep, SignInFlow,
    event::{Register, SignIn},
    next_step::Step,
};
use crate::Result;

/// Someone who has proved who they are, and has no account.
#[derive(Clone)]
pub struct AccountNotFound {
    pub(super) step: Step,
}

impl AccountNotFound {
    /// The id of what has been proved, to go on in another request with
    /// [`SignInFlow::account_not_found`].
    pub fn verification_id(&self) -> Option<&str> {
        self.step.record.as_deref()
    }

    /// The account that has the same verified e-mail address or phone number as a social account:
    /// its `type` and its `value`. [`link`](Self::link) signs in to it.
    pub fn related_user(&self) -> Option<&Map<String, Value>> {
        self.step.data("relatedUser")?.as_object()
    }

    /// Makes an account: goes over to a registration, with what has been proved.
    ///
    /// # Errors
    ///
    /// When the tenant allows no registration.
    pub async fn register(&self) -> Result<NextStep> {
        self.flow().await?.step().identify(self.step.record.clone()).await
    }

    /// Goes over to a registration, and leaves what has been proved for later.
    ///
    /// # Errors
    ///
    /// As those of [`register`](Self::register).
    pub async fn flow(&self) -> Result<SignInFlow<Register>> {
        self.step.interaction.switch().await
    }

    /// Signs in to the [related](Self::related_user) account, which has the social account from
    /// now on.
    ///
    /// # Errors
    ///
    /// When there is no related account.
    pub async fn link(&self) -> Result<NextStep> {
        self.step.link(self.step.record.clone()).await
    }
}

/// Someone who was to make an account, and has one: with what they register with, or with what they
/// have proved that the new account was to have besides.
#[derive(Clone)]
pub struct AccountExists {
    pub(super) step: Step,
}

impl AccountExists {
    /// The id of what has been proved, to go on in another request with
    /// [`SignInFlow::account_exists`].
    pub fn verification_id(&self) -> Option<&str> {
        self.step.record.as_deref()
    }

    /// Signs in: goes over to a sign-in, with what has been proved. What was collected for the new
    /// account is dropped.
    ///
    /// # Errors
    ///
    /// When the tenant allows no sign-in by this.
    pub async fn sign_in(&self) -> Result<NextStep> {
        self.flow().await?.step().identify(self.step.record.clone()).await
    }

    /// Goes over to a sign-in, and leaves what has been proved for later.
    ///
    /// # Errors
    ///
    /// As those of [`sign_in`](Self::sign_in).
    pub async fn flow(&self) -> Result<SignInFlow<SignIn>> {
        self.step.interaction.switch().await
    }
}

plain_debug!(AccountNotFound, AccountExists);
