//! Tokens of users that an application acts for.

use reqwest::Method;
use serde::Deserialize;

use crate::{
    Client,
    auth::{ACCESS_TOKEN, Fetched, Pending, Secret, TokenExchange, TokenSource},
    error::AuthFailure,
};

/// A user's tokens, which the application gets in their place. An exchange uses a subject token
/// up, so there is another one each time.
#[derive(Debug)]
pub(crate) struct Impersonation {
    /// The client of the application itself.
    pub(crate) app: Client,
    pub(crate) user_id: String,
    /// What a script for custom claims is told. It may hold anything.
    pub(crate) context: Option<Secret>,
    pub(crate) exchange: TokenExchange,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubjectToken {
    subject_token: String,
}

impl Impersonation {
    async fn subject_token(&self) -> crate::Result<String> {
        let request = self.app.request(Method::POST, "/api/subject-tokens");
        let mut body = serde_json::json!({ "userId": self.user_id });
        if let Some(Secret(context)) = &self.context {
            body["context"] = serde_json::from_str(context).unwrap_or_default();
        }
        let response = request.json(&body).send().await?;
        Ok(response.json::<SubjectToken>()?.subject_token)
    }
}

impl TokenSource for Impersonation {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(async {
            let subject_token = self.subject_token().await.map_err(|error| {
                AuthFailure::of_call("no subject token was issued for the user", error)
            })?;
            self.exchange.for_subject(&subject_token, ACCESS_TOKEN).await
        })
    }
}
