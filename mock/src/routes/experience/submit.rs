//! The end of an interaction: nobody gets past it without what the tenant asks for.

use serde_json::json;

use super::{Answer, Event, Flow, Step};
use crate::{
    routes::{origin::own_address, reply},
    rules::errors::Failure,
    state::now,
};

pub(super) async fn submit(step: Step) -> Answer {
    step.take(|flow, _| {
        flow.check_captcha()?;
        match flow.experience.event {
            Event::ForgotPassword => set_password(flow),
            _ => sign_in(flow),
        }
    })
}

/// Nobody is signed in by a new password: the interaction is over.
fn set_password(flow: &mut Flow<'_>) -> Answer {
    let user_id = flow.user_id()?;
    if !flow.experience.profile.has_password() {
        return Err(Failure::new(422, "user.new_password_required_in_profile"));
    }
    let profile = flow.experience.profile.clone();
    apply_profile(flow, &user_id);
    // The log still tells what was set.
    flow.experience.profile = profile;
    flow.ended = true;
    Ok(reply::no_content())
}

fn sign_in(flow: &mut Flow<'_>) -> Answer {
    let user = flow.user()?;
    if flow.experience.event == Event::SignIn {
        flow.check_factor()?;
    }
    flow.recheck_profile(&user)?;
    if !flow.comes_from_enterprise() {
        flow.check_profile()?;
        flow.check_passkey(&user)?;
        flow.check_factors_set_up(&user)?;
    }
    apply_profile(flow, &user.id);
    flow.apply_factors(&user.id);
    if let Some(user) = flow.state.users.find_mut(&user.id) {
        user.set("lastSignInAt", now().into());
    }
    flow.experience.submitted = true;
    let interaction = flow.state.interactions.get(&flow.uid);
    let path = interaction.map(|own| own.path(&flow.uid)).unwrap_or_default();
    let redirect_to = format!("{}{path}", own_address(flow.state, flow.headers));
    Ok(reply::ok(&json!({ "redirectTo": redirect_to })))
}

fn apply_profile(flow: &mut Flow<'_>, user_id: &str) {
    let profile = std::mem::take(&mut flow.experience.profile);
    let state = &mut *flow.state;
    match state.users.find_mut(user_id) {
        Some(user) if !profile.is_empty() => profile.apply_to(&mut state.ids, user),
        _ => {}
    }
    flow.keep_tokens(user_id);
}
