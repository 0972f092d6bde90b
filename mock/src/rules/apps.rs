//! What signing in and tokens need to know of an application.

use serde_json::json;

use crate::{
    rules::{
        behaviours::add_default_secret,
        spec::{Spec, stamped},
    },
    state::{
        State,
        collection::{object, strings, text},
        now,
        tables::Row,
    },
};

/// The resource indicator of the Management API.
pub(crate) const RESOURCE: &str = "https://default.logto.app/api";
/// The id of that resource.
pub(crate) const MANAGEMENT: &str = "management-api";
/// The redirect URI of the applications that exist from the start.
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
/// Where they take users who have signed out.
pub(crate) const POST_LOGOUT_REDIRECT_URI: &str = "https://app.example/signed-out";

/// The grant that turns a subject token into a user's.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

#[derive(Clone, Default)]
pub(crate) struct App {
    pub(crate) id: String,
    kind: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    is_third_party: bool,
    may_exchange: bool,
    /// What runs on a user's device has none.
    pub(crate) secrets: Vec<String>,
}

impl App {
    pub(crate) fn find(state: &State, id: &str) -> Option<Self> {
        let application = state.tables.find("applications", id)?;
        let metadata = application.get("oidcClientMetadata").and_then(|value| value.as_object());
        let uris = |name| metadata.map(|own| strings(own, name)).unwrap_or_default();
        let secrets = state.tables.of("applications/secrets", id).rev();
        Some(Self {
            id: id.to_owned(),
            kind: text(application, "type").unwrap_or_default().to_owned(),
            redirect_uris: uris("redirectUris"),
            post_logout_redirect_uris: uris("postLogoutRedirectUris"),
            is_third_party: application.get("isThirdParty") == Some(&true.into()),
            may_exchange: application
                .get("customClientMetadata")
                .is_some_and(|own| own["allowTokenExchange"] == true),
            secrets: secrets
                .filter_map(|secret| Some(text(&secret.members, "value")?.to_owned()))
                .collect(),
        })
    }

    pub(crate) fn is_machine(&self) -> bool {
        self.kind == "MachineToMachine"
    }

    /// Whether it runs where no secret can be kept.
    pub(crate) fn is_public(&self) -> bool {
        is_public(&self.kind)
    }

    /// Whether users are asked before it learns of them.
    pub(crate) fn is_third_party(&self) -> bool {
        self.is_third_party
    }

    pub(crate) fn may_use(&self, grant_type: &str) -> bool {
        match grant_type {
            "client_credentials" => self.is_machine(),
            TOKEN_EXCHANGE => self.may_exchange,
            _ => !self.is_machine(),
        }
    }

    pub(crate) fn proves_itself_with(&self, secret: Option<&str>) -> bool {
        match secret {
            None => self.is_public(),
            Some(secret) => self.secrets.iter().any(|own| own == secret),
        }
    }

    /// The first secret, if it has any.
    pub(crate) fn secret(&self) -> &str {
        self.secrets.first().map(String::as_str).unwrap_or_default()
    }
}

pub(crate) fn is_public(kind: &str) -> bool {
    ["Native", "SPA"].contains(&kind)
}

/// The applications that exist from the start.
pub(crate) struct Apps {
    pub(crate) m2m: App,
    pub(crate) web: App,
    pub(crate) spa: App,
    pub(crate) third_party: App,
}

impl Apps {
    /// Adds them, and makes the first the manager.
    pub(crate) fn add_to(state: &mut State) -> Self {
        add_management(state);
        let apps = Self {
            m2m: add(state, "Management", "MachineToMachine", false),
            web: add(state, "Web", "Traditional", false),
            spa: add(state, "Single page", "SPA", false),
            third_party: add(state, "Third party", "Traditional", true),
        };
        state.manager.clone_from(&apps.m2m.id);
        apps
    }
}

fn add(state: &mut State, name: &str, kind: &str, is_third_party: bool) -> App {
    let spec = Spec::of("applications");
    let mut application = spec.defaults();
    application.extend(stamped(&mut state.ids, spec));
    application.remove("updatedAt");
    application.insert("name".into(), name.into());
    application.insert("type".into(), kind.into());
    application.insert("isThirdParty".into(), is_third_party.into());
    if kind != "MachineToMachine" {
        let metadata = json!({
            "redirectUris": [REDIRECT_URI],
            "postLogoutRedirectUris": [POST_LOGOUT_REDIRECT_URI],
        });
        application.insert("oidcClientMetadata".into(), metadata);
    }
    state.tables.table("applications").add_entity(application.clone());
    add_default_secret(state, &application);
    App::find(state, text(&application, "id").unwrap_or_default()).unwrap_or_default()
}

/// The Management API is a resource itself, with a scope for everything.
fn add_management(state: &mut State) {
    state.tables.table("resources").add_entity(object(json!({
        "tenantId": "default", "id": MANAGEMENT, "name": "Logto Management API",
        "indicator": RESOURCE, "isDefault": false, "accessTokenTtl": 3600,
    })));
    let scope = object(json!({
        "tenantId": "default", "id": "management-api-all", "resourceId": MANAGEMENT,
        "name": "all", "createdAt": now(),
        "description": "Default scope for Management API, allows all permissions.",
    }));
    let (owner, key) = (MANAGEMENT.to_owned(), "management-api-all".to_owned());
    state.tables.table("resources/scopes").add(Row { owner, key, members: scope });
}
