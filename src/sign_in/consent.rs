//! Consent to a third-party application.

use std::{fmt, sync::Arc};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Completed, interaction::Interaction};
use crate::{Result, models::RedirectTo, setters::IntoText};

/// A third-party application asks for permissions, to which the user has to consent.
#[derive(Clone)]
pub struct ConsentRequest {
    interaction: Interaction,
    asked: Arc<ConsentInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsentInfo {
    #[serde(default)]
    application: Map<String, Value>,
    #[serde(default, rename = "missingOIDCScope")]
    missing_oidc_scope: Option<Vec<String>>,
    #[serde(default)]
    missing_resource_scopes: Option<Vec<ResourceScopes>>,
    #[serde(default)]
    organizations: Option<Vec<ConsentOrganization>>,
}

#[derive(Deserialize)]
struct ResourceScopes {
    #[serde(default)]
    scopes: Vec<ScopeName>,
}

#[derive(Deserialize)]
struct ScopeName {
    name: String,
}

/// An organization in which the user can let the application act.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ConsentOrganization {
    /// The id of the organization.
    pub id: String,
    /// The name of the organization.
    pub name: String,
}

impl ConsentRequest {
    pub(super) async fn load(interaction: &Interaction) -> Result<Self> {
        let request = interaction.client().request(Method::GET, "/api/interaction/consent");
        let asked = request.unauthenticated().send().await;
        let asked = asked.map_err(|error| match error.is_sign_in_refused() {
            true => {
                error.hinting("the user may not use this application: application access control")
            }
            false => error,
        })?;
        let asked = asked.json()?;
        Ok(Self { interaction: interaction.clone(), asked: Arc::new(asked) })
    }

    /// The application's id.
    pub fn application_id(&self) -> Option<&str> {
        self.asked.application.get("id")?.as_str()
    }

    /// The application's name.
    pub fn application_name(&self) -> Option<&str> {
        let name = |member| self.asked.application.get(member).and_then(Value::as_str);
        name("displayName").or_else(|| name("name"))
    }

    /// The scopes that the application asks for, of the user's own data.
    pub fn scopes(&self) -> &[String] {
        self.asked.missing_oidc_scope.as_deref().unwrap_or_default()
    }

    /// The permissions that the application asks for, of API resources.
    pub fn resource_scopes(&self) -> Vec<&str> {
        let resources = self.asked.missing_resource_scopes.iter().flatten();
        resources.flat_map(|resource| &resource.scopes).map(|scope| &*scope.name).collect()
    }

    /// The organizations in which the user can let the application act.
    pub fn organizations(&self) -> &[ConsentOrganization] {
        self.asked.organizations.as_deref().unwrap_or_default()
    }

    /// Grants the request, in no organization. To deny it, do nothing.
    ///
    /// ```no_run
    /// # async fn run(done: logto_api::sign_in::Completed) -> logto_api::Result<()> {
    /// use logto_api::sign_in::RedirectOutcome;
    ///
    /// if let RedirectOutcome::Consent(question) = done.follow_redirects().await? {
    ///     println!("{:?} wants {:?}", question.application_name(), question.scopes());
    ///     let tokens = question.grant().await?.tokens().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn grant(&self) -> Result<Completed> {
        self.send(&json!({})).await
    }

    /// Grants the request, in these [organizations](Self::organizations) as well.
    ///
    /// # Errors
    ///
    /// When the user is not a member of all of them (`organization.require_membership`).
    pub async fn grant_in(
        &self,
        organization_ids: impl IntoIterator<Item = impl IntoText>,
    ) -> Result<Completed> {
        let ids: Vec<String> = organization_ids.into_iter().map(IntoText::into_text).collect();
        self.send(&json!({ "organizationIds": ids })).await
    }

    async fn send(&self, body: &Value) -> Result<Completed> {
        let request = self.interaction.client().request(Method::POST, "/api/interaction/consent");
        let to: RedirectTo = request.unauthenticated().json(body).send().await?.json()?;
        Ok(Completed::consented(&self.interaction, to.redirect_to))
    }
}

impl fmt::Debug for ConsentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentRequest")
            .field("application_id", &self.application_id())
            .field("scopes", &self.scopes())
            .finish_non_exhaustive()
    }
}
