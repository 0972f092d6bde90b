//! Steps that are operations of the contract.

use std::{collections::BTreeMap, sync::OnceLock};

use logto_api::BrowserCookies;
use serde_json::{Map, Value};

use crate::{
    Made, calls,
    compare::{self, Difference},
    desk::Desk,
    exchange::Exchange,
    input::{Input, NotExpressible},
    judge,
    step::Step,
};

pub async fn make(desk: &Desk, step: &Step) -> Made {
    let Some(exchange) = exchange(step) else {
        return Made::not("an operation that no document of Logto's has");
    };
    desk.expect(step);
    let token = step.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    let mut client = match token {
        Some(token) => desk.builder(step).bearer_token(token).build().unwrap(),
        None => desk.client(step),
    };
    if let Some(cookies) = step.cookies() {
        client = client.with_browser_cookies(&BrowserCookies::from_headers([cookies]));
    }
    if token.is_none() && needs_token(&exchange.path) {
        return Made::not("a call without the token that it needs");
    }
    let input = Input::of(&exchange);
    let Some(call) = calls::call(&client, &exchange.operation, &input) else {
        return Made::not("an operation that no document of Logto's has");
    };
    let result = match call.await {
        Ok(result) => result,
        Err(NotExpressible(why)) if !exchange.succeeded() => {
            return Made::not(&format!("what the contract's types rule out: {why}"));
        }
        Err(NotExpressible(why)) => {
            let request = vec![format!("the request was accepted but cannot be made: {why}")];
            return Made::Tried { request, answer: Vec::new() };
        }
    };
    let request = same(desk, step);
    let answer = match result {
        Ok(decoded) if exchange.succeeded() => {
            let found = compare::lossless(&exchange, &decoded);
            found.iter().filter(|found| !found.is_dropped()).map(Difference::to_string).collect()
        }
        Err(error) if !exchange.succeeded() => {
            let mut wrong = compare::error(&exchange, &error);
            wrong.extend(judge::refusal(step, &error));
            wrong
        }
        Ok(_) => vec!["a refusal was taken for a success".to_owned()],
        Err(error) => vec![format!("a success was taken for an error: {error}")],
    };
    Made::Tried { request, answer }
}

fn needs_token(path: &str) -> bool {
    let is_public =
        |path: &&str| path.starts_with("/api/experience") || path.contains(".well-known");
    Some(path).filter(|path| !is_public(path)).is_some()
}

fn same(desk: &Desk, step: &Step) -> Vec<String> {
    let Some(asked) = desk.asked() else {
        return vec!["no request was sent".to_owned()];
    };
    let mut problems = Vec::new();
    let sorted = |mut pairs: crate::step::Pairs| {
        pairs.sort();
        pairs
    };
    if sorted(asked.query) != sorted(step.query.clone()) {
        problems.push("another query was sent".to_owned());
    }
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let recorded = step.body.as_deref().filter(|body| !body.is_empty());
    if json(&asked.body) != recorded.and_then(json) {
        problems.push(format!("body {} was sent", asked.body));
    }
    for name in ["logto-verification-id", "authorization", "cookie"] {
        let sent = asked.headers.get(name).and_then(|value| value.to_str().ok());
        if sent != step.header(name) {
            problems.push(format!("another header {name} was sent"));
        }
    }
    problems
}

/// The step as an exchange of an operation.
fn exchange(step: &Step) -> Option<Exchange> {
    let (operation, template) = operation(&step.method, &step.path)?;
    let mut query = Map::new();
    for (name, value) in &step.query {
        query.insert(name.clone(), value.clone().into());
    }
    let mut response_headers = BTreeMap::new();
    for (name, value) in &step.response_headers {
        response_headers.insert(name.clone(), Value::String(value.clone()));
    }
    let answer = &step.response_body;
    let response_body = (!answer.is_empty())
        .then(|| serde_json::from_str(answer).unwrap_or_else(|_| Value::String(answer.clone())));
    Some(Exchange {
        place: step.place(),
        operation,
        method: step.method.clone(),
        path: step.path.clone(),
        template,
        query: Some(query).filter(|query| !query.is_empty()),
        request_headers: step.headers.iter().cloned().collect(),
        request_body: step.body.as_deref().and_then(|body| serde_json::from_str(body).ok()),
        status: step.status,
        response_headers,
        response_body,
    })
}

/// The operation at a path of the contract, with the path's template.
fn operation(method: &str, path: &str) -> Option<(String, String)> {
    static CONTRACT: OnceLock<Value> = OnceLock::new();
    let contract = CONTRACT.get_or_init(|| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/logto.json");
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    });
    let segments: Vec<_> = path.trim_end_matches('/').split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<_> = template.trim_end_matches('/').split('/').collect();
        let placeholders = parts.iter().filter(|part| part.starts_with('{')).count();
        let same = |(part, segment): (&&str, &&str)| part.starts_with('{') || part == segment;
        (parts.len() == segments.len() && parts.iter().zip(&segments).all(same))
            .then_some(placeholders)
    };
    let paths = contract["paths"].as_object()?;
    let found = paths.iter().filter_map(|(template, methods)| {
        let operation = methods[method.to_lowercase()]["operationId"].as_str()?;
        Some((fits(template)?, operation.to_owned(), template.clone()))
    });
    let (_, operation, template) = found.min_by_key(|(placeholders, ..)| *placeholders)?;
    Some((operation, template))
}
