//! Users, their passwords and their factors.

use serde_json::{Value, json};

use super::sign_in_experience;
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        engine,
        errors::Failure,
        releases::knows,
        search::Search,
        users::{SEARCHED, not_found, refuse_taken},
    },
    state::{
        collection::{Members, text},
        factors::Secret,
        policy::MfaFactor,
        user::{Password, User},
    },
};

pub(super) fn user<'a>(call: &'a Call<'_>) -> Result<&'a User, Failure> {
    call.state.users.find(&call.path[0]).ok_or_else(not_found)
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let search = Search::of(call.query, SEARCHED)?;
    let users = &call.state.users;
    if call.wants_all() {
        return call.reply_page_of(users.len(), |n| users.newest_from(n), User::to_json);
    }
    let found = users.newest_first().filter(|user| search.finds(|field| user.text(field)));
    let found = found.filter(|user| call.lets_through("users", &user.id));
    call.reply_page(found, User::to_json)
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let mut members = call.members();
    let password = take_password(&mut members)?;
    refuse_long(call, &members)?;
    refuse_taken(&call.state.users, &members, None)?;
    let mut user = User::new(&call.state.ids.user());
    user.set_all(members);
    user.password = password;
    let reply = Reply::ok(user.to_json());
    let id = user.id.clone();
    call.state.users.add(user);
    give_default_roles(call, &id);
    Ok(reply)
}

/// How long a name may be, nothing but the database looks at.
fn refuse_long(call: &Call<'_>, members: &Members) -> Result<(), Failure> {
    let name = text(members, "name").unwrap_or_default();
    match name.chars().count() > 128 {
        false => Ok(()),
        true if knows(call.state, "1.36") => Err(Failure::new(422, "entity.value_too_long")),
        true => Err(Failure::raw(500, json!({ "message": "Internal server error." }))),
    }
}

/// New users have the roles that are for all.
fn give_default_roles(call: &mut Call<'_>, id: &str) {
    let Some(roles) = call.state.tables.get("roles") else { return };
    let roles =
        roles.newest_first().filter(|row| row.members.get("isDefault") == Some(&true.into()));
    let roles: Vec<String> = roles.map(|row| row.key.clone()).collect();
    for role in roles {
        call.state.links.of("roles/users").add(&role, id);
    }
}

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let user = user(call)?;
    let mut shown = user.to_json();
    if call.query.get("includeSsoIdentities") == Some("true") {
        shown["ssoIdentities"] = json!(user.sso);
    }
    Ok(Reply::ok(shown))
}

/// Changes the user; shows what there is then.
pub(super) fn changed(call: &mut Call<'_>, change: impl FnOnce(&mut User)) -> Outcome {
    let user = call.state.users.find_mut(&call.path[0]).ok_or_else(not_found)?;
    change(user);
    user.touch();
    Ok(Reply::ok(user.to_json()))
}

pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    user(call)?;
    let members = call.members();
    if members.is_empty() {
        return Err(Failure::nothing_given());
    }
    refuse_long(call, &members)?;
    refuse_taken(&call.state.users, &members, Some(&call.path[0]))?;
    changed(call, |user| user.set_all(members))
}

pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    call.state.users.remove(&id).ok_or_else(not_found)?;
    call.state.sign_out(&id);
    engine::forget(call.state, "users", &id, &id);
    Ok(Reply::nothing())
}

pub(super) fn has_password(call: &mut Call<'_>) -> Outcome {
    Ok(Reply::ok(json!({ "hasPassword": user(call)?.password.is_some() })))
}

pub(super) fn set_password(call: &mut Call<'_>) -> Outcome {
    let password = take_password(&mut call.members())?;
    changed(call, |user| user.password = password)
}

pub(super) fn verify_password(call: &mut Call<'_>) -> Outcome {
    match user(call)?.has_password(call.text("password")) {
        true => Ok(Reply::nothing()),
        false => Err(Failure::new(422, "session.invalid_credentials")),
    }
}

pub(super) fn expire_password(call: &mut Call<'_>) -> Outcome {
    user(call)?;
    let expired = call.body["isExpired"] == true;
    let policy = sign_in_experience::current(call)["passwordExpiration"].take();
    if expired && (policy["enabled"] != true || policy["validPeriodDays"].as_u64() == Some(0)) {
        let code = "sign_in_experiences.password_expiration_not_enabled";
        return Err(Failure::new(400, code));
    }
    changed(call, |user| match expired {
        true => user.expire_password(),
        false => user.renew_password(),
    })
}

pub(super) fn suspend(call: &mut Call<'_>) -> Outcome {
    let members = call.members();
    if members.get("isSuspended") == Some(&true.into()) {
        let id = call.path[0].clone();
        call.state.sign_out(&id);
    }
    changed(call, |user| user.set_all(members))
}

pub(super) fn member(call: &mut Call<'_>, name: &str) -> Outcome {
    Ok(Reply::ok(user(call)?.get(name).clone()))
}

/// Adds to a member that is an object; shows what it is then.
pub(super) fn merge(call: &mut Call<'_>, name: &str) -> Outcome {
    let mut own = user(call)?.get(name).as_object().cloned().unwrap_or_default();
    own.extend(call.body[name].as_object().cloned().unwrap_or_default());
    changed(call, |user| user.set(name, own.clone().into()))?;
    Ok(Reply::ok(own))
}

pub(super) fn factors(call: &mut Call<'_>) -> Outcome {
    Ok(Reply::ok(user(call)?.mfa.to_json()))
}

pub(super) fn add_factor(call: &mut Call<'_>) -> Outcome {
    let own = user(call)?;
    let (secret, shown) = if call.text("type") == "Totp" {
        if own.mfa.has(MfaFactor::Totp) {
            return Err(Failure::new(422, "user.totp_already_in_use"));
        }
        let given = call.body["secret"].as_str().map(str::to_owned);
        let secret = given.unwrap_or_else(|| call.state.ids.totp_secret());
        let code = "data:image/png;base64,";
        let shown = json!({ "type": "Totp", "secret": secret, "secretQrCode": code });
        (Secret::Totp(secret), shown)
    } else {
        if own.mfa.has(MfaFactor::BackupCode) {
            return Err(Failure::new(422, "user.backup_code_already_in_use"));
        }
        if own.mfa.factors.is_empty() {
            return Err(Failure::new(422, "session.mfa.backup_code_can_not_be_alone"));
        }
        let codes = match call.strings("codes") {
            given if given.is_empty() => call.state.ids.backup_codes(),
            given => given,
        };
        (Secret::BackupCodes(codes.clone()), json!({ "type": "BackupCode", "codes": codes }))
    };
    let state = &mut *call.state;
    if let Some(user) = state.users.find_mut(&call.path[0]) {
        user.mfa.add(&mut state.ids, secret);
    }
    Ok(Reply::ok(shown))
}

pub(super) fn remove_factor(call: &mut Call<'_>) -> Outcome {
    let user = call.state.users.find_mut(&call.path[0]).ok_or_else(not_found)?;
    let before = user.mfa.factors.len();
    user.mfa.factors.retain(|factor| factor.id != call.path[1]);
    if user.mfa.factors.len() == before { Err(not_found()) } else { Ok(Reply::nothing()) }
}

/// Takes the three password members out, so that no reply can hold them.
fn take_password(members: &mut Members) -> Result<Option<Password>, Failure> {
    let mut take = |name| match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    match (take("password"), take("passwordDigest"), take("passwordAlgorithm")) {
        (Some(_), Some(_), _) => Err(Failure::new(400, "user.password_and_digest")),
        (None, Some(_), None) => Err(Failure::new(400, "user.password_algorithm_required")),
        (Some(password), None, _) => Ok(Some(Password::Plain(password))),
        (None, Some(digest), Some(algorithm)) => Ok(Some(Password::Digest { algorithm, digest })),
        (None, None, _) => Ok(None),
    }
}

pub(super) fn personal_access_token(call: &mut Call<'_>) -> Outcome {
    if call.state.users.find(&call.path[0]).is_none() {
        return Err(Failure::new(404, "entity.relation_foreign_key_not_found"));
    }
    super::applications::refuse_past(call)?;
    let secret = call.state.ids.secret();
    call.body["value"] = format!("pat_{secret}").into();
    engine::run(call)
}

/// The same operations as by path, with the name in the body.
pub(super) fn rename_access_token(call: &mut Call<'_>) -> Outcome {
    let (owner, name) = (call.path[0].clone(), call.text("name").to_owned());
    let current = call.text("currentName").to_owned();
    let table = call.state.tables.table("users/personal-access-tokens");
    let found = table.change(&owner, &current, |row| {
        row.members.insert("name".into(), name.as_str().into());
        row.key.clone_from(&name);
    });
    let row = table.get(&owner, &name).filter(|_| found);
    row.map(|row| Reply::ok(row.members.clone())).ok_or_else(not_found)
}

pub(super) fn delete_access_token(call: &mut Call<'_>) -> Outcome {
    let name = text(&call.members(), "name").unwrap_or_default().to_owned();
    let table = call.state.tables.table("users/personal-access-tokens");
    table.remove(&call.path[0], &name).map(|_| Reply::nothing()).ok_or_else(not_found)
}
