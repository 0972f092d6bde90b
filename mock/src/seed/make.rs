//! Makes what a seed holds.

use std::io;

use serde_json::{Value, json};

use super::{Api, Application, OrganizationRole, Seed, User};
use crate::{
    rules::{
        behaviours,
        call::{Body, Call},
        contract::Contract,
        errors::Failure,
        plan::plans,
    },
    state::{State, params::Params},
};

/// Makes all that it holds.
pub(super) fn all(seed: &Seed, state: &mut State) -> io::Result<()> {
    Maker { state }.seed(seed)
}

/// Makes entities by the Management API's own rules.
struct Maker<'a> {
    state: &'a mut State,
}

impl Maker<'_> {
    fn seed(&mut self, seed: &Seed) -> io::Result<()> {
        seed.apis.iter().try_for_each(|api| self.api(api))?;
        for role in &seed.roles {
            self.role(&role.name, role.kind.as_deref().unwrap_or("User"), &role.scopes)?;
        }
        seed.organization_roles.iter().try_for_each(|role| self.organization_role(role))?;
        for own in &seed.organizations {
            self.state.ids.force_id(own.id.as_deref());
            self.make("CreateOrganization", &[], json!({ "name": own.name }))?;
        }
        seed.applications.iter().try_for_each(|own| self.application(own))?;
        seed.users.iter().try_for_each(|user| self.user(user))?;
        for connector in &seed.connectors {
            self.make("CreateConnector", &[], connector.clone())?;
        }
        if let Some(settings) = &seed.sign_in_experience {
            self.make("UpdateSignInExp", &[], settings.clone())?;
        }
        Ok(())
    }

    /// Carries out an operation; gives what it replies.
    fn make(&mut self, operation: &str, path: &[&str], body: Value) -> io::Result<Value> {
        let contract = Contract::get();
        let at = contract.operations.iter().position(|own| own.id == operation);
        let at = at.ok_or_else(|| refused(operation, "no such operation"))?;
        let query = Params::default();
        let mut call = Call {
            contract,
            operation: &contract.operations[at],
            plan: &plans()[at],
            state: &mut *self.state,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: &query,
            body,
        };
        let reply = call.check().and_then(|()| behaviours::run(&mut call));
        let why = |failure: Failure| refused(operation, &failure.body.to_string());
        match reply.map_err(why)?.body {
            Body::Json(body) => Ok(body),
            _ => Ok(Value::Null),
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
            id.ok_or_else(|| refused("seed", &format!("there is no scope {name} of an API")))
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
            None => self.role(name, kind, &[]),
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
        self.state.ids.force_id(own.id.as_deref());
        self.state.ids.force_secret(own.secret.as_deref());
        let mut body = json!({
            "name": own.name, "description": own.name, "type": own.kind,
            "isThirdParty": own.third_party,
        });
        if own.kind != "MachineToMachine" {
            body["oidcClientMetadata"] = json!({
                "redirectUris": own.redirect_uris,
                "postLogoutRedirectUris": own.post_logout_redirect_uris,
            });
        }
        if let Some(settings) = &own.custom_client_metadata {
            body["customClientMetadata"] = settings.clone();
        }
        let made = self.make("CreateApplication", &[], body);
        self.state.ids.force_id(None);
        self.state.ids.force_secret(None);
        let made = made?;
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
        let made = self.make("CreateUser", &[], body);
        self.state.ids.force_id(None);
        let made = made?;
        let id = made["id"].as_str().unwrap_or_default();
        for role in &own.roles {
            let role = self.known_role(role, "User")?;
            self.make("AssignUserRoles", &[id], json!({ "roleIds": [role] }))?;
        }
        own.organizations.iter().try_for_each(|(name, roles)| self.membership(id, name, roles))
    }

    fn membership(&mut self, user: &str, name: &str, roles: &[String]) -> io::Result<()> {
        let known = self.id_of("organizations", "name", name);
        let organization = match known {
            Some(id) => id,
            None => {
                let made = self.make("CreateOrganization", &[], json!({ "name": name }))?;
                made["id"].as_str().unwrap_or_default().to_owned()
            }
        };
        let body = json!({ "userIds": [user] });
        self.make("AddOrganizationUsers", &[&organization], body)?;
        let mut ids = Vec::new();
        for role in roles {
            if self.id_of("organization-roles", "name", role).is_none() {
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

fn refused(operation: &str, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{operation}: {why}"))
}
