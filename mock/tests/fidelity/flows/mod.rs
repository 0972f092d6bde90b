//! Flows: whole sign-ins and OpenID Connect from the request to the tokens, step by step.

mod cast;
mod learning;
mod openings;
mod policies;
mod recorded;
mod replay;
mod staging;

use std::path::Path;

use logto_mock::Mock;
use serde_json::Value;

use self::{
    cast::Cast,
    recorded::{Flow, Step, claims, pairs},
    replay::{Replay, Reply},
};
use crate::{
    report::{Report, Verdict},
    shape,
};

/// What a recorder left out.
const REDACTED: &str = "<redacted>";

/// Replays the flows of a file, each on a mock of its own that plays this release.
pub(crate) async fn replay(file: &Path, release: Option<&str>, report: &mut Report) {
    let flows = recorded::read(file);
    let cast = Cast::of(&flows);
    for flow in &flows {
        play(&cast, flow, release, report).await;
    }
}

async fn play(cast: &Cast, flow: &Flow, release: Option<&str>, report: &mut Report) {
    let mut builder = Mock::builder();
    if let Some(release) = release {
        builder = builder.release(release);
    }
    let mock = builder.start().await.unwrap();
    let mut replay = Replay::start(&mock, cast, flow).await;
    replay.stage(flow).await;
    for (at, step) in flow.steps.iter().enumerate() {
        if step.is_elsewhere() {
            continue;
        }
        replay.open(flow, at).await;
        let reply = replay.send(step).await;
        let place = format!("{}:{}", flow.title, at + 1);
        let asked: String = step.text().chars().take(160).collect();
        let line = format!("{} {}\t{asked}\t{place}", step.method, step.url);
        report.judge(&group(step), &line, verdict(&replay, step, &reply));
    }
}

fn is_redacted(token: &Value) -> bool {
    token == REDACTED || token == "header.payload.signature"
}

/// Where a step goes to: the first two segments of its path.
fn group(step: &Step) -> String {
    let mut segments = step.path().split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    let second = segments.next().unwrap_or_default();
    let is_interaction = first == "oidc" && second == "auth";
    match (first, is_interaction) {
        ("oidc" | "api", false) => format!("flow {first}/{second}"),
        _ => format!("flow {first}"),
    }
}

fn verdict(replay: &Replay<'_>, step: &Step, reply: &Reply) -> Verdict {
    let recorded = serde_json::from_str(&replay.translate(&step.response_text()));
    let (recorded, own): (Value, Value) = (recorded.unwrap_or_default(), reply.json());
    let mut differences = shape::differences(None, &recorded, &own);
    if recorded.is_null() != own.is_null() {
        differences.push("JSON where there is none, or none where there is JSON".to_owned());
    }
    for token in ["access_token", "id_token"] {
        let jwt = |body: &Value| claims(body[token].as_str().unwrap_or_default());
        // Translated, a token is another.
        match (jwt(&step.answer()), jwt(&own)) {
            (Some(recorded), Some(own)) => {
                let own = shape::differences(None, &recorded, &own).into_iter();
                differences.extend(own.map(|one| format!("{token}{one}")));
            }
            (None, None) => {}
            (None, _) if is_redacted(&step.answer()[token]) => {}
            (recorded, _) => differences.push(format!(
                "{token} is {}",
                if recorded.is_some() { "opaque" } else { "a JWT" }
            )),
        }
    }
    let own_location = recorded::value(&reply.headers, "location");
    if let Some(difference) = locations(step.location(), own_location) {
        differences.push(difference);
    }
    Verdict::new(
        (step.status, recorded["code"].as_str()),
        (reply.status, own["code"].as_str()),
        differences,
    )
}

/// What differs in where a browser is sent to: the path, or what its parameters are called.
fn locations(recorded: Option<&str>, own: Option<&str>) -> Option<String> {
    let parts = |url: &str| {
        let (path, query) = url.split_once(['?', '#']).unwrap_or((url, ""));
        let last = path.rsplit('/').next().unwrap_or_default();
        let is_chosen = path.contains("/oidc/");
        let path = if is_chosen { "an interaction" } else { last }.to_owned();
        let errors = pairs(query).into_iter().map(|(name, value)| match name.as_str() {
            "error" => format!("error={value}"),
            _ => name,
        });
        (path, errors.collect::<std::collections::BTreeSet<_>>())
    };
    match (recorded.map(parts), own.map(parts)) {
        (recorded, own) if recorded == own => None,
        _ => Some(format!(
            "sent to {}, not {}",
            own.unwrap_or("nowhere"),
            recorded.unwrap_or("nowhere")
        )),
    }
}
