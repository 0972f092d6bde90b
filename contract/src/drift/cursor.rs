//! Where a place of the document is in the contract, and what Rust code calls it.

use heck::ToSnakeCase;
use serde_json::Value;

use crate::document::{Operation, operations};

/// The contract that the crate is built from.
pub(super) struct Contract<'a> {
    root: &'a Value,
    operations: Vec<Operation<'a>>,
}

/// An operation as Rust code calls it.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) api: String,
    pub(super) group: String,
    pub(super) method: String,
}

impl<'a> Contract<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, operations: operations(root) }
    }

    pub(super) fn operation(&self, id: &str) -> Option<&Operation<'a>> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// All calls of the contract.
    pub(super) fn calls(&self) -> impl Iterator<Item = Call> + '_ {
        self.operations.iter().filter_map(|operation| self.call(operation.id))
    }

    pub(super) fn call(&self, id: &str) -> Option<Call> {
        let operation = self.operation(id)?.value;
        let text = |key: &str| operation[key].as_str().map(str::to_owned);
        Some(Call {
            api: text("x-logto-api")?,
            group: operation["tags"][0].as_str()?.to_owned(),
            method: text("x-logto-method")?,
        })
    }

    /// Follows references, and takes on the name of the model they lead to.
    pub(super) fn resolve(&self, cursor: &Cursor<'a>) -> Cursor<'a> {
        let mut cursor = cursor.clone();
        for _ in 0..16 {
            let Some(node) = cursor.node else { break };
            if let Some(reference) = node["$ref"].as_str() {
                cursor.node = reference.strip_prefix('#').and_then(|at| self.root.pointer(at));
                let model = reference.strip_prefix("#/components/schemas/");
                if let Some(model) = model {
                    cursor.model = Some(model);
                    cursor.path.clear();
                }
            } else if let Some(part) = node["allOf"].get(0) {
                cursor.node = Some(part);
            } else {
                break;
            }
        }
        cursor
    }

    /// The schema of a member; where the contract has none, only the name.
    pub(super) fn member(&self, cursor: &Cursor<'a>, name: &str) -> Cursor<'a> {
        let holder = self.holder(cursor, name);
        let node = holder.node.and_then(|node| node.get("properties")?.get(name));
        holder.step(node, &format!(".{name}"))
    }

    /// The alternative that has the member, where a union is read as one object or the reverse.
    fn holder(&self, cursor: &Cursor<'a>, name: &str) -> Cursor<'a> {
        let has = |cursor: &Cursor<'a>| {
            cursor.node.is_some_and(|node| !node["properties"][name].is_null())
        };
        let alternatives = cursor.node.and_then(|node| node["oneOf"].as_array());
        if has(cursor) {
            return cursor.clone();
        }
        let alternatives = alternatives.into_iter().flatten();
        let mut resolved =
            alternatives.map(|one| self.resolve(&Cursor { node: Some(one), ..cursor.clone() }));
        resolved.find(|one| has(one)).unwrap_or_else(|| cursor.clone())
    }

    pub(super) fn items(&self, cursor: &Cursor<'a>) -> Cursor<'a> {
        cursor.step(cursor.node.and_then(|node| node.get("items")), "[]")
    }

    pub(super) fn values(&self, cursor: &Cursor<'a>) -> Cursor<'a> {
        cursor.step(cursor.node.and_then(|node| node.get("additionalProperties")), "{}")
    }

    /// The alternatives of a union.
    pub(super) fn alternatives(&self, cursor: &Cursor<'a>) -> Vec<Cursor<'a>> {
        let alternatives = cursor.node.and_then(|node| node["oneOf"].as_array());
        let alternatives = alternatives.into_iter().flatten();
        alternatives.map(|one| cursor.step(Some(one), "|")).collect()
    }

    /// Whether the contract has a schema there that says something.
    pub(super) fn knows(cursor: &Cursor<'a>) -> bool {
        cursor.node.and_then(Value::as_object).is_some_and(|map| !map.is_empty())
    }

    pub(super) fn root(&self) -> &'a Value {
        self.root
    }
}

/// A place in the contract.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) node: Option<&'a Value>,
    pub(super) model: Option<&'a str>,
    /// The way from the model, or from the operation.
    pub(super) path: String,
}

impl<'a> Cursor<'a> {
    pub(super) fn step(&self, node: Option<&'a Value>, step: &str) -> Self {
        Cursor { node, model: self.model, path: format!("{}{step}", self.path) }
    }

    /// `User.profile`, or `GetUser 200.profile` where no model is named.
    pub(super) fn item(&self) -> String {
        format!("{}{}", self.model.unwrap_or_default(), self.path)
    }

    /// `User::profile`.
    pub(super) fn rust(&self) -> Option<String> {
        let model = self.model?;
        let member = self.path.strip_prefix('.')?.split(['.', '[', '{', '|']).next()?;
        Some(format!("{model}::{}", member.to_snake_case()))
            .filter(|_| !member.is_empty())
            .or_else(|| Some(model.to_owned()))
    }
}
