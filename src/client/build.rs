//! A client of the settings that were given.

use std::{sync::Arc, time::Duration};

use reqwest::header::HeaderValue;

use crate::{
    Client, ClientBuilder, Error, Result,
    auth::{Bearer, ClientCredentials, Credentials, TokenCache, TokenEndpoint, TokenParameters},
    client::Inner,
    http::{
        cookies::Cookies,
        endpoint::Endpoint,
        retry::{Retries, budget::RetryBudget},
        transport::Transport,
    },
    store::SharedStore,
};

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(60);

impl ClientBuilder {
    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When an endpoint is not the address of a server (not a URL, with a path, query or password,
    /// `http` to another machine), when credentials are empty or of two kinds, and when a setting
    /// would have no effect.
    pub fn build(mut self) -> Result<Client> {
        let text = match &self.endpoint {
            Ok(endpoint) => endpoint,
            Err(error) => return Err(Error::config(error.to_string())),
        };
        let mut endpoint = Endpoint::parse(text, self.allow_insecure_http)?;
        if let Some(public) = &self.public_endpoint {
            endpoint = endpoint.with_public(public)?;
        }
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let attempt_timeout = self.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT);
        let transport = self.transport_to(&endpoint)?;
        let user_agent = user_agent(self.user_agent_suffix.as_deref())?;
        let retries = Retries {
            policy: self.retry.clone(),
            budget: Arc::new(RetryBudget::new(self.retry_budget)),
            clock: self.clock.clone(),
        };
        Ok(Client::from_parts(Inner {
            cookies: if self.cookie_store { Cookies::Own(Arc::default()) } else { Cookies::None },
            timeout,
            attempt_timeout,
            max_response_size: self.max_response_size,
            credentials: Arc::new(self.credentials(
                &endpoint,
                &transport,
                &user_agent,
                attempt_timeout,
                &retries,
            )?),
            retries,
            endpoint: Arc::new(endpoint),
            transport,
            user_agent,
            #[cfg(feature = "jwks")]
            jwks: Arc::default(),
        }))
    }

    fn credentials(
        self,
        endpoint: &Endpoint,
        transport: &Transport,
        user_agent: &HeaderValue,
        timeout: Duration,
        retries: &Retries,
    ) -> Result<Credentials> {
        let settings = [&self.resource, &self.scope, &self.tenant];
        let has_settings = settings.iter().any(|setting| setting.is_some());
        if self.app.is_none() && (has_settings || self.token_store.is_some()) {
            return Err(Error::config(
                "`tenant`, `resource`, `scope` and `token_store` have no effect without \
                 `client_credentials`",
            ));
        }
        match (self.app, self.bearer_token, self.token_provider) {
            (Some(app), None, None) => {
                let (transport, agent) = (transport.clone(), user_agent.clone());
                let tokens = TokenEndpoint::new(endpoint, transport, app, agent, timeout)?;
                let resource = endpoint.resource(self.resource, self.tenant.as_deref())?;
                let wanted = TokenParameters::of_app(resource, self.scope, self.fewer_scopes);
                Ok(of_app(tokens, wanted, self.token_store, retries.clone()))
            }
            (None, Some(token), None) => Bearer::new(&token).map(Credentials::Fixed),
            (None, None, Some(provider)) => {
                Ok(Credentials::Anyone(TokenCache::of(provider, retries.clone())))
            }
            (None, None, None) => Ok(Credentials::None),
            _ => Err(Error::config(
                "more than one of `client_credentials`, `bearer_token` and `token_provider` is \
                 set: keep one, and pass another token to single calls with `token(…)`",
            )),
        }
    }
}

fn of_app(
    endpoint: TokenEndpoint,
    wanted: TokenParameters,
    store: Option<SharedStore>,
    retries: Retries,
) -> Credentials {
    let endpoint = Arc::new(endpoint);
    let source = ClientCredentials { endpoint: endpoint.clone(), organization: None, wanted };
    Credentials::App { tokens: source.cached(store.clone(), retries), endpoint, store }
}

fn user_agent(suffix: Option<&str>) -> Result<HeaderValue> {
    let name = concat!("logto-api/", env!("CARGO_PKG_VERSION"));
    match suffix {
        None => Ok(HeaderValue::from_static(name)),
        Some(suffix) => HeaderValue::try_from(format!("{name} {suffix}")).map_err(|_| {
            Error::config(
                "the user agent's suffix contains a control character, such as a line break",
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use crate::Client;

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let builder = || Client::builder("https://acme.logto.app");
        for (builder, word) in [
            (builder().client_credentials("", "x"), "app id"),
            (builder().client_credentials("x", " "), "app secret"),
            (builder().bearer_token(""), "token is empty"),
            (builder().bearer_token("a").client_credentials("x", "y"), "more than one"),
            (builder().scope("all"), "no effect"),
            (builder().user_agent_suffix("a\r\nb"), "user agent"),
            (
                builder().http_client(reqwest::Client::new()).configure_http(|http| http),
                "no effect",
            ),
            (
                builder().http_client(reqwest::Client::new()).pool_idle_timeout(Duration::ZERO),
                "no effect",
            ),
            (Client::for_tenant("acme.evil"), "tenant"),
            (Client::for_tenant(""), "tenant"),
        ] {
            let error = builder.build().unwrap_err();
            assert!(error.is_invalid_request());
            assert!(error.to_string().contains(word), "{word}: {error}");
        }
        let client = Client::for_tenant("acme").build().unwrap();
        assert_eq!(client.endpoint(), "https://acme.logto.app");
    }
}
