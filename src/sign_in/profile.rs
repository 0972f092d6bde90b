//! Profile data of an account.

use std::fmt;

use super::{
    CodeSent, ConnectorSignIn, ConnectorState, Identifier, NextStep, code::Purpose,
    connector::Kind, next_step::Step,
};
use crate::{
    Error, Result,
    models::{
        AddUserProfile, AddUserProfileExtraProfile, AddUserProfilePassword, AddUserProfileSocial,
        AddUserProfileUsername, open_enum::open_enum,
    },
    setters::{IntoObject, IntoText},
};

open_enum! {
    /// Data that an account lacks.
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
        /// Custom profile fields of the tenant.
        ExtraProfile = "extraProfile",
    }
}

/// Sets profile data of an account. Each method is a request that returns the [`NextStep`].
///
/// In a registration, the account is created once the data is complete; until then the step names
/// what is missing. In a sign-in, the data is saved when the flow is submitted.
#[derive(Clone)]
pub struct Profile {
    step: Step,
}

impl Profile {
    pub(super) fn new(step: Step) -> Self {
        Self { step }
    }

    /// Sets the username.
    ///
    /// # Errors
    ///
    /// When it is in use (`user.username_already_in_use`) or invalid.
    pub async fn username(&self, username: impl IntoText) -> Result<NextStep> {
        add(&self.step, AddUserProfile::Username(AddUserProfileUsername::new(username)), None).await
    }

    /// Sets the password.
    ///
    /// # Errors
    ///
    /// [`is_password_rejected`](crate::Error::is_password_rejected): it violates the tenant's policy.
    pub async fn password(&self, password: impl IntoText) -> Result<NextStep> {
        add(&self.step, AddUserProfile::Password(AddUserProfilePassword::new(password)), None).await
    }

    /// Sends a verification code to an e-mail address or phone number. The address is added to the
    /// account once the code is [verified](CodeSent::verify).
    ///
    /// # Errors
    ///
    /// A username is rejected before anything is sent.
    pub async fn send_code(&self, to: Identifier) -> Result<CodeSent> {
        CodeSent::send(self.step.clone(), to, Purpose::Profile).await
    }

    /// Continues with a code that an earlier request of the browser has sent.
    pub fn code_sent(&self, to: Identifier, verification_id: impl IntoText) -> CodeSent {
        CodeSent::of(self.step.clone(), to, verification_id.into_text(), Purpose::Profile)
    }

    /// Starts at a social connector. The social account is added once the user returns and it is
    /// [verified](ConnectorSignIn::verify).
    ///
    /// # Errors
    ///
    /// When the connector does not exist.
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

    /// Continues after an earlier request has sent the user to the provider.
    pub fn connector_sign_in(&self, state: ConnectorState) -> ConnectorSignIn {
        ConnectorSignIn::of(self.step.clone(), state).for_profile()
    }

    /// Adds a social account by its verification record.
    ///
    /// # Errors
    ///
    /// When the user is identified, and the social account belongs to another user
    /// (`user.identity_already_in_use`). In a registration that is a step,
    /// [`NextStep::AccountExists`].
    pub async fn social(&self, verification_id: impl IntoText) -> Result<NextStep> {
        let id = verification_id.into_text();
        let part = AddUserProfile::Social(AddUserProfileSocial::new(&id));
        add(&self.step, part, Some(id)).await
    }

    /// Sets custom profile fields of the tenant, and those of the OpenID Connect profile, by their
    /// names.
    ///
    /// Pass all of them at once: until the flow is submitted, they replace those of an earlier
    /// call.
    ///
    /// # Errors
    ///
    /// When a value is invalid.
    pub async fn extra<Kind>(&self, values: impl IntoObject<Kind>) -> Result<NextStep> {
        let values = values.into_object().map_err(|problem| Error::request(problem.to_string()))?;
        let part = AddUserProfile::ExtraProfile(AddUserProfileExtraProfile::new(values));
        add(&self.step, part, None).await
    }
}

/// Adds profile data, proved by this verification record if it needs proof, and continues as far as
/// possible.
pub(super) async fn add(
    step: &Step,
    part: AddUserProfile,
    record: Option<String>,
) -> Result<NextStep> {
    step.added(record, step.experience().add_profile(part).send().await).await
}

/// The account lacks data: set what [`fields`](Self::fields) lists with [`profile`](Self::profile).
#[derive(Clone)]
pub struct MissingProfile {
    pub(super) step: Step,
}

impl MissingProfile {
    /// The missing fields.
    pub fn fields(&self) -> Vec<ProfileField> {
        self.step.strings("missingProfile")
    }

    /// Sets profile data.
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
