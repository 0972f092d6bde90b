//! What the tests share: a mock, a client for it, and a token.

#![allow(dead_code)]

pub(crate) mod browser;
pub(crate) mod receiver;

use logto_mock::Mock;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, redirect::Policy};
use serde_json::Value;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

pub(crate) struct Fixture {
    pub(crate) mock: Mock,
    pub(crate) http: Client,
    pub(crate) token: String,
}

impl Fixture {
    /// A mock, with a token for its Management API.
    pub(crate) async fn start() -> Result<Self> {
        let mock = Mock::start().await?;
        let http = client()?;
        let token = management_token(&mock, &http).await?;
        Ok(Self { mock, http, token })
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.mock.endpoint());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Response> {
        Ok(self.request(Method::GET, path).send().await?)
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Result<Answer> {
        let response = self.request(method, path).json(&body).send().await?;
        answer(response).await
    }

    pub(crate) async fn add(&self, body: Value) -> Result<Value> {
        let (status, user) = self.send(Method::POST, "/api/users", body).await?;
        assert_eq!(status, 200, "{user}");
        Ok(user)
    }
}

/// A client that keeps cookies and does not follow redirects.
pub(crate) fn client() -> Result<Client> {
    let builder = Client::builder().cookie_store(true).redirect(Policy::none());
    Ok(builder.build()?)
}

pub(crate) async fn management_token(mock: &Mock, http: &Client) -> Result<String> {
    let form =
        [("grant_type", "client_credentials"), ("resource", mock.resource()), ("scope", "all")];
    let request = http
        .post(format!("{}/oidc/token", mock.endpoint()))
        .basic_auth(mock.app_id(), Some(mock.app_secret()))
        .form(&form);
    let body: Value = request.send().await?.json().await?;
    Ok(string(&body["access_token"]))
}

pub(crate) type Answer = (StatusCode, Value);

/// Status and body; null where there is none.
pub(crate) async fn answer(response: Response) -> Result<Answer> {
    let status = response.status();
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok((status, body))
}

pub(crate) fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    let text = value.and_then(|value| value.to_str().ok());
    text.unwrap_or_default().to_owned()
}

pub(crate) fn headers(response: &Response, name: &str) -> Vec<String> {
    let values = response.headers().get_all(name).iter();
    values.filter_map(|value| Some(value.to_str().ok()?.to_owned())).collect()
}

/// What a URL's query says of this.
pub(crate) fn parameter(url: &Url, name: &str) -> String {
    let pair = url.query_pairs().find(|(key, _)| key == name);
    pair.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub(crate) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
