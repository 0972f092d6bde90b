//! Clients that act for an organization or a user.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use crate::{
    AccessToken, Client, Error, Result,
    auth::{
        ClientCredentials, Credentials, Exchange, Impersonation, TokenCache, TokenEndpoint, Wanted,
    },
};

/// What the Account API asks of a user's token for what it can show and change. Which of it a
/// server knows depends on its version.
const USER_SCOPE: &str = "openid profile email phone address custom_data identities \
                          urn:logto:scope:sessions";

impl Client {
    /// A client that acts for an organization: its tokens are the application's in that
    /// organization.
    ///
    /// Without [`resource`](ActingBuilder::resource) they are organization tokens, which tell your
    /// own services what the application may do in the organization; get them with
    /// [`access_token`](Self::access_token). With a resource they are tokens for that API, with
    /// the permissions that the application's organization roles give.
    ///
    /// The application must be a member of the organization.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// let acme = logto.as_organization("organization-id").scope("read:reports").build()?;
    /// let token = acme.access_token().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_organization(&self, organization_id: impl Into<String>) -> ActingBuilder {
        ActingBuilder::new(self, Subject::Organization(organization_id.into()))
    }

    /// A client that acts for a user, without the user being there: impersonation.
    ///
    /// With the Management API's leave it gets a subject token for the user, and exchanges it for
    /// an access token of the user's, again whenever that is due. Without
    /// [`resource`](ActingBuilder::resource), that is a token for the Account API with all of the
    /// user's own scopes; with one, a token for that API.
    ///
    /// Token exchange must be allowed in the application's settings: it is off by default.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::Method;
    ///
    /// let alice = logto.as_user("user-id").build()?;
    /// let account = alice.request(Method::GET, "/api/my-account").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_user(&self, user_id: impl Into<String>) -> ActingBuilder {
        ActingBuilder::new(self, Subject::User(user_id.into()))
    }

    /// A client that acts for the user of a subject token that was made elsewhere, for example
    /// with a context for your custom claims.
    ///
    /// A subject token can be exchanged once, and soon after it was made. When the access token
    /// that it gave is over, calls fail with an error that [`is_auth`](Error::is_auth).
    /// Everything else is as with [`as_user`](Self::as_user).
    pub fn with_subject_token(&self, subject_token: impl Into<String>) -> ActingBuilder {
        ActingBuilder::new(self, Subject::Token(subject_token.into()))
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
/// [`Client::as_user`] and [`Client::with_subject_token`] return.
///
/// The client shares the connections, time limits and all other settings with the one that it
/// comes from, but has a token of its own.
#[must_use = "a builder does nothing until `build` is called"]
pub struct ActingBuilder {
    client: Client,
    subject: Subject,
    resource: Option<String>,
    scope: Option<String>,
}

/// For whom the client acts.
enum Subject {
    Organization(String),
    User(String),
    Token(String),
}

impl ActingBuilder {
    fn new(client: &Client, subject: Subject) -> Self {
        Self { client: client.clone(), subject, resource: None, scope: None }
    }

    /// The resource indicator of the API that the tokens are for.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// The scope to get tokens with: permissions, with spaces between them. A token that lacks one
    /// of them is refused with an error that [`is_insufficient_scope`](Error::is_insufficient_scope).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the id or the token is empty, and when the client that it comes from was not built
    /// with [`client_credentials`](crate::ClientBuilder::client_credentials).
    pub fn build(self) -> Result<Client> {
        self.check()?;
        let endpoint = self.endpoint()?;
        let wanted = self.wanted();
        let (retries, app) = (self.client.retries().clone(), self.client);
        let credentials = match self.subject {
            Subject::Organization(id) => {
                let source = ClientCredentials { endpoint, organization: Some(id), wanted };
                Credentials::Organization(TokenCache::new(source, retries))
            }
            Subject::User(user_id) => {
                let source = Impersonation { endpoint, app: app.clone(), user_id, wanted };
                Credentials::Anyone(TokenCache::new(source, retries))
            }
            Subject::Token(token) => {
                let subject_token = Mutex::new(Some(token));
                let source = Exchange { endpoint, subject_token, wanted };
                Credentials::Anyone(TokenCache::new(source, retries))
            }
        };
        Ok(app.with_credentials(credentials))
    }

    fn check(&self) -> Result<()> {
        let (what, value) = match &self.subject {
            Subject::Organization(id) => ("organization's id", id),
            Subject::User(id) => ("user's id", id),
            Subject::Token(token) => ("subject token", token),
        };
        match value.trim().is_empty() {
            true => Err(Error::config(format!("the {what} is empty"))),
            false => Ok(()),
        }
    }

    fn endpoint(&self) -> Result<Arc<TokenEndpoint>> {
        match self.client.credentials() {
            Credentials::App { endpoint, .. } => Ok(endpoint.clone()),
            _ => Err(Error::config(
                "acting for someone else takes an application's id and secret: call this on a \
                 client that was built with `client_credentials(…)`",
            )),
        }
    }

    fn wanted(&self) -> Wanted {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
        let (resource, scope) = (given(&self.resource), given(&self.scope));
        let for_account_api = !matches!(self.subject, Subject::Organization(_))
            && resource.is_none()
            && self.scope.is_none();
        match for_account_api {
            true => Wanted { resource, scope: Some(USER_SCOPE.to_owned()), or_less: true },
            false => Wanted { resource, scope, or_less: false },
        }
    }
}

impl fmt::Debug for ActingBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, id) = match &self.subject {
            Subject::Organization(id) => ("organization", id.as_str()),
            Subject::User(id) => ("user", id.as_str()),
            Subject::Token(_) => ("subject_token", "[redacted]"),
        };
        f.debug_struct("ActingBuilder")
            .field(subject, &id)
            .field("resource", &self.resource)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
