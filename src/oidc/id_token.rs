//! ID tokens: what has to be checked before one is believed (OpenID Connect Core, section 3.1.3.7).

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto::aws_lc, jwk::Jwk};
use serde::Deserialize;
use serde_json::Value;

use super::{IdTokenClaims, issuer};
use crate::{Client, Error, Result, Timestamp, auth::jwt};

/// How far two clocks may differ, in milliseconds.
const LEEWAY: i64 = 60_000;

/// What the token has to say.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    /// That of the authorization request, where the token answers one.
    pub(super) nonce: Option<&'a str>,
    /// The user who signed in, where that is known.
    pub(super) subject: Option<&'a str>,
    /// The access token that it came with.
    pub(super) access_token: &'a str,
    /// When the authorization request was made, and the longest time in seconds that it allowed
    /// since the user last authenticated.
    pub(super) max_age: Option<(Timestamp, u64)>,
}

/// The claims of the token, when it is from this Logto, for this application, and good now.
pub(super) async fn validate(
    client: &Client,
    token: &str,
    expected: &Expected<'_>,
) -> Result<IdTokenClaims> {
    let parts = Parts::of(token)?;
    let header: Header = parts.header()?;
    let algorithm = header.algorithm()?;
    let key = client.jwks().key(client, header.kid.as_deref(), algorithm).await?;
    check_signature(&parts, &key, algorithm)?;
    let claims: IdTokenClaims = parts.claims()?;
    check_parties(&claims, &issuer(client), expected.client_id)?;
    check_times(&claims, client.clock().wall_time().into())?;
    check_answer(&claims, expected)?;
    check_age(&claims, expected.max_age)?;
    check_access_token(&claims, algorithm, expected.access_token)?;
    Ok(claims)
}

/// The claims of a token that has been validated before.
pub(super) fn read_again(token: &str) -> Result<IdTokenClaims> {
    Parts::of(token)?.claims()
}

/// A signed token in its compact form.
struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// What the signature is of.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self> {
        let cut_off = || Error::invalid_token("the ID token does not have three parts");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(cut_off)?;
        let (header, payload) = signed.split_once('.').ok_or_else(cut_off)?;
        match payload.contains('.') {
            true => Err(cut_off()),
            false => Ok(Self { header, payload, signature, signed }),
        }
    }

    fn header(&self) -> Result<Header> {
        jwt::part(self.header)
            .ok_or_else(|| Error::invalid_token("the ID token's header cannot be read"))
    }

    fn claims(&self) -> Result<IdTokenClaims> {
        jwt::part(self.payload).ok_or_else(|| {
            Error::invalid_token("the ID token's claims cannot be read, or one is missing")
        })
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood.
    #[serde(default)]
    crit: Option<Value>,
}

impl Header {
    /// Logto signs with these two. All others are refused before a key is looked at: one that
    /// takes the public key for a shared secret must not get it.
    fn algorithm(&self) -> Result<Algorithm> {
        if self.crit.is_some() {
            return Err(Error::invalid_token(
                "the ID token's header asks for an extension that is not known",
            ));
        }
        // Logto gives its ID tokens no type, and its other tokens one of their own.
        if self.typ.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
            return Err(Error::invalid_token(
                "the token says in its header that it is not an ID token, but of another type",
            ));
        }
        match self.alg.as_str() {
            "ES384" => Ok(Algorithm::ES384),
            "RS256" => Ok(Algorithm::RS256),
            _ => Err(Error::invalid_token(
                "the ID token is not signed in a way that is taken: ES384 and RS256 are",
            )),
        }
    }
}

/// Goes by the provider itself: the one that jsonwebtoken has for the whole program panics where
/// two of its features are enabled, and is not this crate's to choose.
fn check_signature(parts: &Parts<'_>, key: &Jwk, algorithm: Algorithm) -> Result<()> {
    let verified = || {
        let signature = BASE64_URL_SAFE_NO_PAD.decode(parts.signature).ok()?;
        let key = DecodingKey::from_jwk(key).ok()?;
        let verifier = (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key).ok()?;
        verifier.verify(parts.signed.as_bytes(), &signature).ok()
    };
    verified().ok_or_else(|| Error::invalid_token("the ID token's signature is not its issuer's"))
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
    access_token: &str,
) -> Result<()> {
    let Some(found) = claims.user.extra.get("at_hash") else {
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
