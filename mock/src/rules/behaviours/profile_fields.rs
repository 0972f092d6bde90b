//! Custom profile fields: what they may be called, and their order at sign-up.

use serde_json::Value;

use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        engine,
        errors::Failure,
        plan::plan_of,
        releases::knows,
    },
    state::{State, tables::Row},
};

const TABLE: &str = "custom-profile-fields";

/// Creates one, or several.
pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let Value::Array(fields) = call.body.clone() else {
        check_name(call.text("name"))?;
        return engine::run(call);
    };
    fields.iter().try_for_each(|field| check_name(field["name"].as_str().unwrap_or_default()))?;
    call.plan = plan_of(TABLE).unwrap_or(call.plan);
    let mut created = Vec::new();
    for field in fields {
        created.push(Value::from(engine::add(call, "", field)?));
    }
    Ok(Reply::json(201, created))
}

pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    check_name(&call.path[0])?;
    engine::run(call)
}

/// A field that is not there could be deleted, too, before 1.40.
pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    if knows(call.state, "1.40") {
        return engine::run(call);
    }
    call.state.tables.table(TABLE).remove("", &call.path[0]);
    Ok(Reply::nothing())
}

pub(super) fn order(call: &mut Call<'_>) -> Outcome {
    let order = call.body["order"].as_array().cloned().unwrap_or_default();
    if order.is_empty() {
        return Err(Failure::nothing_given());
    }
    check_known(call.state, &order)?;
    let mut shown = Vec::new();
    for one in order {
        let name = one["name"].as_str().unwrap_or_default();
        let set = |row: &mut Row| {
            row.members.insert("sieOrder".into(), one["sieOrder"].clone());
        };
        let table = call.state.tables.table(TABLE);
        table.change("", name, set);
        shown.extend(table.get("", name).map(|row| Value::from(row.members.clone())));
    }
    Ok(Reply::ok(shown))
}

fn check_name(name: &str) -> Result<(), Failure> {
    match name.chars().all(|c| c.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(Failure::new(400, "custom_profile_fields.invalid_name")),
    }
}

/// Refuses the names of fields that are not there; built-in ones always are.
pub(super) fn check_known(state: &State, fields: &[Value]) -> Result<(), Failure> {
    let names = fields.iter().filter_map(|field| field["name"].as_str());
    let is_known = |name: &&str| state.tables.find(TABLE, name).is_some();
    let unknown: Vec<&str> = names.filter(|name| !is_known(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let code = "custom_profile_fields.entity_not_exists_with_names";
    let message = format!("Cannot find entities with the given names: {}", unknown.join(", "));
    Err(Failure::with_message(400, code, &message))
}
