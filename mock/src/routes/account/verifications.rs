//! `/api/verifications`: proofs of who a user is, and of addresses that are to be theirs.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};

use super::auth::Account;
use crate::{
    routes::{
        auth::user_agent,
        body::JsonBody,
        experience::identifier,
        reply::{self, Answer},
    },
    rules::{connectors, errors::Failure, releases::knows, sentinel, web_authn::Origin},
    state::{
        Store,
        attempts::Pool,
        collection::text,
        factors::Credential,
        iso, now,
        verifications::{About, Verification, Verifications},
    },
};

/// Ten minutes.
const LIFETIME: u64 = 600_000;

impl Verifications {
    fn add(&mut self, id: &str, user_id: Option<String>, verified: bool, about: About) -> Value {
        let expires_at = now() + LIFETIME;
        let verification = Verification { user_id, verified, expires_at, about };
        self.0.insert(id.to_owned(), verification);
        json!({ "verificationRecordId": id, "expiresAt": iso(expires_at) })
    }

    fn open(&mut self, id: &str) -> Result<&mut Verification, Failure> {
        let found = self.0.get_mut(id).filter(|own| own.expires_at > now());
        found.ok_or_else(not_found)
    }

    fn done(&self, id: &str) -> Option<&Verification> {
        self.0.get(id).filter(|own| own.verified && own.expires_at > now())
    }

    /// Whether it proves that it is this user.
    pub(super) fn prove(&self, id: &str, user_id: &str) -> bool {
        self.done(id).is_some_and(|own| {
            let is_for_that = matches!(own.about, About::Password | About::Address(_));
            is_for_that && own.user_id.as_deref() == Some(user_id)
        })
    }

    /// Whether it proves that this address is the user's.
    pub(super) fn prove_address(&self, id: &str, address: &Value) -> Result<(), Failure> {
        match self.done(id).map(|own| &own.about) {
            Some(About::Address(own)) if own == address => Ok(()),
            _ => Err(not_found()),
        }
    }

    /// What an authenticator has made for the user.
    pub(super) fn credential(&self, id: &str) -> Result<Credential, Failure> {
        match self.done(id).map(|own| &own.about) {
            Some(About::Authenticator(_, Some(credential))) => Ok(credential.clone()),
            _ => Err(not_found()),
        }
    }

    /// The connector that a verification went by, and whom it proves there.
    pub(super) fn social(&self, id: &str) -> Result<(String, Value), Failure> {
        match self.done(id).map(|own| &own.about) {
            Some(About::Social { connector_id, user: Some(user) }) => {
                Ok((connector_id.clone(), user.clone()))
            }
            _ => Err(not_found()),
        }
    }

    /// Makes all that was proved so far too old.
    pub(crate) fn expire(&mut self) {
        self.0.clear();
    }
}

fn not_found() -> Failure {
    Failure::new(400, "verification_record.not_found")
}

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/verifications/password", post(password))
        .route("/api/verifications/verification-code", post(send))
        .route("/api/verifications/verification-code/verify", post(verify))
        .route("/api/verifications/social", post(begin_social))
        .route("/api/verifications/social/verify", post(verify_social))
        .route("/api/verifications/web-authn/registration", post(register))
        .route("/api/verifications/web-authn/registration/verify", post(registered))
}

async fn password(
    Account { id, .. }: Account,
    State(store): State<Store>,
    body: JsonBody,
) -> Answer {
    let members = body.check()?;
    let mut state = store.lock();
    let password = text(&members, "password").unwrap_or_default();
    let is_right = state.users.find(&id).is_some_and(|user| user.has_password(password));
    sentinel::report(&mut state, &id, Pool::FirstFactor, !is_right)?;
    if !is_right {
        return Err(Failure::new(422, "session.invalid_credentials"));
    }
    let record = state.ids.standard();
    let made = state.verifications.add(&record, Some(id), true, About::Password);
    Ok(reply::json(StatusCode::CREATED, &made))
}

async fn send(Account { id, .. }: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let identifier = &members["identifier"];
    let state = &mut *store.lock();
    let owner = identifier::find(state, identifier).map(|user| user.id.clone());
    let record = state.ids.standard();
    state.codes.send(&mut state.ids, &record, identifier);
    // A code for a new factor proves nothing else.
    let is_for_factor = text(&members, "templateType") == Some("BindMfa");
    let owner = owner.filter(|owner| *owner == id && !is_for_factor);
    let about = About::Address(identifier.clone());
    let made = state.verifications.add(&record, owner, false, about);
    Ok(reply::json(StatusCode::CREATED, &made))
}

async fn verify(_: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let id = text(&members, "verificationId").unwrap_or_default();
    let state = &mut *store.lock();
    state.verifications.open(id)?;
    let code = text(&members, "code").unwrap_or_default();
    let checked = state.codes.check(id, &members["identifier"], code);
    let target = members["identifier"]["value"].as_str().unwrap_or_default();
    sentinel::report(state, target, Pool::FirstFactor, checked.is_err())?;
    checked?;
    state.verifications.open(id)?.verified = true;
    Ok(reply::ok(&json!({ "verificationRecordId": id })))
}

async fn begin_social(_: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let own = |name: &str| text(&members, name).unwrap_or_default();
    let state = &mut *store.lock();
    if own("state").is_empty() || own("redirectUri").is_empty() {
        return Err(Failure::new(400, "session.insufficient_info"));
    }
    let connector_id = own("connectorId").to_owned();
    if !state.connectors.has_social(&connector_id) {
        return Err(Failure::new(422, "session.invalid_connector_id"));
    }
    let uri = connectors::social_uri(&members);
    let record = state.ids.standard();
    let about = About::Social { connector_id, user: None };
    let mut made = state.verifications.add(&record, None, false, about);
    made["authorizationUri"] = uri.into();
    Ok(reply::json(StatusCode::CREATED, &made))
}

async fn verify_social(_: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let id = text(&members, "verificationRecordId").unwrap_or_default();
    let state = &mut *store.lock();
    let record = state.verifications.open(id)?;
    let About::Social { user, .. } = &mut record.about else { return Err(not_found()) };
    *user = Some(connectors::user_info(&members)?);
    record.verified = true;
    Ok(reply::ok(&json!({ "verificationRecordId": id })))
}

async fn register(
    Account { id, .. }: Account,
    State(store): State<Store>,
    headers: HeaderMap,
) -> Answer {
    let origin = Origin::of(&headers)?;
    let state = &mut *store.lock();
    let challenge = origin.challenge(state.ids.challenge());
    let is_passkey = knows(state, "1.37");
    let user = state.users.find(&id);
    let options = user.map(|user| challenge.registration_options(user, is_passkey));
    let record = state.ids.standard();
    let about = About::Authenticator(challenge, None);
    let mut made = state.verifications.add(&record, Some(id), false, about);
    made["registrationOptions"] = options.unwrap_or_default();
    Ok(reply::ok(&made))
}

async fn registered(
    _: Account,
    State(store): State<Store>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let members = body.check()?;
    let origin = Origin::of(&headers)?;
    let agent = user_agent(&headers);
    let id = text(&members, "verificationRecordId").unwrap_or_default();
    let mut state = store.lock();
    let record = state.verifications.open(id)?;
    let About::Authenticator(challenge, made) = &mut record.about else {
        return Err(not_found());
    };
    *made = Some(origin.registered(challenge, &members["payload"], agent)?);
    record.verified = true;
    Ok(reply::ok(&json!({ "verificationRecordId": id })))
}
