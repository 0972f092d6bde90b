//! `openapi/guards.toml`: checks of bodies that no document has.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::Value;

type Bodies = BTreeMap<String, Vec<(String, Value)>>;

/// Each names bodies and members, and what is set of their guards.
pub(super) fn apply(text: &str, bodies: &mut Bodies) -> Result<()> {
    let table: toml::Table = toml::from_str(text)?;
    for (at, set) in table {
        let set = serde_json::to_value(set)?;
        let Some((body, path)) = at.split_once(" # ") else {
            bail!("guards.toml: {at} has to be a body, \" # \" and a member");
        };
        let path: Vec<&str> = path.split('.').filter(|name| !name.is_empty()).collect();
        let mut found = false;
        for (_, own) in bodies.iter_mut().filter(|(key, _)| fits(body, key)) {
            for (_, guard) in own {
                found |= change(guard, &path, &set);
            }
        }
        if !found {
            bail!("guards.toml: there is no {at}");
        }
    }
    Ok(())
}

/// Whether a body is meant, whose method or path may be a star.
fn fits(wanted: &str, key: &str) -> bool {
    let (Some((method, path)), Some((own_method, own_path))) =
        (wanted.split_once(' '), key.split_once(' '))
    else {
        return false;
    };
    let is_path = match path.strip_suffix('*') {
        Some(start) => own_path.starts_with(start),
        None => own_path == path,
    };
    is_path && ["*", own_method].contains(&method)
}

/// Sets members of the guard at the end of a path, in each form of a union on the way.
fn change(guard: &mut Value, path: &[&str], set: &Value) -> bool {
    let Some((name, rest)) = path.split_first() else {
        match (set.get("guard"), set.as_object()) {
            (Some(whole), _) => *guard = whole.clone(),
            (None, Some(members)) => {
                for (name, value) in members {
                    guard[name] = value.clone();
                }
            }
            _ => {}
        }
        return true;
    };
    let mut found = false;
    let list = |guard: &Value, name| guard.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    for at in 0..list(guard, "members") {
        let member = &mut guard["members"][at];
        if member[0] == *name {
            found |= change(&mut member[1], rest, set);
        }
    }
    if *name == "[]" && guard.get("items").is_some() {
        found |= change(&mut guard["items"], rest, set);
    }
    for at in 0..list(guard, "forms") {
        found |= change(&mut guard["forms"][at], path, set);
    }
    found
}
