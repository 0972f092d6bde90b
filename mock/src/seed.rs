//! What a tenant holds when its stand-in starts.

use std::{collections::BTreeMap, io};

use serde::Deserialize;
use serde_json::{Value, json};

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

/// What a tenant holds: users, roles, organizations, applications, APIs and connectors.
///
/// It is written in Rust, or read from a seed file (YAML; see the example in the repository,
/// `mock/examples/seed.yaml`). What a user or a role names and nothing else describes (roles,
/// organizations, organization roles) is made with no scopes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use logto_mock::{Mock, Seed};
///
/// let seed = Seed::new()
///     .api("https://api.acme.example", ["read:orders", "write:orders"])
///     .role("reader", ["read:orders"])
///     .organization_role("admin", ["invite:members"])
///     .user("alice").password("correct horse").email("alice@acme.example")
///     .with_roles(["reader"])
///     .in_organization("Acme", ["admin"])
///     .user("bob").password("battery staple");
/// let mock = Mock::builder().seed(seed).start().await?;
/// assert!(mock.user_id("alice").is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Seed {
    apis: Vec<Api>,
    roles: Vec<Role>,
    organization_roles: Vec<OrganizationRole>,
    organizations: Vec<Organization>,
    applications: Vec<Application>,
    users: Vec<User>,
    connectors: Vec<Value>,
    sign_in_experience: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Api {
    name: Option<String>,
    indicator: String,
    scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Role {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct OrganizationRole {
    name: String,
    /// Scopes in the organization.
    scopes: Vec<String>,
    /// Scopes of APIs.
    api_scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Organization {
    id: Option<String>,
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Application {
    id: Option<String>,
    secret: Option<String>,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    third_party: bool,
    /// Whether it may use the Management API.
    management: bool,
    roles: Vec<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct User {
    id: Option<String>,
    username: Option<String>,
    password: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    custom_data: Option<Value>,
    roles: Vec<String>,
    /// Names of organizations, and of the roles in each.
    organizations: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("username", &self.username).finish_non_exhaustive()
    }
}

fn owned<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

impl Seed {
    /// A tenant with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a seed file says, once it is JSON: a YAML reader of your choice makes it so.
    ///
    /// # Errors
    ///
    /// When it names what seed files do not have.
    pub fn from_json(file: Value) -> io::Result<Self> {
        serde_json::from_value(file).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }

    /// An API resource with these scopes.
    #[must_use]
    pub fn api<S: Into<String>>(
        mut self,
        indicator: &str,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        let scopes = owned(scopes);
        self.apis.push(Api { name: None, indicator: indicator.to_owned(), scopes });
        self
    }

    /// A role of users with these scopes of APIs.
    #[must_use]
    pub fn role<S: Into<String>>(
        mut self,
        name: &str,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.roles.push(Role { name: name.to_owned(), kind: None, scopes: owned(scopes) });
        self
    }

    /// A role in organizations with these scopes there.
    #[must_use]
    pub fn organization_role<S: Into<String>>(
        mut self,
        name: &str,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        let name = name.to_owned();
        let role = OrganizationRole { name, scopes: owned(scopes), api_scopes: Vec::new() };
        self.organization_roles.push(role);
        self
    }

    /// A user with this username. The methods below are about the user that was added last.
    #[must_use]
    pub fn user(mut self, username: &str) -> Self {
        self.users.push(User { username: Some(username.to_owned()), ..User::default() });
        self
    }

    fn last(mut self, change: impl FnOnce(&mut User)) -> Self {
        if let Some(user) = self.users.last_mut() {
            change(user);
        }
        self
    }

    /// Gives the user a password.
    #[must_use]
    pub fn password(self, password: &str) -> Self {
        self.last(|user| user.password = Some(password.to_owned()))
    }

    /// Gives the user an e-mail address.
    #[must_use]
    pub fn email(self, email: &str) -> Self {
        self.last(|user| user.email = Some(email.to_owned()))
    }

    /// Gives the user a name.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.last(|user| user.name = Some(name.to_owned()))
    }

    /// Gives the user roles, by their names.
    #[must_use]
    pub fn with_roles<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        let roles = owned(roles);
        self.last(|user| user.roles.extend(roles))
    }

    /// Puts the user into an organization, with these roles in it.
    #[must_use]
    pub fn in_organization<S: Into<String>>(
        self,
        organization: &str,
        roles: impl IntoIterator<Item = S>,
    ) -> Self {
        let roles = owned(roles);
        self.last(|user| {
            user.organizations.entry(organization.to_owned()).or_default().extend(roles);
        })
    }

    pub(crate) fn sow(&self, state: &mut State) -> io::Result<()> {
        Sower { state }.sow(self)
    }
}

/// Makes entities by the Management API's own rules.
struct Sower<'a> {
    state: &'a mut State,
}

impl Sower<'_> {
    fn sow(&mut self, seed: &Seed) -> io::Result<()> {
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
        let body = json!({ "name": name, "description": name, "type": kind, "scopeIds": scopes });
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
