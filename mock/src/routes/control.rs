//! `/__mock`: what a test in another language does with the mock, by plain JSON.
//!
//! Requests to it are neither recorded nor hit by faults.

use std::{fmt::Display, time::Duration};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::Method,
    response::{IntoResponse, Response},
    routing::any,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    routes::{body::LARGEST, reply},
    rules::{
        apps::{App, RESOURCE},
        contract::Contract,
        devices, documents,
        errors::Failure,
        totp,
    },
    state::{
        self, FARTHEST, Store, factors::Secret, faults::Fault, iso, params::Params,
        recorded::RecordedRequest, tables::Row,
    },
};

/// What there is, for those who ask `/__mock`.
const PATHS: [&str; 14] = [
    "GET /__mock",
    "POST /__mock/reset",
    "POST /__mock/advance",
    "GET /__mock/code?address=…",
    "POST /__mock/expire-codes",
    "GET /__mock/totp?user=…",
    "POST /__mock/totp",
    "POST /__mock/backup-codes",
    "PUT|POST|DELETE /__mock/snapshots/{name}",
    "POST|DELETE /__mock/faults",
    "GET|DELETE /__mock/requests",
    "POST /__mock/revoke-tokens",
    "POST /__mock/devices",
    "POST /__mock/release",
];

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/__mock", any(control))
        .route("/__mock/", any(control))
        .route("/__mock/{*path}", any(control))
}

async fn control(State(store): State<Store>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let path = parts.uri.path().trim_start_matches("/__mock").trim_matches('/');
    let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let done = match path.strip_prefix("snapshots/") {
        Some(name) => snapshot(&store, &parts.method, name),
        None => run(&store, &parts.method, path, &query, &body),
    };
    match done {
        Ok(Value::Null) => reply::no_content(),
        Ok(body) => reply::ok(&body),
        Err(failure) => failure.into_response(),
    }
}

type Done = Result<Value, Failure>;

fn run(store: &Store, method: &Method, path: &str, query: &Params, body: &Bytes) -> Done {
    let mut state = store.lock();
    match (method.as_str(), path) {
        ("GET", "") => Ok(overview(&state)),
        ("POST", "reset") => {
            drop(state);
            store.reset();
            Ok(Value::Null)
        }
        ("POST", "advance") => {
            let Advance { seconds } = read(body)?;
            if seconds > FARTHEST / 1000 {
                return Err(refused(400, "give `seconds`, 1,000 years at most"));
            }
            state.advance(Duration::from_secs(seconds));
            drop(state);
            Ok(json!({ "now": iso(store.lock().now()) }))
        }
        ("GET", "code") => last_code(&state, query),
        ("POST", "expire-codes") => {
            state.codes.expire();
            Ok(Value::Null)
        }
        ("GET", "totp") => totp_code(&state, query.get("user").unwrap_or_default()),
        ("POST", "totp") => {
            let OfUser { user } = read(body)?;
            let secret = state.ids.totp_secret();
            add_factor(&mut state, &user, Secret::Totp(secret))?;
            totp_code(&state, &user)
        }
        ("POST", "backup-codes") => {
            let OfUser { user } = read(body)?;
            let codes = state.ids.backup_codes();
            add_factor(&mut state, &user, Secret::BackupCodes(codes.clone()))?;
            Ok(json!({ "codes": codes }))
        }
        ("POST", "faults") => {
            let fault = read::<Order>(body)?.fault()?;
            state.faults.add(fault);
            Ok(Value::Null)
        }
        ("DELETE", "faults") => {
            state.faults.clear();
            Ok(Value::Null)
        }
        ("GET", "requests") => requests(&state, query),
        ("DELETE", "requests") => {
            state.requests.clear();
            Ok(Value::Null)
        }
        ("POST", "revoke-tokens") => {
            state.tokens.revoke_access();
            Ok(Value::Null)
        }
        ("POST", "devices") => answer_device(&mut state, &read(body)?),
        ("POST", "release") => set_release(&mut state, read(body)?),
        _ => Err(unknown(method, path)),
    }
}

fn refused(status: u16, message: &str) -> Failure {
    Failure::raw(status, json!({ "message": message }))
}

fn unknown(method: &Method, path: &str) -> Failure {
    let mut failure = refused(404, &format!("there is no {method} /__mock/{path}"));
    failure.body["paths"] = json!(PATHS);
    failure
}

/// A body, whatever its type is said to be: `curl --data` calls it a form.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let wrong = |why: &dyn Display| refused(400, &format!("the body is not what is meant: {why}"));
    let body: Value = serde_json::from_slice(body).map_err(|_| wrong(&"give a JSON object"))?;
    match body.is_object() {
        true => serde_json::from_value(body).map_err(|error| wrong(&error)),
        false => Err(wrong(&"give a JSON object")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfUser {
    user: String,
}

fn overview(state: &state::State) -> Value {
    let applications = state.tables.get("applications");
    let applications = applications.into_iter().flat_map(|table| table.newest_first());
    let mut applications: Vec<Value> = applications.map(|row| application(state, row)).collect();
    applications.reverse();
    json!({
        "endpoint": state.endpoint, "issuer": state.issuer(), "resource": RESOURCE,
        "release": state.release, "now": iso(state.now()), "applications": applications,
        "paths": PATHS,
    })
}

fn application(state: &state::State, row: &Row) -> Value {
    let app = App::find(state, &row.key).unwrap_or_default();
    let secret = (!app.secret().is_empty()).then(|| app.secret());
    json!({
        "id": app.id, "name": row.members.get("name"), "type": app.kind, "secret": secret,
        "redirectUris": app.redirect_uris,
    })
}

fn last_code(state: &state::State, query: &Params) -> Done {
    let address = query.get("address").unwrap_or_default();
    match state.codes.newest(address) {
        Some(code) => Ok(json!({ "code": code })),
        None => Err(refused(
            404,
            &format!(
                "no code was sent to {address:?}: give `address`, an e-mail address, or a phone \
                 number in digits only"
            ),
        )),
    }
}

/// The id of a user, who may be called by the username, too.
fn user_id(state: &state::State, user: &str) -> Result<String, Failure> {
    let found = state.users.find(user).or_else(|| state.users.find_by("username", user));
    found.map(|user| user.id.clone()).ok_or_else(|| {
        refused(404, &format!("there is no user {user:?}: give `user`, an id or a username"))
    })
}

fn totp_code(state: &state::State, user: &str) -> Done {
    let id = user_id(state, user)?;
    let factors = state.users.find(&id).into_iter().flat_map(|user| user.mfa.factors.iter().rev());
    let secret = factors.into_iter().find_map(|factor| match &factor.secret {
        Secret::Totp(secret) => Some(secret),
        _ => None,
    });
    match secret {
        Some(secret) => Ok(json!({ "secret": secret, "code": totp::code(secret) })),
        None => {
            let why = format!("{user} has no authenticator app: `POST /__mock/totp` adds one");
            Err(refused(404, &why))
        }
    }
}

fn add_factor(state: &mut state::State, user: &str, secret: Secret) -> Result<(), Failure> {
    let id = user_id(state, user)?;
    if let Some(user) = state.users.find_mut(&id) {
        user.mfa.add(&mut state.ids, secret);
    }
    Ok(())
}

fn snapshot(store: &Store, method: &Method, name: &str) -> Done {
    let is_there = match method.as_str() {
        "PUT" => {
            store.keep(name);
            true
        }
        "POST" => store.go_back_to(name),
        "DELETE" => store.drop_kept(name),
        _ => return Err(unknown(method, &format!("snapshots/{name}"))),
    };
    match is_there {
        true => Ok(Value::Null),
        false => {
            let why =
                format!("there is no snapshot {name:?}: `PUT /__mock/snapshots/{name}` makes it");
            Err(refused(404, &why))
        }
    }
}

fn requests(state: &state::State, query: &Params) -> Done {
    if let Some(path) = query.get("path").filter(|path| !is_template(path)) {
        let why = format!("{path:?} is no path: give one such as /api/users/{{id}}");
        return Err(refused(400, &why));
    }
    let fits = |request: &&RecordedRequest| {
        query.get("method").is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
            && query.get("path").is_none_or(|path| request.is_to(path))
    };
    Ok(state.requests.iter().filter(fits).map(shown).collect())
}

fn is_template(path: &str) -> bool {
    let is_whole = |part: &str| part.starts_with('{') == part.ends_with('}');
    path.starts_with('/') && path.split('/').all(is_whole)
}

fn shown(request: &RecordedRequest) -> Value {
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), json!(value)));
    let body = match (request.body.is_empty(), request.json()) {
        (true, _) => Value::Null,
        (false, Value::Null) => request.text().into(),
        (false, body) => body,
    };
    json!({
        "method": request.method, "path": request.path(),
        "query": request.path_and_query.split_once('?').map(|(_, query)| query),
        "headers": headers.collect::<serde_json::Map<_, _>>(), "body": body,
    })
}

/// A fault that is ordered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Order {
    kind: String,
    status: Option<u16>,
    retry_after: Option<u64>,
    milliseconds: Option<u64>,
    operation: Option<String>,
    times: Option<usize>,
    probability: Option<f64>,
}

impl Order {
    fn fault(self) -> Result<Fault, Failure> {
        let fault = match self.kind.as_str() {
            "status" => match self.status {
                Some(status) if (200..600).contains(&status) => Fault::status(status),
                _ => return Err(refused(400, "give `status`, from 200 to 599")),
            },
            "rateLimited" => {
                Fault::rate_limited(Duration::from_secs(self.retry_after.unwrap_or(1)))
            }
            "latency" => match self.milliseconds {
                Some(time) => Fault::latency(Duration::from_millis(time)),
                None => return Err(refused(400, "give `milliseconds`")),
            },
            "reset" => Fault::reset(),
            "silent" => Fault::silent(),
            "halfSent" => Fault::half_sent(),
            "stalled" => Fault::stalled(),
            "endless" => Fault::endless(),
            "unknowns" => Fault::unknowns(),
            other => {
                let why = format!(
                    "{other:?} is no kind of fault: give status, rateLimited, latency, reset, \
                     silent, halfSent, stalled, endless or unknowns"
                );
                return Err(refused(400, &why));
            }
        };
        self.narrowed(fault)
    }

    /// For an operation, a number of times or with a probability only.
    fn narrowed(self, mut fault: Fault) -> Result<Fault, Failure> {
        if let Some(operation) = self.operation {
            if operation != "Token" && !Contract::get().has(&operation) {
                let why = format!(
                    "there is no operation {operation:?}: give an `operationId` of the contract, \
                     such as `CreateUser`, or `Token`"
                );
                return Err(refused(400, &why));
            }
            fault = fault.on(&operation);
        }
        match self.times {
            Some(0) => return Err(refused(400, "give `times`, from 1")),
            Some(times) => fault = fault.times(times),
            None => {}
        }
        match self.probability {
            Some(probability) if !(0.0..=1.0).contains(&probability) => {
                Err(refused(400, "give `probability`, from 0 to 1"))
            }
            Some(probability) => Ok(fault.with_probability(probability)),
            None => Ok(fault),
        }
    }
}

/// What a user says at `/device`: nothing says no.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DeviceOrder {
    user_code: String,
    user: Option<String>,
}

fn answer_device(state: &mut state::State, order: &DeviceOrder) -> Done {
    let user = order.user.as_deref().map(|user| user_id(state, user)).transpose()?;
    match devices::answer(state, &order.user_code, user.as_deref()) {
        true => Ok(Value::Null),
        false => Err(refused(404, "no device waits with this `userCode`")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Play {
    /// Null for the newest.
    release: Value,
}

fn set_release(state: &mut state::State, Play { release }: Play) -> Done {
    let number = release.as_str();
    if number.is_none() && !release.is_null() {
        return Err(refused(400, "give `release`, such as \"1.38\", or null for the newest"));
    }
    if let Some(why) = number.and_then(documents::objection) {
        return Err(refused(400, &why));
    }
    state.release = number.map(str::to_owned);
    Ok(Value::Null)
}
