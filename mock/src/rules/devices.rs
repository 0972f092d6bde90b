//! What users say of devices that wait for them (RFC 8628).

use crate::{
    rules::{apps::App, authorizations},
    state::{
        State,
        device::{DeviceAnswer, DeviceGrant},
    },
};

/// Lets the device with this code act for a user, or for nobody. Says whether there was such a
/// code, and nobody had answered it.
pub(crate) fn answer(state: &mut State, user_code: &str, user_id: Option<&str>) -> bool {
    let Some(grant) = pending(state, user_code) else { return false };
    let (app_id, params) = (grant.app_id.clone(), grant.params.clone());
    let answer = match user_id {
        None => DeviceAnswer::Denied,
        Some(user_id) => {
            let Some(app) = App::find(state, &app_id) else { return false };
            let own = authorizations::grant(state, &app, &params, "", Some(user_id));
            DeviceAnswer::Approved(Box::new(own))
        }
    };
    pending(state, user_code).map(|grant| grant.answer = answer).is_some()
}

/// Makes a device's code too old. Says the same.
pub(crate) fn expire(state: &mut State, user_code: &str) -> bool {
    pending(state, user_code).map(|grant| grant.expires_at = 0).is_some()
}

fn pending<'a>(state: &'a mut State, user_code: &str) -> Option<&'a mut DeviceGrant> {
    let grant = state.tokens.devices.of_user(user_code);
    grant.filter(|grant| matches!(grant.answer, DeviceAnswer::Pending))
}
