//! Logout tokens, by which Logto tells an application that a user's session has ended (OpenID
//! Connect Back-Channel Logout 1.0).

use std::{fmt, sync::Arc, time::Duration};

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    claims::{maybe_seconds, one_or_more, seconds},
    issuer,
    jws::{Jws, Kind},
};
use crate::{Client, Error, Result, Timestamp, setters::IntoText};

/// The field of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// In bytes. Logto's have less than a thousand.
const MAX_SIZE: usize = 64 * 1024;
/// In milliseconds. Logto gives its tokens two minutes; those of 1.30, which do not tell their end, are
/// given the same.
const LIFE: i64 = 120_000;
/// How far two clocks may differ.
const LEEWAY: Duration = Duration::from_secs(60);

/// Decides whether a token is a replay.
type Seen = dyn Fn(&LogoutToken) -> bool + Send + Sync;

/// Verifies the logout tokens that Logto posts to an application's back-channel logout URI.
///
/// It checks the signature with the keys that Logto publishes, which it shares with the client, the
/// type (`logout+jwt`), issuer, audience, times and event, and that there is no nonce. Cloning is
/// cheap.
///
/// ```no_run
/// # async fn run(logto: logto_api::Client, body: &[u8]) -> logto_api::Result<()> {
/// use logto_api::logout::LogoutTokenVerifier;
///
/// let verifier = LogoutTokenVerifier::new(&logto, "web-app-id");
/// let token = verifier.verify_form(body).await?; // the body of the POST, as it came
/// println!("sign {:?} out, of session {:?}", token.subject(), token.session_id());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LogoutTokenVerifier {
    client: Client,
    client_ids: Vec<String>,
    leeway: Duration,
    seen: Option<Arc<Seen>>,
}

impl LogoutTokenVerifier {
    /// A verifier for the logout tokens of this application.
    pub fn new(client: &Client, client_id: impl IntoText) -> Self {
        Self {
            client: client.anonymous(),
            client_ids: vec![client_id.into_text()],
            leeway: LEEWAY,
            seen: None,
        }
    }

    /// Also accepts tokens for this application.
    #[must_use]
    pub fn client_id(mut self, client_id: impl IntoText) -> Self {
        self.client_ids.push(client_id.into_text());
        self
    }

    /// How far the clocks of Logto and of this machine may differ; one minute by default.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Rejects a token if the function returns `true`, because it has been received before. Store
    /// [`id`](LogoutToken::id) until [`expires_at`](LogoutToken::expires_at) plus the leeway. Make
    /// a check that has to wait, such as for a database, after the verification.
    #[must_use]
    pub fn replay_check(
        mut self,
        seen: impl Fn(&LogoutToken) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.seen = Some(Arc::new(seen));
        self
    }

    /// Verifies the token of a request, by its body as it was received: a form with `logout_token`.
    ///
    /// # Errors
    ///
    /// Like [`verify`](Self::verify), and when the body is not such a form.
    pub async fn verify_form(&self, body: &[u8]) -> Result<LogoutToken> {
        self.verify(&token_of(body)?).await
    }

    /// The claims of the token, if it is valid. Respond with 200 after the user's sessions have
    /// been ended.
    ///
    /// # Errors
    ///
    /// - [`is_invalid_token`](Error::is_invalid_token): the token is invalid; respond with 400, and
    ///   end no session.
    /// - Any other: the keys cannot be fetched; respond with 503. Logto does not retry.
    pub async fn verify(&self, token: &str) -> Result<LogoutToken> {
        if token.len() > MAX_SIZE {
            return Err(Error::invalid_token("the logout token is too long to be Logto's"));
        }
        let signed = Jws::of(Kind::Logout, token)?;
        signed.verify(&self.client).await?;
        let claims: Claims = signed.claims()?;
        self.check_parties(&claims)?;
        self.check_times(&claims)?;
        check_event(&claims)?;
        let token = LogoutToken(claims);
        match &self.seen {
            Some(seen) if seen(&token) => {
                Err(Error::invalid_token("the logout token has been received before"))
            }
            _ => Ok(token),
        }
    }

    fn check_parties(&self, claims: &Claims) -> Result<()> {
        if claims.iss != issuer(&self.client) {
            return Err(Error::invalid_token(
                "the logout token's issuer is not this Logto: check the endpoint's address, or set \
                 the one that users see with `public_endpoint(…)`",
            ));
        }
        match claims.aud.iter().any(|audience| self.client_ids.contains(audience)) {
            true => Ok(()),
            false => Err(Error::invalid_token("the logout token is for another application")),
        }
    }

    fn check_times(&self, claims: &Claims) -> Result<()> {
        let now = Timestamp::from(self.client.clock().wall_time()).as_millis();
        let leeway = i64::try_from(self.leeway.as_millis()).unwrap_or(i64::MAX);
        if claims.end().as_millis() <= now.saturating_sub(leeway) {
            return Err(Error::invalid_token("the logout token has expired"));
        }
        let later = |at: Timestamp| at.as_millis() > now.saturating_add(leeway);
        match later(claims.iat) || claims.nbf.is_some_and(later) {
            true => Err(Error::invalid_token(
                "the logout token is from the future: check this machine's clock",
            )),
            false => Ok(()),
        }
    }
}

/// What makes it a logout token, and no other (Back-Channel Logout, section 2.6).
fn check_event(claims: &Claims) -> Result<()> {
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(Error::invalid_token("the logout token is not about a logout (`events`)"));
    }
    if claims.nonce.is_some() {
        return Err(Error::invalid_token(
            "the logout token has a nonce, which only ID tokens may have",
        ));
    }
    let given = |value: &Option<String>| value.as_ref().is_some_and(|value| !value.is_empty());
    if !given(&claims.sub) && !given(&claims.sid) {
        return Err(Error::invalid_token("the logout token names neither a user nor a session"));
    }
    match claims.jti.is_empty() {
        true => Err(Error::invalid_token("the logout token has no id (`jti`)")),
        false => Ok(()),
    }
}

/// The one parameter `logout_token` of a form.
fn token_of(body: &[u8]) -> Result<String> {
    let none = || Error::invalid_token("the request is not a form with a `logout_token`");
    let body = std::str::from_utf8(body).map_err(|_| none())?;
    if body.len() > MAX_SIZE {
        return Err(Error::invalid_token("the form is too long to be Logto's"));
    }
    let mut form = Url::parse("form:").map_err(|_| none())?;
    form.set_query(Some(body));
    let mut tokens = form.query_pairs().filter(|(name, _)| name == "logout_token");
    let token = tokens.next().map(|(_, token)| token.into_owned());
    match (token, tokens.next()) {
        (Some(token), None) => Ok(token),
        (_, Some(_)) => Err(Error::invalid_token("the form has more than one `logout_token`")),
        (None, None) => Err(none()),
    }
}

#[derive(Clone, PartialEq, Deserialize)]
struct Claims {
    iss: String,
    #[serde(deserialize_with = "one_or_more")]
    aud: Vec<String>,
    #[serde(deserialize_with = "seconds")]
    iat: Timestamp,
    /// Logto 1.30 does not tell it.
    #[serde(default, deserialize_with = "maybe_seconds")]
    exp: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_seconds")]
    nbf: Option<Timestamp>,
    jti: String,
    events: Map<String, Value>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    sid: Option<String>,
    /// Also a null is one.
    #[serde(default, deserialize_with = "present")]
    nonce: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Claims {
    fn end(&self) -> Timestamp {
        let untold = || Timestamp::from_millis(self.iat.as_millis().saturating_add(LIFE));
        self.exp.unwrap_or_else(untold)
    }
}

/// A logout token that has been verified: this user's session with Logto has ended. `Debug` shows
/// neither its id nor the session's.
#[derive(Clone, PartialEq)]
pub struct LogoutToken(Claims);

impl LogoutToken {
    /// The user. Logto names one in each token.
    pub fn subject(&self) -> Option<&str> {
        self.0.sub.as_deref()
    }

    /// The session that has ended, as [`sid`](super::IdTokenClaims::sid) of its ID tokens. Logto
    /// sends it only if the application's settings require it; without it, end all sessions of the
    /// user.
    pub fn session_id(&self) -> Option<&str> {
        self.0.sid.as_deref()
    }

    /// The token's unique id (`jti`).
    pub fn id(&self) -> &str {
        &self.0.jti
    }

    /// The audience: the ids of the applications that the token is for.
    pub fn audiences(&self) -> &[String] {
        &self.0.aud
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> Timestamp {
        self.0.iat
    }

    /// When the token expires: two minutes after it was issued, also if it has no `exp`, as in
    /// Logto 1.30.
    pub fn expires_at(&self) -> Timestamp {
        self.0.end()
    }
}

impl fmt::Debug for LogoutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutToken")
            .field("subject", &self.0.sub)
            .field("audiences", &self.0.aud)
            .field("issued_at", &self.0.iat)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LogoutTokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutTokenVerifier")
            .field("client_ids", &self.client_ids)
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}
