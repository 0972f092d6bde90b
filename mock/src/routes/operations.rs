//! Every operation of the contract that has no handler of its own.

use axum::{
    body::to_bytes,
    extract::{FromRequestParts, Request, State},
    http::{
        HeaderValue, Method, StatusCode,
        header::{ALLOW, CONTENT_TYPE, LINK},
    },
    response::{IntoResponse, Response},
};

use serde_json::json;

use crate::{
    routes::{
        account::auth::Account,
        auth::{Management, user_agent},
        body, cors, deliver,
        reply::{self, Answer},
    },
    rules::{
        behaviours,
        call::{Body, Call, Reply},
        contract::{Access, Contract, Found, Operation},
        engine::page_of,
        errors::Failure,
        events, logs,
        plan::plans,
        spec::Spec,
    },
    state::{Store, params::Params},
};

pub(crate) async fn operation(State(store): State<Store>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let Some(own) = path.strip_prefix("/oidc") else {
        let release = store.lock().release.clone();
        return match Contract::get().find(request.method().as_str(), &path, release.as_deref()) {
            Found::Operation(at, values) => run(store, at, values, request).await.into_response(),
            Found::OtherMethod => not_allowed(&request, &path),
            Found::Nothing => plain(StatusCode::NOT_FOUND),
        };
    };
    let method = request.method();
    let own = if own.is_empty() { "/" } else { own };
    Failure::no_route(method.as_str(), own).into_response()
}

/// The path has no such method. Those that no route has are not even known.
fn not_allowed(request: &Request, path: &str) -> Response {
    let known = ["GET", "PUT", "POST", "DELETE", "PATCH"].contains(&request.method().as_str());
    let status = if known { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_IMPLEMENTED };
    cors::with(plain(status), ALLOW, &cors::allowed(path).unwrap_or_default())
}

fn plain(status: StatusCode) -> Response {
    reply::text(status, status.canonical_reason().unwrap_or_default())
}

async fn run(store: Store, at: usize, path: Vec<String>, request: Request) -> Answer {
    let operation = &Contract::get().operations[at];
    let mut query = Params::parse(request.uri().query().unwrap_or_default().as_bytes());
    operation.restrict(&mut query, store.lock().release.as_deref());
    let (mut parts, body) = request.into_parts();
    match operation.access {
        _ if Spec::of(&plans()[at].table).is_open() => {}
        Access::Management => Management::from_request_parts(&mut parts, &store).await.map(drop)?,
        Access::Account => Account::from_request_parts(&mut parts, &store).await.map(drop)?,
        Access::Open => {}
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = match parts.method {
        Method::GET | Method::DELETE => serde_json::Value::Null,
        _ => body::read(&parts.headers, &body)?,
    };
    // What no schema is about is not looked at.
    let body = if body.is_string() && operation.body.is_none() { json!({}) } else { body };
    let user_agent = user_agent(&parts.headers);
    let (answer, tests) = {
        let mut state = store.lock();
        let call = Call {
            contract: Contract::get(),
            operation,
            plan: &plans()[at],
            state: &mut state,
            path,
            query: &query,
            body,
        };
        let answer = carry_out(call, parts.uri.path(), user_agent)?;
        // What a hook is tried out with is waited for.
        let is_test = operation.id == "CreateHookTest";
        (answer, if is_test { std::mem::take(&mut state.deliveries) } else { Vec::new() })
    };
    deliver::try_out(tests).await?;
    Ok(answer)
}

fn carry_out(mut call: Call<'_>, path: &str, user_agent: Option<&str>) -> Answer {
    let url = format!("{}{}", call.state.endpoint, path.trim_start_matches("/api"));
    behaviours::before(&call)?;
    call.check()?;
    let outcome = behaviours::run(&mut call);
    logs::operation(&mut call, user_agent, outcome.as_ref().err());
    let reply = outcome?;
    events::tell(&mut call, &reply, path, user_agent);
    if call.state.strict && reply.is_example {
        return Err(not_told(call.operation));
    }
    Ok(response(reply, &url, call.query))
}

fn not_told(operation: &Operation) -> Failure {
    let message = format!("logto-mock does not know what {} does.", operation.id);
    Failure::raw(501, json!({ "message": message }))
}

fn response(reply: Reply, url: &str, query: &Params) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match reply.body {
        Body::None => status.into_response(),
        Body::Json(body) => reply::json(status, &body),
        Body::Text(body) => reply::text(status, &body),
        Body::Page(media_type, body) => ([(CONTENT_TYPE, media_type)], body).into_response(),
        Body::Redirect(location) => reply::redirect(status, &location),
    };
    if reply.is_example {
        response.headers_mut().insert("logto-mock", HeaderValue::from_static("example"));
    }
    if let Some(total) = reply.total {
        add_page(&mut response, total, url, query);
    }
    response
}

/// How many there are, and where the other pages are. The real server leaves `/api` out of these
/// addresses, too.
fn add_page(response: &mut Response, total: usize, url: &str, query: &Params) {
    let Ok(page) = page_of(query) else { return };
    let last = total.div_ceil(page.size).max(1);
    let mut links = vec![(1, "first")];
    if page.number > 1 {
        links.push((page.number - 1, "prev"));
    }
    links.push((last, "last"));
    if page.number < last {
        links.push((page.number + 1, "next"));
    }
    let headers = response.headers_mut();
    headers.insert("total-number", HeaderValue::from(total));
    for (number, relation) in links {
        let mut query = query.clone();
        query.set("page", &number.to_string());
        let link = format!("<{url}?{}>; rel=\"{relation}\"", query.encode());
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.append(LINK, link);
        }
    }
}
