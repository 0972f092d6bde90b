//! A browser that signs a user in on a server's pages, which do nothing that is not done here.

use logto_api::reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};

use crate::harness::{Failure, PASSWORD};

pub(crate) struct Browser {
    pub(crate) http: Client,
    endpoint: String,
}

impl Browser {
    pub(crate) fn new(endpoint: &str) -> Self {
        let http = Client::builder().cookie_store(true).redirect(Policy::limited(20));
        Self { http: http.build().unwrap(), endpoint: endpoint.to_owned() }
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Response, Failure> {
        Ok(self.http.get(url).send().await?)
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Response, Failure> {
        Ok(self.http.post(format!("{}{path}", self.endpoint)).form(form).send().await?)
    }

    /// What the sign-in page does, and where it leads; nothing where the tenant asks for more.
    pub(crate) async fn sign_in(&self, username: &str) -> Result<Option<String>, Failure> {
        self.experience("PUT", "", json!({"interactionEvent": "SignIn"})).await?;
        let identifier = json!({"type": "username", "value": username});
        let password = json!({"identifier": identifier, "password": PASSWORD});
        let verified = self.experience("POST", "/verification/password", password).await?;
        let id = json!({"verificationId": verified["verificationId"]});
        self.experience("POST", "/identification", id).await?;
        let done = self.experience("POST", "/submit", json!({})).await?;
        Ok(done["redirectTo"].as_str().map(str::to_owned))
    }

    async fn experience(&self, method: &str, path: &str, body: Value) -> Result<Value, Failure> {
        let url = format!("{}/api/experience{path}", self.endpoint);
        let method = method.parse().unwrap();
        let response = self.http.request(method, url).json(&body).send().await?;
        Ok(serde_json::from_str(&response.text().await?).unwrap_or_default())
    }
}

/// The value of an input of a form.
pub(crate) fn input<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!(r#"name="{name}" value=""#))?;
    rest.split('"').next()
}
