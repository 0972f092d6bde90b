//! Who is it? Someone who is known, or someone new.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Event, Flow, Profile, Proof, Step, audit, identifier, record::unproved};
use crate::{
    routes::reply,
    rules::{connectors, errors::Failure, identities},
    state::{collection::text, user::User},
};

pub(super) async fn identify(step: Step) -> Answer {
    step.take(|flow, members| {
        let id = text(members, "verificationId");
        if flow.experience.event == Event::Register {
            return register(flow, id);
        }
        let id = id.ok_or_else(|| {
            Failure::with_message(400, "guard.invalid_input", "The request  is invalid.")
        })?;
        let link = members.get("linkSocialIdentity") == Some(&true.into());
        existing(flow, id, link)
    })
}

/// A user who is known.
fn existing(flow: &mut Flow<'_>, id: &str, link: bool) -> Answer {
    check_method(flow, &flow.record(id)?.proof)?;
    let (user, profile) = user_of(flow, id, link)?;
    if user.is_suspended() {
        return Err(Failure::new(401, "user.suspended"));
    }
    match &flow.experience.user_id {
        Some(known) if *known != user.id => Err(Failure::new(409, "session.identity_conflict")),
        Some(_) => Ok(reply::no_content()),
        None => {
            flow.experience.user_id = Some(user.id);
            let comes_with_more = matches!(
                flow.record(id)?.proof,
                Proof::Social { .. } | Proof::Sso { .. } | Proof::OneTimeToken { .. }
            );
            if comes_with_more {
                audit::synced(flow, &profile.to_json());
            }
            flow.experience.profile.extend(profile);
            Ok(reply::no_content())
        }
    }
}

/// Not every proof is good for every purpose.
fn check_method(flow: &Flow<'_>, proof: &Proof) -> Result<(), Failure> {
    match (flow.experience.event, proof) {
        (Event::ForgotPassword, Proof::Code { .. }) => {}
        (Event::ForgotPassword, _) => {
            return Err(Failure::new(422, "session.not_supported_for_forgot_password"));
        }
        (
            _,
            Proof::Password { .. }
            | Proof::Code { .. }
            | Proof::OneTimeToken { .. }
            | Proof::Social { .. }
            | Proof::Sso { .. }
            | Proof::Passkey { .. },
        ) => {}
        _ => return Err(Failure::new(422, "user.sign_in_method_not_enabled")),
    }
    match (flow.experience.event, proof) {
        (Event::SignIn, Proof::OneTimeToken { .. }) => Ok(()),
        (Event::SignIn, _) => check_sso(flow, proof),
        _ => Ok(()),
    }
}

/// Who has an address of an enterprise's comes from the enterprise.
pub(super) fn check_sso(flow: &Flow<'_>, proof: &Proof) -> Result<(), Failure> {
    let email = match proof {
        Proof::Password { identifier, .. }
        | Proof::Code { identifier, .. }
        | Proof::OneTimeToken { identifier, .. }
            if identifier["type"] == "email" =>
        {
            &identifier["value"]
        }
        Proof::Social { user: Some(user), .. } => &user["email"],
        _ => return Ok(()),
    };
    let connectors = flow.state.connectors.sso_for(email.as_str().unwrap_or_default());
    let connectors: Vec<Value> = connectors.map(|own| json!({ "id": own.id })).collect();
    match connectors.is_empty() {
        true => Ok(()),
        false => {
            Err(Failure::new(422, "session.sso_enabled")
                .data(json!({ "ssoConnectors": connectors })))
        }
    }
}

/// The user whom a record proves, and what it adds to them.
fn user_of(flow: &Flow<'_>, id: &str, link: bool) -> Result<(User, Profile), Failure> {
    let record = flow.record(id)?;
    if !record.verified {
        return Err(unproved());
    }
    let plain = |user: Option<&User>, identifier: &Value| {
        let user = user.cloned().ok_or_else(|| {
            let data = json!({ "identifier": identifier });
            Failure::new(404, "user.user_not_exist").data(data)
        })?;
        Ok((user, Profile::default()))
    };
    match &record.proof {
        Proof::Password { user_id, .. } | Proof::Passkey { user_id: Some(user_id), .. } => {
            plain(flow.state.users.find(user_id), &user_id.as_str().into())
        }
        Proof::Code { identifier, .. } | Proof::OneTimeToken { identifier, .. } => {
            plain(identifier::find(flow.state, identifier), &identifier["value"])
        }
        Proof::Social { user: Some(info), connector_id } => social(flow, connector_id, info, link),
        Proof::Sso { issuer, user: Some(info), connector_id } => {
            let mut profile = Profile::of_sso(connector_id, issuer, info);
            let synced = synced(flow, "sso-connectors", connector_id, info);
            match (profile.sso_user(flow.state), connectors::related(flow.state, info)) {
                (Some(user), _) => Ok((user.clone(), synced)),
                (None, Some((_, user))) => {
                    let user = user.clone();
                    profile.extend(synced);
                    Ok((user, profile))
                }
                (None, None) => Err(Failure::new(404, "user.sso_identity_not_exist")),
            }
        }
        _ => Err(unproved()),
    }
}

fn social(
    flow: &Flow<'_>,
    connector_id: &str,
    info: &Value,
    link: bool,
) -> Result<(User, Profile), Failure> {
    let related = connectors::related(flow.state, info);
    let synced = synced(flow, "connectors", connector_id, info);
    let unknown = || Failure::new(404, "user.identity_not_exist");
    if link {
        let (_, user) = related.ok_or_else(unknown)?;
        let mut profile = Profile::of_social(flow.state, connector_id, info);
        profile.extend(synced);
        return Ok((user.clone(), profile));
    }
    let target = identities::target(flow.state, connector_id);
    let user =
        connectors::user_of_social(flow.state, &target, &info["id"]).cloned().ok_or_else(|| {
            unknown().data(match related {
                Some((address, _)) => json!({ "relatedUser": address }),
                None => json!({}),
            })
        })?;
    Ok((user, synced))
}

/// What another place says anew of somebody who is known, if its connector is to pass that on.
fn synced(flow: &Flow<'_>, table: &str, connector_id: &str, info: &Value) -> Profile {
    let own = flow.state.tables.find(table, connector_id);
    let passes_on = own.is_some_and(|own| own.get("syncProfile") == Some(&true.into()));
    let told = ["name", "avatar"].into_iter().filter(|_| passes_on);
    let told = told.filter_map(|name| Some((name.to_owned(), info.get(name)?.clone())));
    Profile { members: told.collect(), password: None }
}

/// Someone new, of whom a record proves something, if there is any.
fn register(flow: &mut Flow<'_>, id: Option<&str>) -> Answer {
    if let Some(id) = id {
        let record = flow.record(id)?;
        check_sso(flow, &record.proof)?;
        let profile = Profile::of_new_user(flow.state, record)?;
        flow.add_to_profile(profile)?;
    }
    flow.check_captcha()?;
    flow.check_profile()?;
    let mut user = User::new(&flow.state.ids.user());
    std::mem::take(&mut flow.experience.profile).apply_to(&mut flow.state.ids, &mut user);
    flow.experience.user_id = Some(user.id.clone());
    flow.state.users.add(user);
    Ok(reply::text(StatusCode::CREATED, "Created"))
}
