//! Steps that lead from a sign-in to a registration, and vice versa.

use serde_json::{Map, Value};

use super::{
    NextStep, SignInFlow,
    event::{Register, SignIn},
    next_step::Step,
};
use crate::Result;

/// No account has the identity that the user has verified in a sign-in: register it, or sign in to
/// a related account.
#[derive(Clone)]
pub struct AccountNotFound {
    pub(super) step: Step,
}

impl AccountNotFound {
    /// The id of the verification record, to continue in another request with
    /// [`SignInFlow::account_not_found`].
    pub fn verification_id(&self) -> Option<&str> {
        self.step.record.as_deref()
    }

    /// The account whose verified e-mail address or phone number is the same as the social
    /// account's, as its `type` and `value`. [`link`](Self::link) signs in to it.
    pub fn related_user(&self) -> Option<&Map<String, Value>> {
        self.step.data("relatedUser")?.as_object()
    }

    /// Switches to registration and creates an account with the verified identity.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow registration.
    pub async fn register(&self) -> Result<NextStep> {
        self.flow().await?.step().identify(self.step.record.clone()).await
    }

    /// Switches to registration without using the verified identity yet.
    ///
    /// # Errors
    ///
    /// The same as [`register`](Self::register).
    pub async fn flow(&self) -> Result<SignInFlow<Register>> {
        self.step.interaction.switch().await
    }

    /// Signs in to the [related](Self::related_user) account and adds the social account to it.
    ///
    /// # Errors
    ///
    /// When there is no related account.
    pub async fn link(&self) -> Result<NextStep> {
        self.step.link(self.step.record.clone()).await
    }
}

/// An account already has the identity that the user has verified in a registration, as identifier
/// or as part of the new profile: sign in to it instead.
#[derive(Clone)]
pub struct AccountExists {
    pub(super) step: Step,
}

impl AccountExists {
    /// The id of the verification record, to continue in another request with
    /// [`SignInFlow::account_exists`].
    pub fn verification_id(&self) -> Option<&str> {
        self.step.record.as_deref()
    }

    /// Switches to sign-in and signs in with the verified identity. Data collected for the new
    /// account is discarded.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow sign-in with this identity.
    pub async fn sign_in(&self) -> Result<NextStep> {
        self.flow().await?.step().identify(self.step.record.clone()).await
    }

    /// Switches to sign-in without using the verified identity yet.
    ///
    /// # Errors
    ///
    /// The same as [`sign_in`](Self::sign_in).
    pub async fn flow(&self) -> Result<SignInFlow<SignIn>> {
        self.step.interaction.switch().await
    }
}

plain_debug!(AccountNotFound, AccountExists);
