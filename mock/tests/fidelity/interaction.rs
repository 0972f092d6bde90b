//! Interactions of the Experience API: each exchange gets one of its own, as far on as it needs.

use serde_json::{Value, json};

use crate::{exchange::Exchange, world::World};

const PASSWORD: &str = "Its-a-Long-Passw0rd!";

pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) {
    world.leave_browser();
    if exchange.code() == Some("session.not_found") {
        return;
    }
    let app = world.mock.web_app_id().to_owned();
    let redirect = world.mock.redirect_uri().to_owned();
    let path = format!(
        "/oidc/auth?client_id={app}&redirect_uri={redirect}&response_type=code&scope=openid&prompt=consent"
    );
    world.browse("GET", &path, &Value::Null).await;
    let is_start = exchange.operation == "InitInteraction";
    if is_start || exchange.code() == Some("session.interaction_not_found") {
        return;
    }
    let event = exchange.response_body["interactionEvent"].as_str();
    let event = event.or(exchange.request_body["interactionEvent"].as_str()).unwrap_or("SignIn");
    world.browse("PUT", "/api/experience", &json!({ "interactionEvent": event })).await;
    let asked = &exchange.request_body;
    let identifier = asked["identifier"].clone();
    match exchange.operation.as_str() {
        "CreatePasswordVerification" if exchange.succeeded() => {
            let password = asked["password"].as_str().unwrap_or(PASSWORD);
            user(world, &identifier, password).await;
        }
        "VerifyVerificationCodeVerification" => send_code(world, exchange, event).await,
        "IdentifyUser" if exchange.succeeded() && exchange.status == 204 => {
            let id = verify(world).await;
            if let Some(recorded) = asked["verificationId"].as_str() {
                world.equate(recorded, &id);
            }
        }
        _ if is_identified(exchange) => {
            let id = verify(world).await;
            let body = json!({ "verificationId": id });
            world.browse("POST", "/api/experience/identification", &body).await;
        }
        _ => {}
    }
}

/// Whether somebody had been identified when this was recorded.
fn is_identified(exchange: &Exchange) -> bool {
    let path = exchange.template.trim_start_matches("/api/experience");
    let needs = path.starts_with("/submit")
        || path.starts_with("/profile")
        || path.contains("totp")
        || path.contains("backup-code")
        || path.contains("web-authn");
    let code = exchange.code().unwrap_or_default();
    exchange.response_body["userId"].is_string()
        || (needs && code != "session.identifier_not_found")
}

async fn user(world: &mut World<'_>, identifier: &Value, password: &str) {
    let name = match identifier["type"].as_str() {
        Some("email") => "primaryEmail",
        Some("phone") => "primaryPhone",
        _ => "username",
    };
    let body = json!({ name: identifier["value"], "password": password });
    world.manage("POST", "/api/users", &body).await;
}

/// Proves a user by their password; gives the verification's id.
async fn verify(world: &mut World<'_>) -> String {
    let identifier = json!({ "type": "username", "value": "itestuser" });
    user(world, &identifier, PASSWORD).await;
    let body = json!({ "identifier": identifier, "password": PASSWORD });
    let reply = world.browse("POST", "/api/experience/verification/password", &body).await;
    reply.body["verificationId"].as_str().unwrap_or_default().to_owned()
}

/// Sends a code, and has it stand for the recorded one where that was right.
async fn send_code(world: &mut World<'_>, exchange: &Exchange, event: &str) {
    let asked = &exchange.request_body;
    let identifier = &asked["identifier"];
    let body = json!({ "identifier": identifier, "interactionEvent": event });
    let path = "/api/experience/verification/verification-code";
    let sent = world.browse("POST", path, &body).await;
    let own = sent.body["verificationId"].as_str().unwrap_or_default();
    if let Some(recorded) = asked["verificationId"].as_str() {
        world.equate(recorded, own);
    }
    let code = world.mock.last_code(identifier["value"].as_str().unwrap_or_default());
    if let (Some(code), Some(recorded), true) = (code, asked["code"].as_str(), exchange.succeeded())
    {
        world.equate(recorded, &code);
    }
}
