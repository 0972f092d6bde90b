//! ID tokens: what has to be checked before one is believed (OpenID Connect Core, section 3.1.3.7).

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

/// What the token has to say.
pub(crate) struct Expected<'a> {
    /// Who issues it, where that is not this Logto by its address.
    pub(crate) issuer: Option<&'a str>,
    pub(crate) client_id: &'a str,
    /// That of the authorization request, where the token answers one.
    pub(crate) nonce: Option<&'a str>,
    /// The user who signed in, where that is known.
    pub(crate) subject: Option<&'a str>,
    /// The access token that it came with, where that is known.
    pub(crate) access_token: Option<&'a str>,
    /// When the authorization request was made, and the longest time in seconds that it allowed
    /// since the user last authenticated.
    pub(crate) max_age: Option<(Timestamp, u64)>,
}

/// The claims of the token, when it is from this Logto, for this application, and good now.
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

/// The claims of a token that has been validated before.
#[cfg(feature = "sign-in")]
pub(super) fn read_again(token: &str) -> Result<IdTokenClaims> {
    Jws::of(Kind::IdToken, token)?.claims()
}

fn check_parties(claims: &IdTokenClaims, issuer: &str, client_id: &str) -> Result<()> {
    if claims.iss != issuer {
        return Err(Error::invalid_token(
            "the ID token is from another issuer than this Logto: check the endpoint's address, or \
             name the one that users see with `public_endpoint(…)`",
        ));
    }
    if !claims.aud.iter().any(|audience| audience == client_id) {
        return Err(Error::invalid_token("the ID token is for another application"));
    }
    match &claims.azp {
        Some(party) if party != client_id => {
            Err(Error::invalid_token("the ID token was asked for by another application"))
        }
        None if claims.aud.len() > 1 => Err(Error::invalid_token(
            "the ID token is for several applications, and does not say which of them asked for it",
        )),
        _ => Ok(()),
    }
}

fn check_times(claims: &IdTokenClaims, now: Timestamp) -> Result<()> {
    let now = now.as_millis();
    if claims.exp.as_millis() <= now - LEEWAY {
        return Err(Error::invalid_token("the ID token is expired: check this machine's clock"));
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
            "the ID token's nonce is not the request's: the token belongs to another sign-in",
        ));
    }
    let user = claims.user.sub.as_str();
    if user.is_empty() || expected.subject.is_some_and(|subject| subject != user) {
        return Err(Error::invalid_token("the ID token is about another user, or about none"));
    }
    Ok(())
}

/// OpenID Connect Core, section 3.1.2.1: whoever sets `max_age` is told when the user last proved
/// who they are, and has to look at it.
fn check_age(claims: &IdTokenClaims, max_age: Option<(Timestamp, u64)>) -> Result<()> {
    let Some((asked_at, max_age)) = max_age else {
        return Ok(());
    };
    let Some(authenticated) = claims.auth_time else {
        return Err(Error::invalid_token(
            "the ID token does not say when the user authenticated (`auth_time`), though `max_age` \
             was asked for",
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

/// OpenID Connect Core, section 3.1.3.8: where the ID token says which access token it came with,
/// by the left half of its hash.
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
            "the ID token came with another access token than it says (`at_hash`)",
        )),
    }
}
