//! Makes what a flow needs on the mock.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    cast::{App, Grant, User},
    openings::subject,
    recorded::Flow,
    replay::Replay,
};

const OF_USERS: [&str; 10] = [
    "profile",
    "email",
    "phone",
    "address",
    "custom_data",
    "identities",
    "roles",
    "urn:logto:scope:organizations",
    "urn:logto:scope:organization_roles",
    "urn:logto:scope:sessions",
];
const MANAGEMENT: &str = "https://default.logto.app/api";

impl Replay<'_> {
    pub(crate) async fn stage(&mut self, flow: &Flow) {
        let cast = self.cast;
        let home = cast.home();
        let is_cast = |id: &str| flow.mentions(id) || home.as_deref() == Some(id);
        for (id, app) in cast.apps.iter().filter(|(id, _)| is_cast(id)) {
            let manages = cast.grants.iter().any(|grant| {
                grant.subject == *id
                    && grant.resource.as_deref() == Some(MANAGEMENT)
                    && !grant.scopes.is_empty()
            });
            match manages {
                true => {
                    let (own, secret) =
                        (self.mock.app_id().to_owned(), self.mock.app_secret().to_owned());
                    self.equate(id, &own);
                    self.secrets.insert(id.clone(), secret);
                }
                false => self.add_app(flow, id, app).await,
            }
        }
        self.adopt(flow);
        for path in flow.replaced() {
            let script = "const getCustomJwtClaims = async () => ({});";
            self.manage("PUT", &path, &json!({ "script": script })).await;
        }
        let subjects = self.add_people(flow).await;
        self.add_rights(flow, &subjects).await;
        for (id, app) in
            cast.apps.iter().filter(|(id, own)| own.is_third_party && flow.mentions(id))
        {
            self.allow(id, app).await;
        }
    }

    /// Users; gives their ids, and those of applications.
    async fn add_people(&mut self, flow: &Flow) -> BTreeSet<String> {
        let cast = self.cast;
        let mut subjects = BTreeSet::new();
        let told = subject(cast, flow, None);
        for (sub, user) in &cast.users {
            let named = user.identifiers.values().any(|name| flow.mentions(name));
            if named
                || told == *sub
                || flow.mentions(sub)
                || flow.steps.iter().any(|step| step.tells_of(sub))
            {
                self.add_user(sub, user).await;
                subjects.insert(sub.clone());
            }
        }
        for (identifier, password) in flow.known() {
            let member = match identifier["type"].as_str() {
                Some("email") => "primaryEmail",
                Some("phone") => "primaryPhone",
                _ => "username",
            };
            let password = password.or_else(|| flow.old_password());
            let password = password.unwrap_or_else(|| cast.password());
            let body = json!({ member: identifier["value"], "password": password });
            self.manage("POST", "/api/users", &body).await;
            let name = identifier["value"].as_str().unwrap_or_default().replace('+', "%2B");
            let path = format!("/api/users?search.{member}={name}&mode.{member}=exact");
            let found = self.manage("GET", &path, &Value::Null).await;
            subjects.extend(found[0]["id"].as_str().map(str::to_owned));
            self.adopt_factors(flow, found[0]["id"].as_str().unwrap_or_default());
        }
        for id in flow.managed("users") {
            if !self.knows(&id) {
                let name = format!("somebody{}", self.number());
                let made = self.manage("POST", "/api/users", &json!({ "username": name })).await;
                self.equate(&id, made["id"].as_str().unwrap_or_default());
            }
        }
        subjects.extend(cast.apps.keys().filter(|id| flow.mentions(id)).cloned());
        subjects
    }

    async fn add_app(&mut self, flow: &Flow, recorded: &str, app: &App) {
        let kind = match app {
            App { is_device: true, .. } | App { is_native: true, .. } => "Native",
            App { is_machine: true, has_codes: false, .. } => "MachineToMachine",
            App { is_confidential: true, .. } => "Traditional",
            App { secrets, .. } if !secrets.is_empty() => "Traditional",
            _ => "SPA",
        };
        let mut custom = json!({ "corsAllowedOrigins": app.origins });
        if app.is_device {
            custom["isDeviceFlow"] = true.into();
        }
        if flow.always_refreshes(recorded) {
            custom["alwaysIssueRefreshToken"] = true.into();
        }
        if app.exchanges && !app.is_third_party {
            custom["allowTokenExchange"] = true.into();
        }
        let mut body = json!({
            "name": recorded, "type": kind, "isThirdParty": app.is_third_party,
            "oidcClientMetadata": {
                "redirectUris": app.redirects, "postLogoutRedirectUris": app.after_logout,
            },
            "customClientMetadata": custom,
        });
        if flow.tells_session(recorded) {
            body["oidcClientMetadata"]["backchannelLogoutSessionRequired"] = true.into();
        }
        let made = self.manage("POST", "/api/applications", &body).await;
        self.equate(recorded, made["id"].as_str().unwrap_or_default());
        let path = format!("/api/applications/{}/secrets", self.own(recorded));
        let secrets = self.manage("GET", &path, &Value::Null).await;
        if let Some(own) = secrets[0]["value"].as_str() {
            self.secrets.insert(recorded.to_owned(), own.to_owned());
        }
    }

    /// What a third party may ask users for.
    async fn allow(&mut self, id: &str, app: &App) {
        let all = self.manage("GET", "/api/organization-scopes", &Value::Null).await;
        let of_organizations = all.as_array().into_iter().flatten();
        let of_organizations = of_organizations
            .filter(|own| own["name"].as_str().is_some_and(|name| app.scopes.contains(name)))
            .map(|own| own["id"].clone());
        let of_resources = self.scopes.iter().filter(|((_, name), _)| app.scopes.contains(name));
        let of_users = app.scopes.iter().filter(|name| OF_USERS.contains(&name.as_str()));
        let body = json!({
            "organizationScopes": of_organizations.collect::<Value>(),
            "resourceScopes": of_resources.map(|(_, id)| id.clone()).collect::<Value>(),
            "organizationResourceScopes": self.scopes.iter().filter(|((_, name), _)| app.scopes.contains(name)).map(|(_, id)| id.clone()).collect::<Value>(),
            "userScopes": of_users.collect::<Vec<_>>(),
        });
        let path = format!("/api/applications/{}/user-consent-scopes", self.own(id));
        self.manage("POST", &path, &body).await;
    }

    async fn add_user(&mut self, sub: &str, user: &User) {
        let mut body = json!({ "password": user.password });
        for (kind, member) in
            [("username", "username"), ("email", "primaryEmail"), ("phone", "primaryPhone")]
        {
            if let Some(value) = user.identifiers.get(kind) {
                body[member] = value.as_str().into();
            }
        }
        if user.identifiers.is_empty() {
            body["username"] = user.name(sub).into();
        }
        if user.password.is_none() {
            body["password"] = self.cast.password().into();
        }
        if let Some(name) = user.claims.get("name").filter(|name| name.is_string()) {
            body["name"] = name.clone();
        }
        let profile = [
            ("family_name", "familyName"),
            ("given_name", "givenName"),
            ("nickname", "nickname"),
            ("preferred_username", "preferredUsername"),
            ("birthdate", "birthdate"),
        ];
        for (claim, member) in profile {
            if let Some(value) = user.claims.get(claim) {
                body["profile"][member] = value.clone();
            }
        }
        if let Some(address) = user.claims.get("address") {
            body["profile"]["address"] = address.clone();
        }
        let made = self.manage("POST", "/api/users", &body).await;
        if let Some(data) = user.claims.get("custom_data") {
            let path =
                format!("/api/users/{}/custom-data", made["id"].as_str().unwrap_or_default());
            self.manage("PATCH", &path, &json!({ "customData": data })).await;
        }
        self.equate(sub, made["id"].as_str().unwrap_or_default());
    }

    async fn add_rights(&mut self, flow: &Flow, subjects: &BTreeSet<String>) {
        let cast = self.cast;
        let is_there = |grant: &&Grant| {
            subjects.contains(&grant.subject) && grant.resource.as_deref() != Some(MANAGEMENT)
        };
        let grants: Vec<&Grant> = cast.grants.iter().filter(is_there).collect();
        for resource in &cast.resources {
            let body = json!({ "name": resource, "indicator": resource });
            let made = self.manage("POST", "/api/resources", &body).await;
            let id = made["id"].as_str().unwrap_or_default().to_owned();
            let of_resource =
                cast.grants.iter().filter(|own| own.resource.as_ref() == Some(resource));
            let scopes: BTreeSet<&String> = of_resource.flat_map(|own| &own.scopes).collect();
            for scope in scopes {
                let body = json!({ "name": scope, "description": "d" });
                let made = self.manage("POST", &format!("/api/resources/{id}/scopes"), &body).await;
                self.scopes.insert((resource.clone(), scope.clone()), made["id"].clone());
            }
        }
        let all = self.manage("GET", "/api/resources", &Value::Null).await;
        let first = all.as_array().and_then(|all| {
            all.iter().find(|own| own["isDefault"] != true && own["indicator"] != MANAGEMENT)
        });
        for id in flow.managed("resources") {
            let own = first.and_then(|own| own["id"].as_str()).unwrap_or_default();
            self.equate(&id, own);
        }
        for organization in flow.joined() {
            for subject in subjects.iter().filter(|own| !cast.apps.contains_key(*own)) {
                let (subject, resource) = (subject.clone(), None);
                let (organization, scopes) = (Some(organization.clone()), Vec::new());
                let is_machine = false;
                let grant = Grant { subject, is_machine, resource, organization, scopes };
                self.add_membership(&grant, grant.organization.as_deref().unwrap_or_default())
                    .await;
            }
        }
        for grant in &grants {
            match &grant.organization {
                Some(organization) => self.add_membership(grant, organization).await,
                None => self.add_role(grant).await,
            }
        }
    }

    fn scope_ids(&self, grant: &Grant) -> Vec<Value> {
        let resource = grant.resource.clone().unwrap_or_default();
        let ids = grant.scopes.iter();
        ids.filter_map(|scope| self.scopes.get(&(resource.clone(), scope.clone())).cloned())
            .collect()
    }

    async fn add_role(&mut self, grant: &Grant) {
        let scopes = self.scope_ids(grant);
        if scopes.is_empty() {
            return;
        }
        let (kind, owner) = match grant.is_machine {
            true => ("MachineToMachine", "applications"),
            false => ("User", "users"),
        };
        let name = format!("role {}", self.number());
        let body = json!({ "name": name, "description": name, "type": kind, "scopeIds": scopes });
        let role = self.manage("POST", "/api/roles", &body).await;
        let own = self.own(&grant.subject);
        let path = format!("/api/{owner}/{own}/roles");
        self.manage("POST", &path, &json!({ "roleIds": [role["id"]] })).await;
    }

    async fn add_membership(&mut self, grant: &Grant, organization: &str) {
        if self.own(organization) == organization {
            let made =
                self.manage("POST", "/api/organizations", &json!({ "name": organization })).await;
            self.equate(organization, made["id"].as_str().unwrap_or_default());
        }
        let (kind, owner, ids) = match grant.is_machine {
            true => ("MachineToMachine", "applications", "applicationIds"),
            false => ("User", "users", "userIds"),
        };
        let (own, subject) = (self.own(organization), self.own(&grant.subject));
        let path = format!("/api/organizations/{own}/{owner}");
        self.manage("POST", &path, &json!({ ids: [subject] })).await;
        let name = format!("role {}", self.number());
        let mut body = json!({ "name": name, "type": kind });
        match &grant.resource {
            Some(_) => body["resourceScopeIds"] = self.scope_ids(grant).into(),
            None => {
                let mut scopes = Vec::new();
                for scope in &grant.scopes {
                    let named = json!({ "name": scope });
                    self.manage("POST", "/api/organization-scopes", &named).await;
                    let all = self.manage("GET", "/api/organization-scopes", &Value::Null).await;
                    let all = all.as_array().into_iter().flatten();
                    scopes.extend(
                        all.filter(|own| own["name"] == **scope).map(|own| own["id"].clone()),
                    );
                }
                body["organizationScopeIds"] = scopes.into();
            }
        }
        let role = self.manage("POST", "/api/organization-roles", &body).await;
        let path = format!("{path}/{subject}/roles");
        let body = json!({ "organizationRoleIds": [role["id"]] });
        self.manage("POST", &path, &body).await;
    }
}
