//! What entities of a tenant need beside what a request names: members, holders, a mail server.

use serde_json::{Value, json};

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
    let user = scene::entity(world, "/api/users", &parameters[1].value).await;
    for id in ids {
        let organization = scene::entity(world, "/api/organizations", &id).await;
        let path = format!("/api/organizations/{organization}/users");
        world.manage("POST", &path, &json!({ "userIds": [user] })).await;
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
        let body = contract::fill(schema, &serde_json::Map::new(), number);
        let path = world.translate_path(&exchange.path);
        world.manage("POST", &path, &body).await;
    }
}

/// Says of a protected application what it was created with.
pub(crate) fn complete(known: &mut serde_json::Map<String, Value>) {
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
    shown: &serde_json::Map<String, Value>,
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
        let suffixes = [kebab.as_str(), kebab.trim_start_matches("organization-")];
        let Some(field) = suffixes.iter().find_map(|suffix| contract::below(collection, suffix))
        else {
            continue;
        };
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
