//! An HTTP client of the caller's own, which may follow redirects.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Request, Response, header::CONTENT_LENGTH};

#[derive(Clone)]
pub(super) struct CustomClient {
    client: reqwest::Client,
    may_follow_redirects: bool,
}

impl CustomClient {
    pub(super) fn new(client: reqwest::Client) -> Self {
        // There is no other way to ask a client for its policy.
        let may_follow_redirects = !format!("{client:?}").contains("Policy(None)");
        Self { client, may_follow_redirects }
    }

    pub(super) fn may_follow_redirects(&self) -> bool {
        self.may_follow_redirects
    }

    pub(super) async fn send(&self, mut request: Request) -> reqwest::Result<Response> {
        if self.may_follow_redirects {
            hold_body(&mut request);
        }
        self.client.execute(request).await
    }
}

/// Makes the body one that cannot be sent twice: it does not go along with a redirect then.
fn hold_body(request: &mut Request) {
    let Some(body) = request.body().and_then(Body::as_bytes).filter(|body| !body.is_empty()) else {
        return;
    };
    let (length, body) = (body.len(), Bytes::copy_from_slice(body));
    let body = Body::wrap_stream(stream::iter([Ok::<_, Infallible>(body)]));
    *request.body_mut() = Some(body);
    request.headers_mut().insert(CONTENT_LENGTH, length.into());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use reqwest::{Client, redirect::Policy};

    use super::*;

    #[test]
    fn a_client_is_known_to_follow_no_redirects() {
        let with = |policy| CustomClient::new(Client::builder().redirect(policy).build().unwrap());
        assert!(!with(Policy::none()).may_follow_redirects());
        assert!(with(Policy::limited(3)).may_follow_redirects());
        assert!(with(Policy::custom(|attempt| attempt.follow())).may_follow_redirects());
        assert!(CustomClient::new(Client::new()).may_follow_redirects());
    }
}
