//! Pairs: what is assigned to what.

use serde_json::json;

use super::entities::target_of;
use crate::{
    rules::{
        apps::MANAGEMENT,
        call::{Call, Outcome, Reply},
        errors::Failure,
        plan::Link,
        releases::knows,
        spec::{Act, Spec},
    },
    state::collection::text,
};

/// The ids in the body, by themselves or by name. All have to be there.
fn targets(call: &Call<'_>, link: &Link) -> Result<Vec<String>, Failure> {
    let mut ids = call.strings(&link.member);
    let names = call.strings(&link.member.replace("Ids", "Names"));
    let mut unknown = Vec::new();
    for name in names {
        let row = call.state.tables.find_by(&link.target, "name", &name);
        match row.and_then(|row| text(row, "id")) {
            Some(id) => ids.push(id.to_owned()),
            None => unknown.push(name),
        }
    }
    if !unknown.is_empty() {
        let message = format!(
            "Invalid role names detected: {}. Please create these roles first before proceeding.",
            unknown.join(", ")
        );
        return Err(Failure::with_message(422, "organization.role_names_not_found", &message));
    }
    let in_organization = link.name.contains("organization");
    for id in &ids {
        let kind = target_of(call.state, &link.target, id);
        match kind {
            Some(kind) => check_kind(call, link, id, &kind)?,
            None if in_organization => {
                return Err(Failure::new(422, "entity.relation_foreign_key_not_found"));
            }
            None => return Err(Spec::of(&link.target).missing(Act::Read, id)),
        }
    }
    if in_organization && call.plan.owners.len() == 1 && !ids.is_empty() {
        let owner = &call.plan.owners[0].table;
        if target_of(call.state, owner, &call.path[0]).is_none() {
            return Err(Failure::new(422, "entity.relation_foreign_key_not_found"));
        }
    }
    Ok(ids)
}

/// Roles and applications are for users or for machines.
fn check_kind(call: &Call<'_>, link: &Link, id: &str, kind: &str) -> Result<(), Failure> {
    let machine = kind == "MachineToMachine";
    let own = |table: &str| target_of(call.state, table, &call.path[0]).unwrap_or_default();
    let refused = match link.name.as_str() {
        // What replaces others is not looked at before the database does.
        "roles/users" | "applications/roles"
            if link.target == "roles"
                && call.operation.method == "PUT"
                && machine != (link.name == "applications/roles") =>
        {
            "entity.db_constraint_violated"
        }
        "roles/scopes" if own("roles") == "User" && is_of_management(call, id) => {
            return Err(Failure::new(
                400,
                "role.management_api_scopes_not_assignable_to_user_role",
            ));
        }
        "roles/users" if link.target == "roles" && machine => "user.invalid_role_type",
        "roles/users" if link.target == "users" && own("roles") != "User" => {
            "entity.db_constraint_violated"
        }
        "applications/roles" if link.target == "applications" && own("roles") == "User" => {
            "entity.db_constraint_violated"
        }
        "applications/roles" if link.target == "roles" && !machine => {
            "application.invalid_role_type"
        }
        "applications/organizations" if !machine => "entity.db_constraint_violated",
        "organizations/applications/roles" if !machine => "entity.db_constraint_violated",
        "organizations/users/roles" if machine => "entity.db_constraint_violated",
        _ => return Ok(()),
    };
    Err(Failure::new(422, refused))
}

fn is_of_management(call: &Call<'_>, scope: &str) -> bool {
    let scope = call.state.tables.find("resources/scopes", scope);
    scope.is_some_and(|own| text(own, "resourceId") == Some(MANAGEMENT))
}

/// What is refused where it has been assigned already; everything else is assigned again.
fn refuse_held(call: &Call<'_>, link: &Link, left: &str, ids: &[String]) -> Result<(), Failure> {
    let is_held = |id: &&String| match link.reversed {
        true => call.state.links.has(&link.name, id, left),
        false => call.state.links.has(&link.name, left, id),
    };
    let Some(id) = ids.iter().find(is_held) else { return Ok(()) };
    let owner = call.plan.owners[0].table.as_str();
    let (code, what) = match (owner, link.target.as_str()) {
        ("roles", "resources/scopes") => ("role.scope_exists", "scope"),
        ("roles", "users") => ("role.user_exists", "user"),
        ("roles", "applications") => ("role.application_exists", "application"),
        ("applications", "roles") if !knows(call.state, "1.41") => {
            ("application.role_exists", "role")
        }
        _ => return Ok(()),
    };
    let message = match what {
        "scope" => format!("The scope id {id} has already been added to this role"),
        "role" => format!("The role id {id} is already been added to this application."),
        _ => format!("The {what} id {id} is already been added to this role"),
    };
    Err(Failure::with_message(422, code, &message))
}

pub(super) fn assign(call: &mut Call<'_>, link: &Link) -> Outcome {
    let left = call.path.join("/");
    let ids = targets(call, link)?;
    let of_member = link.name == "organizations/users/roles";
    let of_machine = link.name == "applications/roles" && !knows(call.state, "1.41");
    if ids.is_empty() && (of_member || of_machine) {
        return Err(Failure::nothing_given());
    }
    refuse_held(call, link, &left, &ids)?;
    let links = call.state.links.of(&link.name);
    let added: Vec<&String> = ids.iter().filter(|id| pair(links, link, &left, id)).collect();
    let (status, schema) = call.operation.success();
    let schema = schema.map(|schema| call.contract.resolve(schema));
    if schema.is_some_and(|schema| schema["type"] == "array") {
        let rows = ids.iter().filter_map(|id| call.state.tables.find(&link.target, id));
        return Ok(Reply::json(status, rows.cloned().collect::<serde_json::Value>()));
    }
    if schema.is_none_or(|schema| schema["type"] == "string") {
        return Ok(Reply::created());
    }
    let mut body = json!({ &link.member: ids });
    if link.target == "roles" {
        body["addedRoleIds"] = json!(added);
    }
    Ok(Reply::json(status, body))
}

fn pair(links: &mut crate::state::links::Links, link: &Link, left: &str, right: &str) -> bool {
    if link.reversed { links.add(right, left) } else { links.add(left, right) }
}

pub(super) fn replace(call: &mut Call<'_>, link: &Link) -> Outcome {
    let left = call.path.join("/");
    let ids = targets(call, link)?;
    // Logto inserts what is new, whether there is anything or not.
    let has = |id: &String| match link.reversed {
        true => call.state.links.has(&link.name, id, &left),
        false => call.state.links.has(&link.name, &left, id),
    };
    let is_refused = call.plan.table == "applications/roles" && ids.iter().all(has);
    let links = call.state.links.of(&link.name);
    match link.reversed {
        false => links.remove_all_of(&left),
        true => {
            let before: Vec<String> = links.with(&left).map(str::to_owned).collect();
            before.iter().for_each(|id| {
                links.remove(id, &left);
            });
        }
    }
    for id in &ids {
        pair(links, link, &left, id);
    }
    if is_refused {
        return Err(Failure::nothing_given());
    }
    Ok(match call.operation.success() {
        (200, Some(schema)) if call.contract.resolve(schema)["type"] == "string" => {
            Reply::text("OK".to_owned())
        }
        (200, _) => Reply::ok(json!({ &link.member: ids })),
        _ => Reply::nothing(),
    })
}

pub(super) fn remove(call: &mut Call<'_>, link: &Link) -> Outcome {
    let (left, right) = call.path.split_at(call.path.len() - 1);
    let (left, right) = (left.join("/"), right.concat());
    let links = call.state.links.of(&link.name);
    let (from, to) = if link.reversed { (&right, &left) } else { (&left, &right) };
    if !links.remove(from, to) {
        return Err(Failure::new(404, "entity.not_found"));
    }
    // What a member was in an organization goes with the membership.
    let composite = format!("{left}/{right}");
    let below = format!("{}/roles", call.plan.table);
    call.state.links.of(&below).remove_all_of(&composite);
    Ok(Reply::nothing())
}
