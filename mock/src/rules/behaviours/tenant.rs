//! Resources, organizations, hooks, tokens by e-mail and the sign-in experience.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    rules::{
        apps::MANAGEMENT,
        call::{Call, Outcome, Reply},
        engine::{self, featured},
        errors::Failure,
        events,
        logs::is_wanted,
        releases::knows,
        sentinel,
        spec::{Act, Spec},
    },
    state::{collection::object, deliveries::Delivery, now, tables::Row, tokens::SubjectToken},
};

pub(super) fn assign_roles(call: &mut Call<'_>) -> Outcome {
    let members = call.plan.table.trim_end_matches("/roles").to_owned();
    let others = members.trim_start_matches("organizations/").to_owned();
    let is_machine = others == "applications";
    let ids = call.strings(if is_machine { "applicationIds" } else { "userIds" });
    let roles = call.strings("organizationRoleIds");
    let organization = call.path[0].clone();
    let (pairs, reversed) = crate::rules::plan::pair("organizations", &others);
    let is_member = |id: &String| match reversed {
        true => call.state.links.has(&pairs, id, &organization),
        false => call.state.links.has(&pairs, &organization, id),
    };
    let kind = |id: &String| call.state.tables.find("organization-roles", id)?.get("type").cloned();
    let is_for_others = |id| kind(id).is_some_and(|own| (own == "MachineToMachine") != is_machine);
    if roles.iter().any(is_for_others) {
        return Err(Failure::new(422, "entity.db_constraint_violated"));
    }
    if !ids.iter().all(is_member) || !roles.iter().all(|id| kind(id).is_some()) {
        return Err(Failure::new(422, "entity.relation_foreign_key_not_found"));
    }
    let links = call.state.links.of(&format!("{members}/roles"));
    for id in &ids {
        for role in &roles {
            links.add(&format!("{organization}/{id}"), role);
        }
    }
    Ok(Reply::created())
}

/// Domains of an organization: it has to be there for any of them, and each may be named once.
pub(super) fn email_domains(call: &mut Call<'_>) -> Outcome {
    let mut domains = call.strings("emailDomains");
    let all = domains.len();
    domains.sort_unstable();
    domains.dedup();
    if domains.len() < all {
        return Err(Failure::new(422, "entity.unique_integrity_violation"));
    }
    let is_there = call.state.tables.find("organizations", &call.path[0]).is_some();
    match is_there || all == 0 && call.operation.method == "PUT" {
        true => engine::run(call),
        false => Err(Failure::new(422, "entity.relation_foreign_key_not_found")),
    }
}

/// A role is made with scopes, or without a list of them.
pub(super) fn create_role(call: &mut Call<'_>) -> Outcome {
    match call.body["scopeIds"].as_array().is_some_and(Vec::is_empty) {
        true => Err(Failure::nothing_given()),
        false => engine::run(call),
    }
}

pub(super) fn scopes_of_member(call: &mut Call<'_>) -> Outcome {
    let (organization, user) = (&call.path[0], &call.path[1]);
    let state = &*call.state;
    let mut found: Vec<&str> = Vec::new();
    let member = format!("{organization}/{user}");
    for role in state.links.rights("organizations/users/roles", &member) {
        for scope in state.links.rights("organization-roles/scopes", role) {
            if !found.contains(&scope) {
                found.push(scope);
            }
        }
    }
    let scopes = found.into_iter().filter_map(|id| state.tables.find("organization-scopes", id));
    Ok(Reply::ok(scopes.cloned().map(Value::from).collect::<Value>()))
}

pub(super) fn organizations(call: &mut Call<'_>) -> Outcome {
    let mut reply = engine::run(call)?;
    if call.says("showFeatured") {
        for own in reply.items() {
            let id = own["id"].as_str().unwrap_or_default().to_owned();
            let users: Vec<&str> = call.state.links.rights("organizations/users", &id).collect();
            own["usersCount"] = users.len().into();
            own["featuredUsers"] = featured(call.state, users);
        }
    }
    Ok(reply)
}

pub(super) fn resources(call: &mut Call<'_>) -> Outcome {
    let mut reply = engine::run(call)?;
    if call.says("includeScopes") {
        for own in reply.items() {
            let id = own["id"].as_str().unwrap_or_default().to_owned();
            let scopes = call.state.tables.of("resources/scopes", &id);
            own["scopes"] = scopes.map(|row| Value::from(row.members.clone())).collect();
        }
    }
    Ok(reply)
}

pub(super) fn create_resource(call: &mut Call<'_>) -> Outcome {
    let mut own = engine::add(call, "", call.body.clone())?;
    own.insert("scopes".into(), json!([]));
    Ok(Reply::json(201, own))
}

pub(super) fn change_resource(call: &mut Call<'_>) -> Outcome {
    match call.path[0].as_str() {
        MANAGEMENT => Err(Failure::new(400, "resource.cannot_modify_management_api")),
        _ => engine::run(call),
    }
}

pub(super) fn delete_resource(call: &mut Call<'_>) -> Outcome {
    match call.path[0].as_str() {
        MANAGEMENT => Err(Failure::new(400, "resource.cannot_delete_management_api")),
        _ => engine::run(call),
    }
}

/// Only one resource is the default.
pub(super) fn set_default_resource(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    if call.state.tables.find("resources", &id).is_none() {
        let is_read = call.body["isDefault"] != true && knows(call.state, "1.38");
        let act = if is_read { Act::Read } else { Act::Part };
        return Err(Spec::of("resources").missing(act, &id));
    }
    let wanted = call.body["isDefault"].clone();
    let table = call.state.tables.table("resources");
    let others: Vec<String> = table.newest_first().map(|row| row.key.clone()).collect();
    for other in others.iter().filter(|other| wanted == true || **other == id) {
        let value = if *other == id { wanted.clone() } else { false.into() };
        table.change("", other, |row| {
            row.members.insert("isDefault".into(), value);
        });
    }
    Ok(Reply::ok(table.find(&id).cloned().unwrap_or_default()))
}

/// Names of scopes are single words, and those of the Management API stay as they are.
pub(super) fn scope(call: &mut Call<'_>) -> Outcome {
    let has_space = call.text("name").contains(char::is_whitespace);
    if call.path[0] == MANAGEMENT && !(has_space && call.operation.method == "POST") {
        return Err(Failure::new(400, "resource.cannot_modify_management_api"));
    }
    match has_space {
        true => Err(Failure::new(400, "scope.name_with_space")),
        false => engine::run(call),
    }
}

/// A release before 1.33 deletes without looking first.
pub(super) fn delete_role(call: &mut Call<'_>) -> Outcome {
    let is_there = call.state.tables.find("roles", call.key()).is_some();
    match is_there || knows(call.state, "1.33") {
        true => engine::run(call),
        false => Err(Failure::new(404, "entity.not_found")),
    }
}

/// Usernames that would be the same if their case did not matter.
pub(super) fn username_conflicts(call: &mut Call<'_>) -> Outcome {
    let limit = call.query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20);
    let mut ids: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for user in call.state.users.newest_first() {
        if let Some(name) = user.text("username") {
            ids.entry(name.to_lowercase()).or_default().push(&user.id);
        }
    }
    ids.retain(|_, ids| ids.len() > 1);
    let samples = ids.iter().take(limit);
    let samples = samples.map(|(name, ids)| json!({ "usernameLower": name, "userIds": ids }));
    let samples: Vec<Value> = samples.collect();
    Ok(Reply::ok(json!({ "totalConflicts": ids.len(), "samples": samples })))
}

pub(super) fn create_hook(call: &mut Call<'_>) -> Outcome {
    let mut body = call.members();
    if !body.contains_key("events") && !body.contains_key("event") {
        return Err(Failure::new(400, "hook.missing_events"));
    }
    body.insert("signingKey".into(), call.state.ids.secret().into());
    let own = engine::add(call, "", body.into())?;
    Ok(Reply::json(201, own))
}

pub(super) fn hooks(call: &mut Call<'_>) -> Outcome {
    let mut reply = engine::run(call)?;
    if call.says("includeExecutionStats") {
        let is_list = reply.value().is_some_and(|value| value.is_array());
        let (one, many) = if is_list { (None, Some(reply.items())) } else { (reply.value(), None) };
        for own in one.into_iter().chain(many.into_iter().flatten()) {
            let id = own["id"].as_str().unwrap_or_default().to_owned();
            own["executionStats"] = events::statistics(call.state, &id);
        }
    }
    Ok(reply)
}

/// Sends one request for each event, to where the body says and not to where the hook does.
pub(super) fn test_hook(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    let hook = call.state.tables.find("hooks", &id).cloned();
    let mut hook = hook.ok_or_else(|| Spec::of("hooks").missing(Act::Read, &id))?;
    hook.insert("config".into(), call.body["config"].clone());
    let mut named = call.strings("events");
    named.dedup();
    for event in named {
        let payload = object(json!({
            "userAgent": "fake-user-agent", "path": "/fake-path/fake-id", "method": "POST",
            "status": 200, "params": { "id": "fake-id" }, "data": { "result": "success" },
        }));
        let delivery = events::delivery(&hook, &event, &payload);
        call.state.deliveries.push(Delivery { is_logged: false, ..delivery });
    }
    Ok(Reply::nothing())
}

/// The tenant's log, or that of what a hook was told.
pub(super) fn logs(call: &mut Call<'_>, table: &str) -> Outcome {
    for name in ["start_time", "end_time"] {
        if call.query.get(name).is_some_and(|time| time.parse::<f64>().is_err()) {
            let message = format!("The request {name} is invalid.");
            return Err(Failure::with_message(400, "guard.invalid_input", &message));
        }
    }
    let of_one = |row: &&Row| call.path.first().is_none_or(|owner| row.owner == *owner);
    let logs = call.state.tables.of_all(table).filter(of_one);
    let logs = logs.filter(|row| is_wanted(call.query, &row.members));
    call.reply_page(logs, |row| row.members.clone().into())
}

pub(super) fn rotate_signing_key(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    let key = call.state.ids.secret();
    let table = call.state.tables.table("hooks");
    table.change("", &id, |row| {
        row.members.insert("signingKey".into(), key.into());
    });
    let own = table.find(&id).cloned();
    own.map(Reply::ok).ok_or_else(|| Spec::of("hooks").missing(Act::Change, &id))
}

pub(super) fn subject_token(call: &mut Call<'_>) -> Outcome {
    let user_id = call.text("userId").to_owned();
    if call.state.users.find(&user_id).is_none() {
        return Err(Failure::new(404, "entity.relation_foreign_key_not_found"));
    }
    let token = format!("sub_{}", call.state.ids.standard());
    let context = call.body.get("context").cloned().map(object).unwrap_or_default();
    let expires_at = now() + 600_000;
    let subject = SubjectToken { user_id, expires_at, context };
    call.state.tokens.subjects.insert(token.clone(), subject);
    Ok(Reply::json(201, json!({ "subjectToken": token, "expiresIn": 600 })))
}

/// How many users are new, and how many more than in the time before.
pub(super) fn new_users(call: &mut Call<'_>) -> Outcome {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let today = now() / DAY;
    let times = call.state.users.newest_first().map(|user| user.get("createdAt").as_u64());
    let ages: Vec<u64> = times.flatten().map(|time| today.saturating_sub(time / DAY)).collect();
    let count = |from: u64, to: u64| {
        let within = ages.iter().filter(|age| (from..to).contains(*age));
        i64::try_from(within.count()).unwrap_or(i64::MAX)
    };
    let told = |days: u64| {
        let own = count(0, days);
        json!({ "count": own, "delta": own - count(days, 2 * days) })
    };
    Ok(Reply::ok(json!({ "today": told(1), "last7Days": told(7) })))
}

pub(super) fn user_count(call: &mut Call<'_>) -> Outcome {
    Ok(Reply::ok(json!({ "totalUserCount": call.state.users.len() })))
}

/// Lets identifiers try again that failed too often.
pub(super) fn unblock(call: &mut Call<'_>) -> Outcome {
    let targets = call.strings("targets");
    sentinel::unblock(call.state, targets.iter().map(String::as_str));
    Ok(Reply::nothing())
}

/// What identifies where a code is sent to; codes of the Management API have no other id.
fn address(call: &Call<'_>) -> Value {
    match call.body["phone"].as_str() {
        Some(phone) => json!({ "type": "phone", "value": phone }),
        None => json!({ "type": "email", "value": call.body["email"] }),
    }
}

pub(super) fn send_code(call: &mut Call<'_>) -> Outcome {
    let address = address(call);
    let id = address["value"].as_str().unwrap_or_default();
    call.state.codes.send(&mut call.state.ids, id, &address);
    Ok(Reply::nothing())
}

pub(super) fn verify_code(call: &mut Call<'_>) -> Outcome {
    let address = address(call);
    let id = address["value"].as_str().unwrap_or_default();
    let code = call.text("verificationCode").to_owned();
    call.state.codes.check(id, &address, &code).map(|()| Reply::nothing())
}
