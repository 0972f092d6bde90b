//! The token endpoint: requests and responses.

use std::{fmt, pin::pin, time::Duration};

use reqwest::{
    StatusCode, Url,
    header::{ACCEPT, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT},
};
use serde_json::{Map, Value};

#[cfg(feature = "sign-in")]
use super::SendCondition;
use super::{Bearer, hints::TokenErrorResponse, scope, source::Fetched};
use crate::{
    Error, Result,
    error::{AuthFailure, Details, SendFailure, TimeLimit, text},
    http::{
        body::{End, read},
        endpoint::Endpoint,
        transport::{Transport, origin_of},
    },
    models::json_path::without_bom,
};

/// The lifetime of a token whose response does not contain one.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);
/// The maximum size of a response, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// A parameter of a token request.
pub(crate) type Parameter<'a> = (&'static str, &'a str);

/// The token endpoint for an application.
pub(crate) struct TokenEndpoint {
    pub(crate) transport: Transport,
    pub(crate) url: Url,
    pub(crate) app_id: String,
    /// Native and single-page applications have none: they only send their id.
    pub(crate) app_secret: Option<String>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) timeout: Duration,
}

/// A response with a token.
pub(crate) struct Granted {
    pub(crate) token: Fetched,
    /// The scope, if the response contains it.
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    pub(crate) scope: Option<String>,
    /// Issued together with a user's access token.
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    pub(crate) refresh_token: Option<String>,
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    pub(crate) id_token: Option<String>,
}

impl TokenEndpoint {
    pub(crate) fn new(
        endpoint: &Endpoint,
        transport: Transport,
        (app_id, app_secret): (String, String),
        user_agent: HeaderValue,
        timeout: Duration,
    ) -> Result<Self> {
        for (what, value) in [("id", &app_id), ("secret", &app_secret)] {
            if value.trim().is_empty() {
                return Err(Error::config(format!(
                    "the app {what} is empty: copy it from the machine-to-machine application's \
                     page"
                )));
            }
        }
        let url = endpoint.join("/oidc/token")?;
        Ok(Self { transport, url, app_id, app_secret: Some(app_secret), user_agent, timeout })
    }

    /// Sends a token request, once.
    pub(crate) async fn ask(&self, form: &[Parameter<'_>]) -> Result<Granted, AuthFailure> {
        let (status, body) = self.post(self.url.clone(), form).await?;
        granted(status, body)
    }

    /// As [`ask`](Self::ask), if the condition holds when the request is sent, if there is one.
    #[cfg(feature = "sign-in")]
    pub(crate) async fn ask_if(
        &self,
        condition: Option<&SendCondition>,
        form: &[Parameter<'_>],
    ) -> Result<Granted, AuthFailure> {
        let mut request = self.request(self.url.clone(), form).map_err(AuthFailure::unreachable)?;
        if let Some(condition) = condition {
            condition.guard(&mut request);
        }
        match self.send(request, form).await {
            Err(_) if condition.is_some_and(SendCondition::has_failed) => {
                Err(AuthFailure::held_up())
            }
            outcome => outcome.and_then(|(status, body)| granted(status, body)),
        }
    }

    /// Revokes a token (RFC 7009), once.
    #[cfg(feature = "sign-in")]
    pub(crate) async fn revoke(&self, form: &[Parameter<'_>]) -> Result<(), AuthFailure> {
        self.post(self.sibling("/oidc/token/revocation"), form).await.map(drop)
    }

    /// Asks for a device code (RFC 8628), once.
    #[cfg(feature = "sign-in")]
    pub(crate) async fn device_authorization(
        &self,
        form: &[Parameter<'_>],
    ) -> Result<Map<String, Value>, AuthFailure> {
        self.post(self.sibling("/oidc/device/auth"), form).await.map(|(_, body)| body)
    }

    /// Asks what a token is (RFC 7662), once.
    #[cfg(feature = "verify")]
    pub(crate) async fn introspect(
        &self,
        form: &[Parameter<'_>],
    ) -> Result<Map<String, Value>, AuthFailure> {
        self.post(self.sibling("/oidc/token/introspection"), form).await.map(|(_, body)| body)
    }

    /// Another endpoint of the same server.
    #[cfg(any(feature = "sign-in", feature = "verify"))]
    fn sibling(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }

    /// Sends a form with the application's credentials.
    async fn post(
        &self,
        url: Url,
        form: &[Parameter<'_>],
    ) -> Result<(StatusCode, Map<String, Value>), AuthFailure> {
        let request = self.request(url, form).map_err(AuthFailure::unreachable)?;
        self.send(request, form).await
    }

    async fn send(
        &self,
        request: reqwest::Request,
        form: &[Parameter<'_>],
    ) -> Result<(StatusCode, Map<String, Value>), AuthFailure> {
        let asked = self.transport.requested_url(&request);
        let response = pin!(self.response(request, asked.as_ref(), form));
        let late = || AuthFailure::unsent(SendFailure::timed_out(asked.as_ref()));
        let outcome = self.transport.in_time(Some(self.timeout), response, late).await;
        outcome.map_err(|failure| {
            match failure.transport().is_some_and(reqwest::Error::is_connect) {
                true => failure.within(self.transport.connect_limit()),
                false => failure
                    .within(Some(TimeLimit { option: "attempt_timeout", time: self.timeout })),
            }
        })
    }

    async fn response(
        &self,
        request: reqwest::Request,
        asked: Option<&Url>,
        form: &[Parameter<'_>],
    ) -> Result<(StatusCode, Map<String, Value>), AuthFailure> {
        let mut response = self.transport.send(request).await.map_err(AuthFailure::unsent)?;
        if origin_of(&response, asked).origin() != self.url.origin() {
            return Err(AuthFailure::new(
                "the token endpoint redirected to another server, whose response is ignored: check \
                 the endpoint's address, and configure the HTTP client to follow no redirects",
            ));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match read(&mut response, BODY_LIMIT).await {
            (body, End::Whole) => body,
            (_, End::Broken(error)) => return Err(AuthFailure::unreachable(error)),
            (_, End::TooLarge) => {
                return Err(AuthFailure::new(
                    "the token endpoint's response is longer than 1 MiB: check that the endpoint's \
                     address is Logto's",
                ));
            }
        };
        let body =
            serde_json::from_slice::<Map<String, Value>>(without_bom(&body)).unwrap_or_default();
        match status.is_success() {
            true => Ok((status, body)),
            false => Err(error_response(status, &headers, body, form)),
        }
    }

    fn request(&self, url: Url, form: &[Parameter<'_>]) -> reqwest::Result<reqwest::Request> {
        let request = self
            .transport
            .writer()
            .post(url)
            .timeout(self.timeout)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, self.user_agent.clone());
        match &self.app_secret {
            Some(secret) => request
                .basic_auth(form_encoded(&self.app_id), Some(form_encoded(secret)))
                .form(form),
            None => request.form(&[form, &[("client_id", &self.app_id)]].concat()),
        }
        .build()
    }
}

fn granted(status: StatusCode, mut body: Map<String, Value>) -> Result<Granted, AuthFailure> {
    let bearer = text(&mut body, &["access_token"]).and_then(|token| Bearer::new(&token).ok());
    let Some(bearer) = bearer else {
        let problem = format!(
            "the token endpoint responded with {} but without a token: check that the endpoint's \
             address is Logto's",
            status.as_u16()
        );
        return Err(Details { problem, status: Some(status), ..Details::default() }.into());
    };
    let kind = text(&mut body, &["token_type"]);
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(AuthFailure::new(
            "the token endpoint issued a token that is not a bearer token, which this client \
             cannot use: check the application's settings",
        ));
    }
    let scope = match body.remove("scope") {
        Some(Value::String(scope)) => Some(scope),
        _ => None,
    };
    let lifetime = Some(lifetime(body.get("expires_in")));
    let refresh_token = text(&mut body, &["refresh_token"]);
    // One that is no text cannot be read, which is not the same as none.
    let id_token = body.remove("id_token").filter(|token| !token.is_null());
    let id_token = id_token.map(|token| token.as_str().unwrap_or_default().to_owned());
    let told = scope.clone().or_else(|| scope::of_jwt(bearer.token()));
    let token = Fetched { bearer, lifetime, scope: told };
    Ok(Granted { token, scope, refresh_token, id_token })
}

fn lifetime(expires_in: Option<&Value>) -> Duration {
    let seconds = match expires_in {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_f64(),
        None => None,
    };
    seconds
        .filter(|seconds| *seconds >= 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds.min(1e9)).ok())
        .unwrap_or(DEFAULT_LIFETIME)
}

fn error_response(
    status: StatusCode,
    headers: &HeaderMap,
    mut body: Map<String, Value>,
    form: &[Parameter<'_>],
) -> AuthFailure {
    let code = text(&mut body, &["error", "code"]);
    let message = text(&mut body, &["error_description", "message"]);
    let refused = TokenErrorResponse {
        status,
        code: code.as_deref().unwrap_or_default(),
        description: message.as_deref().unwrap_or_default(),
        form,
    };
    let is_refresh = form.iter().any(|(name, _)| *name == "refresh_token");
    Details {
        problem: format!("the token endpoint responded with {}", status.as_u16()),
        hint: refused.hint(),
        sign_in_required: is_refresh && refused.code == "invalid_grant",
        message,
        scope: text(&mut body, &["scope"]),
        code,
        status: Some(status),
        retry_after: headers.get(RETRY_AFTER).cloned(),
        ..Details::default()
    }
    .into()
}

/// RFC 6749 requires id and secret to be form-encoded before they are joined for Basic
/// authentication.
fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("app_id", &self.app_id)
            .field("app_secret", &self.app_secret.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_life_is_told_in_seconds() {
        assert_eq!(lifetime(Some(&json!(3600))), Duration::from_secs(3600));
        assert_eq!(lifetime(Some(&json!("3600"))), Duration::from_secs(3600));
        assert_eq!(lifetime(Some(&json!(0.5))), Duration::from_millis(500));
        assert_eq!(lifetime(Some(&json!(0))), Duration::ZERO);
        assert!(lifetime(Some(&json!(1e300))) > Duration::from_secs(31_536_000));
        for untold in [None, Some(json!(-1)), Some(json!("soon")), Some(json!("NaN"))] {
            assert_eq!(lifetime(untold.as_ref()), DEFAULT_LIFETIME);
        }
    }

    #[test]
    fn basic_auth_survives_any_secret() {
        assert_eq!(form_encoded("aZ09-._"), "aZ09-._");
        assert_eq!(form_encoded("a:b+c d%é"), "a%3Ab%2Bc%20d%25%C3%A9");
    }
}
