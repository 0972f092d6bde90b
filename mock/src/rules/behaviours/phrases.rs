//! Texts of the sign-in pages in a language: which there are is told by `phrases.json`.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::sign_in_experience;
use crate::{
    rules::{
        call::{Call, Outcome},
        contract::{
            issues::{no_form, wrong_type},
            refused,
        },
        engine,
        errors::Failure,
    },
    state::collection::Members,
};

/// The keys of each section: a list, or sections of their own with a list under the empty name.
static PHRASES: LazyLock<Value> = LazyLock::new(|| {
    let phrases = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/phrases.json"));
    serde_json::from_str(phrases).unwrap_or_default()
});

pub(super) fn replace(call: &mut Call<'_>) -> Outcome {
    let mut issues = Vec::new();
    complain(&call.body, &[], &mut issues);
    if !issues.is_empty() {
        return Err(refused("body", &issues));
    }
    let given = without_empty(&call.members());
    if !fits(&given, &PHRASES) {
        return Err(Failure::new(422, "localization.invalid_translation_structure"));
    }
    call.body = json!({ "translation": given });
    engine::run(call)
}

pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let default = &sign_in_experience::current(call)["languageInfo"]["fallbackLanguage"];
    match *default == call.path[0] {
        true => Err(Failure::new(409, "localization.cannot_delete_default_language")),
        false => engine::run(call),
    }
}

/// A phrase is a string, or phrases by their keys.
fn complain(value: &Value, path: &[Value], issues: &mut Vec<Value>) {
    let Value::Object(members) = value else {
        issues.push(wrong_type("object", Some(value), path));
        return;
    };
    for (name, value) in members.iter().filter(|(_, value)| !value.is_string()) {
        let path = [path, &[name.as_str().into()]].concat();
        let mut nested = Vec::new();
        complain(value, &path, &mut nested);
        if !nested.is_empty() {
            let no_string = wrong_type("string", Some(value), &path);
            issues.push(no_form(vec![vec![no_string], nested], &path));
        }
    }
}

/// Empty strings and sections are not kept.
fn without_empty(members: &Members) -> Members {
    let kept = members.iter().filter_map(|(name, value)| match value {
        Value::Object(own) => {
            let own = without_empty(own);
            (!own.is_empty()).then(|| (name.clone(), own.into()))
        }
        value => (value != "").then(|| (name.clone(), value.clone())),
    });
    kept.collect()
}

fn fits(given: &Members, known: &Value) -> bool {
    given.iter().all(|(name, value)| match value {
        Value::Object(own) => match &known[name.as_str()] {
            Value::Null => false,
            section => fits(own, section),
        },
        _ => {
            let keys = known.as_array().or_else(|| known[""].as_array());
            keys.is_some_and(|keys| keys.iter().any(|key| key == name))
        }
    })
}
