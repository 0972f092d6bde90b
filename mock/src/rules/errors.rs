//! Refusals: Logto's own and those of its OIDC endpoints.

use serde_json::{Value, json};

pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) challenge: Option<String>,
    /// Whether the page that asked must not read it.
    pub(crate) is_foreign: bool,
}

impl Failure {
    /// A refusal by Logto's code for it.
    pub(crate) fn new(status: u16, code: &str) -> Self {
        Self::with_message(status, code, &in_words(code))
    }

    pub(crate) fn with_message(status: u16, code: &str, message: &str) -> Self {
        Self::raw(status, json!({ "code": code, "message": message }))
    }

    /// Nothing in this table has this id.
    pub(crate) fn no_such(table: &str, id: &str) -> Self {
        let message = format!("The {table} with ID `{id}` does not exist.");
        Self::with_message(404, "entity.not_exists_with_id", &message)
    }

    /// What was asked for makes no sense.
    pub(crate) fn invalid_input(status: u16, what: &str) -> Self {
        let message = format!("Input is invalid. {what}");
        Self::with_message(status, "request.invalid_input", &message)
    }

    /// What a database says of values that are none.
    pub(crate) fn nothing_given() -> Self {
        let message = "Invalid input. Value list must not be empty.";
        Self::with_message(422, "entity.invalid_input", message)
    }

    /// A body that does not have Logto's usual form.
    pub(crate) fn raw(status: u16, body: Value) -> Self {
        Self { status, body, challenge: None, is_foreign: false }
    }

    pub(crate) fn data(mut self, data: Value) -> Self {
        self.body["data"] = data;
        self
    }

    pub(crate) fn details(mut self, details: &str) -> Self {
        self.body["details"] = details.into();
        self
    }

    /// A refusal by an OIDC endpoint, whose body serves both conventions.
    pub(crate) fn oidc(status: impl Into<u16>, error: &str, description: &str) -> Self {
        let code = format!("oidc.{error}");
        let mut failure = Self::new(status.into(), &code);
        failure.body["error"] = error.into();
        failure.body["error_description"] = description.into();
        if error == "invalid_grant" {
            failure.body["error_uri"] = "https://openid.sh/debug/invalid_grant".into();
        }
        failure
    }

    /// Names the scope that was refused.
    pub(crate) fn scope(mut self, scope: &str) -> Self {
        self.body["scope"] = scope.into();
        self
    }

    pub(crate) fn invalid_request(description: &str) -> Self {
        Self::oidc(400u16, "invalid_request", description)
    }

    /// Of what OpenID Connect has no path or no such method for.
    pub(crate) fn no_route(method: &str, path: &str) -> Self {
        let what = format!("unrecognized route or not allowed method ({method} on {path})");
        Self::oidc(404u16, "invalid_request", &what)
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::invalid_request(&format!("missing required parameter '{name}'"))
    }

    pub(crate) fn invalid_grant() -> Self {
        let description = "grant request is invalid";
        Self::oidc(400u16, "invalid_grant", description)
    }

    /// The interaction that cookies name does not exist, or there are no cookies.
    pub(crate) fn session_not_found(description: &str) -> Self {
        let mut failure = Self::new(400, "session.not_found");
        failure.body["error"] = "invalid_request".into();
        failure.body["error_description"] = description.into();
        failure
    }

    /// Asks for a token of this scheme, and says nothing more.
    pub(crate) fn realm(mut self, scheme: &str, realm: &str) -> Self {
        self.challenge = Some(format!("{scheme} realm=\"{realm}\""));
        self
    }

    /// Adds a `www-authenticate` header for the scheme.
    pub(crate) fn challenge(mut self, scheme: &str, realm: &str) -> Self {
        let text = |key: &str| self.body[key].as_str().unwrap_or_default().to_owned();
        let (error, description) = (text("error"), text("error_description"));
        self.challenge = Some(format!(
            r#"{scheme} realm="{realm}", error="{error}", error_description="{description}""#
        ));
        self
    }
}

/// A code in words. Logto's own texts are for people, and not what programs go by.
fn in_words(code: &str) -> String {
    let text = code.replace('.', ": ").replace('_', " ");
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}
