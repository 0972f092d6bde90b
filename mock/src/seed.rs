//! What a tenant holds when its mock starts.

mod make;
mod refusal;

use std::{collections::BTreeMap, io};

use serde::Deserialize;
use serde_json::Value;

use crate::state::State;

/// What a tenant holds: users, roles, organizations, applications, APIs and connectors.
///
/// It is written in Rust, or read from a seed file (YAML; see the example in the repository,
/// `mock/examples/seed.yaml`). Where it lists no roles, organizations or organization roles, those
/// that users name are made, without scopes; where it lists some, another name is an error.
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
    /// Whether something was said of a user before there was one.
    #[serde(skip)]
    is_of_nobody: bool,
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
    /// Settings beside those above, such as `alwaysIssueRefreshToken` or `isDeviceFlow`.
    custom_client_metadata: Option<Value>,
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
        match self.users.last_mut() {
            Some(user) => change(user),
            None => self.is_of_nobody = true,
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
        if self.is_of_nobody {
            let why = "a seed names a user first: `Seed::new().user(\"alice\").password(…)`";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        make::all(self, state)
    }
}
