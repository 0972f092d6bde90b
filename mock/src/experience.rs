//! `/api/experience`: signing in with a password.

use axum::{
    Router, extract,
    http::{HeaderMap, header::USER_AGENT},
    response::Response,
    routing::{get, post, put},
};
use serde_json::{Map, Value, json};

use crate::{
    authorization::{Prompt, interaction_of},
    errors::Failure,
    guard::{Field, JsonBody, Kind, optional, required},
    reply,
    state::{State, Store, now},
};

type Answer = Result<Response, Failure>;

const EVENTS: Kind = Kind::Enum(&["SignIn", "Register", "ForgotPassword"]);
const EVENT: &[Field] = &[required("interactionEvent", EVENTS)];
const START: &[Field] =
    &[required("interactionEvent", EVENTS), optional("captchaToken", Kind::Text)];
const IDENTIFIER: &[Field] =
    &[required("type", Kind::Enum(&["username", "email", "phone"])), required("value", Kind::Text)];
const PASSWORD: &[Field] =
    &[required("identifier", Kind::Object(IDENTIFIER)), required("password", Kind::NonEmpty)];
const IDENTIFICATION: &[Field] =
    &[optional("verificationId", Kind::Text), optional("linkSocialIdentity", Kind::Boolean)];

/// An interaction that has been started.
pub(crate) struct Experience {
    event: String,
    /// At most one of each type, newest state.
    records: Vec<Record>,
    user_id: Option<String>,
    submitted: bool,
    user_agent: Option<String>,
}

struct Record {
    id: String,
    identifier: Value,
    user_id: String,
}

impl Experience {
    pub(crate) fn into_submitted_user(self) -> Option<String> {
        self.user_id.filter(|_| self.submitted)
    }

    fn to_json(&self) -> Value {
        let records = self.records.iter().map(|record| {
            json!({
                "id": record.id, "type": "Password", "identifier": record.identifier,
                "verified": true,
            })
        });
        let mut context = json!({ "ip": "127.0.0.1" });
        if let Some(user_agent) = &self.user_agent {
            context["userAgent"] = user_agent.as_str().into();
        }
        let mut body = json!({
            "interactionEvent": self.event, "profile": {}, "mfa": {},
            "verificationRecords": records.collect::<Vec<_>>(),
            "signInContext": context,
            "captcha": { "verified": false, "skipped": false },
        });
        if let Some(user_id) = &self.user_id {
            body["userId"] = user_id.as_str().into();
        }
        body
    }

    fn identify(&mut self, verification_id: Option<&str>) -> Result<(), Failure> {
        let id = verification_id.ok_or_else(|| {
            let message = "The request  is invalid.";
            Failure::with_message(400, "guard.invalid_input", message)
        })?;
        let record = self.records.iter().find(|record| record.id == id);
        let record =
            record.ok_or_else(|| Failure::new(404, "session.verification_session_not_found"))?;
        match self.event.as_str() {
            // A password that is already set makes nobody's account.
            "Register" => return Err(Failure::new(400, "session.verification_failed")),
            "ForgotPassword" => {
                return Err(Failure::new(422, "session.not_supported_for_forgot_password"));
            }
            _ => {}
        }
        match &self.user_id {
            Some(known) if *known != record.user_id => {
                Err(Failure::new(409, "session.identity_conflict"))
            }
            _ => {
                self.user_id = Some(record.user_id.clone());
                Ok(())
            }
        }
    }
}

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/experience", put(start))
        .route("/api/experience/", put(start))
        .route("/api/experience/interaction-event", put(change_event))
        .route("/api/experience/interaction", get(read))
        .route("/api/experience/verification/password", post(verify_password))
        .route("/api/experience/identification", post(identify))
        .route("/api/experience/submit", post(submit))
}

async fn start(
    extract::State(store): extract::State<Store>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let mut state = store.lock();
    let (_, interaction) = interaction_of(&mut state, &headers)?;
    let members = body.check(START)?;
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    // What was under way is forgotten.
    interaction.prompt = Prompt::Login(Some(Experience {
        event: text(&members, "interactionEvent").to_owned(),
        records: Vec::new(),
        user_id: None,
        submitted: false,
        user_agent: user_agent.map(str::to_owned),
    }));
    Ok(reply::no_content())
}

async fn change_event(
    extract::State(store): extract::State<Store>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let mut state = store.lock();
    let (_, experience) = under_way(&mut state, &headers)?;
    let members = body.check(EVENT)?;
    let event = text(&members, "interactionEvent");
    if (event == "ForgotPassword") != (experience.event == "ForgotPassword") {
        return Err(Failure::new(400, "session.not_supported_for_forgot_password"));
    }
    event.clone_into(&mut experience.event);
    Ok(reply::no_content())
}

async fn read(extract::State(store): extract::State<Store>, headers: HeaderMap) -> Answer {
    let mut state = store.lock();
    let (_, experience) = under_way(&mut state, &headers)?;
    Ok(reply::ok(&experience.to_json()))
}

async fn verify_password(
    extract::State(store): extract::State<Store>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let mut state = store.lock();
    under_way(&mut state, &headers)?;
    let members = body.check(PASSWORD)?;
    let user_id = user_with_password(&state, &members)?;
    let id = state.ids.standard();
    let (_, experience) = under_way(&mut state, &headers)?;
    experience.records =
        vec![Record { id: id.clone(), identifier: members["identifier"].clone(), user_id }];
    Ok(reply::ok(&json!({ "verificationId": id })))
}

fn user_with_password(state: &State, members: &Map<String, Value>) -> Result<String, Failure> {
    let identifier = &members["identifier"];
    let member = match identifier["type"].as_str() {
        Some("email") => "primaryEmail",
        Some("phone") => "primaryPhone",
        _ => "username",
    };
    let user = state.users.find_by(member, identifier["value"].as_str().unwrap_or_default());
    let user = user.filter(|user| user.has_password(text(members, "password")));
    let user = user.ok_or_else(|| Failure::new(422, "session.invalid_credentials"))?;
    if user.is_suspended() {
        return Err(Failure::new(401, "user.suspended"));
    }
    Ok(user.id.clone())
}

async fn identify(
    extract::State(store): extract::State<Store>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let mut state = store.lock();
    let (_, experience) = under_way(&mut state, &headers)?;
    let members = body.check(IDENTIFICATION)?;
    experience.identify(members.get("verificationId").and_then(Value::as_str))?;
    Ok(reply::no_content())
}

async fn submit(extract::State(store): extract::State<Store>, headers: HeaderMap) -> Answer {
    let mut state = store.lock();
    let (uid, experience) = under_way(&mut state, &headers)?;
    let user_id = experience.user_id.clone();
    let user_id = user_id.ok_or_else(|| Failure::new(404, "session.identifier_not_found"))?;
    experience.submitted = true;
    if let Some(user) = state.users.find_mut(&user_id) {
        user.set("lastSignInAt", now().into());
    }
    let redirect_to = format!("{}/oidc/auth/{uid}", state.endpoint);
    Ok(reply::ok(&json!({ "redirectTo": redirect_to })))
}

/// The interaction that was started; most operations need one.
fn under_way<'a>(
    state: &'a mut State,
    headers: &HeaderMap,
) -> Result<(String, &'a mut Experience), Failure> {
    let (uid, interaction) = interaction_of(state, headers)?;
    match &mut interaction.prompt {
        Prompt::Login(Some(experience)) => Ok((uid, experience)),
        _ => Err(Failure::new(404, "session.interaction_not_found")),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}
