//! What users add to themselves on the way: what they say, what they prove, a new password.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    routing::{post, put},
};
use serde_json::{Map, Value, json};

use super::{Answer, Event, Flow, Profile, Step, identify::check_sso, not_for_forgotten_passwords};
use crate::{
    routes::{reply, user_assets::keep_image},
    rules::{errors::Failure, passwords, users},
    state::{
        Store,
        collection::{Members, object, text},
    },
};

const AVATAR: &str = "/api/experience/user-assets/avatar";

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/experience/profile", post(add))
        .route("/api/experience/profile/password", put(reset))
        .route(AVATAR, post(avatar))
}

async fn add(step: Step) -> Answer {
    step.take(|flow, members| {
        let kind = text(members, "type").unwrap_or_default();
        match flow.experience.event {
            Event::SignIn if kind == "social" => drop(flow.user_id()?),
            _ => flow.check_may_add()?,
        }
        let profile = given(flow, kind, members)?;
        flow.add_to_profile(profile)?;
        Ok(reply::no_content())
    })
}

/// What a body of this type adds.
fn given(flow: &mut Flow<'_>, kind: &str, members: &Members) -> Result<Profile, Failure> {
    let said = |name| text(members, name).unwrap_or_default();
    match kind {
        "username" => Ok(Profile::of(json!({ "username": said("value") }))),
        "password" => {
            let mut user = flow.user().map_or(Value::Null, |user| user.to_json());
            for (name, value) in &flow.experience.profile.members {
                user[name] = value.clone();
            }
            passwords::check(flow.state, said("value"), &user)?;
            Ok(Profile { password: Some(said("value").to_owned()), ..Profile::default() })
        }
        "extraProfile" => Ok(extra(&members["values"])),
        "social" => address(flow, "Social", said("verificationId")),
        "phone" => address(flow, "PhoneVerificationCode", said("verificationId")),
        _ => address(flow, "EmailVerificationCode", said("verificationId")),
    }
}

/// The address or identity that a record of this kind proves.
pub(super) fn address(flow: &mut Flow<'_>, kind: &str, id: &str) -> Result<Profile, Failure> {
    let record = flow.record_of(kind, id)?.clone();
    check_sso(flow, &record.proof)?;
    let mut profile = Profile::of_new_user(flow.state, &record)?;
    // Of somebody who is known, another place's word changes nothing.
    if flow.experience.user_id.is_some() && kind == "Social" {
        profile.members.retain(|name, _| name == "socialIdentity");
    }
    Ok(profile)
}

/// Splits what a form asks for: what users have by themselves, their profile, and all else.
fn extra(values: &Value) -> Profile {
    let (mut members, mut profile, mut custom) = (Map::new(), Map::new(), Map::new());
    for (name, value) in object(values.clone()) {
        match name.as_str() {
            "name" | "avatar" => members.insert(name, value),
            _ if users::is_of_profile(&name) => profile.insert(name, value),
            _ => custom.insert(name, value),
        };
    }
    members.insert("profile".into(), profile.into());
    members.insert("customData".into(), custom.into());
    members.insert("submitted".into(), true.into());
    Profile { members, password: None }
}

/// Keeps the picture of somebody who is registering.
async fn avatar(store: State<Store>, headers: HeaderMap, body: Bytes) -> Answer {
    let step = Step::without_body(&store, AVATAR, &headers);
    step.take(|flow, _| match flow.experience.event {
        Event::Register => Ok(reply::no_content()),
        Event::ForgotPassword => Err(not_for_forgotten_passwords()),
        Event::SignIn => Err(Failure::new(400, "session.invalid_interaction_type")),
    })?;
    keep_image(&store, &headers, &body)
}

/// A new password for one that was forgotten.
async fn reset(step: Step) -> Answer {
    step.take(|flow, members| {
        if flow.experience.event != Event::ForgotPassword {
            return Err(Failure::new(400, "session.invalid_interaction_type"));
        }
        let user = flow.user()?;
        let password = text(members, "password").unwrap_or_default();
        passwords::check_new(flow.state, password, &user)?;
        flow.experience.profile.password = Some(password.to_owned());
        Ok(reply::no_content())
    })
}
