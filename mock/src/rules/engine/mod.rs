//! What operations do by the rules that hold for all of them.

mod entities;
mod links;
mod lists;
mod show;
mod singles;

use crate::rules::{
    call::{Call, Outcome, Reply},
    contract::example,
    errors::Failure,
    plan::Kind,
    releases::knows,
    spec::{Act, Spec},
};

pub(crate) use self::{
    entities::{add, forget, shown},
    lists::page_of,
    show::featured,
};

/// Carries out what the operation's plan says.
pub(crate) fn run(call: &mut Call<'_>) -> Outcome {
    check_owners(call)?;
    let method = call.operation.method.as_str();
    match (&call.plan.kind, method) {
        (Kind::Collection, "GET") => lists::list(call),
        (Kind::Collection, "POST") => entities::create(call),
        (Kind::Collection, "PUT") => entities::replace_all(call),
        (Kind::Item, "GET") => entities::read(call),
        (Kind::Item, "PUT") if call.operation.body.is_some() => entities::put(call),
        (Kind::Item, "PATCH") => entities::change(call),
        (Kind::Item, "DELETE") => entities::delete_one(call),
        (Kind::Links(link), "GET") => lists::linked(call, link),
        (Kind::Links(link), "POST") => links::assign(call, link),
        (Kind::Links(link), "PUT") => links::replace(call, link),
        (Kind::LinkItem(link), "DELETE") => links::remove(call, link),
        (Kind::Part(member), _) => entities::part(call, member),
        (Kind::Single, "GET") => singles::read(call),
        (Kind::Single, "PUT" | "PATCH") => singles::set(call),
        (Kind::Single, "DELETE") => singles::delete(call),
        _ => Ok(made_up(call)),
    }
}

/// An example of what the operation may reply.
pub(crate) fn made_up(call: &Call<'_>) -> Reply {
    let (status, schema) = call.operation.success();
    let reply = match schema {
        Some(schema) => Reply::json(status, example(call.contract, schema, 6)),
        None => Reply { status, ..Reply::nothing() },
    };
    Reply { is_example: true, ..reply }
}

/// Everything that the path names before its end has to be there.
pub(crate) fn check_owners(call: &Call<'_>) -> Result<(), Failure> {
    let mut before = "";
    let is_loose = call.operation.method == "GET" && Spec::of(&call.plan.table).is_loose();
    for (owner, key) in call.plan.owners.iter().zip(&call.path) {
        let is_end = call.plan.table == owner.table;
        match &owner.link {
            Some(link) if !link.member.is_empty() && !is_end && !is_loose => {
                let (left, right) =
                    if link.reversed { (key.as_str(), before) } else { (before, key.as_str()) };
                if !call.state.links.has(&link.name, left, right) {
                    return Err(Failure::new(422, "organization.require_membership"));
                }
            }
            _ if is_end || is_loose || is_told_of_pair(call, &owner.table) => {}
            _ => check_there(call, &owner.table, before, key)?,
        }
        before = key;
    }
    Ok(())
}

/// Whether a refusal would tell of what is below the owner, and not of the owner.
fn is_told_of_pair(call: &Call<'_>, owner: &str) -> bool {
    let below_organization = owner.starts_with("organization") && call.operation.method != "GET";
    match call.plan.kind {
        Kind::LinkItem(_) => owner != "applications",
        Kind::Item if call.plan.table == "applications/secrets" && !knows(call.state, "1.40") => {
            true
        }
        Kind::Item => {
            let is_first = ["applications", "resources"].contains(&owner);
            call.operation.method == "DELETE"
                && (!is_first || call.plan.table == "saml-applications/secrets")
        }
        Kind::Links(_) => {
            below_organization || call.plan.owners.len() > 1 && owner == "organizations"
        }
        Kind::Collection => below_organization && call.plan.table.ends_with("email-domains"),
        _ => false,
    }
}

fn check_there(call: &Call<'_>, table: &str, owner: &str, key: &str) -> Result<(), Failure> {
    let known = match table {
        "users" => call.state.users.find(key).is_some(),
        _ => match call.state.tables.get(table) {
            Some(rows) => rows.get("", key).or_else(|| rows.get(owner, key)).is_some(),
            // Nothing is known of tables that no operation fills.
            None => !crate::rules::plan::plans()
                .iter()
                .any(|plan| plan.table == table && matches!(plan.kind, Kind::Collection)),
        },
    };
    if known { Ok(()) } else { Err(Spec::of(table).missing(Act::Read, key)) }
}
