//! Clients that act for an organization or a user.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use serde_json::{Map, Value};

use crate::{
    AccessToken, Client, Error, Result,
    auth::{
        ClientCredentials, Credentials, PersonalAccessToken, Secret, SubjectTokenExchange,
        TokenCache, TokenEndpoint, TokenExchange, TokenParameters,
    },
    client::impersonation::Impersonation,
    setters::{IntoScope, IntoText},
    store::SharedStore,
};

/// The scopes for the user data that the Account API can read and change. Which of them a server
/// knows depends on its version.
const USER_SCOPE: &str = "openid profile email phone address custom_data identities \
                          urn:logto:scope:sessions";

impl Client {
    /// A client that acts in an organization, with the application's tokens for that organization.
    ///
    /// Without [`resource`](DelegationBuilder::resource) they are organization tokens, which tell
    /// your own services what the application may do in the organization; get them with
    /// [`access_token`](Self::access_token). With a resource they are tokens for that API. Either
    /// way they have the permissions listed with [`scope`](DelegationBuilder::scope): Logto grants
    /// none that are not requested, and a token without any is an error unless you [allow
    /// it](DelegationBuilder::allow_fewer_scopes).
    ///
    /// The application must be a member of the organization, with an organization role that has the
    /// permissions.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// let acme = logto.as_organization("organization-id").scope("read:reports").build()?;
    /// let token = acme.access_token().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_organization(&self, organization_id: impl IntoText) -> DelegationBuilder {
        DelegationBuilder::new(self, Subject::Organization(organization_id.into_text()))
    }

    /// A client that acts for a user who is not present: impersonation.
    ///
    /// It gets a subject token for the user from the Management API, and exchanges it for an access
    /// token of the user, again whenever one is needed. By default that is a token for the Account
    /// API with all of the user's scopes. With a [`resource`](DelegationBuilder::resource) or an
    /// [`organization`](DelegationBuilder::organization) it is a token for that, with the
    /// permissions that are listed with [`scope`](DelegationBuilder::scope) and that the user has.
    ///
    /// Token exchange must be enabled in the application's settings; it is disabled by default.
    /// Logto issues such tokens for suspended users as well: check the user first if that matters.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::Method;
    ///
    /// let alice = logto.as_user("user-id").build()?;
    /// let account = alice.request(Method::GET, "/api/my-account").send().await?;
    ///
    /// let orders = logto.as_user("user-id").resource("https://api.acme.com").scope("read:orders");
    /// let token = orders.build()?.access_token().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_user(&self, user_id: impl IntoText) -> DelegationBuilder {
        DelegationBuilder::new(self, Subject::User(user_id.into_text()))
    }

    /// A client that acts for the user of a subject token that was created elsewhere: by the
    /// Management API (`sub_…`), or an access token of the user.
    ///
    /// A subject token can be exchanged once, within ten minutes. When the resulting access token
    /// has expired, calls fail with an error that [`is_auth`](Error::is_auth). Otherwise it is like
    /// [`as_user`](Self::as_user).
    pub fn with_subject_token(&self, subject_token: impl IntoText) -> DelegationBuilder {
        DelegationBuilder::new(self, Subject::Token(subject_token.into_text()))
    }

    /// A client that acts for the user who created a personal access token (`pat_…`).
    ///
    /// It is exchanged whenever an access token is needed, as long as it is valid: a deleted one is
    /// rejected with an error that [`is_auth`](Error::is_auth) (`invalid_grant`). Otherwise it is
    /// like [`as_user`](Self::as_user).
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client, pat: String) -> logto_api::Result<()> {
    /// let caller = logto.with_personal_access_token(pat).resource("https://api.acme.com");
    /// let token = caller.scope("read:orders").build()?.access_token().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_personal_access_token(&self, token: impl IntoText) -> DelegationBuilder {
        DelegationBuilder::new(self, Subject::PersonalAccessToken(token.into_text()))
    }

    /// The access token of the client, to call your own services with it.
    ///
    /// It is the cached one, or a new one if none is valid.
    ///
    /// # Errors
    ///
    /// When the client has no credentials, and when no token can be obtained; [`Error::is_auth`].
    pub async fn access_token(&self) -> Result<AccessToken> {
        self.credentials().access_token().await
    }
}

/// Builds a [`Client`] that acts for someone else, from [`Client::as_organization`],
/// [`Client::as_user`], [`Client::with_subject_token`] or [`Client::with_personal_access_token`].
///
/// The new client shares connections, timeouts and all other settings with the original one, but
/// has its own token.
#[must_use = "a builder does nothing until `build` is called"]
pub struct DelegationBuilder {
    client: Client,
    subject: Subject,
    resource: Option<String>,
    scope: Option<String>,
    fewer_scopes: bool,
    organization: Option<String>,
    actor_token: Option<String>,
    context: Option<Map<String, Value>>,
}

/// For whom the client acts.
enum Subject {
    Organization(String),
    User(String),
    Token(String),
    PersonalAccessToken(String),
}

impl DelegationBuilder {
    fn new(client: &Client, subject: Subject) -> Self {
        Self {
            client: client.clone(),
            subject,
            resource: None,
            scope: None,
            fewer_scopes: false,
            organization: None,
            actor_token: None,
            context: None,
        }
    }

    /// The resource indicator of the API that the tokens are for.
    pub fn resource(mut self, resource: impl IntoText) -> Self {
        self.resource = Some(resource.into_text());
        self
    }

    /// The scopes to request, separated by spaces. A token that lacks one of them is rejected with
    /// an error that [`is_insufficient_scope`](Error::is_insufficient_scope), unless [fewer are
    /// allowed](Self::allow_fewer_scopes).
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.scope = Some(scope.into_scope());
        self
    }

    /// Accepts tokens that lack some or all of the requested scopes; [`AccessToken::scope`] has the
    /// granted ones.
    pub fn allow_fewer_scopes(mut self) -> Self {
        self.fewer_scopes = true;
        self
    }

    /// The organization in which the user acts, of which the user must be a member. Only for a
    /// client that acts for a user.
    pub fn organization(mut self, organization_id: impl IntoText) -> Self {
        self.organization = Some(organization_id.into_text());
        self
    }

    /// An access token of whoever acts in place of the user, which Logto identifies in the tokens
    /// (`act`, RFC 8693). Only for a client that acts for a user. It has to be a token for Logto
    /// itself, without a resource, with the scope `openid`, and valid whenever a token is
    /// requested.
    pub fn actor_token(mut self, token: impl IntoText) -> Self {
        self.actor_token = Some(token.into_text());
        self
    }

    /// The context of the impersonation, for a custom claims script. Only for
    /// [`Client::as_user`](crate::Client::as_user).
    pub fn context(mut self, context: Map<String, Value>) -> Self {
        self.context = Some(context);
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When an id or a token is empty, when a setting does not apply to whom the client acts for,
    /// and when the original client was not built with
    /// [`client_credentials`](crate::ClientBuilder::client_credentials).
    pub fn build(self) -> Result<Client> {
        self.check()?;
        let (endpoint, store) = self.endpoint()?;
        let wanted = self.wanted();
        let app = self.client;
        let exchange = TokenExchange {
            endpoint: endpoint.clone(),
            organization: self.organization,
            actor_token: self.actor_token.map(Secret),
            wanted: wanted.clone(),
        };
        let cache = app.retries().clone();
        let credentials = match self.subject {
            Subject::Organization(id) => {
                let source = ClientCredentials { endpoint, organization: Some(id), wanted };
                Credentials::Organization(source.cached(store, cache))
            }
            Subject::User(user_id) => {
                let context =
                    self.context.map(|context| Secret(Value::Object(context).to_string()));
                let source = Impersonation { app: app.clone(), user_id, context, exchange };
                Credentials::Anyone(TokenCache::new(source, cache))
            }
            Subject::Token(token) => {
                let subject_token = Mutex::new(Some(Secret(token)));
                let source = SubjectTokenExchange { subject_token, exchange };
                Credentials::Anyone(TokenCache::new(source, cache))
            }
            Subject::PersonalAccessToken(token) => {
                let source = PersonalAccessToken { token: Secret(token), exchange };
                Credentials::Anyone(TokenCache::new(source, cache))
            }
        };
        Ok(app.with_credentials(credentials))
    }

    fn check(&self) -> Result<()> {
        let subject = match &self.subject {
            Subject::Organization(id) => ("organization's id", Some(id)),
            Subject::User(id) => ("user's id", Some(id)),
            Subject::Token(token) => ("subject token", Some(token)),
            Subject::PersonalAccessToken(token) => ("personal access token", Some(token)),
        };
        let organization = ("organization's id", self.organization.as_ref());
        let actor_token = ("actor token", self.actor_token.as_ref());
        for (what, value) in [subject, organization, actor_token] {
            if value.is_some_and(|value| value.trim().is_empty()) {
                return Err(Error::config(format!("the {what} is empty")));
            }
        }
        let for_organization = matches!(self.subject, Subject::Organization(_));
        if for_organization && (self.organization.is_some() || self.actor_token.is_some()) {
            return Err(Error::config(
                "`organization` and `actor_token` only apply to a client that acts for a user: \
                 call `as_user(…)`",
            ));
        }
        match self.context.is_some() && !matches!(self.subject, Subject::User(_)) {
            true => Err(Error::config(
                "`context` is part of a subject token, which only `as_user(…)` creates",
            )),
            false => Ok(()),
        }
    }

    fn endpoint(&self) -> Result<(Arc<TokenEndpoint>, Option<SharedStore>)> {
        match self.client.credentials() {
            Credentials::App { endpoint, store, .. } => Ok((endpoint.clone(), store.clone())),
            _ => Err(Error::config(
                "acting for someone else requires an application's id and secret: call this on a \
                 client that was built with `client_credentials(…)`",
            )),
        }
    }

    fn wanted(&self) -> TokenParameters {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
        let (resource, scope) = (given(&self.resource), given(&self.scope));
        let for_account_api = !matches!(self.subject, Subject::Organization(_))
            && resource.is_none()
            && self.organization.is_none()
            && self.scope.is_none();
        match for_account_api {
            true => {
                let scope = Some(USER_SCOPE.to_owned());
                TokenParameters { resource, scope, allow_fewer: true, require_any: false }
            }
            // Whoever asks for nothing, in so many words, gets that.
            false => TokenParameters {
                resource,
                scope,
                allow_fewer: self.fewer_scopes,
                require_any: self.scope.is_none(),
            },
        }
    }
}

impl fmt::Debug for DelegationBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, id) = match &self.subject {
            Subject::Organization(id) => ("organization", id.as_str()),
            Subject::User(id) => ("user", id.as_str()),
            Subject::Token(_) => ("subject_token", "[redacted]"),
            Subject::PersonalAccessToken(_) => ("personal_access_token", "[redacted]"),
        };
        f.debug_struct("DelegationBuilder")
            .field(subject, &id)
            .field("resource", &self.resource)
            .field("scope", &self.scope)
            .field("in_organization", &self.organization)
            .finish_non_exhaustive()
    }
}
