//! Tokens of machines: RFC 6749, section 4.4.

use serde_json::{Value, json};

use super::{audience, bad, denied, issue, lifetime, only, resource};
use crate::{
    rules::{
        apps::{App, RESOURCE},
        errors::Failure,
        scopes::{self, Subject},
    },
    state::{State, collection::text, params::Params, tokens::AccessToken},
};

pub(super) fn client_credentials(
    state: &mut State,
    app: &App,
    form: &Params,
) -> Result<Value, Failure> {
    let organization = form.get("organization_id").filter(|id| !id.is_empty());
    let resource = match resource(state, form)? {
        None if organization.is_none() => default_resource(state),
        asked => asked.map(str::to_owned),
    };
    let resource = resource.as_deref();
    if resource.is_none() && organization.is_none() {
        let description = "both `resource` and `organization_id` are not provided";
        return Err(bad("invalid_target", description));
    }
    let machine = Subject::Machine(&app.id);
    if organization.is_some_and(|id| !scopes::belongs(state, machine, id)) {
        return Err(denied("app has not associated with the organization"));
    }
    let allowed = match (resource, organization) {
        // The manager may do all, without a role.
        (Some(RESOURCE), None) if app.id == state.manager => ["all".to_owned()].into(),
        (Some(indicator), _) => scopes::of_resource(state, machine, organization, indicator),
        (None, Some(id)) => scopes::in_organization(state, machine, id),
        (None, None) => [].into(),
    };
    let scope = only(form.get("scope").unwrap_or_default(), |word| allowed.contains(word));
    let (audience, claims) = audience(resource, organization);
    let expires_in = lifetime(state, audience.as_deref());
    let is_organization = resource.is_none();
    let token = AccessToken {
        audience,
        scope: scope.clone(),
        app_id: app.id.clone(),
        claims,
        ..AccessToken::default()
    };
    let mut tokens = json!({
        "access_token": issue(state, token)?, "expires_in": expires_in, "token_type": "Bearer",
    });
    if !scope.is_empty() || is_organization {
        tokens["scope"] = scope.into();
    }
    Ok(tokens)
}

/// The resource that a tenant gives to those who name none.
fn default_resource(state: &State) -> Option<String> {
    let mut rows = state.tables.get("resources")?.newest_first();
    let found = rows.find(|row| row.members.get("isDefault") == Some(&true.into()))?;
    Some(text(&found.members, "indicator")?.to_owned())
}
