//! The sign-in experience: what is set of it, by the API and by tests.

use serde_json::{Value, json};

use super::sign_in_checks;
use crate::{
    rules::{
        call::{Call, Outcome},
        engine,
        releases::knows,
        spec::Spec,
    },
    state::{
        State,
        collection::object,
        now,
        policy::{MfaFactor, MfaPolicy, SignUpField},
        tables::Row,
    },
};

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let mut reply = engine::run(call)?;
    if let Some(own) = reply.value() {
        show_policy(call.state, own);
    }
    Ok(reply)
}

/// All of it, for operations that show parts.
pub(super) fn current(call: &Call<'_>) -> Value {
    let spec = Spec::of("sign-in-exp");
    let stored = call.state.tables.get("sign-in-exp").and_then(|table| table.get("", ""));
    let own = stored.map_or_else(|| spec.defaults(), |row| row.members.clone());
    let mut own = Value::from(own);
    show_policy(call.state, &mut own);
    own
}

/// Sets one member of it.
pub(super) fn set(call: &mut Call<'_>, name: &str, value: Value) {
    let mut own = object(current(call));
    own.insert(name.to_owned(), value);
    let table = call.state.tables.table("sign-in-exp");
    table.remove("", "");
    table.add(Row { owner: String::new(), key: String::new(), members: own });
}

/// What tests have set of it.
fn show_policy(state: &State, own: &mut Value) {
    let policy = &state.policy;
    let factors = policy.factors.iter().map(|factor| factor.name());
    own["mfa"]["factors"] = factors.collect::<Value>();
    // Policies of older releases are kept as they were set.
    if own["mfa"]["policy"].as_str().is_none_or(|name| MfaPolicy::of_name(name).is_some()) {
        own["mfa"]["policy"] = policy.mfa.name().into();
    }
    // What is set of it is whole, but not before 1.41.
    let is_set = own["passkeySignIn"].as_object().is_some_and(|own| !own.is_empty());
    let is_whole = knows(state, "1.41") && (is_set || policy.passkey_sign_in);
    let names = ["enabled", "showPasskeyButton", "allowAutofill"];
    for name in names.iter().filter(|_| is_whole) {
        if own["passkeySignIn"].get(*name).is_none() {
            own["passkeySignIn"][*name] = false.into();
        }
    }
    if policy.passkey_sign_in || own["passkeySignIn"].get("enabled").is_some() {
        own["passkeySignIn"]["enabled"] = policy.passkey_sign_in.into();
    }
    let identifiers = [
        (SignUpField::Username, "username"),
        (SignUpField::Email, "email"),
        (SignUpField::Phone, "phone"),
    ];
    let identifiers = identifiers.into_iter().filter(|(field, _)| policy.asks_for(*field));
    let verify = policy.asks_for(SignUpField::Email) || policy.asks_for(SignUpField::Phone);
    own["signUp"]["identifiers"] = identifiers.map(|(_, name)| name).collect::<Value>();
    own["signUp"]["password"] = policy.asks_for(SignUpField::Password).into();
    own["signUp"]["verify"] = verify.into();
}

pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    sign_in_checks::check(call)?;
    if call.body["passwordExpiration"]["enabled"] == true {
        call.body["passwordExpiration"]["enabledAt"] = now().into();
    }
    let given = call.members();
    let mut reply = engine::run(call)?;
    let policy = &mut call.state.policy;
    if let Some(mfa) = given.get("mfa") {
        let names = mfa["factors"].as_array().into_iter().flatten().filter_map(Value::as_str);
        policy.factors = names.filter_map(MfaFactor::of_name).collect();
        policy.mfa = mfa["policy"].as_str().and_then(MfaPolicy::of_name).unwrap_or(policy.mfa);
    }
    if let Some(enabled) = given.get("passkeySignIn").and_then(|own| own["enabled"].as_bool()) {
        policy.passkey_sign_in = enabled;
    }
    if let Some(sign_up) = given.get("signUp") {
        let asks = |name: &str| {
            sign_up["identifiers"].as_array().is_some_and(|own| own.contains(&json!(name)))
        };
        policy.sign_up = [
            (SignUpField::Username, asks("username")),
            (SignUpField::Email, asks("email")),
            (SignUpField::Phone, asks("phone")),
            (SignUpField::Password, sign_up["password"] == true),
        ]
        .into_iter()
        .filter_map(|(field, asked)| asked.then_some(field))
        .collect();
    }
    if let Some(own) = reply.value() {
        show_policy(call.state, own);
    }
    Ok(reply)
}
