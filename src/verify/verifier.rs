//! Verifies tokens.

use std::{fmt, sync::Arc};

use super::{
    AccessTokenClaims, TokenVerifierBuilder,
    builder::{Rules, Wanted},
    introspector::Introspector,
};
use crate::{
    Client, Error, Result, Timestamp,
    oidc::{Expected, IdTokenClaims, Jws, Kind, issuer, validate_id_token},
    setters::IntoText,
};

/// In bytes. Logto's tokens have about a thousand; servers accept few with more than 16 KiB.
const MAX_SIZE: usize = 64 * 1024;

/// Verifies access tokens that Logto issued for your API: see the [module](super).
///
/// It checks the signature with the keys that Logto publishes, the type (`at+jwt`), issuer,
/// audience, times and, if set, the application. Keys are fetched with the first token, once for
/// all waiting tasks; when they are older than ten minutes; and when a token names an unknown key,
/// at most three times a minute. While they cannot be fetched, the last known keys are used for two
/// hours. Cloning is cheap, and clones share them.
#[derive(Clone)]
pub struct TokenVerifier(Arc<Inner>);

struct Inner {
    /// One that acts for nobody.
    client: Client,
    issuer: String,
    rules: Rules,
    introspector: Option<Introspector>,
}

impl TokenVerifier {
    /// Starts building a verifier for the tokens of the server at this address, such as
    /// `https://acme.logto.app`.
    pub fn builder(endpoint: impl IntoText) -> TokenVerifierBuilder {
        TokenVerifierBuilder::new(Client::builder(endpoint))
    }

    pub(super) fn of(client: Client, rules: Rules) -> Self {
        let issuer = rules.issuer.clone().unwrap_or_else(|| issuer(&client));
        let introspector = client.credentials().application().cloned().map(Introspector::new);
        Self(Arc::new(Inner { client: client.anonymous(), issuer, rules, introspector }))
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    pub(super) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(super) fn introspector(&self) -> Option<&Introspector> {
        self.0.introspector.as_ref()
    }

    /// The claims of the token, if it is valid.
    ///
    /// # Errors
    ///
    /// - [`is_invalid_token`](Error::is_invalid_token): the token is invalid; respond with 401
    ///   `invalid_token`.
    /// - [`is_opaque_token`](Error::is_opaque_token) as well: it may be a token for Logto's own
    ///   endpoints, which Logto issues if a client requests no `resource`. See
    ///   [`introspect`](Self::introspect).
    /// - Any other: the keys cannot be fetched, so the token cannot be verified; respond with 503.
    pub async fn verify(&self, token: &str) -> Result<AccessTokenClaims> {
        if token.len() > MAX_SIZE {
            return Err(Error::invalid_token("the access token is too long to be Logto's"));
        }
        if !token.contains('.') {
            return Err(Error::opaque_token());
        }
        let signed = Jws::of(Kind::AccessToken, token)?;
        signed.verify(&self.0.client).await?;
        let claims: AccessTokenClaims = signed.claims()?;
        self.check(&claims)?;
        Ok(claims)
    }

    /// The claims of the token, if it is valid and for this organization, such as that of the
    /// request's path. The verifier must accept tokens with organizations.
    ///
    /// # Errors
    ///
    /// Like [`verify`](Self::verify); a token for another organization is invalid.
    pub async fn verify_in(&self, token: &str, organization_id: &str) -> Result<AccessTokenClaims> {
        let claims = self.verify(token).await?;
        match claims.organization_id() == Some(organization_id) {
            true => Ok(claims),
            false => Err(Error::invalid_token("the access token is for another organization")),
        }
    }

    /// The claims of an ID token that your service receives, for example from your frontend, if it
    /// is valid and was issued to this application.
    ///
    /// An ID token identifies who signed in; it grants no permissions. The application must check
    /// its nonce.
    ///
    /// # Errors
    ///
    /// Like [`verify`](Self::verify).
    pub async fn verify_id_token(&self, token: &str, client_id: &str) -> Result<IdTokenClaims> {
        if token.len() > MAX_SIZE {
            return Err(Error::invalid_token("the ID token is too long to be Logto's"));
        }
        let expected = Expected {
            issuer: Some(&self.0.issuer),
            client_id,
            nonce: None,
            subject: None,
            access_token: None,
            max_age: None,
        };
        validate_id_token(&self.0.client, token, &expected).await
    }

    fn check(&self, claims: &AccessTokenClaims) -> Result<()> {
        let known = claims.known();
        if known.iss != self.0.issuer {
            return Err(self.another_issuer());
        }
        if !self.is_wanted(claims) {
            return Err(Error::invalid_token(
                "the access token is not for this API: the verifier does not accept its audience \
                 or organization",
            ));
        }
        self.check_party(&known.sub, &known.client_id)?;
        self.check_times(known.exp, Some(known.iat), known.nbf)
    }

    pub(super) fn another_issuer(&self) -> Error {
        Error::invalid_token(
            "the access token is from another issuer: set `issuer` if it differs from the endpoint",
        )
    }

    /// Whom the token is about, and to whom it was issued.
    pub(super) fn check_party(&self, subject: &str, client_id: &str) -> Result<()> {
        let rules = &self.0.rules;
        if subject.is_empty() || (rules.users_only && subject == client_id) {
            return Err(Error::invalid_token("the access token does not belong to a user"));
        }
        match rules.clients.is_empty() || rules.clients.iter().any(|client| client == client_id) {
            true => Ok(()),
            false => {
                Err(Error::invalid_token("the access token was issued to another application"))
            }
        }
    }

    fn is_wanted(&self, claims: &AccessTokenClaims) -> bool {
        let rules = &self.0.rules;
        let is_for_api = claims.audiences().iter().any(|found| rules.audiences.contains(found));
        let in_organization = claims.claimed_organization().is_some();
        match rules.wanted {
            Wanted::Resource => is_for_api && !in_organization,
            Wanted::ResourceInOrganization => is_for_api && in_organization,
            Wanted::ResourceAnywhere => is_for_api,
            Wanted::Organization => claims.audience_organization().is_some() && !in_organization,
        }
    }

    pub(super) fn check_times(
        &self,
        expires: Timestamp,
        issued: Option<Timestamp>,
        not_before: Option<Timestamp>,
    ) -> Result<()> {
        let now = Timestamp::from(self.0.client.clock().wall_time()).as_millis();
        let leeway = i64::try_from(self.0.rules.leeway.as_millis()).unwrap_or(i64::MAX);
        if expires.as_millis() <= now.saturating_sub(leeway) {
            return Err(Error::invalid_token("the access token has expired"));
        }
        let limit = now.saturating_add(leeway);
        match [issued, not_before].into_iter().flatten().any(|at| at.as_millis() > limit) {
            true => Err(Error::invalid_token("the access token is not valid yet")),
            false => Ok(()),
        }
    }
}

impl Client {
    /// Starts building a verifier that shares this client's connections and keys.
    pub fn token_verifier(&self) -> TokenVerifierBuilder {
        TokenVerifierBuilder::of(self)
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier")
            .field("issuer", &self.0.issuer)
            .field("rules", &self.0.rules)
            .finish_non_exhaustive()
    }
}
