//! Creates webhooks with their verifiers, and rotates their signing keys.

use reqwest::Url;

use super::WebhookVerifier;
use crate::{
    Error, Result,
    hooks::Hooks,
    models::{Hook, HookConfig, HookEvent},
    setters::IntoText,
};

/// A webhook whose signing key has been rotated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RotatedHook {
    /// The webhook, with the new key.
    pub hook: Hook,
    /// Accepts deliveries that are signed with the new key or with the old one, because some may
    /// still be in transit. Switch to [`Hook::verifier`] after a minute.
    pub verifier: WebhookVerifier,
}

impl Hooks {
    /// Creates a webhook that sends these events to this URL. [`Hook::verifier`] verifies its
    /// deliveries; store its `signing_key` in your configuration.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::models::HookEvent;
    ///
    /// let events = [HookEvent::UserCreated, HookEvent::UserDeleted];
    /// let url = "https://api.acme.com/webhooks/logto";
    /// let hook = logto.hooks().subscribe("users", url, events).await?;
    /// let verifier = hook.verifier();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the URL is not an absolute HTTP URL or contains credentials, or when there is no event:
    /// Logto would create a webhook that never delivers anything. Otherwise like any operation.
    pub async fn subscribe(
        &self,
        name: impl IntoText,
        url: &str,
        events: impl IntoIterator<Item = impl Into<HookEvent>>,
    ) -> Result<Hook> {
        check(url)?;
        let events: Vec<HookEvent> = events.into_iter().map(Into::into).collect();
        if events.is_empty() {
            return Err(Error::config("a webhook needs at least one event"));
        }
        self.create(HookConfig::new(url)).name(name).events(events).send().await
    }

    /// Rotates the signing key of a webhook, and returns a verifier that accepts both keys.
    ///
    /// A delivery that Logto started before is signed with the old key. A service that does not
    /// know the new key yet rejects deliveries, which Logto does not retry: pass the verifier on at
    /// once.
    ///
    /// # Errors
    ///
    /// Like any operation.
    pub async fn rotate_verifier(&self, id: impl IntoText) -> Result<RotatedHook> {
        let id = id.into_text();
        let old = self.get(&id).send().await?.signing_key;
        let hook = self.rotate_signing_key(&id).send().await?;
        let verifier = hook.verifier().or_key(old);
        Ok(RotatedHook { hook, verifier })
    }
}

impl Hook {
    /// A verifier for the deliveries of this webhook.
    pub fn verifier(&self) -> WebhookVerifier {
        WebhookVerifier::new(&self.signing_key)
    }
}

fn check(url: &str) -> Result<()> {
    let problem = match Url::parse(url) {
        Err(_) => "it is not an absolute URL",
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            "its scheme is neither https nor http"
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "it contains a user name or password, which Logto does not send: use a header"
        }
        Ok(_) => return Ok(()),
    };
    Err(Error::config(format!("the webhook's URL is not valid: {problem}")))
}
