//! An authorization request without a response yet.

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{App, UserTokens, pkce, random, redeem};
use crate::{Client, Error, Result, Timestamp, models::redacted::redacted_debug};

/// What must be stored of an authorization request until its response arrives: the secrets that
/// bind the two together.
///
/// A program that runs the whole flow itself never needs one. A server that redirects a browser
/// stores it in the browser's session, which nobody else can read, until the browser returns. It is
/// serializable and valid for one sign-in. `Debug` shows no secrets.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingAuthorization {
    client_id: String,
    redirect_uri: String,
    state: String,
    /// Only with the scope `openid`: Logto rejects it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    code_verifier: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interaction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<RequestedAuthorization>,
}

redacted_debug!(PendingAuthorization { client_id, redirect_uri, asked, } hides {
    state, nonce, code_verifier, interaction,
});

/// The parts of the request that the response is validated against.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestedAuthorization {
    pub(crate) at: Timestamp,
    pub(crate) scope: String,
    /// The API resources of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) resources: Vec<String>,
    /// The maximum authentication age, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_age: Option<u64>,
}

impl RequestedAuthorization {
    fn asks_for_openid(&self) -> bool {
        self.scope.split_whitespace().any(|scope| scope == "openid")
    }
}

impl PendingAuthorization {
    /// A new request with its own secrets. The redirect URI is sent as given, because Logto
    /// compares it literally.
    pub(crate) fn new(
        client_id: &str,
        redirect_uri: &str,
        asked: RequestedAuthorization,
    ) -> Result<Self> {
        App::new(client_id.to_owned(), None)?;
        check(redirect_uri)?;
        Ok(Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: random::token()?,
            nonce: asked.asks_for_openid().then(random::token).transpose()?,
            code_verifier: random::token()?,
            interaction: None,
            asked: Some(asked),
        })
    }

    /// The parameters of the authorization request.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("client_id", self.client_id.clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("response_type", "code".to_owned()),
            ("state", self.state.clone()),
            ("code_challenge", pkce::challenge(&self.code_verifier)),
            ("code_challenge_method", pkce::METHOD.to_owned()),
        ];
        parameters.extend(self.nonce.clone().map(|nonce| ("nonce", nonce)));
        parameters
    }

    /// The id of the application that the user signs in to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The redirect URI, which receives the response.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The `state` that the response must contain. A server that stores several of these can look
    /// up the right one by it.
    pub fn state(&self) -> &str {
        &self.state
    }

    pub(super) fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What was requested. Not known for requests stored by an older version of this crate.
    pub(super) fn asked(&self) -> Option<&RequestedAuthorization> {
        self.asked.as_ref()
    }

    pub(super) fn code_verifier(&self) -> &str {
        &self.code_verifier
    }

    /// The id of Logto's interaction, which the cookies of another flow do not have.
    pub(crate) fn interaction(&self) -> Option<&str> {
        self.interaction.as_deref()
    }

    pub(crate) fn set_interaction(&mut self, uid: String) {
        self.interaction = Some(uid);
    }

    /// Whether this URL is the redirect URI, with a response in its query.
    pub(crate) fn is_callback(&self, url: &Url) -> bool {
        let Ok(expected) = Url::parse(&self.redirect_uri) else {
            return false;
        };
        let place = |url: &Url| {
            let host = url.host_str().map(str::to_owned);
            (url.scheme().to_owned(), host, url.port_or_known_default(), url.path().to_owned())
        };
        let mut own = expected.query_pairs();
        let plain = url.username().is_empty() && url.password().is_none();
        plain
            && place(url) == place(&expected)
            && own.all(|pair| url.query_pairs().any(|found| found == pair))
    }

    /// Exchanges the code of the response, given as the whole URL to which the browser was
    /// redirected, for tokens.
    ///
    /// `client_secret` is the application's secret; native and single-page applications have none.
    ///
    /// # Errors
    ///
    /// When the response does not belong to this request ([`Error::is_invalid_callback`]), when it
    /// reports that the sign-in failed ([`Error::is_sign_in_refused`], with a [`code`](Error::code)
    /// such as `access_denied`), when the token endpoint rejects the code ([`Error::is_auth`]), and
    /// when the ID token is invalid ([`Error::is_invalid_token`]).
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client, kept: String) -> Result<(), Box<dyn std::error::Error>> {
    /// use logto_api::sign_in::PendingAuthorization;
    ///
    /// let pending: PendingAuthorization = serde_json::from_str(&kept)?;
    /// let url = "https://acme.com/callback?code=…&state=…&iss=…";
    /// let tokens = pending.redeem(&logto, Some("client-secret"), url).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn redeem(
        &self,
        client: &Client,
        client_secret: Option<&str>,
        callback_url: &str,
    ) -> Result<UserTokens> {
        let app = App::new(self.client_id.clone(), client_secret.map(str::to_owned))?;
        let callback = Url::parse(callback_url).map_err(|_| {
            Error::callback("the callback is not a URL: pass the whole URL, with its query")
        })?;
        redeem(client, &app, self, &callback).await
    }
}

fn check(redirect_uri: &str) -> Result<()> {
    const EXAMPLE: &str = "it has to look like `https://acme.com/callback`";
    // It is not quoted: it may hold a password that was put there by mistake.
    let url = Url::parse(redirect_uri).map_err(|_| {
        Error::config(format!("the redirect URI is not an absolute URL: {EXAMPLE}"))
    })?;
    if url.fragment().is_some() {
        return Err(Error::config(format!(
            "the redirect URI has a fragment, which OAuth does not allow: {EXAMPLE}"
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::config(format!(
            "the redirect URI contains a user name or password: {EXAMPLE}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn asked(scope: &str) -> RequestedAuthorization {
        let (scope, at) = (scope.to_owned(), Timestamp::from_millis(0));
        RequestedAuthorization { at, scope, resources: Vec::new(), max_age: None }
    }

    fn pending(redirect_uri: &str) -> Result<PendingAuthorization> {
        PendingAuthorization::new("app", redirect_uri, asked("openid profile"))
    }

    #[test]
    fn takes_the_redirect_uris_of_web_and_native_applications() {
        for uri in [
            "https://acme.com/callback",
            "https://acme.com/callback?tenant=1",
            "http://localhost:9999/callback",
            "http://127.0.0.1:51004/",
            "http://[::1]:51004/callback",
            "com.acme.app:/callback",
            "com.acme.app://callback",
        ] {
            let pending = pending(uri).unwrap();
            assert_eq!(pending.redirect_uri(), uri);
            let separator = if uri.contains('?') { '&' } else { '?' };
            let callback = Url::parse(&format!("{uri}{separator}code=c&state=s")).unwrap();
            assert!(pending.is_callback(&callback), "{uri}");
        }
    }

    #[test]
    fn refuses_other_redirect_uris() {
        for (uri, word) in [
            ("", "absolute"),
            ("/callback", "absolute"),
            ("acme.com/callback", "absolute"),
            ("https://acme.com/callback#here", "fragment"),
            ("https://acme.com/callback#", "fragment"),
            ("https://user:hunter2@acme.com/callback", "password"),
        ] {
            let error = pending(uri).unwrap_err();
            assert!(error.is_invalid_request(), "{uri}");
            assert!(error.to_string().contains(word), "{uri}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        assert!(
            PendingAuthorization::new(" ", "https://acme.com/callback", asked("openid")).is_err()
        );
    }

    #[test]
    fn knows_its_callback() {
        let uri = "https://acme.com/callback?tenant=1";
        let pending = pending(uri).unwrap();
        let is_callback = |url: &str| pending.is_callback(&Url::parse(url).unwrap());
        assert!(is_callback("https://acme.com/callback?tenant=1&code=c"));
        assert!(is_callback("https://acme.com:443/callback?code=c&tenant=1"));
        for other in [
            "http://acme.com/callback?tenant=1&code=c",
            "https://acme.com:8443/callback?tenant=1&code=c",
            "https://evil.example/callback?tenant=1&code=c",
            "https://acme.com/callback/more?tenant=1&code=c",
            "https://acme.com/callback?tenant=2&code=c",
            "https://acme.com/callback?code=c",
            "https://acme.com@evil.example/callback?tenant=1&code=c",
            "https://user@acme.com/callback?tenant=1&code=c",
        ] {
            assert!(!is_callback(other), "{other}");
        }
    }

    #[test]
    fn tells_the_hash_of_its_verifier_alone() {
        let pending = pending("https://acme.com/callback?a=b").unwrap();
        let parameters = pending.parameters();
        let names: Vec<_> = parameters.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "client_id",
                "redirect_uri",
                "response_type",
                "state",
                "code_challenge",
                "code_challenge_method",
                "nonce"
            ]
        );
        assert_eq!(parameters[1].1, "https://acme.com/callback?a=b");
        assert_eq!((parameters[2].1.as_str(), parameters[5].1.as_str()), ("code", "S256"));
        assert_eq!(parameters[4].1, pkce::challenge(pending.code_verifier()));
        assert!(parameters.iter().all(|(_, value)| value != pending.code_verifier()));
    }

    #[test]
    fn a_nonce_goes_with_openid() {
        let uri = "https://acme.com/callback";
        let pending = PendingAuthorization::new("app", uri, asked("profile email")).unwrap();
        assert!(pending.parameters().iter().all(|(name, _)| *name != "nonce"));
        assert_eq!(pending.nonce(), None);
    }

    #[test]
    fn each_has_secrets_of_its_own_and_keeps_them() {
        let new = || pending("https://acme.com/callback").unwrap();
        let (one, mut two) = (new(), new());
        assert_ne!(one.state, two.state);
        assert_ne!(one.nonce, two.nonce);
        assert_ne!(one.code_verifier, two.code_verifier);
        two.set_interaction("uid".to_owned());

        let kept = serde_json::to_string(&two).unwrap();
        let back: PendingAuthorization = serde_json::from_str(&kept).unwrap();
        assert_eq!(back.parameters(), two.parameters());
        assert_eq!(back.interaction(), Some("uid"));

        let shown = format!("{two:?}");
        for secret in [two.state(), two.nonce().unwrap(), two.code_verifier()] {
            assert!(!shown.contains(secret));
        }
    }
}
