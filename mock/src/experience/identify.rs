//! Who is it?

use super::{Answer, Event, Flow, Proof, Step};
use crate::{
    collection::text,
    errors::Failure,
    guard::{Field, Kind, optional},
    reply,
};

const IDENTIFICATION: &[Field] =
    &[optional("verificationId", Kind::Text), optional("linkSocialIdentity", Kind::Boolean)];

pub(super) async fn identify(step: Step) -> Answer {
    step.take(IDENTIFICATION, |flow, members| {
        let id = text(members, "verificationId").ok_or_else(|| {
            Failure::with_message(400, "guard.invalid_input", "The request  is invalid.")
        })?;
        existing(flow, id)
    })
}

fn existing(flow: &mut Flow<'_>, id: &str) -> Answer {
    let record = flow.experience.record(id)?;
    let user_id = match &record.proof {
        Proof::Password { user_id, .. } => user_id.clone(),
    };
    match flow.experience.event {
        // A password that is already set makes nobody's account.
        Event::Register => return Err(Failure::new(400, "session.verification_failed")),
        Event::ForgotPassword => {
            return Err(Failure::new(422, "session.not_supported_for_forgot_password"));
        }
        Event::SignIn => {}
    }
    match &flow.experience.user_id {
        Some(known) if *known != user_id => Err(Failure::new(409, "session.identity_conflict")),
        _ => {
            flow.experience.user_id = Some(user_id);
            Ok(reply::no_content())
        }
    }
}
