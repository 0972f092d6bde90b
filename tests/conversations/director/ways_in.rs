//! Ways in: what tells Logto who the user is, with the identification that follows.

use logto_api::sign_in::{CodeSent, ConnectorSignIn, Identifier, NextStep, PasskeySignIn, Profile};

use super::{
    Director, Taken, Waiting, Way, on_session,
    steps::{API, binds, credential, goes_on, has_only, identifier, identifies, is, record, text},
};
use crate::conversation::Step;

/// What a code will be used for, as the recording goes on.
#[derive(PartialEq, Eq)]
enum Purpose {
    Identify,
    Profile,
    Factor,
}

impl Director {
    pub(super) async fn way_in(&mut self) -> Option<Taken> {
        let step = self.step().clone();
        let path = step.path();
        let operation = path.strip_prefix(API)?;
        match (step.method.as_str(), operation) {
            ("POST", "/verification/password") => self.password(&step).await,
            ("POST", "/verification/new-password-identity") => self.new_password(&step).await,
            ("POST", "/verification/verification-code") => self.send_code(&step).await,
            ("POST", "/verification/verification-code/verify") => self.verify_code(&step).await,
            ("POST", "/verification/one-time-token/verify") => self.one_time_token(&step).await,
            ("POST", "/preflight/sign-in-passkey/authentication") => self.discoverable().await,
            ("POST", "/verification/sign-in-passkey/authentication") => self.passkey(&step).await,
            ("POST", "/verification/sign-in-passkey/authentication/verify") => {
                self.verify_passkey(&step).await
            }
            ("POST", "/identification") => self.identify(&step).await,
            ("GET", "/sso-connectors") => self.sso_connectors(&step).await,
            ("POST", operation) => self.connector(&step, operation).await,
            _ => None,
        }
    }

    /// The session, if it is for what the interaction is for by now.
    fn session(&self) -> Option<&Way> {
        self.way.as_ref().filter(|way| way.event() == self.event)
    }

    /// How many steps a verification takes that tells who the user is.
    fn identifying(&self, step: &Step) -> Option<usize> {
        let record = record(step);
        self.span(&[&|step| identifies(step, &record)])
    }

    async fn password(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let Some(Way::SignIn(session)) = self.session() else { return None };
        let user = identifier(&body["identifier"])?;
        if !has_only(&body, &["identifier", "password"]) {
            return None;
        }
        let steps = self.identifying(step)?;
        Taken::by_session(steps, session.password(user, text(&body, "password")?).await)
    }

    async fn new_password(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let Some(Way::Register(session)) = self.session() else { return None };
        let Some(Identifier::Username(name)) = identifier(&body["identifier"]) else { return None };
        let steps = self.identifying(step)?;
        let result = session.username_and_password(name, text(&body, "password")?).await;
        Taken::by_session(steps, result)
    }

    async fn one_time_token(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let Some(Identifier::Email(email)) = identifier(&body["identifier"]) else { return None };
        let (token, steps) = (text(&body, "token")?, self.identifying(step)?);
        let result = match self.session()? {
            Way::SignIn(session) => session.one_time_token(email, token).await,
            Way::Register(session) => session.one_time_token(email, token).await,
            Way::ForgotPassword(_) => return None,
        };
        Taken::by_session(steps, result)
    }

    async fn identify(&mut self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let record = text(&body, "verificationId")?;
        if body["linkSocialIdentity"] == true {
            let Some(NextStep::AccountNotFound(user)) = &self.next else { return None };
            return Taken::by_session(1, user.link().await);
        }
        if !has_only(&body, &["verificationId"]) {
            return None;
        }
        let result = on_session!(self.session()?, session => session.identify(record).await);
        Taken::by_session(1, result)
    }

    async fn sso_connectors(&self, step: &Step) -> Option<Taken> {
        let email = step.query("email")?;
        let result = match self.session()? {
            Way::SignIn(session) => session.sso_connectors(email).await,
            Way::Register(session) => session.sso_connectors(email).await,
            Way::ForgotPassword(_) => return None,
        };
        let expected = step.answered();
        Taken::prepared(1, result, |ids| {
            assert_eq!(serde_json::json!(ids), expected["connectorIds"])
        })
    }

    async fn connector(&mut self, step: &Step, operation: &str) -> Option<Taken> {
        let mut parts = operation.strip_prefix("/verification/")?.split('/');
        let (kind, id, what) = (parts.next()?, parts.next()?, parts.next()?);
        match (kind, what) {
            ("social" | "sso", "authorization-uri") => self.start_connector(step, kind, id).await,
            ("social" | "sso", "verify") => self.verify_connector(step).await,
            _ => None,
        }
    }

    async fn start_connector(&mut self, step: &Step, kind: &str, id: &str) -> Option<Taken> {
        let body = step.asked();
        let (state, back) = (text(&body, "state")?, text(&body, "redirectUri")?);
        let result = match (self.session()?, kind) {
            (Way::SignIn(session), "social") => session.social_with_state(id, back, state).await,
            (Way::SignIn(session), _) => session.sso_with_state(id, back, state).await,
            (Way::Register(session), "social") => session.social_with_state(id, back, state).await,
            (Way::Register(session), _) => session.sso_with_state(id, back, state).await,
            (Way::ForgotPassword(_), _) => return None,
        };
        let keep = |started: ConnectorSignIn| {
            self.waiting.insert(started.verification_id().to_owned(), Waiting::Connector(started));
        };
        Taken::prepared(1, result, keep)
    }

    async fn verify_connector(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let record = text(&body, "verificationId")?;
        let Some(Waiting::Connector(started)) = self.waiting.get(&record) else { return None };
        let data = body["connectorData"].as_object()?.clone();
        // Without a state it is not verified by a session, and the redirect URI is always told.
        if !data.contains_key("state") || !data.contains_key("redirectUri") {
            return None;
        }
        let steps = self.span(&[&|step| identifies(step, &record)])?;
        Taken::by_session(steps, started.verify(data).await)
    }

    async fn discoverable(&mut self) -> Option<Taken> {
        let Some(Way::SignIn(session)) = self.session() else { return None };
        let result = session.discoverable_passkey().await;
        Taken::prepared(1, result, |passkey| self.discoverable = Some(passkey))
    }

    async fn passkey(&mut self, step: &Step) -> Option<Taken> {
        let Some(Way::SignIn(session)) = self.session() else { return None };
        let result = session.passkey(identifier(&step.asked()["identifier"])?).await;
        let keep = |passkey: PasskeySignIn| {
            let id = passkey.verification_id().unwrap_or_default().to_owned();
            self.waiting.insert(id, Waiting::Passkey(passkey));
        };
        Taken::prepared(1, result, keep)
    }

    async fn verify_passkey(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let Some(Way::SignIn(session)) = self.session() else { return None };
        let started = text(&body, "verificationId");
        let passkey = match (&started, &self.discoverable) {
            (None, Some(passkey)) => passkey.clone(),
            (None, None) => session.passkey_sign_in(None),
            (Some(id), _) => match self.waiting.get(id) {
                Some(Waiting::Passkey(passkey)) => passkey.clone(),
                _ => session.passkey_sign_in(started.clone()),
            },
        };
        let steps = self.identifying(step)?;
        Taken::by_session(steps, passkey.verify(credential(&body["payload"])).await)
    }

    async fn send_code(&mut self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        if text(&body, "interactionEvent")? != self.event {
            return None;
        }
        let to = identifier(&body["identifier"])?;
        let result = match (self.earlier(&to), self.purpose(&record(step))) {
            (Some(code), _) => code.resend().await,
            (None, Purpose::Factor) => match (&self.next, &self.user) {
                (Some(NextStep::BindMfa(enrollment)), _) => enrollment.set_up_code(to).await,
                (_, user) => user.as_ref()?.mfa().set_up_code(to).await,
            },
            (None, Purpose::Profile) => self.profile()?.send_code(to).await,
            (None, Purpose::Identify) => {
                on_session!(self.session()?, session => session.send_code(to).await)
            }
        };
        let keep = |code: CodeSent| {
            self.waiting.insert(code.verification_id().to_owned(), Waiting::Code(code));
        };
        Taken::prepared(1, result, keep)
    }

    /// A code that has been sent there before, for the same.
    fn earlier(&self, to: &Identifier) -> Option<CodeSent> {
        let purpose = self.purpose(&record(self.step()));
        self.waiting.iter().find_map(|(record, waiting)| match waiting {
            Waiting::Code(code) if code.to() == to && self.purpose(record) == purpose => {
                Some(code.clone())
            }
            _ => None,
        })
    }

    fn purpose(&self, record: &str) -> Purpose {
        let uses = |step: &Step| text(&step.asked(), "verificationId").as_deref() == Some(record);
        let mut later = self.steps[self.at..].iter().filter(|step| uses(step));
        later
            .find_map(|step| match () {
                () if is(step, "POST", "/profile") => Some(Purpose::Profile),
                () if is(step, "POST", "/profile/mfa") => Some(Purpose::Factor),
                () => None,
            })
            .unwrap_or(Purpose::Identify)
    }

    /// What the account is to have.
    pub(super) fn profile(&self) -> Option<Profile> {
        match (&self.next, &self.user, self.session()) {
            (Some(NextStep::CompleteProfile(missing)), _, _) => Some(missing.profile()),
            (_, Some(user), _) => Some(user.profile()),
            (_, None, Some(Way::Register(session))) => Some(session.profile()),
            _ => None,
        }
    }

    async fn verify_code(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let id = text(&body, "verificationId")?;
        let to = identifier(&body["identifier"])?;
        let code = match self.waiting.get(&id) {
            Some(Waiting::Code(code)) if *code.to() == to => code.clone(),
            // An earlier request of the browser's has sent it.
            None => on_session!(self.session()?, session => session.code_sent(to.clone(), &id)),
            Some(_) => return None,
        };
        let kind = if matches!(to, Identifier::Phone(_)) { "phone" } else { "email" };
        let factor = match kind {
            "phone" => "PhoneVerificationCode",
            _ => "EmailVerificationCode",
        };
        let part = serde_json::json!({ "type": kind, "verificationId": id });
        let adds = |step: &Step| is(step, "POST", "/profile") && step.asked() == part;
        let identifies = |step: &Step| identifies(step, &id);
        let steps = match (self.purpose(&id), self.user.is_some()) {
            (Purpose::Identify, _) => self.span(&[&identifies]),
            (Purpose::Factor, _) => self.span(&[&|step| binds(step, factor, &id)]),
            (Purpose::Profile, true) => self.span(&[&adds]),
            (Purpose::Profile, false) => self.span(&[&adds, &goes_on]),
        }?;
        Taken::by_session(steps, code.verify(text(&body, "code")?).await)
    }
}
