//! Uploads, kept in memory where there is storage, and what is uploaded.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;

use crate::{
    routes::{
        account::auth::{Account, Ask},
        auth::Management,
        reply::{self, Answer},
    },
    rules::{
        contract::{issues::wrong_type, refused},
        errors::Failure,
    },
    state::Store,
};

const IMAGES: [&str; 9] =
    ["jpeg", "png", "gif", "vnd.microsoft.icon", "x-icon", "svg+xml", "tiff", "webp", "bmp"];

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/user-assets", post(upload))
        .route("/api/user-assets/service-status", get(status))
        .route("/api/my-account/user-assets/avatar", post(upload_avatar))
        .route("/api/sign-in-exp/default/custom-ui-assets", post(upload_pages))
        .route("/assets/{id}/{name}", get(uploaded))
}

async fn status(_: Management, State(store): State<Store>) -> Answer {
    let is_ready = store.lock().storage.is_some();
    let status = if is_ready { "ready" } else { "not_configured" };
    Ok(reply::ok(&json!({ "status": status, "isExperienceAvatarUploadEnabled": is_ready })))
}

async fn upload(_: Management, store: State<Store>, headers: HeaderMap, body: Bytes) -> Answer {
    keep_image(&store, &headers, &body)
}

async fn upload_avatar(
    account: Account,
    store: State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    account.check(&store.lock(), &[Ask::Scope("profile", 401), Ask::Edit("avatar")])?;
    keep_image(&store, &headers, &body)
}

pub(crate) fn keep_image(store: &Store, headers: &HeaderMap, body: &[u8]) -> Answer {
    let file = File::of(headers, body).ok_or_else(|| no_file(headers))?;
    if !is_image(&file.kind) {
        return Err(Failure::new(400, "guard.mime_type_not_allowed"));
    }
    let (id, name) = (keep(store, &file)?, &file.name);
    let url = format!("{}/assets/{id}/{name}", store.lock().endpoint);
    Ok(reply::ok(&json!({ "url": url })))
}

async fn upload_pages(
    _: Management,
    store: State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let file = File::of(&headers, &body).ok_or_else(|| no_file(&headers))?;
    if file.kind != "application/zip" {
        return Err(Failure::new(400, "guard.mime_type_not_allowed"));
    }
    let id = keep(&store, &file)?;
    Ok(reply::ok(&json!({ "customUiAssetId": id })))
}

/// Keeps a file; gives its id.
fn keep(store: &Store, file: &File<'_>) -> Result<String, Failure> {
    let mut state = store.lock();
    let id = state.ids.user();
    let storage = state.storage.as_mut();
    let storage = storage.ok_or_else(|| Failure::new(400, "storage.not_configured"))?;
    storage.insert(id.clone(), (file.kind.clone(), file.content.to_vec()));
    Ok(id)
}

async fn uploaded(State(store): State<Store>, Path((id, _)): Path<(String, String)>) -> Response {
    let state = store.lock();
    match state.storage.as_ref().and_then(|storage| storage.get(&id)) {
        Some((kind, content)) => ([(CONTENT_TYPE, kind.clone())], content.clone()).into_response(),
        None => reply::text(StatusCode::NOT_FOUND, "Not Found"),
    }
}

/// The first file of a multipart form.
struct File<'a> {
    name: String,
    kind: String,
    content: &'a [u8],
}

impl<'a> File<'a> {
    fn of(headers: &HeaderMap, body: &'a [u8]) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let boundary = kind.split("boundary=").nth(1)?.split(';').next()?.trim_matches('"');
        let delimiter = format!("--{boundary}");
        let start = find(body, delimiter.as_bytes(), 0)?;
        let head_end = find(body, b"\r\n\r\n", start)?;
        let head = String::from_utf8_lossy(body.get(start..head_end)?).into_owned();
        if !head.contains("name=\"file\"") {
            return None;
        }
        let content = head_end + 4;
        let end = find(body, format!("\r\n{delimiter}").as_bytes(), content)?;
        let kind = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
        })?;
        let name = head.split("filename=\"").nth(1).and_then(|rest| rest.split('"').next());
        let name = name.unwrap_or("file").replace(['/', '?', '#', ' '], "_");
        Some(Self { name, kind, content: body.get(content..end)? })
    }
}

fn find(text: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|at| at + from)
}

fn is_image(kind: &str) -> bool {
    kind.strip_prefix("image/").is_some_and(|kind| IMAGES.contains(&kind))
}

fn no_file(headers: &HeaderMap) -> Failure {
    let kind = headers.get(CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    refused(
        "files",
        &[match kind.starts_with(b"multipart/form-data") {
            true => wrong_type("array", None, &["file".into()]),
            false => wrong_type("object", None, &[]),
        }],
    )
}
