//! Whether a request may be served.

use super::{AccessTokenClaims, BearerRejection, RequestHead, TokenVerifier, bearer};

impl TokenVerifier {
    /// Verifies the access token of a request: it must be valid, be for the organization that the
    /// request names (if the verifier has a setting for that), and have all of these scopes.
    ///
    /// The extractors and the layer do this. For other frameworks, call it with the head of a
    /// request, and respond with the rejection.
    ///
    /// # Errors
    ///
    /// See [`BearerRejection`].
    pub async fn authenticate<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        scopes: &[impl AsRef<str>],
    ) -> Result<AccessTokenClaims, BearerRejection> {
        let head = head.into();
        let token = bearer::token(&head)?;
        let verified = match &self.rules().organization {
            None => self.verify(token).await,
            Some(source) => {
                let id = source.find(&head).ok_or(BearerRejection::InvalidRequest)?;
                self.verify_in(token, &id).await
            }
        };
        let claims = verified.map_err(|error| match error.is_invalid_token() {
            true => BearerRejection::InvalidToken,
            false => BearerRejection::Unavailable,
        })?;
        claims.require(scopes)?;
        Ok(claims)
    }
}

impl AccessTokenClaims {
    /// Whether all of these scopes were granted, as an outcome.
    pub(super) fn require(&self, scopes: &[impl AsRef<str>]) -> Result<(), BearerRejection> {
        let names = || scopes.iter().map(AsRef::as_ref);
        match self.has_all_scopes(names()) {
            true => Ok(()),
            false => {
                let names: Vec<_> = names().collect();
                Err(BearerRejection::InsufficientScope(names.join(" ")))
            }
        }
    }
}
