//! What the server of an exchange had: connectors that somebody installed, providers, keys.

use serde_json::{Value, json};

use crate::{exchange::Exchange, scene, world::World};

pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) {
    install(world, exchange).await;
    world.mock.set_custom_domains(exchange.code() != Some("domain.not_configured"));
    if exchange.operation == "CreateConnector" && exchange.succeeded() {
        make_room(world, &mut exchange.request_body.clone()).await;
    }
    match exchange.group() {
        ".well-known" if exchange.succeeded() => shown(world, exchange).await,
        "configs" if exchange.succeeded() => {
            rotated(world, exchange).await;
            scripts(world, exchange).await;
        }
        _ => {}
    }
}

/// Has the connector factories that the exchange tells of, and not those that it says are missing.
async fn install(world: &mut World<'_>, exchange: &Exchange) {
    let missing = match (exchange.operation.as_str(), exchange.code()) {
        ("ListConnectorFactories", None) => {
            let listed = exchange.response_body.as_array().into_iter().flatten();
            let ids: Vec<&str> = listed.filter_map(|own| own["id"].as_str()).collect();
            return world.mock.set_connector_factories(Some(&ids));
        }
        ("GetConnectorFactory", Some("entity.not_found"))
        | ("CreateConnectorTest", Some("connector.not_found")) => exchange.path.split('/').nth(3),
        ("CreateConnector", Some("connector.not_found_with_connector_id")) => {
            exchange.request_body["connectorId"].as_str()
        }
        _ => return,
    };
    let all = factories(world).await;
    let ids = all.iter().filter_map(|own| own["id"].as_str());
    let ids: Vec<&str> = ids.filter(|id| Some(*id) != missing).collect();
    world.mock.set_connector_factories(Some(&ids));
}

/// Removes the connectors of the same factory, of which most can have one only. Metadata that are
/// shown empty were not set.
pub(crate) async fn make_room(world: &mut World<'_>, body: &mut Value) {
    if body["metadata"] == json!({}) {
        body.as_object_mut().map(|own| own.remove("metadata"));
    }
    let all = world.manage("GET", "/api/connectors", &Value::Null).await.body;
    let all = all.as_array().into_iter().flatten();
    for own in all.filter(|own| own["connectorId"] == body["connectorId"]) {
        let path = format!("/api/connectors/{}", own["id"].as_str().unwrap_or_default());
        world.manage("DELETE", &path, &Value::Null).await;
    }
}

async fn factories(world: &mut World<'_>) -> Vec<Value> {
    let all = world.manage("GET", "/api/connector-factories", &Value::Null).await.body;
    all.as_array().cloned().unwrap_or_default()
}

/// Sees to it that there are the connectors, and what tells robots from people, that everybody was
/// shown.
async fn shown(world: &mut World<'_>, exchange: &Exchange) {
    let shown = &exchange.response_body;
    for connector in shown["socialConnectors"].as_array().into_iter().flatten() {
        let factories = factories(world).await;
        let same =
            |own: &&Value| ["target", "platform"].iter().all(|name| own[*name] == connector[*name]);
        let Some(factory) = factories.iter().find(same) else { continue };
        let form = factory["formItems"].as_array().into_iter().flatten();
        let config = form.filter_map(|item| Some((item["key"].as_str()?.to_owned(), json!("x"))));
        let config: serde_json::Map<_, _> = config.collect();
        let body = json!({ "connectorId": factory["id"], "config": config });
        world.manage("POST", "/api/connectors", &body).await;
    }
    for connector in shown["ssoConnectors"].as_array().into_iter().flatten() {
        let id = connector["id"].as_str().unwrap_or_default();
        scene::entity(world, "/api/sso-connectors", id).await;
    }
    let captcha = &shown["captchaConfig"];
    if captcha.is_object() {
        let mut config = captcha.clone();
        config["secretKey"] = "x".into();
        config["projectId"] = "x".into();
        world.manage("PUT", "/api/captcha-provider", &json!({ "config": config })).await;
    }
}

/// Makes the key that was deleted one of two.
async fn rotated(world: &mut World<'_>, exchange: &Exchange) {
    let segments: Vec<&str> = exchange.path.split('/').collect();
    let (["", "api", "configs", "oidc", kind, id], "DELETE") =
        (segments.as_slice(), exchange.method.as_str())
    else {
        return;
    };
    let path = format!("/api/configs/oidc/{kind}");
    let keys = world.manage("GET", &path, &Value::Null).await.body;
    let keys = keys.as_array().cloned().unwrap_or_default();
    if keys.len() > 1 && keys.iter().any(|key| key["id"].as_str() == world.own(id)) {
        return;
    }
    let path = format!("{path}/rotate");
    let keys = world.manage("POST", &path, &json!({})).await.body;
    let last = keys.as_array().and_then(|keys| keys.last()?["id"].as_str());
    if let Some(own) = last {
        world.equate(id, own);
    }
}

/// Sets the scripts that a list shows.
async fn scripts(world: &mut World<'_>, exchange: &Exchange) {
    let listed = exchange.response_body.as_array().into_iter().flatten();
    for script in listed.filter(|own| own["value"]["script"].is_string()) {
        let key = match script["key"].as_str().unwrap_or_default() {
            "jwt.accessToken" => "access-token",
            "jwt.clientCredentials" => "client-credentials",
            other => other,
        };
        let path = format!("{}/{key}", exchange.path);
        world.manage("PUT", &path, &script["value"]).await;
    }
}
