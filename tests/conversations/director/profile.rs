//! What an account is to have: what is missing, and a new password.

use logto_api::sign_in::NextStep;

use super::{
    Director, Taken,
    steps::{goes_on, has_only, is, text},
};
use crate::conversation::Step;

impl Director {
    pub(super) async fn give(&mut self) -> Option<Taken> {
        let step = self.step().clone();
        if is(&step, "POST", "/profile") {
            return self.add(&step).await;
        }
        if is(&step, "PUT", "/profile/password") {
            return self.set_password(&step).await;
        }
        None
    }

    async fn add(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        // What collects goes on by itself, unless the account is there already.
        let steps = match self.user.is_some() {
            true => 1,
            false => self.span(&[&goes_on])?,
        };
        let profile = self.profile()?;
        let result = match (&*text(&body, "type")?, has_only(&body, &["type", "value"])) {
            ("username", true) => profile.username(text(&body, "value")?).await,
            ("password", true) => profile.password(text(&body, "value")?).await,
            ("social", false) => profile.social(text(&body, "verificationId")?).await,
            ("extraProfile", false) => profile.extra(body["values"].as_object()?.clone()).await,
            _ => return None,
        };
        Taken::by_session(steps, result)
    }

    async fn set_password(&self, step: &Step) -> Option<Taken> {
        let steps = self.span(&[&|step| is(step, "POST", "/submit")])?;
        let reset = match &self.next {
            Some(NextStep::ResetPassword(reset)) => reset,
            _ => self.reset.as_ref()?,
        };
        let body = step.asked();
        Taken::by_session(steps, reset.password(text(&body, "password")?).await)
    }
}
