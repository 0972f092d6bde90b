//! Which users an application is open to.

use serde_json::{Value, json};

use crate::{
    rules::{
        apps::App,
        errors::Failure,
        scopes::{self, Subject},
    },
    state::{
        State,
        collection::{Members, strings},
    },
};

/// Denies users who have no access to a restricted application.
pub(crate) fn check(state: &State, app: &App, user_id: &str) -> Result<(), Failure> {
    let rules = state.tables.get("applications/access-control");
    let rules = rules.and_then(|table| table.get("", &app.id)).map(|row| &row.members);
    match app.is_restricted() && !rules.is_some_and(|rules| lets_in(state, rules, user_id)) {
        true => Err(Failure::oidc(400u16, "access_denied", "Access denied.")),
        false => Ok(()),
    }
}

/// The same, as the pages of sign-in are told.
pub(crate) fn check_at_page(state: &State, app: &App, user_id: &str) -> Result<(), Failure> {
    check(state, app, user_id).map_err(|_| {
        Failure::raw(400, json!({ "code": "oidc.access_denied", "message": "Access denied." }))
    })
}

fn lets_in(state: &State, rules: &Members, user_id: &str) -> bool {
    let user = Subject::User(user_id);
    let roles = scopes::roles(state, user);
    strings(rules, "userIds").iter().any(|own| own == user_id)
        || strings(rules, "userRoleIds").iter().any(|own| roles.contains(own))
        || strings(rules, "organizationIds").iter().any(|own| scopes::belongs(state, user, own))
        || rules.get("organizationRoleRules").and_then(Value::as_array).is_some_and(|rules| {
            rules.iter().filter_map(Value::as_object).any(|rule| has_role(state, rule, user))
        })
}

/// Whether somebody has one of the roles of a rule in its organization.
fn has_role(state: &State, rule: &Members, user: Subject<'_>) -> bool {
    let organization = rule.get("organizationId").and_then(Value::as_str).unwrap_or_default();
    let own = scopes::organization_roles(state, user, organization);
    strings(rule, "organizationRoleIds").iter().any(|role| own.contains(role))
}
