//! The pages that a sign-in sends users to, and what they are told.

use crate::{
    rules::releases::knows,
    state::{State, params::Params},
};

/// What every page is told, and what the first page of a sign-in is told beside it.
const SHARED: [&str; 2] = ["organization_id", "ui_locales"];
const FIRST: [&str; 3] = ["one_time_token", "login_hint", "identifier"];

/// The page where a sign-in begins that was asked for with these parameters.
pub(crate) fn sign_in(state: &State, app_id: &str, params: &Params) -> String {
    let mut query = Params::default();
    query.set("app_id", app_id);
    let shared = SHARED.into_iter().filter(|name| *name != "ui_locales" || knows(state, "1.32"));
    for name in shared.chain(FIRST) {
        if let Some(value) = params.get(name).filter(|value| !value.is_empty()) {
            query.set(name, value);
        }
    }
    let page = first_screen(params);
    match params.get("direct_sign_in").and_then(|own| own.split_once(':')) {
        None => format!("/{page}?{}", query.encode()),
        Some((method, target)) => {
            query.set("fallback", page);
            format!("/direct/{method}/{target}?{}", query.encode())
        }
    }
}

fn first_screen(params: &Params) -> &'static str {
    match params.get("first_screen").or(params.get("interaction_mode")).unwrap_or_default() {
        "register" | "signUp" => "register",
        "reset_password" => "reset-password",
        "identifier:sign_in" => "identifier-sign-in",
        "identifier:register" => "identifier-register",
        "single_sign_on" => "single-sign-on",
        _ => "sign-in",
    }
}
