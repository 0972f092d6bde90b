//! A damaged document is vendored or refused; nothing panics.

use serde_json::{Value, json};

use super::stable::sample;
use super::{Knowledge, again, series, text, vendor};

/// The pointers to all nodes of a document.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| pointers(value, &format!("{at}/{}", escape(key)), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, value)| pointers(value, &format!("{at}/{i}"), found)),
        _ => {}
    }
}

/// Puts something else in the place of every node in turn.
fn damage(with: Value) {
    let mut found = Vec::new();
    pointers(&sample(), "", &mut found);
    for pointer in found {
        let mut damaged = sample();
        *damaged.pointer_mut(&pointer).unwrap() = with.clone();
        survives(damaged, &format!("{pointer} = {with}"));
    }
}

// One test a kind of damage, so that they run side by side.

#[test]
fn any_node_may_be_null() {
    damage(json!(null));
}

#[test]
fn any_node_may_be_a_text() {
    damage(json!("x"));
}

#[test]
fn any_node_may_be_an_empty_list() {
    damage(json!([]));
}

#[test]
fn any_node_may_be_an_empty_object() {
    damage(json!({}));
}

/// Vendored, and then the same again; or refused with a place.
fn survives(damaged: Value, what: &str) {
    match vendor(&series(damaged), &Knowledge::default()) {
        Ok(first) => {
            let (contract, before) = (first.contract.clone(), text(&first));
            assert_eq!(before, text(&again(contract, first)), "{what}");
        }
        Err(error) => {
            let error = format!("{error:#}");
            assert!(error.contains("refused at /"), "{what}: {error}");
        }
    }
}
