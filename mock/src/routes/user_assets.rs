//! `/api/user-assets`, on a server that has no storage.

use axum::{
    Router,
    body::Bytes,
    routing::{get, post},
};
use serde_json::json;

use crate::{
    routes::{
        auth::Management,
        reply::{self, Answer},
    },
    rules::errors::Failure,
    state::Store,
};

const IMAGES: [&str; 9] =
    ["jpeg", "png", "gif", "vnd.microsoft.icon", "x-icon", "svg+xml", "tiff", "webp", "bmp"];

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/user-assets", post(upload))
        .route("/api/user-assets/service-status", get(status))
}

async fn status(_: Management) -> Answer {
    Ok(reply::ok(&json!({ "status": "not_configured" })))
}

async fn upload(_: Management, body: Bytes) -> Answer {
    let form = String::from_utf8_lossy(&body);
    let kind = form.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-type").then(|| value.trim())
    });
    let code = match kind {
        None => return Err(no_file()),
        Some(kind) if is_image(kind) => "storage.not_configured",
        Some(_) => "guard.mime_type_not_allowed",
    };
    Err(Failure::new(400, code))
}

fn is_image(kind: &str) -> bool {
    kind.strip_prefix("image/").is_some_and(|kind| IMAGES.contains(&kind))
}

fn no_file() -> Failure {
    let issue = json!({
        "code": "invalid_type", "expected": "object", "received": "undefined", "path": [],
        "message": "Required",
    });
    Failure::with_message(400, "guard.invalid_input", "The request files is invalid.")
        .data(json!({ "issues": [issue], "name": "ZodError" }))
        .details("Error in key path \"\": (invalid_type) Expected object but received undefined.")
}
