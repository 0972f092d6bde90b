//! The headers of an attempt, and a body other than the one that was encoded.

use reqwest::{
    Method, Request,
    header::{
        ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderValue, ORIGIN,
        USER_AGENT,
    },
};

use super::{Execution, Payload};
use crate::{Error, Result, auth::Bearer, http::operation::Api};

const ACCEPT_VALUE: HeaderValue =
    HeaderValue::from_static("application/json, text/plain;q=0.9, */*;q=0.8");

impl Execution {
    /// Sets the headers of a request and, where it differs, its body.
    pub(super) async fn apply_headers(
        &self,
        request: &mut Request,
        bearer: Option<&Bearer>,
    ) -> Result<()> {
        self.apply_body(request).await?;
        let cookies = self.client.cookies().header(&self.client.target().public_url(request.url()));
        let bodyless = is_bodyless(request);
        let headers = request.headers_mut();
        if bodyless {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        headers.insert(ACCEPT, ACCEPT_VALUE);
        headers.insert(USER_AGENT, self.client.user_agent().clone());
        if matches!(self.operation.api, Api::Experience | Api::Account) {
            headers.insert(ORIGIN, self.client.target().origin.clone());
        }
        if let Some(bearer) = bearer {
            headers.insert(AUTHORIZATION, bearer.0.clone());
        }
        if let Some(cookies) = cookies {
            headers.insert(COOKIE, cookies);
        }
        for (name, value) in &self.options.headers {
            headers.insert(name, value.clone());
        }
        Ok(())
    }

    async fn apply_body(&self, request: &mut Request) -> Result<()> {
        match &self.payload {
            Payload::AsEncoded => {}
            Payload::Omitted => {
                *request.body_mut() = None;
                request.headers_mut().remove(CONTENT_TYPE);
            }
            Payload::Upload(upload) => {
                let form = reqwest::multipart::Form::new().part("file", upload.part().await?);
                // Only a request builder knows a form's length and boundary.
                let http = self.client.http();
                let mut built = http
                    .post(request.url().clone())
                    .multipart(form)
                    .build()
                    .map_err(Error::transport)?;
                *request.body_mut() = built.body_mut().take();
                for name in [CONTENT_TYPE, CONTENT_LENGTH] {
                    request.headers_mut().remove(&name);
                    if let Some(value) = built.headers().get(&name) {
                        request.headers_mut().insert(name, value.clone());
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a request that usually has a body has none. Some proxies reject such a request unless it
/// has a `Content-Length`, which the HTTP client does not set by itself.
fn is_bodyless(request: &Request) -> bool {
    matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH)
        && request.body().is_none_or(|body| body.as_bytes().is_some_and(<[u8]>::is_empty))
}
