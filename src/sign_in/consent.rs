//! The question whether an application may have what it wants.

use std::{fmt, sync::Arc};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Completed, interaction::Interaction};
use crate::{Result, models::RedirectTo, setters::IntoText};

/// An application of somebody else's wants something of the user's, who is to be asked.
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

/// An organization that the user can let the application act in.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ConsentOrganization {
    /// Its id.
    pub id: String,
    /// Its name.
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

    /// What the application wants of the user's own data.
    pub fn scopes(&self) -> &[String] {
        self.asked.missing_oidc_scope.as_deref().unwrap_or_default()
    }

    /// What the application wants of API resources.
    pub fn resource_scopes(&self) -> Vec<&str> {
        let resources = self.asked.missing_resource_scopes.iter().flatten();
        resources.flat_map(|resource| &resource.scopes).map(|scope| &*scope.name).collect()
    }

    /// The organizations that the user can let it act in.
    pub fn organizations(&self) -> &[ConsentOrganization] {
        self.asked.organizations.as_deref().unwrap_or_default()
    }

    /// Grants it, in no organization. To refuse, do nothing.
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
    /// When the session has ended.
    pub async fn grant(&self) -> Result<Completed> {
        self.send(&json!({})).await
    }

    /// Grants it, in these [organizations](Self::organizations) too.
    ///
    /// # Errors
    ///
    /// When the user is not in all of the organizations (`organization.require_membership`).
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
