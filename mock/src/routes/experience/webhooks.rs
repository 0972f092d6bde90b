//! What hooks are told of an interaction.

use serde_json::{Value, json};

use super::{
    Answer, Event, Flow,
    audit::{VIEWED, forget},
    sentinel,
};
use crate::{
    rules::{
        events::{self, ADDRESS},
        releases::knows,
        sentinel::BLOCKED,
        users,
    },
    state::{
        collection::{Members, object},
        user::User,
    },
};

/// Tells hooks what an operation has done.
pub(super) fn tell(flow: &mut Flow<'_>, path: &str, answer: &Answer) {
    let path = path.trim_start_matches("/api/experience");
    match (path, answer) {
        ("/submit", Ok(_)) => {
            let event = match flow.experience.event {
                Event::SignIn => "PostSignIn",
                Event::Register => "PostRegister",
                Event::ForgotPassword => "PostResetPassword",
            };
            let Ok(user) = flow.user() else { return };
            let own = json!({ "userIp": ADDRESS, "userId": user.id, "user": shown(flow, &user) });
            queue(flow, event, own);
        }
        ("/identification", Ok(_)) if flow.experience.event == Event::Register => {
            let Ok(user) = flow.user() else { return };
            queue(flow, "User.Created", in_flow(flow, json!({ "data": shown(flow, &user) })));
        }
        (_, Err(failure)) if failure.body["code"] == BLOCKED && knows(flow.state, "1.34") => {
            let Some((_, identifier)) = sentinel::attempt(flow, path) else { return };
            queue(flow, "Identifier.Lockout", in_flow(flow, identifier));
        }
        _ => {}
    }
}

/// What every event but those of an interaction's end says beside its own members.
fn in_flow(flow: &Flow<'_>, mut own: Value) -> Value {
    own["ip"] = ADDRESS.into();
    let interaction = flow.state.interactions.get(&flow.uid);
    if let Some(interaction) = interaction {
        own["applicationId"] = interaction.app_id.as_str().into();
    }
    own
}

fn queue(flow: &mut Flow<'_>, event: &str, own: Value) {
    let mut payload = object(json!({
        "interactionEvent": flow.experience.event.name(), "sessionId": flow.uid,
    }));
    if let Some(user_agent) = flow.user_agent() {
        payload.insert("userAgent".into(), user_agent.into());
    }
    payload.extend(application(flow).map(|own| ("application".to_owned(), own.into())));
    payload.extend(object(own));
    events::queue(flow.state, event, &payload);
}

fn application(flow: &Flow<'_>) -> Option<Members> {
    let id = &flow.state.interactions.get(&flow.uid)?.app_id;
    let own = flow.state.tables.find("applications", id)?;
    let named = ["id", "type", "name", "description"].into_iter();
    Some(named.filter_map(|name| Some((name.to_owned(), own.get(name)?.clone()))).collect())
}

fn shown(flow: &Flow<'_>, user: &User) -> Value {
    let mut shown = users::row(flow.state, user);
    forget(&mut shown, &VIEWED);
    shown
}
