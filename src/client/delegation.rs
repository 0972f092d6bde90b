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

/// What the Account API asks of a user's token for what it can show and change. Which of it a
/// server knows depends on its version.
const USER_SCOPE: &str = "openid profile email phone address custom_data identities \
                          urn:logto:scope:sessions";

impl Client {
    /// A client that acts for an organization: its tokens are the application's in that
    /// organization.
    ///
    /// Without [`resource`](DelegationBuilder::resource) they are organization tokens, which tell your
    /// own services what the application may do in the organization; get them with
    /// [`access_token`](Self::access_token). With a resource they are tokens for that API. Either
    /// way they have those of the permissions named with [`scope`](DelegationBuilder::scope): Logto
    /// gives none that are not asked for, and a token without any is an error unless you
    /// [allow it](DelegationBuilder::allow_fewer_scopes).
    ///
    /// The application must be a member of the organization, with a role there that has the
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

    /// A client that acts for a user, without the user being there: impersonation.
    ///
    /// With the Management API's leave it gets a subject token for the user, and exchanges it for
    /// an access token of the user's, again whenever that is due. By default that is a token for
    /// the Account API with all of the user's own scopes. With a
    /// [`resource`](DelegationBuilder::resource) or an [`organization`](DelegationBuilder::organization)
    /// it is one for that, with the permissions that are named with
    /// [`scope`](DelegationBuilder::scope) and that the user has.
    ///
    /// Token exchange must be allowed in the application's settings: it is off by default. Logto
    /// gives such tokens for suspended users too: look at the user first where that matters.
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

    /// A client that acts for the user of a subject token that was made elsewhere: by the
    /// Management API (`sub_…`), or an access token of the user's.
    ///
    /// A subject token can be exchanged once, and within ten minutes after it was made. When the
    /// access token that it gave is over, calls fail with an error that
    /// [`is_auth`](Error::is_auth). Everything else is as with [`as_user`](Self::as_user).
    pub fn with_subject_token(&self, subject_token: impl IntoText) -> DelegationBuilder {
        DelegationBuilder::new(self, Subject::Token(subject_token.into_text()))
    }

    /// A client that acts for the user who has made a personal access token (`pat_…`).
    ///
    /// It is exchanged again whenever an access token is due, for as long as it is good: one that
    /// was deleted is refused with an error that [`is_auth`](Error::is_auth) (`invalid_grant`).
    /// Everything else is as with [`as_user`](Self::as_user).
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

    /// The token that the client makes its calls with: for calling your own services with it.
    ///
    /// It is the cached one, or a new one if none is good.
    ///
    /// # Errors
    ///
    /// When the client has no credentials, and when no token is to be had;
    /// [`Error::is_auth`] says so.
    pub async fn access_token(&self) -> Result<AccessToken> {
        self.credentials().access_token().await
    }
}

/// Settings of a [`Client`] that acts for someone else: what [`Client::as_organization`],
/// [`Client::as_user`], [`Client::with_subject_token`] and [`Client::with_personal_access_token`]
/// return.
///
/// The client shares the connections, time limits and all other settings with the one that it
/// comes from, but has a token of its own.
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

    /// The scope to get tokens with: permissions, with spaces between them. A token that lacks one
    /// of them is refused with an error that [`is_insufficient_scope`](Error::is_insufficient_scope),
    /// unless [fewer are allowed](Self::allow_fewer_scopes).
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.scope = Some(scope.into_scope());
        self
    }

    /// Takes tokens that lack some or all of what was asked for;
    /// [`AccessToken::scope`] tells what was granted.
    pub fn allow_fewer_scopes(mut self) -> Self {
        self.fewer_scopes = true;
        self
    }

    /// The organization that the user acts in, who must be a member of it: for a client that acts
    /// for a user.
    pub fn organization(mut self, organization_id: impl IntoText) -> Self {
        self.organization = Some(organization_id.into_text());
        self
    }

    /// An access token of whoever acts in the user's place, which Logto names in the tokens (`act`,
    /// RFC 8693): for a client that acts for a user. It has to be one for Logto itself, without a
    /// resource, with the scope `openid`, and good whenever a token is due.
    pub fn actor_token(mut self, token: impl IntoText) -> Self {
        self.actor_token = Some(token.into_text());
        self
    }

    /// What a script for custom claims is told about the impersonation: for
    /// [`Client::as_user`](crate::Client::as_user) only.
    pub fn context(mut self, context: Map<String, Value>) -> Self {
        self.context = Some(context);
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When an id or a token is empty, when a setting does not go with whom the client acts for,
    /// and when the client that it comes from was not built with
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
                "`organization` and `actor_token` are for a client that acts for a user: call \
                 `as_user(…)`",
            ));
        }
        match self.context.is_some() && !matches!(self.subject, Subject::User(_)) {
            true => Err(Error::config(
                "a `context` goes into a subject token, which only `as_user(…)` makes",
            )),
            false => Ok(()),
        }
    }

    fn endpoint(&self) -> Result<(Arc<TokenEndpoint>, Option<SharedStore>)> {
        match self.client.credentials() {
            Credentials::App { endpoint, store, .. } => Ok((endpoint.clone(), store.clone())),
            _ => Err(Error::config(
                "acting for someone else takes an application's id and secret: call this on a \
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
