//! The way back to an application.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    routes::reply,
    state::{State, params::Params},
};

/// Where an answer goes, and how.
pub(crate) struct Callback<'a> {
    issuer: String,
    params: &'a Params,
}

/// Where the parameters of an answer are put if nothing else was asked for.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Query,
    Fragment,
}

impl<'a> Callback<'a> {
    pub(crate) fn of(state: &State, params: &'a Params) -> Self {
        Self { issuer: state.issuer(), params }
    }

    pub(crate) fn error(&self, error: &str, description: Option<&str>) -> Response {
        let mut fields = vec![("error", error)];
        fields.extend(description.map(|text| ("error_description", text)));
        let kind = self.params.get("response_type").unwrap_or_default();
        let is_implicit = kind.split(' ').any(|word| word == "token" || word == "id_token");
        self.send(&fields, if is_implicit { Mode::Fragment } else { Mode::Query })
    }

    /// Says that the application may not ask for a scope.
    pub(crate) fn invalid_scope(&self, scope: &str) -> Response {
        let description = "requested scope is not allowed";
        let fields =
            [("error", "invalid_scope"), ("error_description", description), ("scope", scope)];
        self.send(&fields, Mode::Query)
    }

    pub(crate) fn send(&self, fields: &[(&str, &str)], mode: Mode) -> Response {
        let mut answer = Params::default();
        fields.iter().for_each(|(name, value)| answer.set(name, value));
        if let Some(value) = self.params.get("state") {
            answer.set("state", value);
        }
        answer.set("iss", &self.issuer);
        let uri = self.params.get("redirect_uri").unwrap_or_default();
        let mark = match (self.params.get("response_mode"), mode) {
            (Some("form_post"), _) => return by_form(uri, &answer),
            (Some("fragment"), _) | (None, Mode::Fragment) => '#',
            _ if uri.contains('?') => '&',
            _ => '?',
        };
        reply::redirect(StatusCode::SEE_OTHER, &format!("{uri}{mark}{}", answer.encode()))
    }
}

/// A page that sends itself to the application.
fn by_form(uri: &str, answer: &Params) -> Response {
    let input = |(name, value): (&str, &str)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
    };
    let inputs: String = answer.iter().map(input).collect();
    let page = format!(
        "<!DOCTYPE html><title>Submitting Callback</title>\
         <form method=\"post\" action=\"{}\">{inputs}</form>",
        escape(uri)
    );
    let status = match answer.get("error") {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    (status, reply::html(&page)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
