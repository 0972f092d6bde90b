//! What signing in and tokens need to know of an application.

use serde_json::{Value, json};

use crate::{
    rules::{
        behaviours::add_default_secret,
        scopes,
        spec::{Spec, stamped},
    },
    state::{
        State,
        collection::{Members, object, strings, text},
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

/// Which OIDC scopes third parties may ask users for: pairs of application and scope.
pub(crate) const USER_SCOPES: &str = "applications/consent/user-scopes";

/// The grant that turns a subject token into a user's.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The grant of devices without a keyboard.
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[derive(Clone, Default)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    is_third_party: bool,
    is_restricted: bool,
    /// Its `customClientMetadata`.
    settings: Members,
    /// Its `oidcClientMetadata`.
    metadata: Members,
    /// With when they end, if they do. What runs on a user's device has none.
    secrets: Vec<(String, Option<u64>)>,
}

impl App {
    pub(crate) fn find(state: &State, id: &str) -> Option<Self> {
        let application = state.tables.find("applications", id)?;
        let part = |name: &str| application.get(name).cloned().map(object).unwrap_or_default();
        let metadata = part("oidcClientMetadata");
        let secrets = state.tables.of("applications/secrets", id).rev();
        Some(Self {
            id: id.to_owned(),
            kind: text(application, "type").unwrap_or_default().to_owned(),
            redirect_uris: strings(&metadata, "redirectUris"),
            post_logout_redirect_uris: strings(&metadata, "postLogoutRedirectUris"),
            is_third_party: application.get("isThirdParty") == Some(&true.into()),
            is_restricted: application.get("appLevelAccessControlEnabled") == Some(&true.into()),
            settings: part("customClientMetadata"),
            metadata,
            secrets: secrets
                .filter_map(|own| {
                    let end = own.members.get("expiresAt").and_then(Value::as_u64);
                    Some((text(&own.members, "value")?.to_owned(), end))
                })
                .chain(legacy_secret(application).map(|own| (own.to_owned(), None)))
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

    /// Whether it may ask users for this OIDC scope: a third party for those that are enabled for it.
    pub(crate) fn may_ask_for(&self, state: &State, scope: &str) -> bool {
        !self.is_third_party
            || ["openid", "offline_access"].contains(&scope)
            || state.links.has(USER_SCOPES, &self.id, scope)
    }

    /// Whether users have to be given access to it one by one, by roles or by organizations.
    pub(crate) fn is_restricted(&self) -> bool {
        self.is_restricted
    }

    /// Where sessions that end are told of.
    pub(crate) fn logout_uri(&self) -> Option<&str> {
        text(&self.metadata, "backchannelLogoutUri")
    }

    /// Whether pages of this origin may call it a client of theirs.
    pub(crate) fn is_open_to(&self, origin: &str) -> bool {
        let allowed = strings(&self.settings, "corsAllowedOrigins");
        let fits = |uri: &String| match uri.starts_with(origin) {
            true => {
                uri[origin.len()..].chars().next().is_none_or(|next| ['/', '?'].contains(&next))
            }
            false => uri.contains('*') && wildcard(&origin_of(uri), origin),
        };
        allowed.iter().any(|own| own == origin) || self.redirect_uris.iter().any(fits)
    }

    /// Whether it runs on a device without a keyboard.
    pub(crate) fn is_device(&self) -> bool {
        self.is_set("isDeviceFlow")
    }

    fn is_set(&self, setting: &str) -> bool {
        self.settings.get(setting) == Some(&true.into())
    }

    pub(crate) fn may_use(&self, grant_type: &str) -> bool {
        match grant_type {
            "client_credentials" => self.is_machine(),
            TOKEN_EXCHANGE => true,
            DEVICE_CODE => self.is_device(),
            "authorization_code" => !self.is_machine() && !self.is_device(),
            _ => !self.is_machine(),
        }
    }

    pub(crate) fn may_exchange(&self) -> bool {
        self.is_set("allowTokenExchange")
    }

    /// Whether it gets a refresh token though the user was not asked for one.
    pub(crate) fn always_refreshes(&self) -> bool {
        self.is_set("alwaysIssueRefreshToken") && !self.is_public()
    }

    /// Whether each use of a refresh token gives another.
    pub(crate) fn rotates(&self) -> bool {
        self.is_public() && self.settings.get("rotateRefreshToken") != Some(&false.into())
    }

    /// Whether its ID tokens name the session.
    pub(crate) fn wants_session(&self) -> bool {
        self.metadata.get("backchannelLogoutSessionRequired") == Some(&true.into())
    }

    /// In seconds.
    pub(crate) fn id_token_lifetime(&self) -> u64 {
        self.settings.get("idTokenTtl").and_then(Value::as_u64).unwrap_or(3600)
    }

    /// In seconds.
    pub(crate) fn refresh_token_lifetime(&self) -> u64 {
        let days = self.settings.get("refreshTokenTtlInDays").and_then(Value::as_u64);
        days.unwrap_or(14) * 24 * 3600
    }

    /// Whether users may be taken back there: to what is registered, with one label that may be
    /// anything where it says `*`, and with any port on the user's own device.
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        let fits = |own: &String| {
            own == uri
                || wildcard(own, uri)
                || (self.kind == "Native"
                    && is_loopback(uri)
                    && without_port(own) == without_port(uri))
        };
        self.redirect_uris.iter().any(fits)
    }

    pub(crate) fn proves_itself_with(&self, secret: Option<&str>, now: u64) -> Proof {
        match secret {
            None if self.is_public() => Proof::Good,
            None => Proof::Wrong,
            Some(secret) => match self.secrets.iter().find(|(own, _)| own == secret) {
                Some((_, Some(end))) if *end <= now => Proof::Expired,
                Some(_) => Proof::Good,
                None => Proof::Wrong,
            },
        }
    }

    /// The first secret, if it has any.
    pub(crate) fn secret(&self) -> &str {
        self.secrets.first().map(|(secret, _)| secret.as_str()).unwrap_or_default()
    }
}

/// What a secret proves.
pub(crate) enum Proof {
    Good,
    Expired,
    Wrong,
}

fn wildcard(own: &str, uri: &str) -> bool {
    let Some((before, after)) = own.split_once('*') else { return false };
    let label = uri.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    label.is_some_and(|label| !label.is_empty() && !label.contains(['.', '/', ':']))
}

/// Scheme and authority.
fn origin_of(uri: &str) -> String {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[start..].find(['/', '?']).map_or(uri.len(), |at| start + at);
    uri[..end].to_owned()
}

fn is_loopback(uri: &str) -> bool {
    ["http://localhost", "http://127.0.0.1", "http://[::1]"]
        .iter()
        .any(|host| uri.starts_with(host))
}

fn without_port(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    format!("{scheme}://{host}{path}")
}

/// The secret of an application that is older than lists of them.
pub(crate) fn legacy_secret(application: &Members) -> Option<&str> {
    text(application, "secret").filter(|secret| !secret.starts_with("#internal:"))
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
    pub(crate) native: App,
    pub(crate) device: App,
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
            native: add(state, "Native", "Native", false),
            device: add(state, "Device", "Native", false),
        };
        set_metadata(
            state,
            &apps.native.id,
            "oidcClientMetadata",
            json!({
                "redirectUris": [REDIRECT_URI, "http://localhost/callback", "http://127.0.0.1/callback"],
                "postLogoutRedirectUris": [POST_LOGOUT_REDIRECT_URI],
            }),
        );
        // Of users, the third party may learn whatever they agree to.
        for scope in scopes::OIDC {
            if !["openid", "offline_access"].contains(&scope) {
                state.links.of(USER_SCOPES).add(&apps.third_party.id, scope);
            }
        }
        let flow = json!({ "isDeviceFlow": true });
        set_metadata(state, &apps.device.id, "customClientMetadata", flow);
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

fn set_metadata(state: &mut State, id: &str, name: &str, metadata: Value) {
    let applications = state.tables.table("applications");
    applications.change("", id, |row| {
        row.members.insert(name.into(), metadata);
    });
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
