//! The end of a browser's session: what ends with it, and who is told (back-channel logout).

use serde_json::{Value, json};

use crate::{
    rules::apps::App,
    state::{State, deliveries::Delivery, params::Params, sessions::Session},
};

/// In seconds.
const LIFETIME: u64 = 120;

/// Ends the session of a browser. Tokens that were to be good offline outlive it, and applications
/// that want to are told.
pub(crate) fn end(state: &mut State, cookie: &str) {
    let now = state.now();
    let uid = state.sessions.of_cookie(cookie, now).map(|own| own.uid.clone());
    let Some(session) = uid.and_then(|uid| state.sessions.end(&uid)) else { return };
    tell(state, &session);
    for app in session.apps.values().filter(|app| !app.persists) {
        state.tokens.revoke_grant(&app.grant);
        state.sessions.revoke(&app.grant);
    }
}

/// Takes one application out of the session of a browser, which goes on.
pub(crate) fn leave(state: &mut State, cookie: &str, app_id: &str) {
    let now = state.now();
    if let Some(session) = state.sessions.of_cookie(cookie, now) {
        session.apps.remove(app_id);
    }
}

/// Queues a logout token for each application of a session that has an address for it.
fn tell(state: &mut State, session: &Session) {
    for (id, own) in &session.apps {
        let Some(app) = App::find(state, id) else { continue };
        let Some(url) = app.logout_uri() else { continue };
        let sid = app.wants_session().then_some(own.sid.as_str());
        let mut form = Params::default();
        form.set("logout_token", &token(state, &session.user_id, id, sid));
        let delivery = Delivery {
            hook_id: String::new(),
            event: String::new(),
            url: url.to_owned(),
            content_type: "application/x-www-form-urlencoded",
            headers: Vec::new(),
            signature: String::new(),
            body: form.encode(),
            is_logged: false,
        };
        state.deliveries.push(delivery);
    }
}

fn token(state: &mut State, user_id: &str, app_id: &str, sid: Option<&str>) -> String {
    let issued = state.now() / 1000;
    let mut claims = json!({
        "sub": user_id, "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        "jti": state.ids.opaque(), "aud": app_id, "exp": issued + LIFETIME, "iat": issued,
        "iss": state.issuer(),
    });
    if let Some(sid) = sid {
        claims["sid"] = Value::from(sid);
    }
    state.keys.sign(Some("logout+jwt"), &claims)
}
