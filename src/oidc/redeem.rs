//! The exchange of an authorization code for tokens.

use std::time::SystemTime;

use reqwest::Url;

use super::{
    App, IdTokenClaims, PendingAuthorization, StoredTokens, UserTokens, callback,
    grant::Grant,
    id_token::{self, Expected},
};
use crate::{Client, Error, Result, Timestamp, auth::Granted};

/// Validates the response to an authorization request, and exchanges its code for tokens.
pub(crate) async fn redeem(
    client: &Client,
    app: &App,
    pending: &PendingAuthorization,
    callback: &Url,
) -> Result<UserTokens> {
    let code = code(client, pending, callback).await?;
    let asked_at = client.clock().wall_time();
    let granted = exchange(client, app, pending, &code).await?;
    let context = RequestContext {
        asked_at,
        nonce: pending.nonce(),
        max_age: pending.asked().and_then(|asked| Some((asked.at, asked.max_age?))),
        wants_id_token: pending.nonce().is_some(),
        resources: pending.asked().map(|asked| asked.resources.clone()),
    };
    first_tokens(client, app, granted, context).await
}

/// The request that the tokens of a sign-in respond to.
pub(super) struct RequestContext<'a> {
    pub(super) asked_at: SystemTime,
    pub(super) nonce: Option<&'a str>,
    /// When the authorization was asked for, and the longest time in seconds that it allowed since
    /// the user last authenticated.
    pub(super) max_age: Option<(Timestamp, u64)>,
    pub(super) wants_id_token: bool,
    /// The API resources that were named, where that is known.
    pub(super) resources: Option<Vec<String>>,
}

/// The first tokens of a sign-in, when its ID token is to be trusted.
pub(super) async fn first_tokens(
    client: &Client,
    app: &App,
    granted: Granted,
    context: RequestContext<'_>,
) -> Result<UserTokens> {
    let claims = validated_claims(&client.anonymous(), app, &granted, &context).await?;
    let set = StoredTokens {
        client_id: app.client_id.clone(),
        access_token: granted.token.bearer.token().to_owned(),
        expires_at: granted.token.expires_at(context.asked_at),
        scope: granted.scope.unwrap_or_default(),
        refresh_token: granted.refresh_token,
        id_token: granted.id_token,
        resources: context.resources,
        api_tokens: Vec::new(),
    };
    Ok(UserTokens::first(Grant::new(client, app, set)?, claims))
}

/// The code of the response to an authorization request.
pub(crate) async fn code(
    client: &Client,
    pending: &PendingAuthorization,
    callback: &Url,
) -> Result<String> {
    callback::code(&client.anonymous(), pending, callback).await
}

/// A code can be used once: the request is retried only if it was not sent.
async fn exchange(
    client: &Client,
    app: &App,
    pending: &PendingAuthorization,
    code: &str,
) -> Result<Granted> {
    let endpoint = client.token_endpoint_of(app.client_id.clone(), app.secret.clone())?;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", pending.redirect_uri()),
        ("code_verifier", pending.code_verifier()),
    ];
    client.obtained(client.ask(false, || endpoint.ask(&form)).await)
}

/// The claims of the ID token, which must be present if it was requested.
async fn validated_claims(
    client: &Client,
    app: &App,
    granted: &Granted,
    context: &RequestContext<'_>,
) -> Result<Option<IdTokenClaims>> {
    let expected = Expected {
        issuer: None,
        client_id: &app.client_id,
        nonce: context.nonce,
        subject: None,
        access_token: Some(granted.token.bearer.token()),
        max_age: context.max_age,
    };
    match &granted.id_token {
        Some(token) => id_token::validate(client, token, &expected).await.map(Some),
        None if context.wants_id_token => Err(Error::invalid_token(
            "Logto issued no ID token, though the scope `openid` was requested",
        )),
        None => Ok(None),
    }
}
