//! A session that has begun, and the ways in.

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

/// A session with Logto that has begun: someone is about to [`SignIn`], to [`Register`], or to set
/// a new password because they [forgot](super::ForgotPassword) theirs.
///
/// It holds the cookies that Logto's interaction lives in. A way in verifies what the user gives
/// and tells Logto who they are; it answers with the [`NextStep`]. A password that is wrong, or a
/// code, is an error, and the session is as it was: ask the user again.
///
/// Clones are the same session. `Debug` shows no secrets.
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

    /// What to keep until the browser's next request, to go on with
    /// [`Client::resume_interaction`](crate::Client::resume_interaction). It is a secret.
    pub fn pending(&self) -> Option<&PendingAuthorization> {
        self.interaction.pending()
    }

    /// All operations of the Experience API, with the cookies of this session.
    pub fn experience(&self) -> Experience {
        self.interaction.experience()
    }

    /// A client with the cookies of this session, for what has no method here.
    pub fn client(&self) -> &Client {
        self.interaction.client()
    }

    /// What Logto knows of the session so far.
    ///
    /// # Errors
    ///
    /// When the session has ended ([`Error::is_session_ended`](crate::Error::is_session_ended)). A
    /// Logto older than 1.31 cannot be asked ([`is_unsupported_operation`](crate::Error::is_unsupported_operation)).
    pub async fn state(&self) -> Result<models::Interaction> {
        self.interaction.state().await
    }

    /// Begins anew with what the captcha's widget gave. Whatever was under way is cleared.
    ///
    /// # Errors
    ///
    /// When the token is refused (`session.captcha_failed`).
    pub async fn captcha(&self, token: impl IntoText) -> Result<()> {
        self.interaction.start::<E>(Some(token.into_text())).await.map(drop)
    }

    /// Begins anew in the same browser session, for this or for something else: a user at the
    /// sign-in page may have forgotten their password. Whatever was under way is cleared.
    ///
    /// ```no_run
    /// # async fn run(session: logto_api::sign_in::SignInFlow) -> logto_api::Result<()> {
    /// use logto_api::sign_in::{ForgotPassword, Identifier};
    ///
    /// let session = session.restart::<ForgotPassword>().await?;
    /// let sent = session.send_code(Identifier::email("alice@acme.com")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the session has ended, and when the tenant does not allow it.
    pub async fn restart<To: Event>(&self) -> Result<SignInFlow<To>> {
        self.interaction.start(None).await
    }

    /// Sends a code to an e-mail address or a phone number. [`CodeSent::verify`] is the way in.
    ///
    /// Logto does not tell here whether anybody has this address.
    ///
    /// # Errors
    ///
    /// A username is refused before anything is sent. From Logto:
    /// [`is_captcha_required`](crate::Error::is_captcha_required). A tenant that cannot send codes
    /// is a 501.
    pub async fn send_code(&self, to: Identifier) -> Result<CodeSent> {
        CodeSent::send(self.step(), to, Purpose::Identify).await
    }

    /// A code that was sent in an earlier request of the browser's: what [`CodeSent::to`] and
    /// [`CodeSent::verification_id`] were.
    pub fn code_sent(&self, to: Identifier, verification_id: impl IntoText) -> CodeSent {
        CodeSent::of(self.step(), to, verification_id.into_text(), Purpose::Identify)
    }

    /// Tells Logto who the user is, by a record that was verified by other means: with the
    /// operations of [`experience`](Self::experience), or in an earlier request.
    ///
    /// # Errors
    ///
    /// When there is no such record, or it does not fit.
    pub async fn identify(&self, verification_id: impl IntoText) -> Result<NextStep> {
        self.step().identify(Some(verification_id.into_text())).await
    }
}

/// What sign-ins and registrations have in common.
impl<E: SignsIn> SignInFlow<E> {
    /// The user, where it is known that Logto knows them.
    pub(super) fn known(&self) -> Identified {
        Identified { step: Step { identified: true, ..self.step() } }
    }

    /// Starts at a social provider: send the user to
    /// [`authorization_uri`](ConnectorSignIn::authorization_uri).
    ///
    /// `connector_id` is that of the tenant's connector. The redirect URI is yours, and
    /// registered with the provider: hand what comes back there to
    /// [`ConnectorSignIn::verify`].
    ///
    /// # Errors
    ///
    /// When there is no such connector.
    pub async fn social(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        ConnectorSignIn::start(self.step(), Kind::Social, connector_id, redirect_uri, None).await
    }

    /// Starts at a company's identity provider, one of
    /// [`sso_connectors`](Self::sso_connectors). It goes on as
    /// [`social`](Self::social) does.
    ///
    /// # Errors
    ///
    /// When there is no such connector.
    pub async fn sso(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        ConnectorSignIn::start(self.step(), Kind::Sso, connector_id, redirect_uri, None).await
    }

    /// The same as [`social`](Self::social) with a `state` of your own. It has to be
    /// random, and the user's alone.
    ///
    /// # Errors
    ///
    /// When there is no such connector.
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

    /// The same as [`sso`](Self::sso) with a `state` of your own. It has to be random, and
    /// the user's alone.
    ///
    /// # Errors
    ///
    /// When there is no such connector.
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

    /// The user is back from a provider that an earlier request sent them to.
    pub fn connector_sign_in(&self, state: ConnectorState) -> ConnectorSignIn {
        ConnectorSignIn::of(self.step(), state)
    }

    /// The ids of the connectors of the company that an e-mail address belongs to; most
    /// addresses have none.
    ///
    /// # Errors
    ///
    /// When it is no e-mail address.
    pub async fn sso_connectors(&self, email: impl IntoText) -> Result<Vec<String>> {
        Ok(self.experience().list_sso_connectors(email).send().await?.connector_ids)
    }

    /// Verifies a one-time token that came by e-mail, and tells Logto who it is.
    ///
    /// # Errors
    ///
    /// When the token is not good, or no longer.
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
    /// Verifies a password, and tells Logto who it is.
    ///
    /// # Errors
    ///
    /// - [`is_invalid_credentials`](crate::Error::is_invalid_credentials): there is no such user,
    ///   or the password is wrong.
    /// - [`is_locked_out`](crate::Error::is_locked_out): too many failures.
    /// - [`is_suspended`](crate::Error::is_suspended): the account is.
    /// - [`is_password_expired`](crate::Error::is_password_expired): it is right, and has to be
    ///   set anew by [`Client::forgot_password`](crate::Client::forgot_password).
    pub async fn password(
        &self,
        identifier: Identifier,
        password: impl IntoText,
    ) -> Result<NextStep> {
        let call = self.experience().create_password_verification(identifier, password);
        let record = call.send().await?;
        self.identify(record.verification_id).await
    }

    /// Starts with a passkey of the user whom an identifier names: hand
    /// [`options`](PasskeySignIn::options) to the browser.
    ///
    /// # Errors
    ///
    /// When the user has no passkey, or the tenant does not allow this.
    pub async fn passkey(&self, identifier: Identifier) -> Result<PasskeySignIn> {
        let call = self.experience().create_passkey_authentication_for_identifier(identifier);
        let started = call.send().await?;
        let (options, id) = (started.authentication_options, started.verification_id);
        Ok(PasskeySignIn::new(self.step(), Some(options), Some(id)))
    }

    /// Starts with whatever passkey the user's device has for this site: hand
    /// [`options`](PasskeySignIn::options) to the browser.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow this.
    pub async fn discoverable_passkey(&self) -> Result<PasskeySignIn> {
        let started = self.experience().create_passkey_authentication().send().await?;
        Ok(PasskeySignIn::new(self.step(), Some(started.authentication_options), None))
    }

    /// A passkey that an earlier request has asked the browser for, and the id that it had, if any.
    pub fn passkey_sign_in(&self, verification_id: Option<String>) -> PasskeySignIn {
        PasskeySignIn::new(self.step(), None, verification_id)
    }

    /// Someone of whom an earlier request has found that they have no account, by what they have
    /// [proved](AccountNotFound::verification_id).
    pub fn account_not_found(&self, verification_id: impl IntoText) -> AccountNotFound {
        AccountNotFound { step: Step { record: Some(verification_id.into_text()), ..self.step() } }
    }

    /// Goes over to a registration, with the records that are verified already.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow it.
    pub async fn switch_to_register(&self) -> Result<SignInFlow<Register>> {
        self.interaction.switch().await
    }
}

impl SignInFlow<Register> {
    /// Makes an account with a username and a password.
    ///
    /// # Errors
    ///
    /// - `user.username_already_in_use`: choose another.
    /// - [`is_password_rejected`](crate::Error::is_password_rejected): it is against the tenant's
    ///   policy; [`data`](crate::Error::data) says why.
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

    /// What the account is to have before it is made. It is made by the record of a way in, or by
    /// what has been collected so far.
    pub fn profile(&self) -> super::Profile {
        super::Profile::new(self.step())
    }

    /// Makes the account from what has been collected, without a further record. A part of a
    /// [profile](Self::profile) tries that by itself.
    ///
    /// # Errors
    ///
    /// When nothing has been collected that a user is known by.
    pub async fn create_account(&self) -> Result<NextStep> {
        self.step().identify(None).await
    }

    /// Someone of whom an earlier request has found that they have an account already, by what
    /// they have [proved](AccountExists::verification_id).
    pub fn account_exists(&self, verification_id: impl IntoText) -> AccountExists {
        AccountExists { step: Step { record: Some(verification_id.into_text()), ..self.step() } }
    }

    /// Goes over to a sign-in, with the records that are verified already.
    ///
    /// # Errors
    ///
    /// When the tenant does not allow it.
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
