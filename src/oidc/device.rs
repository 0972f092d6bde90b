//! Signing in on a device without a browser at hand (RFC 8628).

use std::{
    fmt,
    time::{Duration, Instant, SystemTime},
};

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    App, UserTokens,
    redeem::{RequestContext, first_tokens},
};
use crate::{
    Client, Error, Result, Timestamp,
    auth::{Granted, TokenEndpoint},
    error::{AuthFailure, retry_after},
    http::runtimes,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// RFC 8628, section 3.2: where the server names no interval. Logto names none.
const INTERVAL: Duration = Duration::from_secs(5);
/// RFC 8628, section 3.5: what `slow_down` adds.
const SLOWER: Duration = Duration::from_secs(5);
/// Pauses after failures of the network grow up to this.
const LONGEST: Duration = Duration::from_secs(60);
/// A server that names no life for its codes is not asked for longer.
const LIFE: u64 = 600;

/// What a device sign-in asks for.
pub(crate) struct DeviceParameters {
    pub(crate) scope: String,
    pub(crate) resources: Vec<String>,
}

/// A sign-in that waits for the user, who confirms it in a browser on any device.
///
/// Show the user [`user_code`](Self::user_code) and
/// [`verification_uri`](Self::verification_uri), and wait for [`tokens`](Self::tokens). `Debug` does
/// not show the device code.
pub struct DeviceAuthorization {
    client: Client,
    app: App,
    endpoint: TokenEndpoint,
    wanted: DeviceParameters,
    device_code: String,
    user_code: String,
    verification_uri: Url,
    verification_uri_complete: Option<Url>,
    interval: Duration,
    expires_at: Timestamp,
    /// The same by the clock that only moves forward.
    ends: Instant,
}

#[derive(Deserialize)]
struct Response {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    verification_uri_complete: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    interval: Option<u64>,
}

impl DeviceAuthorization {
    pub(crate) async fn begin(client: &Client, app: App, wanted: DeviceParameters) -> Result<Self> {
        runtimes::check()?;
        let endpoint = client.token_endpoint_of(app.client_id.clone(), app.secret.clone())?;
        let mut form = vec![("scope", wanted.scope.as_str())];
        form.extend(wanted.resources.iter().map(|resource| ("resource", resource.as_str())));
        let (now, wall_time) = (client.clock().now(), client.clock().wall_time());
        // Codes that nobody gets to know do no harm, so that it can be asked for again.
        let body = client.ask(true, || endpoint.device_authorization(&form)).await;
        let body = body.map_err(|failure| client.auth_error(&failure))?;
        let (response, verification_uri) = read(body)?;
        // More than a year is as good as for ever, and less than any clock's end.
        let lifetime = Duration::from_secs(response.expires_in.unwrap_or(LIFE).min(31_536_000));
        Ok(Self {
            client: client.clone(),
            app,
            endpoint,
            wanted,
            device_code: response.device_code,
            user_code: response.user_code,
            verification_uri,
            verification_uri_complete: response.verification_uri_complete.and_then(web_page),
            interval: response.interval.map_or(INTERVAL, Duration::from_secs).min(LONGEST),
            expires_at: (wall_time + lifetime).into(),
            ends: now + lifetime,
        })
    }

    /// What the user types in at [`verification_uri`](Self::verification_uri), such as
    /// `KPTK-CNPV`.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where the user goes, in a browser on any device.
    pub fn verification_uri(&self) -> &Url {
        &self.verification_uri
    }

    /// The same with the user code in it, so that the user need not type it: for a link or a QR
    /// code. Show the user code besides: the user is asked to compare the two.
    pub fn verification_uri_complete(&self) -> Option<&Url> {
        self.verification_uri_complete.as_ref()
    }

    /// When the user has to have confirmed it.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// How long is waited between two requests at first: what the server says, or five seconds.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Waits until the user has signed in, and gives their tokens.
    ///
    /// It asks the server at the pace that RFC 8628 sets: less often after `slow_down`, and after
    /// failures of the network, which do not end it. Dropping the future ends it; calling it again
    /// goes on.
    ///
    /// # Errors
    ///
    /// - [`is_sign_in_refused`](Error::is_sign_in_refused): the user has denied it, or may not use
    ///   the application (`access_denied`).
    /// - [`is_device_code_expired`](Error::is_device_code_expired): nobody confirmed it in time.
    /// - [`is_auth`](Error::is_auth): the code is not accepted, such as one that has been redeemed
    ///   already (`invalid_grant`).
    /// - [`is_invalid_token`](Error::is_invalid_token): the ID token is not to be trusted.
    ///
    /// In each case, begin anew.
    pub async fn tokens(&self) -> Result<UserTokens> {
        runtimes::check()?;
        let clock = self.client.clock();
        let mut pause = self.interval;
        loop {
            let left = self.ends.saturating_duration_since(clock.now());
            if left.is_zero() {
                return Err(Error::device_code_expired(None));
            }
            clock.sleep(pause.min(left)).await;
            let asked_at = clock.wall_time();
            match self.poll().await {
                Ok(granted) => {
                    let granted = self.client.obtained(Ok(granted))?;
                    return self.granted(granted, asked_at).await;
                }
                Err(failure) => pause = self.pause_after(&failure, pause)?,
            }
        }
    }

    async fn poll(&self) -> Result<Granted, AuthFailure> {
        let form = [("grant_type", GRANT), ("device_code", self.device_code.as_str())];
        self.endpoint.ask(&form).await
    }

    /// How long to wait before the next request, if there is to be one.
    fn pause_after(&self, failure: &AuthFailure, pause: Duration) -> Result<Duration> {
        match failure.code.as_deref() {
            Some("authorization_pending") => Ok(pause),
            Some("slow_down") => Ok(pause.saturating_add(SLOWER)),
            Some("expired_token") => Err(Error::device_code_expired(failure.message.clone())),
            Some(code @ "access_denied") => {
                Err(Error::device_authorization(code, failure.message.clone()))
            }
            _ if failure.is_transient() => {
                let now = self.client.clock().wall_time();
                let told = failure.retry_after.as_ref();
                let told = told.and_then(|value| retry_after::parse(value, now));
                let longer = pause.max(Duration::from_secs(1)).saturating_mul(2).min(LONGEST);
                Ok(longer.max(told.unwrap_or_default()))
            }
            _ => Err(self.client.auth_error(failure)),
        }
    }

    async fn granted(&self, granted: Granted, asked_at: SystemTime) -> Result<UserTokens> {
        let asks_for_openid = self.wanted.scope.split_whitespace().any(|scope| scope == "openid");
        let answered = RequestContext {
            asked_at,
            nonce: None,
            max_age: None,
            wants_id_token: asks_for_openid,
            resources: Some(self.wanted.resources.clone()),
        };
        first_tokens(&self.client, &self.app, granted, answered).await
    }
}

/// The response, with the page that the user goes to.
fn read(body: Map<String, Value>) -> Result<(Response, Url)> {
    let response = serde_json::from_value::<Response>(Value::Object(body)).ok();
    let read = response.and_then(|response| {
        let page = web_page(response.verification_uri.clone())?;
        Some((response, page))
    });
    read.ok_or_else(|| {
        Error::auth(AuthFailure::new(
            "the response to the device authorization request cannot be decoded: check that the \
             endpoint's address is Logto's",
        ))
    })
}

/// Programs open what they are given: it has to be a page.
fn web_page(url: String) -> Option<Url> {
    Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "https" | "http"))
}

impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorization")
            .field("client_id", &self.app.client_id)
            .field("verification_uri", &self.verification_uri.as_str())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
