//! `/api/experience`: what a sign-in page does for its user.

mod add_profile;
mod audit;
mod backup_codes;
mod bind;
mod codes;
pub(crate) mod identifier;
mod identify;
mod mfa;
mod mfa_policy;
mod missing_profile;
mod one_time_token;
mod passkey;
mod password;
mod profile;
mod record;
mod sentinel;
mod social;
mod sso;
mod step;
mod submit;
pub(crate) mod totp;
mod web_authn;
mod webhooks;

use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post, put},
};
use serde_json::{Value, json};

use self::step::{Flow, Step};
use crate::{
    routes::{auth::user_agent, authorization::interaction_of, reply},
    rules::errors::Failure,
    state::{
        Store,
        collection::text,
        experience::{Event, Experience, Pending, Profile, Proof, Record},
        interaction::Prompt,
    },
};

type Answer = Result<Response, Failure>;

impl Event {
    fn parse(name: Option<&str>) -> Self {
        match name {
            Some("Register") => Self::Register,
            Some("ForgotPassword") => Self::ForgotPassword,
            _ => Self::SignIn,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "SignIn",
            Self::Register => "Register",
            Self::ForgotPassword => "ForgotPassword",
        }
    }
}

impl Experience {
    fn new(event: Event, user_agent: Option<&str>) -> Self {
        Self {
            event,
            records: Vec::new(),
            user_id: None,
            profile: Profile::default(),
            mfa: Pending::default(),
            is_human: false,
            is_vouched_for: false,
            submitted: false,
            user_agent: user_agent.map(str::to_owned),
        }
    }

    pub(crate) fn into_submitted_user(self) -> Option<String> {
        self.user_id.filter(|_| self.submitted)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut context = json!({ "ip": crate::rules::events::ADDRESS });
        if let Some(user_agent) = &self.user_agent {
            context["userAgent"] = user_agent.as_str().into();
        }
        let mut body = json!({
            "interactionEvent": self.event.name(),
            "profile": self.profile.to_json(), "mfa": self.mfa.to_json(),
            "verificationRecords": self.records.iter().map(Record::to_json).collect::<Vec<_>>(),
            "signInContext": context,
            "captcha": { "verified": self.is_human, "skipped": self.is_vouched_for },
        });
        if let Some(user_id) = &self.user_id {
            body["userId"] = user_id.as_str().into();
        }
        body
    }
}

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/experience", put(start))
        .route("/api/experience/", put(start))
        .route("/api/experience/interaction-event", put(change_event))
        .route("/api/experience/interaction", get(read))
        .route("/api/experience/identification", post(identify::identify))
        .route("/api/experience/submit", post(submit::submit))
        .merge(password::routes())
        .merge(codes::routes())
        .merge(totp::routes())
        .merge(backup_codes::routes())
        .merge(web_authn::routes())
        .merge(passkey::routes())
        .merge(social::routes())
        .merge(sso::routes())
        .merge(one_time_token::routes())
        .merge(add_profile::routes())
        .merge(bind::routes())
        .merge(mfa::routes())
}

async fn start(State(store): State<Store>, step: Step) -> Answer {
    let (headers, body) = (&step.headers, &step.body);
    let mut state = store.lock();
    let captcha = state.policy.captcha.clone();
    let (_, interaction) = interaction_of(&mut state, headers)?;
    let members = body.check()?;
    let event = Event::parse(text(&members, "interactionEvent"));
    let user_agent = user_agent(headers);
    let mut experience = Experience::new(event, user_agent);
    if let Some(token) = text(&members, "captchaToken") {
        if captcha.as_deref() != Some(token) {
            return Err(Failure::new(422, "session.captcha_failed"));
        }
        experience.is_human = true;
    }
    // What was under way is forgotten.
    interaction.prompt = Prompt::Login(Some(experience));
    drop(state);
    step.take(|_, _| Ok(reply::no_content()))
}

impl Flow<'_> {
    fn check_captcha(&self) -> Result<(), Failure> {
        let excused = self.experience.is_human || self.experience.is_vouched_for;
        match self.state.policy.captcha.is_some() && !excused {
            true => Err(Failure::new(422, "session.captcha_required")),
            false => Ok(()),
        }
    }
}

async fn change_event(step: Step) -> Answer {
    step.take(|flow, members| {
        let event = Event::parse(text(members, "interactionEvent"));
        let forgotten = |event| event == Event::ForgotPassword;
        if forgotten(event) != forgotten(flow.experience.event) {
            return Err(not_for_forgotten_passwords());
        }
        if event != flow.experience.event {
            flow.experience.profile = Profile::default();
        }
        flow.experience.event = event;
        Ok(reply::no_content())
    })
}

async fn read(step: Step) -> Answer {
    step.take(|flow, _| Ok(reply::ok(&flow.experience.to_json())))
}

/// The answer to what has been sent, made or proved.
fn verification(id: &str) -> Response {
    reply::ok(&json!({ "verificationId": id }))
}

fn not_for_forgotten_passwords() -> Failure {
    Failure::new(400, "session.not_supported_for_forgot_password")
}
