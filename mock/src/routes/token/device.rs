//! Tokens for a device on which the user has agreed elsewhere: RFC 8628.

use serde_json::Value;

use super::{bad, parameter, user::first_tokens};
use crate::{
    rules::{apps::App, errors::Failure},
    state::{State, device::DeviceAnswer, params::Params},
};

pub(super) fn device_code(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    let code = parameter(form, "device_code")?;
    let now = state.now();
    let grant = state.tokens.devices.get_mut(code).filter(|grant| grant.app_id == app.id);
    let grant = grant.ok_or_else(Failure::invalid_grant)?;
    let authorization = match grant.answer.clone() {
        DeviceAnswer::Spent(origin) => {
            if let Some(origin) = origin {
                state.tokens.revoke_grant(&origin);
            }
            return Err(Failure::invalid_grant());
        }
        DeviceAnswer::Denied => {
            grant.answer = DeviceAnswer::Spent(None);
            return Err(bad("access_denied", "End-User aborted interaction"));
        }
        _ if grant.expires_at <= now => {
            return Err(bad("expired_token", "device code is expired"));
        }
        DeviceAnswer::Pending => {
            let description = "authorization request is still pending as the end-user hasn't yet \
                               completed the user interaction steps";
            return Err(bad("authorization_pending", description));
        }
        DeviceAnswer::Approved(authorization) => authorization,
    };
    grant.answer = DeviceAnswer::Spent(Some(authorization.grant.clone()));
    first_tokens(state, app, &authorization, form)
}
