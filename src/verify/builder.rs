//! Settings of a verifier.

use std::{sync::Arc, time::Duration};

use super::{RequestHead, TokenVerifier, organization::OrganizationSource};
use crate::{Client, ClientBuilder, Error, Result, setters::IntoText};

/// How far two clocks may differ.
const LEEWAY: Duration = Duration::from_secs(60);
/// A token with this audience holds every scope that was asked for, whether the user has it or not.
const EVERY_ORGANIZATION: &str = "urn:logto:resource:organizations";

/// The kind of tokens that is accepted. Logto has three for APIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// For an API, in no organization.
    Resource,
    /// For an API in an organization: with a claim `organization_id`.
    ResourceInOrganization,
    /// For an API, in an organization or not.
    ResourceAnywhere,
    /// For an organization itself.
    Organization,
}

/// What a verifier goes by.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) wanted: Wanted,
    pub(super) audiences: Vec<String>,
    pub(super) issuer: Option<String>,
    pub(super) clients: Vec<String>,
    pub(super) users_only: bool,
    pub(super) leeway: Duration,
    /// Where a request names the organization that it is about.
    pub(super) organization: Option<OrganizationSource>,
}

/// Builds a [`TokenVerifier`].
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Debug)]
pub struct TokenVerifierBuilder {
    client: Source,
    rules: Rules,
    /// What was set and is of no use.
    problem: Option<&'static str>,
}

#[derive(Debug)]
enum Source {
    New(Box<ClientBuilder>),
    Given(Client),
}

impl TokenVerifierBuilder {
    pub(super) fn new(client: ClientBuilder) -> Self {
        Self { client: Source::New(Box::new(client)), rules: Rules::new(), problem: None }
    }

    pub(super) fn of(client: &Client) -> Self {
        Self { client: Source::Given(client.clone()), rules: Rules::new(), problem: None }
    }

    /// The API's identifier (resource indicator), as registered in Logto. If it is set several
    /// times, tokens for any of them are accepted.
    pub fn audience(mut self, indicator: impl IntoText) -> Self {
        self.rules.audiences.push(indicator.into_text());
        self
    }

    /// Accepts only tokens for the API within an organization, with the permissions that the
    /// organization grants. Without this, such tokens are rejected, because their permissions are
    /// limited to one organization.
    pub fn in_organization(mut self) -> Self {
        self.rules.wanted = Wanted::ResourceInOrganization;
        self
    }

    /// Accepts tokens for the API, within an organization or not. Check
    /// [`organization_id`](super::AccessTokenClaims::organization_id) before you allow anything.
    pub fn optionally_in_organization(mut self) -> Self {
        self.rules.wanted = Wanted::ResourceAnywhere;
        self
    }

    /// Accepts organization tokens, whose audience is `urn:logto:organization:<id>`, instead of
    /// tokens for an API.
    pub fn organization_tokens(mut self) -> Self {
        self.rules.wanted = Wanted::Organization;
        self
    }

    /// Takes the organization of a request from its path, by a template such as
    /// `/organizations/{organization}/orders`: the path must start with it, and other segments in
    /// braces match anything. If a router strips a prefix, as axum's `nest` does, omit it from the
    /// template.
    ///
    /// [`TokenVerifier::authenticate`], the extractors and the layer reject tokens for another
    /// organization, and requests that name none.
    pub fn organization_from_path(mut self, template: &str) -> Self {
        self.rules.organization = OrganizationSource::path(template);
        if self.rules.organization.is_none() {
            self.problem = Some(
                "the template of `organization_from_path` must begin with a slash and have one \
                 segment `{organization}`",
            );
        }
        self
    }

    /// Like [`organization_from_path`](Self::organization_from_path), but from a header.
    pub fn organization_from_header(mut self, name: impl IntoText) -> Self {
        self.rules.organization = Some(OrganizationSource::Header(name.into_text().into()));
        self
    }

    /// Like [`organization_from_path`](Self::organization_from_path), but by your own function. If
    /// it returns `None`, the request is rejected.
    pub fn organization_by(
        mut self,
        find: impl Fn(&RequestHead<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.rules.organization = Some(OrganizationSource::Other(Arc::new(find)));
        self
    }

    /// The credentials of a machine-to-machine application for [`TokenVerifier::introspect`]. A
    /// verifier made from a client with such credentials uses these by default.
    pub fn introspection(self, app_id: impl IntoText, app_secret: impl IntoText) -> Self {
        self.configure(|client| client.client_credentials(app_id, app_secret))
    }

    /// The issuer of the tokens, if it is not the endpoint followed by `/oidc`: for example because
    /// this service reaches Logto at an address other than its public one.
    pub fn issuer(mut self, issuer: impl IntoText) -> Self {
        self.rules.issuer = Some(issuer.into_text());
        self
    }

    /// Accepts only tokens of this application. If it is set several times, those of any of them.
    pub fn client_id(mut self, id: impl IntoText) -> Self {
        self.rules.clients.push(id.into_text());
        self
    }

    /// Rejects the tokens of machine-to-machine applications, which are about no user.
    pub fn users_only(mut self) -> Self {
        self.rules.users_only = true;
        self
    }

    /// How far the clocks of Logto and of this machine may differ; one minute by default.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// Configures the client that fetches the keys: its timeouts, proxies and clock.
    ///
    /// It has no effect if the builder was made from a client.
    pub fn configure(mut self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        self.client = match self.client {
            Source::New(builder) => Source::New(Box::new(change(*builder))),
            given @ Source::Given(_) => given,
        };
        self
    }

    /// Builds the verifier. Keys are fetched with the first token.
    ///
    /// # Errors
    ///
    /// When neither an audience nor organization tokens are set, or both are; when an audience is
    /// that of an organization, or `urn:logto:resource:organizations`, which proves nothing; and
    /// when [`ClientBuilder::build`] fails.
    pub fn build(self) -> Result<TokenVerifier> {
        if let Some(problem) = self.problem {
            return Err(Error::config(problem));
        }
        let rules = self.rules;
        if rules.organization.is_some() && rules.wanted == Wanted::Resource {
            return Err(Error::config(
                "a request's organization is checked for organization tokens only: use \
                 `organization_tokens` or `in_organization`",
            ));
        }
        let of_organization = rules.wanted == Wanted::Organization;
        if of_organization != rules.audiences.is_empty() {
            return Err(Error::config(match of_organization {
                true => "organization tokens have an audience of their own: set no `audience`",
                false => "set the `audience` that tokens must be for: the API's identifier",
            }));
        }
        let blank = |text: &String| text.trim().is_empty();
        if rules.audiences.iter().chain(&rules.clients).any(blank) {
            return Err(Error::config("an audience or a client id is empty"));
        }
        if rules.audiences.iter().any(|audience| audience == EVERY_ORGANIZATION) {
            return Err(Error::config(
                "tokens for `urn:logto:resource:organizations` prove no permission: use \
                 `organization_tokens` or `in_organization`",
            ));
        }
        if rules.audiences.iter().any(|audience| audience.starts_with(super::claims::ORGANIZATION))
        {
            return Err(Error::config(
                "the audience is an organization's: use `organization_tokens`, and `verify_in` for \
                 tokens of this one",
            ));
        }
        let client = match self.client {
            Source::New(builder) => builder.build()?,
            Source::Given(client) => client,
        };
        Ok(TokenVerifier::of(client, rules))
    }
}

impl Rules {
    fn new() -> Self {
        Self {
            wanted: Wanted::Resource,
            audiences: Vec::new(),
            issuer: None,
            clients: Vec::new(),
            users_only: false,
            leeway: LEEWAY,
            organization: None,
        }
    }
}
