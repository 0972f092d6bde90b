//! A sign-in flow that has begun, and its sign-in methods.

use std::{fmt, marker::PhantomData};

use super::{
    AccountExists, AccountNotFound, CodeSent, ConnectorSignIn, ConnectorState, Identified,
    Identifier, NextStep, PasskeySignIn,
    code::Purpose,
    connector::Kind,
    event::{Event, Register, SignIn, SignsIn},
    interaction::Interaction,
    next_step::Step,
};
use crate::{
    Client, Result,
    experience::Experience,
    models::{self, EmailIdentifier, UsernameIdentifier},
    oidc::PendingAuthorization,
    setters::IntoText,
};

/// A flow that has begun: a user is about to [`SignIn`], to [`Register`], or to reset a [forgotten
/// password](super::ForgotPassword).
///
/// It holds the cookies of Logto's interaction. Its sign-in methods verify what the user provides,
/// identify the user to Logto and return the [`NextStep`]. A wrong password or code is an error and
/// leaves the flow as it was, so that the user can try again.
///
/// Clones share the flow. `Debug` shows no secrets.
pub struct SignInFlow<E = SignIn> {
    interaction: Interaction,
    event: PhantomData<E>,
}

impl<E> Clone for SignInFlow<E> {
    fn clone(&self) -> Self {
        Self { interaction: self.interaction.clone(), event: PhantomData }
    }
}

impl<E: Event> SignInFlow<E> {
    pub(super) fn new(interaction: Interaction) -> Self {
        Self { interaction, event: PhantomData }
    }

    pub(super) fn step(&self) -> Step {
        Step::new(&self.interaction, E::EVENT)
    }

    /// What to store until the browser's next request, to continue with
    /// [`Client::resume_interaction`](crate::Client::resume_interaction). It is a secret.
    pub fn pending(&self) -> Option<&PendingAuthorization> {
        self.interaction.pending()
    }

    /// All operations of the Experience API, with the cookies of this flow.
    pub fn experience(&self) -> Experience {
        self.interaction.experience()
    }

    /// A client with the cookies of this flow, for requests that have no method here.
    pub fn client(&self) -> &Client {
        self.interaction.client()
    }

    /// What Logto knows about the interaction so far.
    ///
    /// # Errors
    ///
    /// When the session has ended ([`Error::is_session_ended`](crate::Error::is_session_ended)). A
    /// Logto older than 1.31 cannot be asked ([`is_unsupported_operation`](crate::Error::is_unsupported_operation)).
    pub async fn state(&self) -> Result<models::Interaction> {
        self.interaction.state().await
    }

    /// Restarts the flow with the token of the captcha widget. Everything verified so far is
    /// discarded.
    ///
    /// # Errors
    ///
    /// When Logto rejects the token (`session.captcha_failed`).
    pub async fn captcha(&self, token: impl IntoText) -> Result<()> {
        self.interaction.start::<E>(Some(token.into_text())).await.map(drop)
    }

    /// Restarts the flow in the same browser session, for the same or another event, such as a user
    /// on the sign-in page who has forgotten the password. Everything verified so far is discarded.
    ///
    /// ```no_run
    /// # async fn run(flow: logto_api::sign_in::SignInFlow) -> logto_api::Result<()> {
    /// use logto_api::sign_in::{ForgotPassword, Identifier};
    ///
    /// let flow = flow.restart::<ForgotPassword>().await?;
    /// let sent = flow.send_code(Identifier::email("alice@acme.com")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the interaction has expired, and when the tenant does not allow the event.
    pub async fn restart<To: Event>(&self) -> Result<SignInFlow<To>> {
        self.interaction.start(None).await
    }

    /// Sends a verification code to an e-mail address or a phone number. [`CodeSent::verify`]
    /// verifies it.
    ///
    /// Logto does not reveal here whether an account with this address exists.
    ///
    /// # Errors
    ///
    /// A username is rejected before anything is sent. From Logto:
    /// [`is_captcha_required`](crate::Error::is_captcha_required). A tenant that cannot send codes
    /// returns 501.
    pub async fn send_code(&self, to: Identifier) -> Result<CodeSent> {
        CodeSent::send(self.step(), to, Purpose::Identify).await
    }

    /// A code that an earlier request of the browser has sent, by its [`CodeSent::to`] and
    /// [`CodeSent::verification_id`].
    pub fn code_sent(&self, to: Identifier, verification_id: impl IntoText) -> CodeSent {
        CodeSent::of(self.step(), to, verification_id.into_text(), Purpose::Identify)
    }

    /// Identifies the user by a verification record that was verified by other means: with the
    /// operations of [`experience`](Self::experience), or in an earlier request.
    ///
    /// # Errors
    ///
    /// When the record does not exist, or does not fit the event.
    pub async fn identify(&self, verification_id: impl IntoText) -> Result<NextStep> {
        self.step().identify(Some(verification_id.into_text())).await
    }
}

/// What sign-ins and registrations have in common.
impl<E: SignsIn> SignInFlow<E> {
    /// The user, where Logto is known to have identified them.
    pub(super) fn known(&self) -> Identified {
        Identified { step: Step { identified: true, ..self.step() } }
    }

    /// Starts a sign-in with a social connector: send the user to
    /// [`authorization_uri`](ConnectorSignIn::authorization_uri).
    ///
    /// `connector_id` is the id of the tenant's connector. The redirect URI is yours, and
    /// registered with the provider. Pass what it receives to [`ConnectorSignIn::verify`].
    ///
    /// # Errors
    ///
    /// When the connector does not exist.
    pub async fn social(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        ConnectorSignIn::start(self.step(), Kind::Social, connector_id, redirect_uri, None).await
    }

    /// Starts a sign-in with an enterprise identity provider, one of
    /// [`sso_connectors`](Self::sso_connectors). It continues like [`social`](Self::social).
    ///
    /// # Errors
    ///
    /// When the connector does not exist.
    pub async fn sso(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        ConnectorSignIn::start(self.step(), Kind::Sso, connector_id, redirect_uri, None).await
    }

    /// Like [`social`](Self::social), with a `state` of your choice. It has to be random and bound
    /// to the user.
    ///
    /// # Errors
    ///
    /// When the connector does not exist.
    pub async fn social_with_state(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
        state: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        ConnectorSignIn::start(
            self.step(),
            Kind::Social,
            connector_id,
            redirect_uri,
            Some(state.into_text()),
        )
        .await
    }

    /// Like [`sso`](Self::sso), with a `state` of your choice. It has to be random and bound to the
    /// user.
    ///
    /// # Errors
    ///
    /// When the connector does not exist.
    pub async fn sso_with_state(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
        state: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        ConnectorSignIn::start(
            self.step(),
            Kind::Sso,
            connector_id,
            redirect_uri,
            Some(state.into_text()),
        )
        .await
    }

    /// Continues after an earlier request has sent the user to the provider.
    pub fn connector_sign_in(&self, state: ConnectorState) -> ConnectorSignIn {
        ConnectorSignIn::of(self.step(), state)
    }

    /// The ids of the enterprise connectors for the domain of an e-mail address. Most addresses
    /// have none.
    ///
    /// # Errors
    ///
    /// When it is not an e-mail address.
    pub async fn sso_connectors(&self, email: impl IntoText) -> Result<Vec<String>> {
        Ok(self.experience().list_sso_connectors(email).send().await?.connector_ids)
    }

    /// Verifies a one-time token that the user received by e-mail, and identifies the user.
    ///
    /// # Errors
    ///
    /// When the token is invalid, expired or consumed.
    pub async fn one_time_token(
        &self,
        email: impl IntoText,
        token: impl IntoText,
    ) -> Result<NextStep> {
        let email = EmailIdentifier::new(email);
        let record = self.experience().verify_one_time_token(email, token).send().await?;
        self.identify(record.verification_id).await
    }
}

impl SignInFlow<SignIn> {
    /// Verifies a password and identifies the user.
    ///
    /// # Errors
    ///
    /// - [`is_invalid_credentials`](crate::Error::is_invalid_credentials): the user does not exist,
    ///   or the password is wrong.
    /// - [`is_locked_out`](crate::Error::is_locked_out): too many failed attempts.
    /// - [`is_suspended`](crate::Error::is_suspended): the account is suspended.
    /// - [`is_password_expired`](crate::Error::is_password_expired): the password is correct, but
    ///   has to be reset with [`Client::forgot_password`](crate::Client::forgot_password).
    pub async fn password(
        &self,
        identifier: Identifier,
        password: impl IntoText,
    ) -> Result<NextStep> {
        let call = self.experience().create_password_verification(identifier, password);
        let record = call.send().await?;
        self.identify(record.verification_id).await
    }

    /// Starts a sign-in with a passkey of the identified user: pass
    /// [`options`](PasskeySignIn::options) to the browser.
    ///
    /// # Errors
    ///
    /// When the user has no passkey, or the tenant does not allow passkeys.
    pub async fn passkey(&self, identifier: Identifier) -> Result<PasskeySignIn> {
        let call = self.experience().create_passkey_authentication_for_identifier(identifier);
        let started = call.send().await?;
        let (options, id) = (started.authentication_options, started.verification_id);
        Ok(PasskeySignIn::new(self.step(), Some(options), Some(id)))
    }

    /// Starts a sign-in with any passkey that the user's device has for this site: pass
    /// [`options`](PasskeySignIn::options) to the browser.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow passkeys.
    pub async fn discoverable_passkey(&self) -> Result<PasskeySignIn> {
        let started = self.experience().create_passkey_authentication().send().await?;
        Ok(PasskeySignIn::new(self.step(), Some(started.authentication_options), None))
    }

    /// Continues with a passkey that an earlier request has asked the browser for, by its
    /// verification id, if it had one.
    pub fn passkey_sign_in(&self, verification_id: Option<String>) -> PasskeySignIn {
        PasskeySignIn::new(self.step(), None, verification_id)
    }

    /// Continues after an earlier request has returned [`AccountNotFound`], by its
    /// [`verification_id`](AccountNotFound::verification_id).
    pub fn account_not_found(&self, verification_id: impl IntoText) -> AccountNotFound {
        AccountNotFound { step: Step { record: Some(verification_id.into_text()), ..self.step() } }
    }

    /// Switches to registration and keeps what has been verified.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow registration.
    pub async fn switch_to_register(&self) -> Result<SignInFlow<Register>> {
        self.interaction.switch().await
    }
}

impl SignInFlow<Register> {
    /// Creates an account with a username and a password.
    ///
    /// # Errors
    ///
    /// - `user.username_already_in_use`: choose another username.
    /// - [`is_password_rejected`](crate::Error::is_password_rejected): the password violates the
    ///   tenant's policy; [`data`](crate::Error::data) has the reasons.
    pub async fn username_and_password(
        &self,
        username: impl IntoText,
        password: impl IntoText,
    ) -> Result<NextStep> {
        let username = UsernameIdentifier::new(username);
        let call = self.experience().create_new_password_identity(username, password);
        let record = call.send().await?;
        self.identify(record.verification_id).await
    }

    /// Sets data of the new account. The account is created once the user is identified, or once
    /// the data is complete.
    pub fn profile(&self) -> super::Profile {
        super::Profile::new(self.step())
    }

    /// Creates the account from the data collected so far, without another verification record. The
    /// methods of [`profile`](Self::profile) do that by themselves.
    ///
    /// # Errors
    ///
    /// When no identifier has been collected.
    pub async fn create_account(&self) -> Result<NextStep> {
        self.step().identify(None).await
    }

    /// Continues after an earlier request has returned [`AccountExists`], by its
    /// [`verification_id`](AccountExists::verification_id).
    pub fn account_exists(&self, verification_id: impl IntoText) -> AccountExists {
        AccountExists { step: Step { record: Some(verification_id.into_text()), ..self.step() } }
    }

    /// Switches to sign-in and keeps what has been verified.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow sign-in.
    pub async fn switch_to_sign_in(&self) -> Result<SignInFlow<SignIn>> {
        self.interaction.switch().await
    }
}

impl<E> fmt::Debug for SignInFlow<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("endpoint", &self.interaction.client().endpoint())
            .field("pending", &self.interaction.pending())
            .finish_non_exhaustive()
    }
}
