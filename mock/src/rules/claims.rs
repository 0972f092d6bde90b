//! What applications are told of a user, by the scopes that they were given.

use serde_json::{Map, Value, json};

use crate::{
    rules::{
        releases::knows,
        scopes::{self, Subject},
    },
    state::{
        State,
        collection::{Members, text},
        user::User,
    },
};

pub(crate) const PROFILE: [(&str, &str); 12] = [
    ("family_name", "familyName"),
    ("given_name", "givenName"),
    ("middle_name", "middleName"),
    ("nickname", "nickname"),
    ("preferred_username", "preferredUsername"),
    ("profile", "profile"),
    ("website", "website"),
    ("gender", "gender"),
    ("birthdate", "birthdate"),
    ("zoneinfo", "zoneinfo"),
    ("locale", "locale"),
    ("address", "address"),
];

/// The claims of an ID token.
pub(crate) fn of_id_token(state: &State, user: &User, scope: &str) -> Members {
    let mut claims = Map::new();
    claims.insert("sub".into(), user.id.as_str().into());
    for scope in scope.split(' ') {
        match scope {
            "profile" => add_profile(&mut claims, state, user),
            "email" => add_contact(&mut claims, "email", user.get("primaryEmail")),
            "phone" => add_contact(&mut claims, "phone_number", user.get("primaryPhone")),
            "address" => add_from_profile(&mut claims, user, |claim| claim == "address"),
            "roles" => add(&mut claims, "roles", roles(state, user)),
            "urn:logto:scope:organizations" => {
                add(&mut claims, "organizations", organizations(state, user, "id"));
            }
            "urn:logto:scope:organization_roles" => {
                add(&mut claims, "organization_roles", organization_roles(state, user));
            }
            _ => {}
        }
    }
    claims
}

/// The claims of the userinfo endpoint: these, and what is too long for a token.
pub(crate) fn of_userinfo(state: &State, user: &User, scope: &str) -> Members {
    let mut claims = of_id_token(state, user, scope);
    for scope in scope.split(' ') {
        match scope {
            "custom_data" => add(&mut claims, "custom_data", user.get("customData").clone()),
            "identities" => {
                add(&mut claims, "identities", user.get("identities").clone());
                add(&mut claims, "sso_identities", json!([]));
            }
            "urn:logto:scope:organizations" => {
                add(&mut claims, "organization_data", organization_data(state, user));
            }
            _ => {}
        }
    }
    claims
}

fn add(claims: &mut Members, name: &str, value: Value) {
    claims.insert(name.to_owned(), value);
}

fn add_profile(claims: &mut Members, state: &State, user: &User) {
    add_from_profile(claims, user, |claim| claim != "address");
    for (claim, member) in [
        ("name", "name"),
        ("picture", "avatar"),
        ("username", "username"),
        ("created_at", "createdAt"),
        ("updated_at", "updatedAt"),
    ] {
        add(claims, claim, user.get(member).clone());
    }
    if knows(state, "1.41") && !claims.contains_key("preferred_username") {
        add(claims, "preferred_username", user.get("username").clone());
    }
}

fn add_from_profile(claims: &mut Members, user: &User, wanted: impl Fn(&str) -> bool) {
    for (claim, member) in PROFILE {
        match user.get("profile").get(member) {
            Some(value) if wanted(claim) => add(claims, claim, value.clone()),
            _ => {}
        }
    }
}

/// An address that a user has was verified before they got it.
fn add_contact(claims: &mut Members, name: &str, address: &Value) {
    add(claims, name, address.clone());
    add(claims, &format!("{name}_verified"), address.is_string().into());
}

pub(crate) fn roles(state: &State, user: &User) -> Value {
    let roles =
        state.links.lefts("roles/users", &user.id).filter_map(|id| state.tables.find("roles", id));
    roles.filter_map(|role| text(role, "name")).collect()
}

fn organizations(state: &State, user: &User, member: &str) -> Value {
    let own = state
        .links
        .lefts("organizations/users", &user.id)
        .filter_map(|id| state.tables.find("organizations", id));
    own.filter_map(|organization| organization.get(member).cloned()).collect()
}

/// Each as the organization's id and the role's name.
fn organization_roles(state: &State, user: &User) -> Value {
    let mut found = Vec::new();
    for organization in state.links.lefts("organizations/users", &user.id) {
        for role in scopes::organization_roles(state, Subject::User(&user.id), organization) {
            let role = state.tables.find("organization-roles", &role);
            let name = role.and_then(|role| text(role, "name"));
            found.extend(name.map(|name| Value::from(format!("{organization}:{name}"))));
        }
    }
    found.into()
}

pub(crate) fn organization_data(state: &State, user: &User) -> Value {
    let own = state
        .links
        .lefts("organizations/users", &user.id)
        .filter_map(|id| state.tables.find("organizations", id));
    own.map(|organization| {
        json!({
            "id": organization.get("id"), "name": organization.get("name"),
            "description": organization.get("description"),
        })
    })
    .collect()
}
