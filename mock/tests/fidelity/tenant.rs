//! What entities of a tenant need beside what a request names: members, holders, a mail server.

use serde_json::{Map, Value, json};

use crate::{
    contract,
    exchange::Exchange,
    scene::{self, COLLECTIONS},
    world::World,
};

/// Has the server offer what the recorded one did.
pub(crate) fn services(world: &World<'_>, exchange: &Exchange) {
    let is_missing = exchange.response_body.to_string().contains("not_configured");
    world.mock.set_storage(!is_missing);
    world.mock.set_protected_app_domain((!is_missing).then_some("protected.example"));
}

/// Sees to it that users belong to the organizations that they share.
pub(crate) async fn members(world: &mut World<'_>, exchange: &Exchange) {
    if exchange.path.contains("/consent-organizations") && exchange.succeeded() {
        consenting(world, exchange).await;
    }
}

/// Makes what else a request needs or is refused for.
pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) {
    roles_of_members(world, exchange).await;
    let message = exchange.response_body["message"].as_str().unwrap_or_default();
    if message.contains("already a member") {
        invitee(world, exchange).await;
    }
    if exchange.request_body["messagePayload"].is_object() && exchange.succeeded()
        || exchange.path.ends_with("/message") && exchange.status == 204
    {
        mail_server(world).await;
    }
    // Nothing is left to be assigned.
    if exchange.code() == Some("entity.invalid_input")
        && contract::linked("PUT", &exchange.template).is_some()
    {
        world.replay(exchange).await;
    }
    let is_deactivated = exchange.succeeded() && exchange.request_body["active"] == false;
    if is_deactivated || exchange.code().is_some_and(|code| code.ends_with("active_secret")) {
        let path = world.translate_path(&exchange.path);
        world.manage("PATCH", &path, &json!({ "active": true })).await;
    }
    if exchange.code().is_some_and(|code| code.contains("limit")) {
        fill_up(world, exchange).await;
    }
    for sample in exchange.response_body["samples"].as_array().into_iter().flatten() {
        let name = sample["usernameLower"].as_str().unwrap_or_default();
        for name in [name.to_owned(), name.to_uppercase()] {
            world.manage("POST", "/api/users", &json!({ "username": name })).await;
        }
    }
}

/// Users share organizations that they belong to.
async fn consenting(world: &mut World<'_>, exchange: &Exchange) {
    let parameters = exchange.parameters();
    let mut ids: Vec<String> = parameters.iter().skip(2).map(|own| own.value.clone()).collect();
    let named = exchange.request_body["organizationIds"].as_array().into_iter().flatten();
    ids.extend(named.filter_map(|id| id.as_str().map(str::to_owned)));
    let shown = exchange.response_body["organizations"].as_array().into_iter().flatten();
    ids.extend(shown.filter_map(|own| own["id"].as_str().map(str::to_owned)));
    let application = scene::entity(world, "/api/applications", &parameters[0].value).await;
    let user = scene::entity(world, "/api/users", &parameters[1].value).await;
    for id in ids {
        let organization = scene::entity(world, "/api/organizations", &id).await;
        let path = format!("/api/organizations/{organization}/users");
        world.manage("POST", &path, &json!({ "userIds": [user] })).await;
        if exchange.method == "GET" {
            let path =
                format!("/api/applications/{application}/users/{user}/consent-organizations");
            world.manage("POST", &path, &json!({ "organizationIds": [organization] })).await;
        }
    }
}

/// Roles in an organization are for its members.
async fn roles_of_members(world: &mut World<'_>, exchange: &Exchange) {
    let Some((parent, _)) = exchange.template.rsplit_once('/') else { return };
    let Some(field) = contract::linked("POST", parent) else { return };
    let Some(ids) = exchange.request_body.get(field).filter(|_| exchange.succeeded()) else {
        return;
    };
    let path = world.translate_path(&exchange.path);
    let path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let body = json!({ field: world.translate(ids) });
    world.manage("POST", path, &body).await;
}

async fn invitee(world: &mut World<'_>, exchange: &Exchange) {
    let email = &exchange.request_body["invitee"];
    let user = world.manage("POST", "/api/users", &json!({ "primaryEmail": email })).await.body;
    let user = match user["id"].as_str() {
        Some(id) => id.to_owned(),
        None => {
            let email = email.as_str().unwrap_or_default();
            let path = format!("/api/users?search.primaryEmail={email}&mode.primaryEmail=exact");
            let found = world.manage("GET", &path, &Value::Null).await.body;
            found[0]["id"].as_str().unwrap_or_default().to_owned()
        }
    };
    let id = exchange.request_body["organizationId"].as_str().unwrap_or_default();
    let organization = scene::entity(world, "/api/organizations", id).await;
    let path = format!("/api/organizations/{organization}/users");
    world.manage("POST", &path, &json!({ "userIds": [user] })).await;
}

async fn mail_server(world: &mut World<'_>) {
    let usages = ["SignIn", "Register", "ForgotPassword", "Generic", "OrganizationInvitation"];
    let templates: Vec<Value> = usages
        .iter()
        .map(|usage| {
            json!({
                "usageType": usage, "contentType": "text/plain", "subject": "s",
                "content": "{{code}} {{link}}",
            })
        })
        .collect();
    let body = json!({
        "connectorId": "simple-mail-transfer-protocol",
        "config": {
            "host": "mail.example", "port": 587, "auth": { "user": "u", "pass": "p" },
            "fromEmail": "a@mail.example", "templates": templates,
        },
    });
    world.manage("POST", "/api/connectors", &body).await;
}

/// Makes as many as there may be.
async fn fill_up(world: &mut World<'_>, exchange: &Exchange) {
    let Some(schema) = contract::body("POST", &exchange.template) else { return };
    for _ in 0..3 {
        let number = world.number();
        let body = contract::fill(schema, &Map::new(), number);
        let path = world.translate_path(&exchange.path);
        world.manage("POST", &path, &body).await;
    }
}

/// Has the one that a path names belong to what was listed as its own.
pub(crate) async fn belong(
    world: &mut World<'_>,
    (owners, members, field): (String, String, &'static str),
    path: &str,
    recorded: &str,
) {
    let owner = scene::entity(world, &owners, recorded).await;
    let member = path.split('/').nth(3).unwrap_or_default();
    let path = format!("{owners}/{owner}/{members}");
    world.manage("POST", &path, &json!({ field: [member] })).await;
    if let Some(known) = world.entity(recorded) {
        let collection = format!("{owners}/{{id}}/{members}");
        belongings(world, &collection, &format!("{path}/{member}"), &known).await;
    }
}

/// Removes from a list what the recorded server did not have: applications of the mock's own.
pub(crate) async fn remove_others(world: &mut World<'_>, exchange: &Exchange) {
    if exchange.template != "/api/applications" {
        return;
    }
    let listed = exchange.response_body.as_array().into_iter().flatten();
    let known: Vec<String> =
        listed.filter_map(|own| Some(world.own(own["id"].as_str()?)?.to_owned())).collect();
    let own = world.manage("GET", "/api/applications", &Value::Null).await.body;
    let own = own.as_array().cloned().unwrap_or_default();
    let ids = own.iter().filter_map(|own| own["id"].as_str());
    let manager = world.mock.app_id().to_owned();
    for id in ids.filter(|id| *id != manager && !known.iter().any(|own| own == id)) {
        world.manage("DELETE", &format!("/api/applications/{id}"), &Value::Null).await;
    }
}

/// Says of protected applications, invitations and hooks what they were created with.
pub(crate) fn complete(known: &mut Map<String, Value>) {
    if known.get("events").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        // A hook of the old kind has one event.
        known.remove("events");
    }
    let roles = known.get("organizationRoles").and_then(Value::as_array).cloned();
    if let Some(roles) = roles {
        let ids: Value = roles.iter().map(|role| role["id"].clone()).collect();
        known.entry("organizationRoleIds").or_insert(ids);
    }
    let Some(own) = known.get_mut("protectedAppMetadata").filter(|own| own.is_object()) else {
        return;
    };
    let host = own["host"].as_str().and_then(|host| host.split('.').next()).map(str::to_owned);
    own["subDomain"] = host.into();
}

/// Adds what an entity was shown with and is given by operations below it: scopes of a role, roles
/// of a member.
pub(crate) async fn belongings(
    world: &mut World<'_>,
    collection: &str,
    path: &str,
    shown: &Map<String, Value>,
) {
    if let Some(own) = shown.get("protectedAppMetadata").filter(|own| own.is_object()) {
        world.manage("PATCH", path, &json!({ "protectedAppMetadata": own })).await;
        for domain in own["customDomains"].as_array().into_iter().flatten() {
            let path = format!("{path}/protected-app-metadata/custom-domains");
            world.manage("POST", &path, &json!({ "domain": domain["domain"] })).await;
        }
    }
    for (name, value) in shown {
        let kebab = kebab(name);
        let short = kebab.trim_start_matches("organization-");
        let found = contract::below(collection, &kebab).or_else(|| {
            let is_same = |own: &(String, &str)| own.1.starts_with("organization");
            contract::below(collection, short).filter(|own| short == kebab || is_same(own))
        });
        let Some(field) = found else { continue };
        let Some((_, template)) = COLLECTIONS.iter().find(|(own, _)| *own == field.1) else {
            continue;
        };
        let mut ids = Vec::new();
        for item in value.as_array().into_iter().flatten() {
            if let Some(id) = item["id"].as_str() {
                ids.push(Box::pin(scene::entity(world, template, id)).await);
            }
        }
        if !ids.is_empty() {
            let path = format!("{path}/{}", field.0);
            world.manage("POST", &path, &json!({ field.1: ids })).await;
        }
    }
}

/// Sets what an entity was shown with and only a change can set.
pub(crate) async fn change(
    world: &mut World<'_>,
    template: &str,
    path: &str,
    known: &Map<String, Value>,
) {
    let (Some(new), Some(changed)) =
        (contract::body("POST", template), contract::change_of_item(template))
    else {
        return;
    };
    for (name, value) in known.iter().filter(|(_, value)| !value.is_null() && **value != false) {
        // A secret is active when the exchange needs it.
        let is_changed = name != "active" && contract::member(Some(changed), name).is_some();
        if is_changed && contract::member(Some(new), name).is_none() {
            let body = json!({ name: world.translate(value) });
            world.manage("PATCH", path, &body).await;
        }
    }
}

/// Where an entity is created: applications of a kind have a place of their own.
pub(crate) fn home<'a>(
    known: &Map<String, Value>,
    template: &'a str,
    path: &'a str,
) -> (&'a str, &'a str) {
    const SAML: &str = "/api/saml-applications";
    const OTHERS: &str = "/api/applications";
    match (template, known.get("type").and_then(Value::as_str)) {
        (OTHERS, Some("SAML")) | ("/api/saml", _) => (SAML, SAML),
        (SAML, Some(other)) if other != "SAML" => (OTHERS, OTHERS),
        _ => (template, path),
    }
}

/// `resourceScopes` as `resource-scopes`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}
