//! What hooks were told: their receivers are here, and what they are told of is done.

use serde_json::{Value, json};

use crate::{contract, exchange::Exchange, world::World};

/// Where nobody listens.
const DEAD: &str = "http://127.0.0.1:9/dead";
/// How often an outcome is looked for.
const PATIENCE: usize = 500;

/// Prepares a hook; gives the exchange with the address of its receiver.
pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) -> Exchange {
    let mut exchange = exchange.clone();
    match exchange.operation.as_str() {
        "CreateHookTest" if exchange.succeeded() => {
            exchange.request_body["config"]["url"] = world.receiver().into();
        }
        "ListHookRecentLogs" if exchange.succeeded() => {
            for entry in exchange.response_body.as_array().into_iter().flatten().rev().take(3) {
                tell(world, &exchange, entry).await;
            }
        }
        _ => {}
    }
    exchange
}

/// Does what a hook was told of, and waits until it is noted.
async fn tell(world: &mut World<'_>, exchange: &Exchange, entry: &Value) {
    let told = &entry["payload"]["hookRequest"]["body"];
    let event = told["event"].as_str().unwrap_or_default();
    let is_received = entry["payload"]["response"].is_object();
    let url = if is_received { world.receiver() } else { DEAD.to_owned() };
    let path = world.translate_path(exchange.path.trim_end_matches("/recent-logs"));
    let hook = json!({ "events": [event], "config": { "url": url }, "enabled": true });
    world.manage("PATCH", &path, &hook).await;
    let logs = format!("{path}/recent-logs");
    let before = count(world, &logs).await;
    let method = told["method"].as_str().unwrap_or("POST");
    let route = told["matchedRoute"].as_str().unwrap_or_default();
    let parts = route.split('/').map(|part| match part.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => part.to_owned(),
    });
    let template = format!("/api{}", parts.collect::<Vec<_>>().join("/"));
    let known = told["data"].as_object().cloned().unwrap_or_default();
    let number = world.number();
    let schema = contract::body(method, &template);
    let mut body = schema.map_or(Value::Null, |schema| contract::fill(schema, &known, number));
    if body["username"].is_string() {
        body["username"] = format!("told{number}").into();
    }
    let own = told["path"].as_str().unwrap_or(route);
    let own = world.translate_path(&format!("/api{own}"));
    world.manage(method, &own, &body).await;
    for _ in 0..PATIENCE {
        if count(world, &logs).await > before {
            return;
        }
    }
}

async fn count(world: &mut World<'_>, logs: &str) -> usize {
    let logs = world.manage("GET", logs, &Value::Null).await.body;
    logs.as_array().map_or(0, Vec::len)
}
