//! What there is one of, or one for each owner.

use serde_json::Value;

use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        contract::example,
        errors::Failure,
        spec::{Act, Spec, stamped},
    },
    state::{collection::Members, now, tables::Row},
};

fn owner(call: &Call<'_>) -> String {
    call.path.join("/")
}

fn stored(call: &Call<'_>) -> Option<Members> {
    let table = call.state.tables.get(&call.plan.table)?;
    table.get("", &owner(call)).map(|row| row.members.clone())
}

/// What it is before it has been set: by its table, or the least that its schema allows.
fn initial(call: &mut Call<'_>) -> Members {
    let spec = Spec::of(&call.plan.table);
    let schema = &call.plan.entity;
    let least = example(call.contract, schema, 6);
    let mut own = least.as_object().cloned().unwrap_or_default();
    own.extend(spec.defaults());
    for (name, value) in stamped(&mut call.state.ids, spec) {
        if call.contract.member(schema, &name).is_some() && spec.defaults().get(&name).is_none() {
            own.insert(name, value);
        }
    }
    if let Some(name) = spec.owner() {
        own.insert(name.to_owned(), call.key().into());
    }
    own
}

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let spec = Spec::of(&call.plan.table);
    match stored(call) {
        Some(own) => Ok(Reply::ok(own)),
        None if spec.is_unset() && call.path.is_empty() => {
            Err(Failure::new(404, "entity.not_found"))
        }
        None if spec.is_unset() => Err(spec.missing(Act::Read, call.key())),
        None => {
            let reply = super::made_up(call);
            let own = initial(call);
            let known = !spec.defaults().is_empty();
            Ok(Reply { is_example: !known && reply.is_example, ..Reply::ok(own) })
        }
    }
}

/// Sets the members that the body has; with PUT, all of them.
pub(super) fn set(call: &mut Call<'_>) -> Outcome {
    let before = stored(call);
    let is_new = before.is_none();
    let mut own = before.unwrap_or_else(|| initial(call));
    let given = call.members();
    let spec = Spec::of(&call.plan.table);
    let is_change = call.operation.method == "PATCH" || !is_new && spec.is_unset();
    if given.is_empty() && is_change && spec.must_be_filled() {
        return Err(Failure::nothing_given());
    }
    let is_entity = ["id", "tenantId"].iter().any(|name| own.contains_key(*name));
    let is_owned = spec.owner().is_some();
    if call.operation.method == "PUT" && !is_entity && !is_owned {
        own.clear();
    }
    own.extend(given);
    if own.contains_key("updatedAt") {
        own.insert("updatedAt".into(), now().into());
    }
    let key = owner(call);
    let table = call.state.tables.table(&call.plan.table);
    table.remove("", &key);
    table.add(Row { owner: String::new(), key, members: own.clone() });
    let creates = call.operation.successes.iter().any(|(status, _)| *status == 201);
    Ok(Reply::json(if is_new && creates { 201 } else { 200 }, Value::from(own)))
}

pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let key = owner(call);
    call.state.tables.table(&call.plan.table).remove("", &key);
    Ok(Reply::nothing())
}
