//! What a verifier wants of tokens.

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

/// Settings of a [`TokenVerifier`] that is to be built.
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

    /// The API's identifier (resource indicator), as it is registered with Logto. Where it is set
    /// more than once, tokens for any of them are accepted.
    pub fn audience(mut self, indicator: impl IntoText) -> Self {
        self.rules.audiences.push(indicator.into_text());
        self
    }

    /// Accepts tokens for the API within an organization only, with the permissions that the
    /// organization gives. Without this, such tokens are rejected: what they permit, they permit in
    /// one organization.
    pub fn in_organization(mut self) -> Self {
        self.rules.wanted = Wanted::ResourceInOrganization;
        self
    }

    /// Accepts tokens for the API, within an organization or not. Look at
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

    /// Takes the organization that a request is about from its path, by a template such as
    /// `/organizations/{organization}/orders`: the path has to begin like this, and other segments
    /// in braces may be anything. Where a router takes a prefix off, as axum's `nest` does, the
    /// template is without it.
    ///
    /// Tokens about another organization are rejected by [`TokenVerifier::authenticate`], the
    /// extractors and the layer; so are requests that name none.
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

    /// As [`organization_from_path`](Self::organization_from_path), from a header.
    pub fn organization_from_header(mut self, name: impl IntoText) -> Self {
        self.rules.organization = Some(OrganizationSource::Header(name.into_text().into()));
        self
    }

    /// As [`organization_from_path`](Self::organization_from_path), by a function of your own. Where
    /// it finds none, the request is rejected.
    pub fn organization_by(
        mut self,
        find: impl Fn(&RequestHead<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.rules.organization = Some(OrganizationSource::Other(Arc::new(find)));
        self
    }

    /// The machine-to-machine application that [`TokenVerifier::introspect`] asks as. A verifier
    /// that is made from a client with the credentials of one needs no other.
    pub fn introspection(self, app_id: impl IntoText, app_secret: impl IntoText) -> Self {
        self.configure(|client| client.client_credentials(app_id, app_secret))
    }

    /// Who issues the tokens, where it is not the endpoint with `/oidc` after it: the public one,
    /// where Logto is reached at another address.
    pub fn issuer(mut self, issuer: impl IntoText) -> Self {
        self.rules.issuer = Some(issuer.into_text());
        self
    }

    /// Accepts tokens of this application only. Where it is set more than once, those of any of
    /// them.
    pub fn client_id(mut self, id: impl IntoText) -> Self {
        self.rules.clients.push(id.into_text());
        self
    }

    /// Rejects the tokens of machine-to-machine applications, which are about no user.
    pub fn users_only(mut self) -> Self {
        self.rules.users_only = true;
        self
    }

    /// How far the clocks of Logto and of this machine may differ; a minute unless it is set.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// Changes the client that keys are fetched with: its time limits, proxies, clock.
    ///
    /// It has no effect where the builder was made from a client.
    pub fn configure(mut self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        self.client = match self.client {
            Source::New(builder) => Source::New(Box::new(change(*builder))),
            given @ Source::Given(_) => given,
        };
        self
    }

    /// Builds the verifier. Nothing is fetched before the first token.
    ///
    /// # Errors
    ///
    /// When no audience is set, and tokens are not to be organization tokens; when both are set;
    /// when an audience is an organization's, or `urn:logto:resource:organizations`, which proves
    /// nothing; and for whatever [`ClientBuilder::build`] rejects.
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
