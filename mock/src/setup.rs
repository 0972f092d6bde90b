//! What a test sets, and what it reads that a user would have received or computed.

use std::collections::HashMap;

use crate::{
    Mock,
    rules::{contract::Contract, documents, formats, sentinel, totp},
    state::{
        State,
        factors::Secret,
        faults::Fault,
        policy::{MfaFactor, MfaPolicy, SignUpField},
        user::User,
    },
};

impl Mock {
    /// Responds to this many of the next requests with an error status. They are recorded, but not
    /// carried out. Requests for tokens count, too.
    ///
    /// # Panics
    ///
    /// When it is not the status of an error, from 400 to 599.
    #[track_caller]
    pub fn fail_next(&self, requests: usize, status: u16) {
        let is_error = (400..600).contains(&status);
        assert!(is_error, "{status} is not the status of an error: give one from 400 to 599");
        self.inject(Fault::status(status).times(requests));
    }

    /// Adds a fault. Of several, the first that applies to a request is used.
    ///
    /// # Panics
    ///
    /// When the contract has no such operation, so that the fault would never happen.
    #[track_caller]
    pub fn inject(&self, fault: Fault) {
        if let Some(operation) = fault.operation() {
            assert!(
                operation == "Token" || Contract::get().has(operation),
                "there is no operation {operation}: give an `operationId`, such as `CreateUser`, or `Token`"
            );
        }
        self.store.lock().faults.add(fault);
    }

    /// Removes all faults, and accepts connections again.
    pub fn clear_faults(&self) {
        self.store.lock().faults.clear();
        self.server.refuse(false);
    }

    /// Changes which requests are hit by faults that have a probability.
    pub fn seed_faults(&self, seed: u64) {
        self.store.lock().faults.seed(seed);
    }

    /// Refuses new connections from now on, and resets those that there are at their next request;
    /// or accepts them again. It takes some milliseconds until the port is closed or open.
    pub fn refuse_connections(&self, refuse: bool) {
        self.store.lock().faults.refuses = refuse;
        self.server.refuse(refuse);
    }

    /// Responds as this release from now on, such as `1.38`; see [`MockBuilder::release`].
    ///
    /// [`MockBuilder::release`]: crate::MockBuilder::release
    ///
    /// # Panics
    ///
    /// When the release is unknown: those from 1.30 to 1.42 are known.
    #[track_caller]
    pub fn set_release(&self, release: &str) {
        let objection = documents::objection(release);
        assert!(objection.is_none(), "{}", objection.unwrap_or_default());
        self.store.lock().release = Some(release.to_owned());
    }

    /// The newest verification code that was sent to this e-mail address or phone number.
    #[must_use]
    pub fn last_code(&self, address: &str) -> Option<String> {
        self.store.lock().codes.newest(address).map(str::to_owned)
    }

    /// Lets all verification codes that were sent so far expire.
    pub fn expire_codes(&self) {
        self.store.lock().codes.expire();
    }

    /// Lets all verifications of the Account API so far expire.
    pub fn expire_verifications(&self) {
        self.store.lock().verifications.expire();
    }

    /// Refuses this username, e-mail address or phone number from now on, as if it had been tried
    /// with wrong passwords too often: until the lockout duration of the sign-in experience is over
    /// (60 minutes at first), or `POST /api/sentinel-activities/delete` unlocks it.
    pub fn lock_out(&self, identifier: &str) {
        sentinel::block(&mut self.store.lock(), identifier);
    }

    /// Lets a user's password expire.
    ///
    /// # Panics
    ///
    /// When there is no user with this ID.
    #[track_caller]
    pub fn expire_password(&self, user_id: &str) {
        self.change(user_id, User::expire_password);
    }

    /// Gives a user an e-mail address.
    ///
    /// # Panics
    ///
    /// When there is no user with this ID, when the address is invalid, and when another user has it.
    #[track_caller]
    pub fn set_email(&self, user_id: &str, email: &str) {
        assert!(formats::is_email(email), "{email:?} is no e-mail address");
        self.give(user_id, "primaryEmail", email);
    }

    /// Gives a user a phone number: digits only, with the country code.
    ///
    /// # Panics
    ///
    /// When there is no user with this ID, when the number is invalid, and when another user has it.
    #[track_caller]
    pub fn set_phone(&self, user_id: &str, phone: &str) {
        assert!(
            formats::is_phone(phone),
            "{phone:?} is no phone number: give digits only, with the country's code"
        );
        self.give(user_id, "primaryPhone", phone);
    }

    /// When users are asked for second factors, and for which. At first there are none.
    pub fn set_mfa(&self, policy: MfaPolicy, factors: &[MfaFactor]) {
        let mut state = self.store.lock();
        state.policy.mfa = policy;
        state.policy.factors = factors.to_vec();
    }

    /// What a user must have. At first it is a username and a password.
    pub fn set_sign_up(&self, fields: &[SignUpField]) {
        self.store.lock().policy.sign_up = fields.to_vec();
    }

    /// What else new users have to tell: members of theirs, of their profile or of their custom
    /// data, by name. At first it is nothing.
    pub fn set_profile_fields(&self, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned());
        self.store.lock().policy.profile_fields = names.collect();
    }

    /// Whether users are offered to sign in with a passkey. At first they are not.
    pub fn set_passkey_sign_in(&self, enabled: bool) {
        self.store.lock().policy.passkey_sign_in = enabled;
    }

    /// Lets nobody in from now on who does not begin with this `captchaToken`.
    pub fn require_captcha(&self, token: &str) {
        self.store.lock().policy.captcha = Some(token.to_owned());
    }

    /// Gives a user an authenticator app, and returns its secret.
    ///
    /// # Panics
    ///
    /// When there is no user with this ID.
    #[track_caller]
    pub fn add_totp(&self, user_id: &str) -> String {
        let secret = self.store.lock().ids.totp_secret();
        self.add_factor(user_id, Secret::Totp(secret.clone()));
        secret
    }

    /// Replaces the backup codes of a user, and returns the new ones.
    ///
    /// # Panics
    ///
    /// When there is no user with this ID.
    #[track_caller]
    pub fn add_backup_codes(&self, user_id: &str) -> Vec<String> {
        let codes = self.store.lock().ids.backup_codes();
        self.add_factor(user_id, Secret::BackupCodes(codes.clone()));
        codes
    }

    /// The code that an authenticator app with this secret shows now; empty if the secret is not base32.
    #[must_use]
    pub fn totp_code(&self, secret: &str) -> String {
        totp::code(secret).unwrap_or_default()
    }

    /// Whether uploads are kept, in memory, and given back by their addresses. At first they are
    /// refused, as by a server that has no storage.
    pub fn set_storage(&self, enabled: bool) {
        self.store.lock().storage = enabled.then(HashMap::new);
    }

    /// Gives an application the one secret that it had before applications could have several.
    /// It is good for tokens until `delete_legacy_secret` takes it away.
    pub fn set_legacy_secret(&self, application_id: &str, secret: &str) {
        let mut state = self.store.lock();
        state.tables.table("applications").change("", application_id, |row| {
            row.members.insert("secret".into(), secret.into());
        });
    }

    /// Below which domain protected applications are found. At first there is none, and they are
    /// refused as by a server of one's own.
    pub fn set_protected_app_domain(&self, domain: Option<&str>) {
        self.store.lock().protected_domain = domain.map(str::to_owned);
    }

    /// Whether operations of which nothing but their form is known are refused with 501. At first
    /// they answer with a valid example and the header `logto-mock: example`.
    pub fn set_strict(&self, strict: bool) {
        self.store.lock().strict = strict;
    }

    /// Adds a social connector; gives its id. It takes the `connectorData` of a verification at
    /// its word: `code` has to be there, `userId` says which of its users it is, and `email`,
    /// `phone`, `name` and `avatar` what it knows of them.
    pub fn add_social_connector(&self) -> String {
        let mut state = self.store.lock();
        crate::rules::behaviours::add_social(&mut state)
    }

    /// Adds an enterprise connector for the e-mail addresses of a domain; gives its id. It takes
    /// `connectorData` at its word, as a social one does.
    pub fn add_sso_connector(&self, domain: &str) -> String {
        let mut state = self.store.lock();
        let id = state.ids.user();
        state.connectors.add_sso(&id, domain);
        id
    }

    /// Has only these connector factories installed, by their ids; all that Logto comes with where
    /// none are given. A server that was built from source has none before somebody adds them, and
    /// refuses to make connectors of others.
    pub fn set_connector_factories(&self, ids: Option<&[&str]>) {
        let ids = ids.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        self.store.lock().connectors.installed = ids;
    }

    /// Serves custom domains, as Logto Cloud does and as is the default here, or refuses them with
    /// `domain.not_configured`, as self-hosted servers do.
    pub fn set_custom_domains(&self, enabled: bool) {
        self.store.lock().custom_domains = enabled;
    }

    /// Makes a token that lets the user of this e-mail address in, once; gives it.
    pub fn add_one_time_token(&self, email: &str) -> String {
        let mut state = self.store.lock();
        let token = state.ids.secret();
        crate::rules::behaviours::add_one_time_token(&mut state, &token, email);
        token
    }

    #[track_caller]
    fn add_factor(&self, user_id: &str, secret: Secret) {
        let state = &mut *self.store.lock();
        check_user(state, user_id);
        if let Some(user) = state.users.find_mut(user_id) {
            user.mfa.add(&mut state.ids, secret);
        }
    }

    /// Gives a user what only one may have.
    #[track_caller]
    fn give(&self, user_id: &str, member: &str, value: &str) {
        let owner = self.store.lock().users.find_by(member, value).map(|user| user.id.clone());
        let is_free = owner.is_none_or(|owner| owner == user_id);
        assert!(is_free, "another user has {value:?} already");
        self.change(user_id, |user| user.set(member, value.into()));
    }

    #[track_caller]
    fn change(&self, user_id: &str, change: impl FnOnce(&mut User)) {
        let state = &mut *self.store.lock();
        check_user(state, user_id);
        if let Some(user) = state.users.find_mut(user_id) {
            change(user);
        }
    }
}

/// Panics for a user who does not exist.
#[track_caller]
pub(crate) fn check_user(state: &State, user_id: &str) {
    let is_there = state.users.find(user_id).is_some();
    assert!(
        is_there,
        "there is no user with the id {user_id:?}: `add_user` gives the id, and `user_id` that of a username"
    );
}
