//! What is written on the wire.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// How many users a list has.
pub(crate) const LISTED: usize = 230;
const PAGE: usize = 100;

/// An answer after which the connection is closed.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// What a request is answered with.
pub(crate) struct Answer {
    status: u16,
    headers: &'static str,
    body: String,
}

impl Answer {
    pub(crate) fn ok(body: &Value) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn new(status: u16, body: &Value) -> Self {
        let headers = "content-type: application/json\r\n";
        Self { status, headers, body: body.to_string() }
    }

    pub(crate) fn empty() -> Self {
        Self { status: 204, headers: "", body: String::new() }
    }

    /// What Logto says of a token that it does not take.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, &json!({"code": "auth.unauthorized", "message": "Unauthorized."}))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, &json!({"code": "entity.not_found", "message": "Not found."}))
    }

    /// A page of the list.
    pub(crate) fn page(target: &str) -> Self {
        static PAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
            let users: Vec<_> = (0..LISTED).map(|number| user(&listed(number), None)).collect();
            users.chunks(PAGE).map(|page| json!(page).to_string()).collect()
        });
        let number = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("page="));
        let number: usize = number.map_or(1, |number| number.parse().unwrap());
        let headers = "content-type: application/json\r\ntotal-number: 230\r\n";
        let body = PAGES.get(number - 1).cloned().unwrap_or_else(|| "[]".to_owned());
        Self { status: 200, headers, body }
    }

    pub(crate) fn is_refusal(&self) -> bool {
        self.status >= 400
    }

    /// The bytes of the answer, with these before its body. The connection stays open.
    pub(crate) fn bytes(&self, before: &str) -> String {
        let length = match self.status {
            204 => String::new(),
            _ => format!("content-length: {}\r\n", before.len() + self.body.len()),
        };
        format!("HTTP/1.1 {} X\r\n{length}{}\r\n{before}{}", self.status, self.headers, self.body)
    }
}

/// The id of a user of the list.
pub(crate) fn listed(number: usize) -> String {
    format!("listed-{number}")
}

pub(crate) fn user(id: &str, name: Option<&str>) -> Value {
    json!({
        "id": id, "customData": {}, "identities": {}, "createdAt": 1, "updatedAt": 1,
        "profile": {}, "isSuspended": false, "username": null, "primaryEmail": null,
        "primaryPhone": null, "name": name, "avatar": null, "applicationId": null,
        "lastSignInAt": null,
    })
}
