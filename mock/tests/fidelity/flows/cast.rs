//! What a tenant had when flows were recorded there, as far as they show it: applications, users,
//! API resources, organizations, and what each may do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::stage::PASSWORD;

use super::recorded::{Flow, Step, claims, value};

type Names = BTreeSet<String>;

#[derive(Default)]
pub(crate) struct App {
    pub(crate) secrets: Vec<String>,
    pub(crate) redirects: Names,
    pub(crate) after_logout: Names,
    pub(crate) origins: Names,
    pub(crate) is_machine: bool,
    pub(crate) has_codes: bool,
    pub(crate) is_native: bool,
    /// It needs a secret, since it got along without PKCE.
    pub(crate) is_confidential: bool,
    pub(crate) is_device: bool,
    pub(crate) is_third_party: bool,
    pub(crate) exchanges: bool,
    /// What it asked for and was let ask for.
    pub(crate) scopes: Names,
}

#[derive(Default)]
pub(crate) struct User {
    /// Username, e-mail address or phone number.
    pub(crate) identifiers: BTreeMap<String, String>,
    pub(crate) password: Option<String>,
    pub(crate) claims: Map<String, Value>,
}

impl User {
    /// Of who is known by an id alone.
    pub(crate) fn name(&self, sub: &str) -> String {
        format!("user_{sub}")
    }
}

/// What a token was good for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    pub(crate) subject: String,
    pub(crate) is_machine: bool,
    /// None if it is a token for the organization itself.
    pub(crate) resource: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) scopes: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Cast {
    pub(crate) apps: BTreeMap<String, App>,
    /// By `sub`.
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) grants: BTreeSet<Grant>,
    pub(crate) resources: Names,
}

const ORGANIZATION: &str = "urn:logto:organization:";

impl Cast {
    pub(crate) fn of(flows: &[Flow]) -> Self {
        let mut cast = Self::default();
        for flow in flows {
            let mut signed_in = None;
            for step in &flow.steps {
                cast.see_app(flow, step);
                cast.see_tokens(step, &mut signed_in);
                cast.see_resources(step);
            }
        }
        cast
    }

    /// The password of who is not seen using one: recorders give all the same.
    pub(crate) fn password(&self) -> String {
        let used = self.users.values().find_map(|user| user.password.clone());
        used.unwrap_or_else(|| PASSWORD.to_owned())
    }

    /// An application that users can sign in to in any flow.
    pub(crate) fn home(&self) -> Option<String> {
        let is_home = |app: &App| {
            app.has_codes
                && !app.redirects.is_empty()
                && !app.is_third_party
                && !app.secrets.is_empty()
        };
        self.apps.iter().find(|(_, app)| is_home(app)).map(|(id, _)| id.clone())
    }

    fn see_app(&mut self, flow: &Flow, step: &Step) {
        let path = step.path();
        if step.answer()["error"] == "invalid_client" {
            return;
        }
        if path == "/oidc/auth" {
            let query = if step.method == "GET" { step.query() } else { step.form() };
            let Some(id) = value(&query, "client_id") else { return };
            let back = value(&query, "redirect_uri").filter(|_| step.status == 303);
            let app = self.apps.entry(id.to_owned()).or_default();
            app.redirects.extend(back.map(str::to_owned));
            app.is_confidential |= back.is_some()
                && value(&query, "code_challenge").is_none()
                && step.location().is_some_and(|to| !to.contains("error="));
            app.is_native |= back.is_some_and(|uri| !uri.starts_with("http"));
            let is_refused = step.location().is_none_or(|to| to.contains("error="));
            let scopes = value(&query, "scope").filter(|_| !is_refused).unwrap_or_default();
            app.scopes.extend(scopes.split_whitespace().map(str::to_owned));
            app.is_third_party |= flow.title.starts_with("Third-party");
            return;
        }
        let Some(own) =
            step.credentials().filter(|own| path.starts_with("/oidc/") && !own.id.is_empty())
        else {
            return self.see_logout(step);
        };
        // Who is refused for these reasons is known.
        let refused = step.answer()["error"].as_str().unwrap_or_default().to_owned();
        let is_known = ["invalid_grant", "access_denied", "invalid_target", "invalid_scope"];
        let is_known = step.status == 200 || is_known.contains(&refused.as_str());
        if !is_known || !(path.starts_with("/oidc/token") || path == "/oidc/device/auth") {
            return;
        }
        let app = self.apps.entry(own.id).or_default();
        app.secrets.extend(own.secret.filter(|_| true));
        let form = step.form();
        match value(&form, "grant_type") {
            Some("client_credentials") => app.is_machine = true,
            Some("authorization_code") => {
                app.has_codes = true;
                let back = value(&form, "redirect_uri").filter(|_| step.status == 200);
                let back = back.map(str::to_owned);
                app.is_native |= back.as_deref().is_some_and(|uri| !uri.starts_with("http"));
                app.redirects.extend(back);
            }
            Some(grant) => app.exchanges |= grant.ends_with("token-exchange"),
            None => {}
        }
        app.is_device |= path == "/oidc/device/auth";
        app.origins.extend(step.header("origin").map(str::to_owned));
    }

    fn see_logout(&mut self, step: &Step) {
        if step.path() != "/oidc/session/end" || step.status != 200 {
            return;
        }
        let query = step.query();
        let hint = value(&query, "id_token_hint").and_then(claims);
        let hint = hint.and_then(|own| Some(own["aud"].as_str()?.to_owned()));
        let id = value(&query, "client_id").map(str::to_owned).or(hint);
        let uri = value(&query, "post_logout_redirect_uri");
        if let (Some(id), Some(uri)) = (id, uri) {
            self.apps.entry(id).or_default().after_logout.insert(uri.to_owned());
        }
    }

    fn see_tokens(&mut self, step: &Step, signed_in: &mut Option<(String, String, String)>) {
        let asked = step.json();
        if step.path().ends_with("/verification/password") && step.status != 422 {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (kind, name) =
                (text(&asked["identifier"]["type"]), text(&asked["identifier"]["value"]));
            *signed_in = Some((kind, name, text(&asked["password"])));
        }
        let answer = step.answer();
        let known = claims(answer["id_token"].as_str().unwrap_or_default());
        let told = known.or_else(|| answer["sub"].is_string().then(|| answer.clone()));
        if let Some(told) = told.as_ref().and_then(Value::as_object) {
            self.see_user(told, signed_in.as_ref());
        }
        let token = claims(answer["access_token"].as_str().unwrap_or_default());
        if let Some(token) = token.filter(|_| step.status == 200) {
            self.see_grant(&token);
        }
    }

    fn see_user(
        &mut self,
        told: &Map<String, Value>,
        signed_in: Option<&(String, String, String)>,
    ) {
        let sub = told["sub"].as_str().unwrap_or_default().to_owned();
        let user = self.users.entry(sub).or_default();
        for (claim, kind) in
            [("username", "username"), ("email", "email"), ("phone_number", "phone")]
        {
            if let Some(value) = told.get(claim).and_then(Value::as_str) {
                user.identifiers.insert(kind.to_owned(), value.to_owned());
            }
        }
        if let Some((kind, name, password)) = signed_in
            && user.identifiers.get(kind).is_none_or(|own| own == name)
        {
            user.identifiers.insert(kind.clone(), name.clone());
            user.password = Some(password.clone());
        }
        user.claims.extend(told.clone());
    }

    fn see_grant(&mut self, token: &Value) {
        let text = |name: &str| token[name].as_str().map(str::to_owned);
        let (Some(subject), Some(audience)) = (text("sub"), text("aud")) else { return };
        let own = audience.strip_prefix(ORGANIZATION).map(str::to_owned);
        let scopes = text("scope").unwrap_or_default();
        self.grants.insert(Grant {
            is_machine: text("client_id").as_ref() == Some(&subject),
            subject,
            resource: own.is_none().then_some(audience),
            organization: own.or_else(|| text("organization_id")),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        });
    }

    fn see_resources(&mut self, step: &Step) {
        let pairs = step.query().into_iter().chain(step.form());
        if step.path() == "/oidc/auth" || step.status == 200 {
            let is_refused = step.location().is_some_and(|to| to.contains("error="));
            let named =
                pairs.filter(|(name, value)| name == "resource" && !value.starts_with("urn:"));
            let named = named
                .flat_map(|(_, value)| value.split(',').map(str::to_owned).collect::<Vec<_>>());
            self.resources.extend(named.filter(|_| !is_refused));
        }
    }
}
