//! Validation of ID tokens (OpenID Connect Core, section 3.1.3.7).

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;

use super::{
    IdTokenClaims, issuer,
    jws::{Jws, Kind},
};
use crate::{Client, Error, Result, Timestamp};

/// How far two clocks may differ, in milliseconds.
const LEEWAY: i64 = 60_000;

/// The expected claims of a token.
pub(crate) struct Expected<'a> {
    /// The issuer, if it is not this Logto by its address.
    pub(crate) issuer: Option<&'a str>,
    pub(crate) client_id: &'a str,
    /// The nonce of the authorization request, if the token was issued for one.
    pub(crate) nonce: Option<&'a str>,
    /// The user who signed in, if known.
    pub(crate) subject: Option<&'a str>,
    /// The access token that was issued together with the ID token, if known.
    pub(crate) access_token: Option<&'a str>,
    /// When the authorization request was made, and its maximum authentication age in seconds.
    pub(crate) max_age: Option<(Timestamp, u64)>,
}

/// The claims of the token, if it was issued by this Logto for this application and is valid now.
pub(crate) async fn validate(
    client: &Client,
    token: &str,
    expected: &Expected<'_>,
) -> Result<IdTokenClaims> {
    let signed = Jws::of(Kind::IdToken, token)?;
    let algorithm = signed.verify(client).await?;
    let claims: IdTokenClaims = signed.claims()?;
    let own = issuer(client);
    check_parties(&claims, expected.issuer.unwrap_or(&own), expected.client_id)?;
    check_times(&claims, client.clock().wall_time().into())?;
    check_answer(&claims, expected)?;
    check_age(&claims, expected.max_age)?;
    check_access_token(&claims, algorithm, expected.access_token)?;
    Ok(claims)
}

/// The claims of a token that was validated before.
#[cfg(feature = "sign-in")]
pub(super) fn read_again(token: &str) -> Result<IdTokenClaims> {
    Jws::of(Kind::IdToken, token)?.claims()
}

fn check_parties(claims: &IdTokenClaims, issuer: &str, client_id: &str) -> Result<()> {
    if claims.iss != issuer {
        return Err(Error::invalid_token(
            "the ID token's issuer is not this Logto: check the endpoint's address, or set the one \
             that users see with `public_endpoint(…)`",
        ));
    }
    if !claims.aud.iter().any(|audience| audience == client_id) {
        return Err(Error::invalid_token("the ID token is for another application"));
    }
    match &claims.azp {
        Some(party) if party != client_id => {
            Err(Error::invalid_token("the ID token was issued to another application"))
        }
        None if claims.aud.len() > 1 => Err(Error::invalid_token(
            "the ID token is for several applications, and does not say to which it was issued",
        )),
        _ => Ok(()),
    }
}

fn check_times(claims: &IdTokenClaims, now: Timestamp) -> Result<()> {
    let now = now.as_millis();
    if claims.exp.as_millis() <= now - LEEWAY {
        return Err(Error::invalid_token("the ID token has expired: check this machine's clock"));
    }
    let later = |at: Timestamp| at.as_millis() > now + LEEWAY;
    if later(claims.iat) || claims.nbf.is_some_and(later) {
        return Err(Error::invalid_token(
            "the ID token is from the future: check this machine's clock",
        ));
    }
    Ok(())
}

fn check_answer(claims: &IdTokenClaims, expected: &Expected<'_>) -> Result<()> {
    if expected.nonce.is_some() && claims.nonce.as_deref() != expected.nonce {
        return Err(Error::invalid_token(
            "the ID token's nonce does not match the request's: the token belongs to another \
             sign-in",
        ));
    }
    let user = claims.user.sub.as_str();
    if user.is_empty() || expected.subject.is_some_and(|subject| subject != user) {
        return Err(Error::invalid_token("the ID token is about another user, or about none"));
    }
    Ok(())
}

/// OpenID Connect Core, section 3.1.2.1: a request with `max_age` gets the time of authentication
/// and has to check it.
fn check_age(claims: &IdTokenClaims, max_age: Option<(Timestamp, u64)>) -> Result<()> {
    let Some((asked_at, max_age)) = max_age else {
        return Ok(());
    };
    let Some(authenticated) = claims.auth_time else {
        return Err(Error::invalid_token(
            "the ID token does not say when the user authenticated (`auth_time`), though `max_age` \
             was set",
        ));
    };
    let age = asked_at.as_millis().saturating_sub(authenticated.as_millis());
    match u64::try_from(age - LEEWAY).is_ok_and(|age| age > max_age.saturating_mul(1000)) {
        true => Err(Error::invalid_token(
            "the user authenticated longer ago than `max_age` allows: have them sign in again",
        )),
        false => Ok(()),
    }
}

/// OpenID Connect Core, section 3.1.3.8: the ID token contains the left half of the access token's
/// hash.
fn check_access_token(
    claims: &IdTokenClaims,
    algorithm: Algorithm,
    access_token: Option<&str>,
) -> Result<()> {
    let (Some(found), Some(access_token)) = (claims.user.extra.get("at_hash"), access_token) else {
        return Ok(());
    };
    let hash = match algorithm {
        Algorithm::RS256 => digest::digest(&digest::SHA256, access_token.as_bytes()),
        _ => digest::digest(&digest::SHA384, access_token.as_bytes()),
    };
    let half = hash.as_ref().split_at(hash.as_ref().len() / 2).0;
    match found.as_str() == Some(&BASE64_URL_SAFE_NO_PAD.encode(half)) {
        true => Ok(()),
        false => Err(Error::invalid_token(
            "the ID token does not match the access token that it came with (`at_hash`)",
        )),
    }
}
