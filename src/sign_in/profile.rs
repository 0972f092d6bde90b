//! What an account is to have.

use std::fmt;

use super::{
    CodeSent, ConnectorSignIn, ConnectorState, Identifier, NextStep, code::Purpose,
    connector::Kind, next_step::Step,
};
use crate::{
    Error, Result,
    models::{
        AddUserProfile, AddUserProfileExtraProfile, AddUserProfilePassword, AddUserProfileSocial,
        AddUserProfileUsername, values::open_enum,
    },
    setters::{IntoObject, IntoText},
};

open_enum! {
    /// What an account lacks.
    pub enum ProfileField {
        /// A username.
        Username = "username",
        /// A password.
        Password = "password",
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// An e-mail address or a phone number.
        EmailOrPhone = "emailOrPhone",
        /// Fields of the tenant's own.
        ExtraProfile = "extraProfile",
    }
}

/// What an account is to have: each part is one request, and the answer is the [`NextStep`].
///
/// A registration goes on with what has been collected, and makes the account if nothing is
/// missing; otherwise it says what is. In a sign-in, it is kept when the session is submitted.
#[derive(Clone)]
pub struct Profile {
    step: Step,
}

impl Profile {
    pub(super) fn new(step: Step) -> Self {
        Self { step }
    }

    /// A username.
    ///
    /// # Errors
    ///
    /// When it is in use (`user.username_already_in_use`), or none.
    pub async fn username(&self, username: impl IntoText) -> Result<NextStep> {
        add(&self.step, AddUserProfile::Username(AddUserProfileUsername::new(username)), None).await
    }

    /// A password.
    ///
    /// # Errors
    ///
    /// [`is_password_rejected`](crate::Error::is_password_rejected): it is against the tenant's
    /// policy.
    pub async fn password(&self, password: impl IntoText) -> Result<NextStep> {
        add(&self.step, AddUserProfile::Password(AddUserProfilePassword::new(password)), None).await
    }

    /// Sends a code to an e-mail address or a phone number, which the account has once the code is
    /// [verified](CodeSent::verify).
    ///
    /// # Errors
    ///
    /// A username is refused before anything is sent.
    pub async fn send_code(&self, to: Identifier) -> Result<CodeSent> {
        CodeSent::send(self.step.clone(), to, Purpose::Profile).await
    }

    /// A code that was sent in an earlier request of the browser's.
    pub fn code_sent(&self, to: Identifier, verification_id: impl IntoText) -> CodeSent {
        CodeSent::of(self.step.clone(), to, verification_id.into_text(), Purpose::Profile)
    }

    /// Starts at a social provider, whose account the user has from now on once what comes back is
    /// [verified](ConnectorSignIn::verify).
    ///
    /// # Errors
    ///
    /// When there is no such connector.
    pub async fn start_social(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        let step = self.step.clone();
        ConnectorSignIn::start(step, Kind::Social, connector_id, redirect_uri, None)
            .await
            .map(ConnectorSignIn::for_profile)
    }

    /// The user is back from a provider that an earlier request sent them to.
    pub fn connector_sign_in(&self, state: ConnectorState) -> ConnectorSignIn {
        ConnectorSignIn::of(self.step.clone(), state).for_profile()
    }

    /// A social account, by its verified record.
    ///
    /// # Errors
    ///
    /// When the user is known, and somebody else has it (`user.identity_already_in_use`). In a
    /// registration that is a step, [`NextStep::AccountExists`].
    pub async fn social(&self, verification_id: impl IntoText) -> Result<NextStep> {
        let id = verification_id.into_text();
        let part = AddUserProfile::Social(AddUserProfileSocial::new(&id));
        add(&self.step, part, Some(id)).await
    }

    /// Fields of the tenant's own, and those of the OpenID Connect profile, by their names.
    ///
    /// Give all of them at once: until the session is submitted, they replace those of a call
    /// before.
    ///
    /// # Errors
    ///
    /// When a value is not what the tenant wants.
    pub async fn extra<Kind>(&self, values: impl IntoObject<Kind>) -> Result<NextStep> {
        let values = values.into_object().map_err(|problem| Error::request(problem.to_string()))?;
        let part = AddUserProfile::ExtraProfile(AddUserProfileExtraProfile::new(values));
        add(&self.step, part, None).await
    }
}

/// Adds a part, which this record proves if it has to be proved, and goes on as far as that lets it.
pub(super) async fn add(
    step: &Step,
    part: AddUserProfile,
    record: Option<String>,
) -> Result<NextStep> {
    step.added(record, step.experience().add_profile(part).send().await).await
}

/// An account that lacks something: give it what [`fields`](Self::fields) names by
/// [`profile`](Self::profile).
#[derive(Clone)]
pub struct MissingProfile {
    pub(super) step: Step,
}

impl MissingProfile {
    /// What is missing.
    pub fn fields(&self) -> Vec<ProfileField> {
        self.step.strings("missingProfile")
    }

    /// To give it.
    pub fn profile(&self) -> Profile {
        Profile::new(self.step.clone())
    }
}

impl fmt::Debug for MissingProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MissingProfile").field("fields", &self.fields()).finish_non_exhaustive()
    }
}

plain_debug!(Profile);
