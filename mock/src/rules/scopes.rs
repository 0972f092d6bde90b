//! What users and machines may do: the scopes that their roles give them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::state::{
    State,
    collection::{Members, text},
    tables::Table,
};

/// The resource indicator by which a sign-in asks for permissions in organizations.
pub(crate) const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

/// The OIDC scopes that Logto knows.
pub(crate) const OIDC: [&str; 12] = [
    "openid",
    "offline_access",
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

/// Whose scopes are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    User(&'a str),
    Machine(&'a str),
}

/// The scopes of a resource that roles give: those in an organization, or else those of global
/// roles and, for users, of all organizations that they are in.
pub(crate) fn of_resource(
    state: &State,
    subject: Subject<'_>,
    organization: Option<&str>,
    indicator: &str,
) -> BTreeSet<String> {
    let resource = state.tables.find_by("resources", "indicator", indicator);
    let Some(resource) = resource.and_then(|own| text(own, "id")) else { return BTreeSet::new() };
    let mut scopes = Vec::new();
    if organization.is_none() {
        for role in roles(state, subject) {
            scopes.extend(state.links.rights("roles/scopes", &role));
        }
    }
    for role in organization_roles_in(state, subject, organization) {
        scopes.extend(state.links.rights("organization-roles/resource-scopes", &role));
    }
    let found = scopes.iter().filter_map(|id| state.tables.find("resources/scopes", id));
    let of_resource = |scope: &&Members| text(scope, "resourceId") == Some(resource);
    found.filter(of_resource).filter_map(name).collect()
}

/// The scopes that somebody has in an organization.
pub(crate) fn in_organization(
    state: &State,
    subject: Subject<'_>,
    organization: &str,
) -> BTreeSet<String> {
    let roles = organization_roles_in(state, subject, Some(organization));
    let ids = roles.iter().flat_map(|role| state.links.rights("organization-roles/scopes", role));
    ids.filter_map(|id| state.tables.find("organization-scopes", id)).filter_map(name).collect()
}

/// All scopes that there are in organizations.
pub(crate) fn all_of_organizations(state: &State) -> BTreeSet<String> {
    let rows = state.tables.get("organization-scopes");
    rows.into_iter().flat_map(Table::newest_first).filter_map(|row| name(&row.members)).collect()
}

/// Global roles.
pub(crate) fn roles(state: &State, subject: Subject<'_>) -> Vec<String> {
    let found: Vec<&str> = match subject {
        Subject::User(id) => state.links.lefts("roles/users", id).collect(),
        Subject::Machine(id) => state.links.rights("applications/roles", id).collect(),
    };
    found.into_iter().map(str::to_owned).collect()
}

/// The ids of somebody's roles in an organization, or in all of a user's.
fn organization_roles_in(
    state: &State,
    subject: Subject<'_>,
    organization: Option<&str>,
) -> Vec<String> {
    let organizations: Vec<&str> = match (subject, organization) {
        (_, Some(id)) => vec![id],
        (Subject::User(id), None) => state.links.lefts("organizations/users", id).collect(),
        (Subject::Machine(_), None) => Vec::new(),
    };
    organizations.iter().flat_map(|id| organization_roles(state, subject, id)).collect()
}

/// The ids of somebody's roles in an organization.
pub(crate) fn organization_roles(
    state: &State,
    subject: Subject<'_>,
    organization: &str,
) -> Vec<String> {
    let (links, id) = match subject {
        Subject::User(id) => ("organizations/users/roles", id),
        Subject::Machine(id) => ("organizations/applications/roles", id),
    };
    let own = state.links.rights(links, &format!("{organization}/{id}"));
    own.map(str::to_owned).collect()
}

/// Whether somebody belongs to an organization.
pub(crate) fn belongs(state: &State, subject: Subject<'_>, organization: &str) -> bool {
    match subject {
        Subject::User(id) => state.links.has("organizations/users", organization, id),
        Subject::Machine(id) => state.links.has("applications/organizations", id, organization),
    }
}

/// Whether a user lets a third party's application have tokens for an organization.
pub(crate) fn is_open_to(state: &State, app: &str, user: &str, organization: &str) -> bool {
    let left = format!("{app}/{user}");
    state.links.has("applications/users/consent-organizations", &left, organization)
}

/// Whose personal access token it is, if it is good.
pub(crate) fn owner_of_personal_token(state: &State, value: &str, now: u64) -> Option<String> {
    let token = state.tables.find_by("users/personal-access-tokens", "value", value)?;
    let end = token.get("expiresAt").and_then(Value::as_u64);
    text(token, "userId").filter(|_| end.is_none_or(|end| end > now)).map(str::to_owned)
}

fn name(entity: &Members) -> Option<String> {
    Some(text(entity, "name")?.to_owned())
}
