//! What is shown of an entity: what the schema of the reply knows.

use serde_json::{Value, json};

use crate::{
    rules::{
        behaviours::status_of_invitation,
        catalog,
        contract::{Contract, example},
        plan::pair,
        providers,
        releases::knows,
    },
    state::{State, collection::Members},
};

/// The members that the schema names, those that are computed among them.
pub(crate) fn show(
    state: &State,
    contract: &Contract,
    schema: &Value,
    table: &str,
    own: &Members,
) -> Value {
    let known = contract.members(schema);
    if known.is_empty() {
        return own.clone().into();
    }
    let mut shown = Members::new();
    for (name, member, required) in known {
        let value = hidden(table, own, name).or_else(|| own.get(name).cloned());
        let value = value.or_else(|| computed(state, table, own, name));
        let value = value.or_else(|| required.then(|| example(contract, member, 6)));
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    }
    shown.into()
}

/// What is shown in place of what is kept.
fn hidden(table: &str, own: &Members, name: &str) -> Option<Value> {
    match (table, name) {
        ("applications", "oidcClientMetadata") if own.get("type")? == "SAML" => {
            Some(json!({ "redirectUris": [], "postLogoutRedirectUris": [] }))
        }
        ("organization-invitations", "status") => Some(status_of_invitation(own).into()),
        _ => None,
    }
}

/// Members that are told from other tables.
fn computed(state: &State, table: &str, own: &Members, name: &str) -> Option<Value> {
    let id = own.get("id").and_then(Value::as_str)?;
    let linked = |others: &str| -> Vec<&str> {
        let (name, reversed) = pair(table, others);
        match reversed {
            true => state.links.lefts(&name, id).collect(),
            false => state.links.rights(&name, id).collect(),
        }
    };
    Some(match (table, name) {
        ("roles", "usersCount") => linked("users").len().into(),
        ("roles", "featuredUsers") => featured(state, linked("users")),
        ("roles", "applicationsCount") => linked("applications").len().into(),
        ("roles", "featuredApplications") => {
            let applications = linked("applications").into_iter().take(3);
            let found = applications.filter_map(|id| state.tables.find("applications", id));
            found.map(|own| pick(own, &["id", "name", "type"])).collect()
        }
        ("organization-roles", "scopes") => {
            named(state, "organization-scopes", state.links.rights("organization-roles/scopes", id))
        }
        ("organization-roles", "resourceScopes") => {
            let scopes = state.links.rights("organization-roles/resource-scopes", id);
            let scopes = scopes.filter_map(|id| state.tables.find("resources/scopes", id));
            let with_resource = scopes.map(|scope| {
                let mut shown = pick(scope, &["id", "name"]);
                shown["resource"] = resource_of(state, scope)
                    .map(|own| pick(own, &["id", "name"]))
                    .unwrap_or_default();
                shown
            });
            with_resource.collect()
        }
        ("organization-invitations", "organizationRoles") => {
            let roles = state.links.rights("organization-invitations/organization-roles", id);
            named(state, "organization-roles", roles)
        }
        ("sso-connectors", "name" | "providerType" | "providerLogo" | "providerLogoDark") => {
            let provider = catalog::provider(own.get("providerName")?.as_str()?)?;
            let name = match name {
                "providerLogo" => "logo",
                "providerLogoDark" => "logoDark",
                other => other,
            };
            provider.get(name)?.clone()
        }
        ("sso-connectors", "providerConfig") => providers::config(state, id, own)?,
        ("applications", "secret") if !knows(state, "1.42") => {
            format!("#internal:{id:0<32.32}").into()
        }
        ("resources/scopes", "resource") => resource_of(state, own)?.clone().into(),
        _ => return None,
    })
}

fn resource_of<'a>(state: &'a State, scope: &Members) -> Option<&'a Members> {
    state.tables.find("resources", scope.get("resourceId")?.as_str()?)
}

fn pick(own: &Members, names: &[&str]) -> Value {
    let members =
        names.iter().filter_map(|name| Some(((*name).to_owned(), own.get(*name)?.clone())));
    members.collect::<Members>().into()
}

/// Ids and names.
pub(crate) fn named<'a>(
    state: &State,
    table: &str,
    ids: impl IntoIterator<Item = &'a str>,
) -> Value {
    let found = ids.into_iter().filter_map(|id| state.tables.find(table, id));
    found.map(|own| pick(own, &["id", "name"])).collect()
}

/// As much of users as lists of other things show.
pub(crate) fn featured(state: &State, ids: Vec<&str>) -> Value {
    let users = ids.into_iter().filter_map(|id| state.users.find(id)).take(3);
    let shown = users.map(|user| {
        json!({
            "id": user.id, "avatar": user.get("avatar"), "name": user.get("name"),
        })
    });
    shown.collect()
}
