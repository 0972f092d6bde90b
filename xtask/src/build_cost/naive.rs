//! What progenitor makes of a document where it is used as its documentation shows.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};

use anyhow::{Context, Result};
use openapiv3::OpenAPI;
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Map, Value, json};
use syn::Item;

use crate::vendor::workspace;

/// progenitor's code for the operations that it can do.
pub(super) struct Naive {
    pub(super) code: String,
    pub(super) operations: usize,
    /// How many operations it cannot do.
    pub(super) left_out: usize,
}

impl Naive {
    /// From the contract, whose schemas have been named and joined.
    pub(super) fn of_contract(style: InterfaceStyle) -> Result<Self> {
        let contract = fs::read_to_string(workspace().join("openapi/logto.json"))?;
        Self::of(&serde_json::from_str(&contract)?, style)
    }

    fn of(whole: &Value, style: InterfaceStyle) -> Result<Self> {
        let mut settings = GenerationSettings::new();
        settings.with_interface(style);
        let attempt =
            |operations: &[Operation<'_>]| generate(&document(whole, operations), &settings);
        let all = operations(whole)?;
        let (count, mut possible) = (all.len(), all);
        possible.retain(|one| attempt(&[*one]).is_some());
        let code = loop {
            match attempt(&possible) {
                Some(code) => break code,
                None => drop(possible.remove(offender(&possible, &attempt))),
            }
        };
        Ok(Self { code, operations: possible.len(), left_out: count - possible.len() })
    }
}

/// A path, a method and the operation.
type Operation<'a> = (&'a str, &'a str, &'a Value);

fn operations(whole: &Value) -> Result<Vec<Operation<'_>>> {
    let paths = whole["paths"].as_object().context("the document has no paths")?;
    let members = paths.iter().flat_map(|(path, item)| {
        let members = item.as_object().into_iter().flatten();
        members.map(move |(verb, member)| (path.as_str(), verb.as_str(), member))
    });
    Ok(members.filter(|(.., member)| member["responses"].is_object()).collect())
}

/// The first operation that progenitor cannot do with those before it.
fn offender<'a>(
    operations: &[Operation<'a>],
    attempt: &dyn Fn(&[Operation<'a>]) -> Option<String>,
) -> usize {
    let (mut possible, mut impossible) = (0, operations.len());
    while impossible - possible > 1 {
        let middle = (possible + impossible) / 2;
        match attempt(&operations[..middle]) {
            Some(_) => possible = middle,
            None => impossible = middle,
        }
    }
    possible
}

/// The document with these operations alone, and the schemas that they refer to.
fn document(whole: &Value, operations: &[Operation<'_>]) -> Value {
    let mut paths = json!({});
    for (path, verb, operation) in operations {
        paths[path][verb] = (*operation).clone();
    }
    let mut components = whole["components"].clone();
    let schemas = components.as_object_mut().and_then(|parts| parts.remove("schemas"));
    let schemas = schemas.unwrap_or_default();
    let mut names = BTreeSet::new();
    let mut open = [references(&paths), references(&components)].concat();
    while let Some(name) = open.pop() {
        if names.insert(name.clone()) {
            open.extend(references(&schemas[&name]));
        }
    }
    let schemas: Map<_, _> =
        names.into_iter().map(|name| (name.clone(), schemas[&name].clone())).collect();
    components["schemas"] = Value::Object(schemas);
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Logto", "version": "0"},
        "paths": paths,
        "components": components,
    })
}

/// The names of the schemas that it refers to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|name| name.strip_prefix("#/components/schemas/"));
            own.map(str::to_owned)
                .into_iter()
                .chain(members.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// What progenitor writes, if it neither fails nor panics nor gives two types one name.
fn generate(document: &Value, settings: &GenerationSettings) -> Option<String> {
    let document: OpenAPI = serde_json::from_value(document.clone()).ok()?;
    let silent = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let tokens = panic::catch_unwind(AssertUnwindSafe(|| {
        Generator::new(settings).generate_tokens(&document)
    }));
    panic::set_hook(silent);
    let file: syn::File = syn::parse2(tokens.ok()?.ok()?).ok()?;
    are_distinct(&file.items).then(|| prettyplease::unparse(&file))
}

/// Whether the types of each module have names of their own.
fn are_distinct(items: &[Item]) -> bool {
    let mut names = BTreeSet::new();
    items.iter().all(|item| match item {
        Item::Struct(item) => names.insert(&item.ident),
        Item::Enum(item) => names.insert(&item.ident),
        Item::Mod(module) => module.content.iter().all(|(_, items)| are_distinct(items)),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn json(schema: Value) -> Value {
        json!({"description": "", "content": {"application/json": {"schema": schema}}})
    }

    fn whole() -> Value {
        let user = || json(json!({"$ref": "#/components/schemas/User"}));
        let named = json!({"type": "object", "properties": {"name": {
            "type": "object", "properties": {"a": {"type": "string"}}
        }}});
        json!({
            "components": {"schemas": {
                "User": named,
                "UserName": {"type": "object"},
                "Role": {"type": "object"},
                "Unused": {"type": "object"},
            }},
            "paths": {
                "/names": {"get": {"operationId": "ListNames", "responses": {
                    "200": json(json!({"$ref": "#/components/schemas/UserName"})),
                }}},
                "/roles": {"get": {"operationId": "ListRoles", "responses": {
                    "200": json(json!({"$ref": "#/components/schemas/Role"})),
                }}},
                "/users": {
                    "get": {"operationId": "ListUsers", "responses": {"200": user()}},
                    // Two kinds of success.
                    "post": {"operationId": "CreateUser", "responses": {
                        "200": user(), "201": json(json!({"type": "string"})),
                    }},
                },
            },
        })
    }

    #[test]
    fn types_of_one_name_are_not_distinct() {
        let items = |code| syn::parse_file(code).unwrap().items;
        assert!(are_distinct(&items("struct A; mod b { struct A; enum B {} }")));
        assert!(!are_distinct(&items("struct A; mod b { struct B; enum B {} }")));
    }

    /// Of two operations that it can only do apart, the first stays.
    #[test]
    fn what_progenitor_cannot_do_is_left_out_and_counted() {
        let Naive { code, operations, left_out } =
            Naive::of(&whole(), InterfaceStyle::Positional).unwrap();
        assert_eq!((operations, left_out), (2, 2));
        for (name, is_there) in [("names", true), ("roles", true), ("users", false)] {
            assert_eq!(code.contains(&format!("fn list_{name}")), is_there, "{name}: {code}");
        }
        assert!(!code.contains("fn create_user"), "{code}");
        assert!(code.contains("struct Role") && !code.contains("struct Unused"), "{code}");
    }
}
