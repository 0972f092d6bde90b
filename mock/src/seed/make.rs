//! Makes what a seed holds.

use std::io;

use serde_json::{Value, json};

use super::{
    Api, Application, OrganizationRole, Seed, User,
    refusal::{ID, USER_ID, bad_id, entry, refused, unknown, why},
};
use crate::{
    rules::{
        apps::is_public,
        behaviours,
        call::{Body, Call},
        contract::Contract,
        plan::plans,
    },
    state::{State, params::Params},
};

/// Makes all that it holds.
pub(super) fn all(seed: &Seed, state: &mut State) -> io::Result<()> {
    Maker { state, seed, entry: String::new() }.make_all()
}

/// Makes entities by the Management API's own rules.
struct Maker<'a> {
    state: &'a mut State,
    seed: &'a Seed,
    /// What is being made.
    entry: String,
}

impl<'a> Maker<'a> {
    fn make_all(&mut self) -> io::Result<()> {
        let seed = self.seed;
        let name = |own: &'a Api| own.name.as_deref().unwrap_or(&own.indicator);
        self.each("apis", &seed.apis, name, Self::api)?;
        self.each(
            "roles",
            &seed.roles,
            |own| &own.name,
            |maker, role| {
                let kind = role.kind.as_deref().unwrap_or("User");
                maker.role(&role.name, kind, &role.scopes).map(drop)
            },
        )?;
        let roles = &seed.organization_roles;
        self.each("organizationRoles", roles, |own| &own.name, Self::organization_role)?;
        self.each(
            "organizations",
            &seed.organizations,
            |own| &own.name,
            |maker, own| {
                maker.check_id(own.id.as_deref(), "organizations", ID)?;
                maker.state.ids.force_id(own.id.as_deref());
                maker.make("CreateOrganization", &[], json!({ "name": own.name })).map(drop)
            },
        )?;
        self.each("applications", &seed.applications, |own| &own.name, Self::application)?;
        let name =
            |own: &'a User| own.username.as_deref().or(own.id.as_deref()).unwrap_or_default();
        self.each("users", &seed.users, name, Self::user)?;
        let name = |own: &'a Value| own["connectorId"].as_str().unwrap_or_default();
        self.each("connectors", &seed.connectors, name, |maker, own| {
            maker.make("CreateConnector", &[], own.clone()).map(drop)
        })?;
        if let Some(settings) = &seed.sign_in_experience {
            "signInExperience".clone_into(&mut self.entry);
            self.make("UpdateSignInExp", &[], settings.clone())?;
        }
        Ok(())
    }

    fn each<T>(
        &mut self,
        list: &str,
        entries: &'a [T],
        name: impl Fn(&'a T) -> &'a str,
        make: impl Fn(&mut Self, &'a T) -> io::Result<()>,
    ) -> io::Result<()> {
        for (at, own) in entries.iter().enumerate() {
            self.entry = entry(list, at, name(own));
            make(self, own)?;
        }
        Ok(())
    }

    fn refused<T>(&self, why: &str) -> io::Result<T> {
        Err(refused(&self.entry, why))
    }

    /// Carries out an operation; gives what it replies.
    fn make(&mut self, operation: &str, path: &[&str], body: Value) -> io::Result<Value> {
        let contract = Contract::get();
        let at = contract.operations.iter().position(|own| own.id == operation);
        let Some(at) = at else { return self.refused("there is no such operation") };
        let (query, given) = (Params::default(), body.clone());
        let mut call = Call {
            contract,
            operation: &contract.operations[at],
            plan: &plans()[at],
            state: &mut *self.state,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: &query,
            body,
        };
        call.check().map_err(|failure| refused(&self.entry, &why(&failure)))?;
        let unknown = unknown(&given, &call.body, "");
        if !unknown.is_empty() {
            return self.refused(&format!("Logto does not know {}", unknown.join(", ")));
        }
        let reply = behaviours::run(&mut call);
        match reply.map_err(|failure| refused(&self.entry, &why(&failure)))?.body {
            Body::Json(body) => Ok(body),
            _ => Ok(Value::Null),
        }
    }

    /// An id of one's choice has to be one, and nobody's.
    fn check_id(&self, id: Option<&str>, table: &str, longest: usize) -> io::Result<()> {
        let Some(id) = id else { return Ok(()) };
        let is_taken = match table {
            "users" => self.state.users.find(id).is_some(),
            _ => self.state.tables.find(table, id).is_some(),
        };
        match bad_id(id, longest) {
            Some(why) => self.refused(&why),
            None if is_taken => self.refused(&format!("another of the {table} has the id {id:?}")),
            None => Ok(()),
        }
    }

    /// Refuses what is named and not there, where the seed lists what there is: it was misspelt.
    fn check_listed(&self, list: &str, what: &str, name: &str, is_empty: bool) -> io::Result<()> {
        match is_empty {
            true => Ok(()),
            false => self.refused(&format!(
                "there is no {what} {name:?}: add it to `{list}`, or name one that is there"
            )),
        }
    }

    fn id_of(&self, table: &str, member: &str, value: &str) -> Option<String> {
        let own = self.state.tables.find_by(table, member, value)?;
        Some(own.get("id")?.as_str()?.to_owned())
    }

    fn api(&mut self, api: &Api) -> io::Result<()> {
        let name = api.name.as_deref().unwrap_or(&api.indicator);
        let body = json!({ "name": name, "indicator": api.indicator });
        let made = self.make("CreateResource", &[], body)?;
        let id = made["id"].as_str().unwrap_or_default();
        for scope in &api.scopes {
            self.make("CreateResourceScope", &[id], json!({ "name": scope }))?;
        }
        Ok(())
    }

    /// The ids of scopes of APIs. That of the Management API is `all`.
    fn scopes(&self, names: &[String]) -> io::Result<Vec<String>> {
        let find = |name: &String| {
            let id = self.id_of("resources/scopes", "name", name);
            id.ok_or_else(|| {
                let why = format!("no API has the scope {name:?}: add it to one of `apis`");
                refused(&self.entry, &why)
            })
        };
        names.iter().map(find).collect()
    }

    fn role(&mut self, name: &str, kind: &str, scopes: &[String]) -> io::Result<String> {
        let scopes = self.scopes(scopes)?;
        let mut body = json!({ "name": name, "description": name, "type": kind });
        if !scopes.is_empty() {
            body["scopeIds"] = scopes.into();
        }
        let made = self.make("CreateRole", &[], body)?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }

    /// The id of a role of this name; makes it where there is none.
    fn known_role(&mut self, name: &str, kind: &str) -> io::Result<String> {
        match self.id_of("roles", "name", name) {
            Some(id) => Ok(id),
            None => {
                self.check_listed("roles", "role", name, self.seed.roles.is_empty())?;
                self.role(name, kind, &[])
            }
        }
    }

    fn organization_role(&mut self, role: &OrganizationRole) -> io::Result<()> {
        let mut scopes = Vec::new();
        for name in &role.scopes {
            let known = self.id_of("organization-scopes", "name", name);
            scopes.push(match known {
                Some(id) => id,
                None => {
                    let body = json!({ "name": name });
                    let made = self.make("CreateOrganizationScope", &[], body)?;
                    made["id"].as_str().unwrap_or_default().to_owned()
                }
            });
        }
        let resource_scopes = self.scopes(&role.api_scopes)?;
        let body = json!({
            "name": role.name, "organizationScopeIds": scopes,
            "resourceScopeIds": resource_scopes,
        });
        self.make("CreateOrganizationRole", &[], body).map(drop)
    }

    fn application(&mut self, own: &Application) -> io::Result<()> {
        self.check_id(own.id.as_deref(), "applications", ID)?;
        if own.secret.is_some() && is_public(&own.kind) {
            return self.refused("what runs on users' devices keeps no secret: leave it out");
        }
        let is_machine = own.kind == "MachineToMachine";
        if is_machine && !(own.redirect_uris.is_empty() && own.post_logout_redirect_uris.is_empty())
        {
            return self.refused("a machine signs nobody in: leave the redirect URIs out");
        }
        self.state.ids.force_id(own.id.as_deref());
        self.state.ids.force_secret(own.secret.as_deref());
        let mut body = json!({
            "name": own.name, "description": own.name, "type": own.kind,
            "isThirdParty": own.third_party,
        });
        if !is_machine {
            body["oidcClientMetadata"] = json!({
                "redirectUris": own.redirect_uris,
                "postLogoutRedirectUris": own.post_logout_redirect_uris,
            });
        }
        if let Some(settings) = &own.custom_client_metadata {
            body["customClientMetadata"] = settings.clone();
        }
        let made = self.make("CreateApplication", &[], body)?;
        self.state.ids.force_secret(None);
        let id = made["id"].as_str().unwrap_or_default();
        let mut roles = Vec::new();
        for role in &own.roles {
            roles.push(self.known_role(role, "MachineToMachine")?);
        }
        if own.management {
            let name = "Management API access";
            let known = self.id_of("roles", "name", name);
            let role = match known {
                Some(role) => role,
                None => self.role(name, "MachineToMachine", &["all".to_owned()])?,
            };
            roles.push(role);
        }
        match roles.is_empty() {
            true => Ok(()),
            false => {
                let body = json!({ "roleIds": roles });
                self.make("AssignApplicationRoles", &[id], body).map(drop)
            }
        }
    }

    fn user(&mut self, own: &User) -> io::Result<()> {
        self.check_id(own.id.as_deref(), "users", USER_ID)?;
        let mut body = json!({});
        let texts = [
            ("username", &own.username),
            ("password", &own.password),
            ("primaryEmail", &own.email),
            ("primaryPhone", &own.phone),
            ("name", &own.name),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                body[name] = value.as_str().into();
            }
        }
        if let Some(data) = &own.custom_data {
            body["customData"] = data.clone();
        }
        self.state.ids.force_id(own.id.as_deref());
        let made = self.make("CreateUser", &[], body)?;
        let id = made["id"].as_str().unwrap_or_default();
        for role in &own.roles {
            let role = self.known_role(role, "User")?;
            self.make("AssignUserRoles", &[id], json!({ "roleIds": [role] }))?;
        }
        own.organizations.iter().try_for_each(|(name, roles)| self.membership(id, name, roles))
    }

    /// The id of the organization that a user names, by its name or id; makes it where the seed
    /// lists none.
    fn organization(&mut self, name: &str) -> io::Result<String> {
        let organizations = self.state.tables.get("organizations");
        let named = organizations.into_iter().flat_map(|table| table.all_by("name", name));
        let ids: Vec<String> = named.map(|row| row.key.clone()).collect();
        match ids.as_slice() {
            [only] => return Ok(only.clone()),
            [] if self.state.tables.find("organizations", name).is_some() => {
                return Ok(name.to_owned());
            }
            [] => {}
            _ => {
                return self.refused(&format!(
                    "{} organizations are called {name:?}: name the id of the one that is meant",
                    ids.len()
                ));
            }
        }
        let is_empty = self.seed.organizations.is_empty();
        self.check_listed("organizations", "organization", name, is_empty)?;
        let made = self.make("CreateOrganization", &[], json!({ "name": name }))?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }

    fn membership(&mut self, user: &str, name: &str, roles: &[String]) -> io::Result<()> {
        let organization = self.organization(name)?;
        let body = json!({ "userIds": [user] });
        self.make("AddOrganizationUsers", &[&organization], body)?;
        let mut ids = Vec::new();
        for role in roles {
            if self.id_of("organization-roles", "name", role).is_none() {
                let is_empty = self.seed.organization_roles.is_empty();
                self.check_listed("organizationRoles", "organization role", role, is_empty)?;
                let own = OrganizationRole { name: role.clone(), ..OrganizationRole::default() };
                self.organization_role(&own)?;
            }
            ids.extend(self.id_of("organization-roles", "name", role));
        }
        if ids.is_empty() {
            return Ok(());
        }
        let links = self.state.links.of("organizations/users/roles");
        for role in ids {
            links.add(&format!("{organization}/{user}"), &role);
        }
        Ok(())
    }
}
