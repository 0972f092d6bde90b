//! Entities: created, read, changed and deleted.

use serde_json::{Value, json};

use super::show::show;
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        contract::example,
        errors::Failure,
        plan::{camel, plural},
        spec::{Act, Spec, stamped},
    },
    state::{
        State,
        collection::{Members, text},
        now,
        tables::Row,
    },
};

/// The type of what a pair may name, or an empty text where it has none.
pub(super) fn target_of(state: &State, table: &str, id: &str) -> Option<String> {
    match table {
        "users" => state.users.find(id).map(|_| "User".to_owned()),
        _ => {
            state.tables.find(table, id).map(|own| text(own, "type").unwrap_or_default().to_owned())
        }
    }
}

/// The path before the last parameter, and that parameter.
fn place(call: &Call<'_>) -> (String, String) {
    let (owner, key) = call.path.split_at(call.path.len().saturating_sub(1));
    (owner.join("/"), key.concat())
}

/// The entity that the path names.
pub(crate) fn find(call: &Call<'_>, act: Act) -> Result<Members, Failure> {
    let (owner, key) = place(call);
    let row = call.state.tables.get(&call.plan.table).and_then(|table| table.get(&owner, &key));
    row.map(|row| row.members.clone()).ok_or_else(|| Spec::of(&call.plan.table).missing(act, &key))
}

/// As much of an entity as the operation replies with.
pub(crate) fn shown(call: &Call<'_>, own: &Members) -> Value {
    let schema = call.operation.success().1.unwrap_or(&Value::Null);
    show(call.state, call.contract, schema, &call.plan.table, own)
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let owner = call.path.join("/");
    let status = call.operation.success().0;
    match call.body.take() {
        Value::Array(bodies) => {
            let rows = bodies.into_iter().map(|body| add(call, &owner, body).map(Value::from));
            Ok(Reply::json(status, rows.collect::<Result<Value, _>>()?))
        }
        body => {
            let own = add(call, &owner, body)?;
            Ok(Reply::json(status, shown(call, &own)))
        }
    }
}

/// Adds an entity with what the body says, and what every one of its kind has.
pub(crate) fn add(call: &mut Call<'_>, owner: &str, body: Value) -> Result<Members, Failure> {
    let plan = call.plan;
    let spec = Spec::of(&plan.table);
    let table = call.state.tables.table(&plan.table);
    spec.index(table);
    let mut given = body.as_object().cloned().unwrap_or_default();
    spec.refuse_taken(table, owner, &given, None)?;
    let assigned = take_assigned(call, &mut given)?;
    let known = call.contract.members(&plan.entity);
    let mut own = Members::new();
    let stamps = stamped(&mut call.state.ids, spec);
    let defaults = spec.defaults();
    for (name, schema, required) in known {
        let by_rule = stamps.get(name).or_else(|| defaults.get(name)).cloned();
        let owned = (spec.owner() == Some(name)).then(|| json!(owner.rsplit('/').next()));
        let is_computed = ["scopes", "organizationRoles", "resource"].contains(&name);
        let value = given.remove(name).or(owned).or(by_rule);
        let value =
            value.or_else(|| (required && !is_computed).then(|| example(call.contract, schema, 6)));
        if let Some(value) = value {
            own.insert(name.to_owned(), value);
        }
    }
    let key = own.get(spec.key()).or_else(|| stamps.get(spec.key())).and_then(Value::as_str);
    let key = key.unwrap_or_default().to_owned();
    for (link, right) in assigned {
        call.state.links.of(&link).add(&key, &right);
    }
    let row = Row { owner: owner.to_owned(), key, members: own.clone() };
    call.state.tables.table(&plan.table).add(row);
    Ok(own)
}

/// Takes lists of ids out of the body that are no members of the entity: it is assigned these.
fn take_assigned(call: &Call<'_>, given: &mut Members) -> Result<Vec<(String, String)>, Failure> {
    let mut assigned = Vec::new();
    let names: Vec<String> = given.keys().filter(|name| name.ends_with("Ids")).cloned().collect();
    for name in names {
        if call.contract.member(&call.plan.entity, &name).is_some() {
            continue;
        }
        let others = plural(name.trim_end_matches("Ids"));
        // An organization role's own scopes are called `scopes` in its path.
        let (link, target) = match (call.plan.table.as_str(), others.as_str()) {
            ("organization-roles", "organization-scopes") => {
                ("organization-roles/scopes".to_owned(), others)
            }
            (table, "scopes" | "resource-scopes") => {
                (format!("{table}/{others}"), "resources/scopes".to_owned())
            }
            (table, _) => (format!("{table}/{others}"), others.clone()),
        };
        for id in given.remove(&name).unwrap_or_default().as_array().into_iter().flatten() {
            let id = id.as_str().unwrap_or_default();
            if target_of(call.state, &target, id).is_none() {
                return Err(match call.plan.table.starts_with("organization") {
                    true => Failure::new(422, "entity.relation_foreign_key_not_found"),
                    false => Failure::no_such(target.rsplit('/').next().unwrap_or_default(), id),
                });
            }
            assigned.push((link.clone(), id.to_owned()));
        }
    }
    Ok(assigned)
}

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let own = find(call, Act::Read)?;
    Ok(Reply::ok(shown(call, &own)))
}

/// Sets the members that the body has, null among them.
pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    let given = call.members();
    let spec = Spec::of(&call.plan.table);
    if spec.is_found_first() {
        find(call, Act::Change)?;
    }
    if given.is_empty() && spec.must_be_filled() {
        return Err(Failure::nothing_given());
    }
    find(call, Act::Change)?;
    let (owner, key) = place(call);
    let own = set(call, &owner, &key, given)?;
    Ok(Reply::ok(shown(call, &own)))
}

/// Sets members of an entity that is there; gives all of them.
fn set(call: &mut Call<'_>, owner: &str, key: &str, given: Members) -> Result<Members, Failure> {
    let spec = Spec::of(&call.plan.table);
    let table = call.state.tables.table(&call.plan.table);
    spec.index(table);
    spec.refuse_taken(table, owner, &given, Some(key))?;
    table.change(owner, key, |row| {
        row.members.extend(given);
        if row.members.contains_key("updatedAt") {
            row.members.insert("updatedAt".into(), now().into());
        }
        if let Some(key) = row.members.get(spec.key()).and_then(Value::as_str) {
            row.key = key.to_owned();
        }
    });
    let row = table.get(owner, key).or_else(|| table.newest_first().next());
    Ok(row.map(|row| row.members.clone()).unwrap_or_default())
}

/// Sets the whole entity, or makes one with the path's key.
pub(super) fn put(call: &mut Call<'_>) -> Outcome {
    let (owner, key) = place(call);
    let spec = Spec::of(&call.plan.table);
    let known = call.state.tables.get(&call.plan.table).and_then(|table| table.get(&owner, &key));
    let is_new = known.is_none();
    let statuses = &call.operation.successes;
    let may_create = statuses.iter().any(|(status, _)| *status == 201);
    if is_new && !may_create {
        return Err(spec.missing(Act::Change, &key));
    }
    let mut given = call.members();
    if spec.key() != "id" {
        given.insert(spec.key().to_owned(), key.as_str().into());
    }
    let own = if is_new && call.contract.member(&call.plan.entity, spec.key()).is_some() {
        add(call, &owner, given.into())?
    } else if is_new {
        let row = Row { owner, key, members: given.clone() };
        call.state.tables.table(&call.plan.table).add(row);
        given
    } else {
        set(call, &owner, &key, given)?
    };
    let ok = statuses.iter().any(|(status, _)| *status == 200);
    Ok(Reply::json(if is_new || !ok { 201 } else { 200 }, shown(call, &own)))
}

/// Replaces all entities of an owner by those of the body's list.
pub(super) fn replace_all(call: &mut Call<'_>) -> Outcome {
    let owner = call.path.join("/");
    let members = call.members();
    let Some((name, Value::Array(items))) = members.into_iter().find(|(_, value)| value.is_array())
    else {
        return Ok(super::made_up(call));
    };
    let spec = Spec::of(&call.plan.table);
    if owner.is_empty() {
        let same = |own: &Members, item: &Value| {
            ["languageTag", "templateType"].iter().all(|name| own.get(*name) == item.get(name))
        };
        let table = call.state.tables.table(&call.plan.table);
        let gone =
            table.newest_first().filter(|row| items.iter().any(|item| same(&row.members, item)));
        let gone: Vec<String> = gone.map(|row| row.key.clone()).collect();
        gone.iter().for_each(|key| {
            table.remove("", key);
        });
    } else {
        call.state.tables.table(&call.plan.table).remove_owned(&owner);
    }
    let mut shown = Vec::new();
    for item in items {
        let body = match item {
            Value::String(text) => json!({ spec.key(): text, name.trim_end_matches('s'): text }),
            other => other,
        };
        shown.push(Value::from(add(call, &owner, body)?));
    }
    Ok(match call.operation.success() {
        (204, _) => Reply::nothing(),
        (status, _) => Reply::json(status, shown),
    })
}

pub(super) fn delete_one(call: &mut Call<'_>) -> Outcome {
    find(call, Act::Delete)?;
    let (owner, key) = place(call);
    delete(call.state, &call.plan.table, &owner, &key);
    Ok(Reply::nothing())
}

/// Removes an entity with all that belongs to it or names it.
pub(crate) fn delete(state: &mut State, table: &str, owner: &str, key: &str) {
    let Some(row) = state.tables.table(table).remove(owner, key) else { return };
    let path = if owner.is_empty() { key.to_owned() } else { format!("{owner}/{key}") };
    forget(state, table, &path, text(&row.members, "id").unwrap_or_default());
}

/// Removes what belongs to an entity that is gone, or names it.
pub(crate) fn forget(state: &mut State, table: &str, path: &str, id: &str) {
    let mut below: Vec<(String, String)> = Vec::new();
    if let Some(scopes) = state.tables.get(&format!("{table}/scopes")) {
        below.extend(scopes.of(path).map(|row| (row.owner.clone(), row.key.clone())));
    }
    for (_, key) in &below {
        state.links.forget(key);
    }
    state.tables.remove_below(table, path);
    if !id.is_empty() {
        state.links.forget(id);
    }
    for (other, member) in Spec::of(table).cascade() {
        let rows = state.tables.table(other);
        let gone: Vec<String> = rows.all_by(member, id).map(|row| row.key.clone()).collect();
        gone.iter().for_each(|key| {
            rows.remove("", key);
        });
    }
}

/// Reads or changes a member of the entity before it.
pub(super) fn part(call: &mut Call<'_>, member: &str) -> Outcome {
    let key = call.key().to_owned();
    let own = find(call, if call.operation.method == "GET" { Act::Read } else { Act::Part })?;
    if call.operation.method == "GET" {
        return Ok(Reply::ok(own.get(member).cloned().unwrap_or_default()));
    }
    let given = call.members();
    // The body is the member, or an object that has it, or has members of the entity.
    let whole = call.contract.member(&call.plan.entity, "id").is_some()
        && call.operation.success().1.is_some_and(|own| call.contract.member(own, "id").is_some());
    let change = match given.get(member) {
        Some(_) => given,
        None => {
            let mut merged =
                own.get(member).and_then(Value::as_object).cloned().unwrap_or_default();
            merged.extend(given);
            Members::from_iter([(camel(member), merged.into())])
        }
    };
    let own = set(call, "", &key, change)?;
    Ok(Reply::ok(if whole {
        shown(call, &own)
    } else {
        own.get(member).cloned().unwrap_or_default()
    }))
}
