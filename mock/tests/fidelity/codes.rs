//! Codes and tokens that are sent to addresses: recordings do not keep them.

use serde_json::{Value, json};

use crate::{exchange::Exchange, world::World};

/// Sends what a request shows; gives the exchange with that.
pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange) -> Exchange {
    let mut exchange = exchange.clone();
    let code = exchange.code().unwrap_or_default().to_owned();
    match exchange.operation.as_str() {
        "VerifyVerificationCode" if code != "verification_code.not_found" => {
            let mut asked = exchange.request_body.clone();
            asked.as_object_mut().map(|asked| asked.remove("verificationCode"));
            world.manage("POST", "/api/verification-codes", &asked).await;
            let address = asked["email"].as_str().or(asked["phone"].as_str()).unwrap_or_default();
            if exchange.succeeded() {
                let code = world.mock.last_code(address).unwrap_or_default();
                exchange.request_body["verificationCode"] = code.into();
            }
        }
        "VerifyOneTimeToken" if exchange.succeeded() || code.starts_with("one_time_token.") => {
            token(world, &mut exchange, &code).await;
        }
        "ListOneTimeTokens" if exchange.succeeded() => {
            for own in exchange.response_body.as_array().into_iter().flatten() {
                made(world, own).await;
            }
        }
        _ => {}
    }
    exchange
}

/// Makes a token as it was; gives it.
async fn made(world: &mut World<'_>, recorded: &Value) -> Value {
    let mut body = json!({ "email": recorded["email"] });
    if recorded["context"].as_object().is_some_and(|own| !own.is_empty()) {
        body["context"] = world.translate(&recorded["context"]);
    }
    let own = world.manage("POST", "/api/one-time-tokens", &body).await.body;
    world.pair("id", &recorded["id"], &own["id"]);
    let status = recorded["status"].as_str().unwrap_or("active");
    if status != "active" {
        let path =
            format!("/api/one-time-tokens/{}/status", own["id"].as_str().unwrap_or_default());
        world.manage("PUT", &path, &json!({ "status": status })).await;
    }
    own
}

/// The token that a request shows, as it was before.
async fn token(world: &mut World<'_>, exchange: &mut Exchange, code: &str) {
    if code == "one_time_token.token_not_found" {
        exchange.request_body["token"] = "nope".into();
        return;
    }
    let mut before = json!({ "email": exchange.request_body["email"], "status": "active" });
    match code {
        "one_time_token.token_expired" => before["status"] = "expired".into(),
        "one_time_token.token_consumed" => before["status"] = "consumed".into(),
        "one_time_token.token_revoked" => before["status"] = "revoked".into(),
        "one_time_token.email_mismatch" => before["email"] = "another@example.com".into(),
        _ => before["context"] = exchange.response_body["context"].clone(),
    }
    exchange.request_body["token"] = made(world, &before).await["token"].clone();
}
