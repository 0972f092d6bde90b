//! The end of an interaction.

use serde_json::json;

use super::{Answer, Flow, Step};
use crate::{reply, state::now};

pub(super) async fn submit(step: Step) -> Answer {
    step.take(&[], |flow, _| {
        let user_id = flow.user_id()?;
        if let Some(user) = flow.state.users.find_mut(&user_id) {
            user.set("lastSignInAt", now().into());
        }
        Ok(done(flow))
    })
}

fn done(flow: &mut Flow<'_>) -> axum::response::Response {
    flow.experience.submitted = true;
    let redirect_to = format!("{}/oidc/auth/{}", flow.state.endpoint, flow.uid);
    reply::ok(&json!({ "redirectTo": redirect_to }))
}
