//! Applications, their secrets and what users let them have.

use serde_json::{Value, json};

use super::protected;
use crate::{
    rules::{
        apps::{is_public, legacy_secret},
        call::{Call, Outcome, Reply},
        engine,
        errors::Failure,
        releases::knows,
        spec::{Act, Spec},
        users::not_found,
    },
    state::{
        State,
        collection::{Members, object, strings, text},
        now,
        tables::Row,
    },
};

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let kind = call.text("type").to_owned();
    if kind == "SAML" {
        return Err(Failure::new(400, "application.saml.use_saml_app_api"));
    }
    if kind != "Native" && is_for_devices(&call.body) {
        return Err(Failure::new(422, "application.device_flow_native_only"));
    }
    if kind == "Protected" && !call.body["protectedAppMetadata"].is_object() {
        return Err(Failure::new(400, "application.protected_app_metadata_is_required"));
    }
    let is_third_party = call.body["isThirdParty"] == true;
    if is_third_party && !may_be_third_party(call, &kind) {
        return Err(Failure::new(400, "application.invalid_third_party_application_type"));
    }
    check_exchange(call, is_third_party)?;
    if kind == "Protected" {
        protected::build(call)?;
    }
    if !knows(call.state, "1.42") {
        // Releases before show the one that they keep for themselves, whatever the type.
        call.body["secret"] = format!("#internal:{}", call.state.ids.secret()).into();
    }
    let own = engine::add(call, "", call.body.clone())?;
    add_default_secret(call.state, &own);
    Ok(Reply::ok(own))
}

/// Whether it asks for the flow of devices without a keyboard.
fn is_for_devices(own: &Value) -> bool {
    own["customClientMetadata"]["isDeviceFlow"] == true
}

fn may_be_third_party(call: &Call<'_>, kind: &str) -> bool {
    kind == "Traditional" || knows(call.state, "1.36") && is_public(kind)
}

pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    let own =
        application(call).map_err(|_| Spec::of("applications").missing(Act::Change, call.key()))?;
    refuse_saml(own)?;
    check_access_rules(call)?;
    check_exchange(call, own["isThirdParty"] == true)?;
    let was_for_devices = own["customClientMetadata"]["isDeviceFlow"] == true;
    if call.body["customClientMetadata"].is_object()
        && is_for_devices(&call.body) != was_for_devices
    {
        return Err(Failure::new(422, "application.device_flow_not_changeable"));
    }
    if call.body["protectedAppMetadata"].is_object() {
        call.body["protectedAppMetadata"] = protected::changed(own, &call.body)?;
    }
    engine::run(call)
}

pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let own = application(call)?;
    refuse_saml(own)?;
    let domains = own.get("protectedAppMetadata").and_then(|own| own["customDomains"].as_array());
    match domains.is_some_and(|domains| !domains.is_empty()) {
        true => Err(Failure::new(422, "application.should_delete_custom_domains_first")),
        false => engine::run(call),
    }
}

fn refuse_saml(own: &Members) -> Result<(), Failure> {
    match text(own, "type") == Some("SAML") {
        true => Err(Failure::new(400, "application.saml.use_saml_app_api")),
        false => Ok(()),
    }
}

/// Who may use it has to be said before it is closed to all others.
pub(super) fn check_access_rules(call: &Call<'_>) -> Result<(), Failure> {
    let rules = call.state.tables.get("applications/access-control");
    let rules = rules.and_then(|table| table.get("", &call.path[0]));
    let rules = rules.map(|row| Value::from(row.members.clone())).unwrap_or_default();
    match call.body["appLevelAccessControlEnabled"] == true && !has_rules(&rules) {
        true => Err(no_rules()),
        false => Ok(()),
    }
}

fn has_rules(rules: &Value) -> bool {
    let names = ["userIds", "userRoleIds", "organizationIds", "organizationRoleRules"];
    names.iter().any(|name| rules[*name].as_array().is_some_and(|own| !own.is_empty()))
}

fn no_rules() -> Failure {
    Failure::invalid_input(
        422,
        "Application access control must include at least one rule before it can be enabled.",
    )
}

/// Everything that an application is opened for has to be there.
pub(super) fn access_control(call: &mut Call<'_>) -> Outcome {
    let own = application(call)?;
    let rules = call.body["organizationRoleRules"].as_array().into_iter().flatten();
    let rules: Vec<Members> = rules.filter_map(|rule| rule.as_object().cloned()).collect();
    if rules.iter().any(|rule| strings(rule, "organizationRoleIds").is_empty()) {
        let message = "Organization-role rule groups must include at least one organization role.";
        return Err(Failure::invalid_input(422, message));
    }
    if own["appLevelAccessControlEnabled"] == true && !has_rules(&call.body) {
        return Err(no_rules());
    }
    let state = &*call.state;
    let known = |table: &str, ids: &[String]| {
        ids.iter().all(|id| match table {
            "users" => state.users.find(id).is_some(),
            _ => state.tables.find(table, id).is_some(),
        })
    };
    let of_rules = |rule: &Members| {
        let organization = text(rule, "organizationId").unwrap_or_default().to_owned();
        known("organizations", &[organization])
            && known("organization-roles", &strings(rule, "organizationRoleIds"))
    };
    let own =
        [("users", "userIds"), ("roles", "userRoleIds"), ("organizations", "organizationIds")];
    let are_known = own.iter().all(|(table, member)| known(table, &call.strings(member)));
    match are_known && rules.iter().all(of_rules) {
        true => engine::run(call),
        false => Err(Failure::new(404, "entity.relation_foreign_key_not_found")),
    }
}

/// Third parties exchange no tokens.
fn check_exchange(call: &Call<'_>, is_third_party: bool) -> Result<(), Failure> {
    match is_third_party && call.body["customClientMetadata"]["allowTokenExchange"] == true {
        true => {
            let code = "application.third_party_application_cannot_enable_token_exchange";
            Err(Failure::new(422, code))
        }
        false => Ok(()),
    }
}

/// What can keep a secret has one from the start.
pub(crate) fn add_default_secret(state: &mut State, application: &Members) {
    let member = |name| text(application, name).unwrap_or_default();
    if !is_public(member("type")) {
        let secret = object(json!({
            "tenantId": "default", "applicationId": member("id"), "name": "Default secret",
            "value": state.ids.secret(), "createdAt": now(), "expiresAt": null,
        }));
        let (owner, key) = (member("id").to_owned(), "Default secret".to_owned());
        state.tables.table("applications/secrets").add(Row { owner, key, members: secret });
    }
}

/// The application that the path names.
pub(super) fn application<'a>(call: &'a Call<'_>) -> Result<&'a Members, Failure> {
    let id = call.path.first().map(String::as_str).unwrap_or_default();
    let found = call.state.tables.find("applications", id);
    found.ok_or_else(|| Spec::of("applications").missing(Act::Read, id))
}

pub(super) fn create_secret(call: &mut Call<'_>) -> Outcome {
    refuse_past(call)?;
    let own = match application(call) {
        Err(_) if !knows(call.state, "1.40") => {
            return Err(Failure::new(404, "entity.relation_foreign_key_not_found"));
        }
        own => own?,
    };
    if is_public(text(own, "type").unwrap_or_default()) {
        return Err(Failure::new(422, "entity.db_constraint_violated"));
    }
    call.body["value"] = call.state.ids.secret().into();
    engine::run(call)
}

/// What has ended already cannot be created.
pub(super) fn refuse_past(call: &Call<'_>) -> Result<(), Failure> {
    match call.body["expiresAt"].as_u64() {
        Some(time) if time <= now() => {
            Err(Failure::invalid_input(400, "The value of `expiresAt` must be in the future."))
        }
        _ => Ok(()),
    }
}

/// One that was made before applications could have several secrets keeps the one it had.
pub(super) fn delete_legacy_secret(call: &mut Call<'_>) -> Outcome {
    if legacy_secret(application(call)?).is_none() {
        return Err(Failure::new(400, "application.no_legacy_secret_found"));
    }
    call.state.tables.table("applications").change("", &call.path[0], |row| {
        row.members.remove("secret");
    });
    Ok(Reply::ok(engine::shown(call, &application(call)?.clone())))
}

/// The kinds of scopes, by their names in paths, in bodies and in replies, with their table.
const KINDS: [(&str, &str, &str, &str); 4] = [
    ("organization-scopes", "organizationScopes", "organizationScopes", "organization-scopes"),
    ("resource-scopes", "resourceScopes", "resourceScopes", "resources/scopes"),
    (
        "organization-resource-scopes",
        "organizationResourceScopes",
        "organizationResourceScopes",
        "resources/scopes",
    ),
    ("user-scopes", "userScopes", "userScopes", ""),
];

/// The pairs of an application (or of all that introduce themselves) and its scopes of a kind.
fn pairs(kind: &str) -> String {
    format!("applications/consent/{kind}")
}

fn consenting(call: &Call<'_>) -> Result<String, Failure> {
    if call.operation.template.starts_with("/api/cimd") {
        return Ok(String::new());
    }
    application(call).map(|_| call.path[0].clone())
}

pub(super) fn consent_scopes(call: &mut Call<'_>) -> Outcome {
    let id = consenting(call)?;
    let state = &*call.state;
    let mut shown = json!({});
    for (kind, _, name, table) in KINDS {
        let scopes: Vec<&str> = state.links.rights(&pairs(kind), &id).collect();
        shown[name] = match table {
            "" => json!(scopes),
            "organization-scopes" => described(state, table, &scopes),
            _ => by_resource(state, &scopes),
        };
    }
    Ok(Reply::ok(shown))
}

fn described(state: &State, table: &str, ids: &[&str]) -> Value {
    let found = ids.iter().filter_map(|id| state.tables.find(table, id));
    let shown = found.map(|own| {
        json!({ "id": own["id"], "name": own["name"], "description": own.get("description") })
    });
    shown.collect()
}

fn by_resource(state: &State, ids: &[&str]) -> Value {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for id in ids {
        let scope = state.tables.find("resources/scopes", id);
        let resource = scope.and_then(|scope| text(scope, "resourceId")).unwrap_or_default();
        match groups.iter_mut().find(|(own, _)| own == resource) {
            Some((_, scopes)) => scopes.push(id),
            None => groups.push((resource.to_owned(), vec![id])),
        }
    }
    let shown = groups.iter().filter_map(|(id, scopes)| {
        let own = state.tables.find("resources", id)?;
        let resource = json!({ "id": id, "name": own["name"], "indicator": own["indicator"] });
        let scopes = described(state, "resources/scopes", scopes);
        Some(json!({ "resource": resource, "scopes": scopes }))
    });
    shown.collect()
}

pub(super) fn add_consent_scopes(call: &mut Call<'_>) -> Outcome {
    let id = consenting(call)?;
    let third_party = application(call).is_ok_and(|own| own["isThirdParty"] == true);
    if !id.is_empty() && !third_party {
        return Err(Failure::new(422, "application.third_party_application_only"));
    }
    let unknown = |(_, member, _, table): (&str, &str, &str, &str)| -> Vec<String> {
        let known = |id: &String| call.state.tables.find(table, id).is_some();
        call.strings(member).into_iter().filter(|id| !table.is_empty() && !known(id)).collect()
    };
    let [organization, resource, both, _] = KINDS.map(unknown);
    if [&organization, &resource, &both].iter().any(|own| !own.is_empty()) {
        let failure = Failure::new(422, "application.user_consent_scopes_not_found");
        return Err(failure.data(json!({
            "invalidOrganizationScopes": organization, "invalidResourceScopes": resource,
            "invalidOrganizationResourceScopes": both,
        })));
    }
    for (kind, member, ..) in KINDS {
        for scope in call.strings(member) {
            call.state.links.of(&pairs(kind)).add(&id, &scope);
        }
    }
    Ok(Reply::created())
}

pub(super) fn remove_consent_scope(call: &mut Call<'_>) -> Outcome {
    let id = consenting(call)?;
    let [.., kind, scope] = call.path.as_slice() else { return engine::run(call) };
    match call.state.links.of(&pairs(kind)).remove(&id, scope) {
        true => Ok(Reply::nothing()),
        false => Err(Failure::new(404, "entity.not_found")),
    }
}

/// Only machines have roles.
pub(super) fn roles(call: &mut Call<'_>) -> Outcome {
    match application(call)?["type"] == "MachineToMachine" {
        true => engine::run(call),
        false => Err(Failure::new(422, "application.invalid_type")),
    }
}

/// A list leaves out those of a role or those of an organization.
pub(super) fn check_excluded(call: &Call<'_>) -> Result<(), Failure> {
    let is_given = |name: &str| call.query.get(name).is_some_and(|value| !value.is_empty());
    match is_given("excludeRoleId") && is_given("excludeOrganizationId") {
        true => Err(Failure::invalid_input(
            400,
            "Parameter `excludeRoleId` and `excludeOrganizationId` cannot be used at the same time.",
        )),
        false => Ok(()),
    }
}

/// Before anything else: users consent to third parties.
pub(super) fn check_consent(call: &Call<'_>) -> Result<(), Failure> {
    if application(call)?["isThirdParty"] != true {
        return Err(Failure::new(422, "application.third_party_application_only"));
    }
    user_of(call)
}

fn user_of(call: &Call<'_>) -> Result<(), Failure> {
    let user = call.path.get(1).and_then(|id| call.state.users.find(id));
    user.map(drop).ok_or_else(not_found)
}

/// Users share organizations that they belong to.
pub(super) fn consent(call: &mut Call<'_>) -> Outcome {
    let user = &call.path[1];
    let belongs = |id: &String| call.state.links.has("organizations/users", id, user);
    match call.strings("organizationIds").iter().all(belongs) {
        true => engine::run(call),
        false => Err(Failure::new(422, "organization.require_membership")),
    }
}

pub(super) fn consent_organizations(call: &mut Call<'_>) -> Outcome {
    let left = call.path.join("/");
    let state = &*call.state;
    let ids = state.links.rights("applications/users/consent-organizations", &left);
    let found = ids.filter_map(|id| state.tables.find("organizations", id)).cloned();
    let found: Vec<Value> = found.map(Value::from).collect();
    let total = Some(found.len());
    Ok(Reply { total, ..Reply::ok(json!({ "organizations": found })) })
}
