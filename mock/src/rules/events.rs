//! What happens is told to hooks.

use std::fmt::Write;

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::{
    rules::{
        call::{Body, Call, Reply},
        contract::Change,
        plan::Kind,
    },
    state::{
        State,
        collection::{Members, object, text},
        deliveries::Delivery,
        iso, now,
        tables::Row,
    },
};

/// As a server sees a client on the same machine.
pub(crate) const ADDRESS: &str = "::ffff:127.0.0.1";

/// What an operation that was carried out is told as, with what it says besides the request.
fn of(call: &Call<'_>, reply: &Reply) -> Option<(&'static str, Members)> {
    let method = call.operation.method.as_str();
    let data = match &reply.body {
        Body::Json(data) => {
            let mut data = data.clone();
            if let Some(release) = &call.state.release {
                let change = Change::Release(release);
                call.contract.reshape(call.operation, reply.status, &mut data, change);
            }
            object(json!({ "data": data }))
        }
        _ => Members::new(),
    };
    let id = call.path.first().cloned().unwrap_or_default();
    if let Kind::Links(link) | Kind::LinkItem(link) = &call.plan.kind {
        return match (call.plan.table.as_str(), call.path.len()) {
            _ if method == "GET" => None,
            ("organizations/users" | "organizations/applications", _) => {
                Some(("Organization.Membership.Updated", membership(call, &link.member, &id)))
            }
            ("roles/scopes", _) => Some(("Role.Scopes.Updated", data)),
            ("organization-roles/scopes", _) => {
                Some(("OrganizationRole.Scopes.Updated", Members::new()))
            }
            _ => None,
        };
    }
    let event = match (call.plan.table.split('/').next()?, method, &call.plan.kind) {
        (_, "GET", _) => return None,
        ("users", ..) => return of_user(call, data),
        ("roles", "POST", Kind::Collection) => "Role.Created",
        ("roles", "PATCH", _) => "Role.Data.Updated",
        ("roles", "DELETE", _) => "Role.Deleted",
        ("resources", "POST", _) if call.plan.table == "resources/scopes" => "Scope.Created",
        ("resources", "PATCH", _) if call.plan.table == "resources/scopes" => "Scope.Data.Updated",
        ("resources", "DELETE", _) if call.plan.table == "resources/scopes" => "Scope.Deleted",
        ("organizations", "POST", _) if call.path.is_empty() => "Organization.Created",
        ("organizations", "PATCH", Kind::Item) => "Organization.Data.Updated",
        ("organizations", "DELETE", Kind::Item) if call.path.len() == 1 => "Organization.Deleted",
        ("organization-roles", "POST", _) => "OrganizationRole.Created",
        ("organization-roles", "PATCH", _) => "OrganizationRole.Data.Updated",
        ("organization-roles", "DELETE", _) => "OrganizationRole.Deleted",
        ("organization-scopes", "POST", _) => "OrganizationScope.Created",
        ("organization-scopes", "PATCH", _) => "OrganizationScope.Data.Updated",
        ("organization-scopes", "DELETE", _) => "OrganizationScope.Deleted",
        _ => return None,
    };
    Some((event, data))
}

fn of_user(call: &Call<'_>, data: Members) -> Option<(&'static str, Members)> {
    let event = match call.operation.id.as_str() {
        "CreateUser" => "User.Created",
        "DeleteUser" => "User.Deleted",
        "UpdateUserIsSuspended" => "User.SuspensionStatus.Updated",
        "UpdateUser" | "UpdateUserCustomData" | "UpdateUserProfile" | "UpdateUserPassword" => {
            "User.Data.Updated"
        }
        _ => return None,
    };
    Some((event, data))
}

fn membership(call: &Call<'_>, member: &str, organization: &str) -> Members {
    let mut told = object(json!({ "organizationId": organization }));
    let (added, removed) = match member {
        "userIds" => ("addedUserIds", "removedUserIds"),
        _ => ("addedApplicationIds", "removedApplicationIds"),
    };
    match call.operation.method.as_str() {
        "DELETE" => told.insert(removed.into(), json!([call.key()])),
        _ => told.insert(added.into(), json!(call.strings(member))),
    };
    told
}

/// Has the hooks told what a request to the Management API has done.
pub(crate) fn tell(call: &mut Call<'_>, reply: &Reply, path: &str, user_agent: Option<&str>) {
    if call.state.tables.get("hooks").is_none_or(|hooks| hooks.len() == 0) {
        return;
    }
    let Some((event, told)) = of(call, reply) else { return };
    let names = call.operation.template.split('/').filter(|part| part.starts_with('{'));
    let names = names.map(|part| part.trim_matches(['{', '}']).to_owned());
    let mut params: Members = names.zip(call.path.iter().map(|value| json!(value))).collect();
    if event.starts_with("Role.") && !call.path.is_empty() {
        let own = path.trim_start_matches("/api/roles");
        params.insert("0".into(), own.into());
    }
    let route = call.operation.template.trim_start_matches("/api");
    let mut payload = object(json!({
        "ip": ADDRESS, "path": path.trim_start_matches("/api"), "method": call.operation.method,
        "status": reply.status, "params": params,
        "matchedRoute": route.replace('{', ":").replace('}', ""),
    }));
    if let Some(user_agent) = user_agent {
        payload.insert("userAgent".into(), user_agent.into());
    }
    payload.extend(told);
    queue(call.state, event, &payload);
}

/// Queues a delivery for each hook that listens to the event.
pub(crate) fn queue(state: &mut State, event: &str, payload: &Members) {
    let Some(hooks) = state.tables.get("hooks") else { return };
    let listens = |hook: &Members| {
        let events = hook.get("events").and_then(Value::as_array);
        let named = events.is_some_and(|events| events.iter().any(|own| own == event));
        (named || text(hook, "event") == Some(event)) && hook.get("enabled") == Some(&true.into())
    };
    let hooks = hooks.newest_first().map(|row| &row.members).filter(|hook| listens(hook));
    let due: Vec<Delivery> = hooks.map(|hook| delivery(hook, event, payload)).collect();
    state.deliveries.extend(due);
}

/// The request that tells a hook of an event.
pub(crate) fn delivery(hook: &Members, event: &str, payload: &Members) -> Delivery {
    let hook_id = text(hook, "id").unwrap_or_default().to_owned();
    let mut body = object(json!({ "event": event, "createdAt": iso(now()), "hookId": hook_id }));
    body.extend(payload.clone());
    let body = Value::from(body).to_string();
    let config = hook.get("config").cloned().unwrap_or_default();
    let headers = config["headers"].as_object().into_iter().flatten();
    let headers =
        headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Delivery {
        event: event.to_owned(),
        content_type: "application/json",
        url: config["url"].as_str().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        signature: signature(text(hook, "signingKey").unwrap_or_default(), &body),
        hook_id,
        body,
        is_logged: true,
    }
}

fn signature(key: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::sign(&key, body.as_bytes()).as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Notes the outcome of a delivery among the hook's logs.
pub(crate) fn log(state: &mut State, delivery: &Delivery, outcome: &Result<(u16, String), String>) {
    let (id, key) = (state.ids.standard(), format!("TriggerHook.{}", delivery.event));
    let request: Value = serde_json::from_str(&delivery.body).unwrap_or_default();
    let mut payload = json!({
        "key": key, "hookId": delivery.hook_id, "hookRequest": { "body": request },
        "result": if matches!(outcome, Ok((200..=299, _))) { "Success" } else { "Error" },
    });
    match outcome {
        Ok((status, body)) => {
            let body = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
            payload["response"] = json!({ "statusCode": status, "body": body });
        }
        Err(error) => payload["error"] = error.as_str().into(),
    }
    let members = object(json!({
        "id": id, "key": key, "payload": payload, "createdAt": now(),
    }));
    let owner = delivery.hook_id.clone();
    state.tables.table("hooks/recent-logs").add(Row { owner, key: id, members });
}

/// How many deliveries of a hook there were, and how many of them succeeded.
pub(crate) fn statistics(state: &State, hook_id: &str) -> Value {
    let logs: Vec<&Row> = state.tables.of("hooks/recent-logs", hook_id).collect();
    let succeeded = logs.iter().filter(|row| row.members["payload"]["result"] == "Success");
    json!({ "successCount": succeeded.count(), "requestCount": logs.len() })
}
