//! What texts in backticks name: fields, parameters and values of enums are called as in Rust, and
//! nothing is named that does not exist.
//!
//! A key of free-form JSON is written with its quotes, `"redirectUri"`, and stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use logto_api_codegen::{Lifetime, member_name, parameter_name, variant_names};
use serde_json::Value;

use super::members;

/// The names of a contract.
#[derive(Default)]
pub(super) struct Names {
    /// Fields and parameters: their names in JSON or the request, and in Rust.
    fields: BTreeMap<String, String>,
    /// Groups, methods, and fields in Rust.
    known: BTreeSet<String>,
    /// Enums: their values, and variants in Rust.
    enums: BTreeMap<String, BTreeMap<String, String>>,
    /// Objects: the enums that their fields are of.
    objects: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    pub(super) fn of(contract: &Value) -> Self {
        let mut names = Self::default();
        for operation in operations(contract) {
            for key in [&operation["tags"][0], &operation["x-logto-method"]] {
                names.known.extend(key.as_str().map(str::to_owned));
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap_or_default();
                names.fields.insert(name.to_owned(), parameter_name(name));
            }
        }
        for (name, schema) in members(&contract["components"]["schemas"]) {
            let fields = members(&schema["properties"]);
            names.fields.extend(fields.map(|(field, _)| (field.clone(), member_name(field))));
            if schema["enum"].is_array() {
                names.enums.insert(name.clone(), variants(schema));
            }
        }
        for (name, schema) in members(&contract["components"]["schemas"]) {
            let enums = names.enums_in(&schema["properties"]);
            let enums = enums.into_iter().map(str::to_owned).collect();
            names.objects.insert(name.clone(), enums);
        }
        names.known.extend(names.fields.values().cloned());
        names
    }

    /// The enums that a part of the contract refers to, itself or by the fields of an object.
    pub(super) fn enums_in<'a>(&'a self, part: &'a Value) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        match part {
            Value::Object(members) => {
                let name = members.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|name| name.rsplit('/').next()).unwrap_or_default();
                found.extend(self.enums.get_key_value(name).map(|(name, _)| name.as_str()));
                found.extend(self.objects.get(name).into_iter().flatten().map(String::as_str));
                members.values().for_each(|member| found.extend(self.enums_in(member)));
            }
            Value::Array(items) => items.iter().for_each(|item| found.extend(self.enums_in(item))),
            _ => {}
        }
        found
    }

    /// A text with names as in Rust. Values are those of these enums; names of nothing are added to
    /// `unknown`.
    pub(super) fn in_rust(
        &self,
        text: &str,
        enums: &BTreeSet<&str>,
        unknown: &mut Vec<String>,
    ) -> String {
        let parts = text.split("```").enumerate().map(|(index, part)| match index % 2 {
            0 => self.prose(part, enums, unknown),
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("```")
    }

    fn prose(&self, text: &str, enums: &BTreeSet<&str>, unknown: &mut Vec<String>) -> String {
        let mut written = String::new();
        for (index, part) in text.split('`').enumerate() {
            if index % 2 == 0 {
                written += part;
                continue;
            }
            // The compiler sees to links.
            if written.ends_with('[') {
                let _ = write!(written, "`{part}`");
                continue;
            }
            let variant = enums.iter().find_map(|name| Some((name, self.enums[*name].get(part)?)));
            let _ = match variant.filter(|_| !self.fields.contains_key(part)) {
                Some((name, variant)) => {
                    write!(written, "[`{variant}`](crate::models::{name}::{variant})")
                }
                None => write!(written, "`{}`", self.path(part, unknown)),
            };
        }
        written
    }

    /// A name, or several with dots between.
    fn path(&self, path: &str, unknown: &mut Vec<String>) -> String {
        if self.is_unknown(path) {
            unknown.push(path.to_owned());
        }
        let name = |name| self.fields.get(name).map_or(name, String::as_str);
        path.split('.').map(name).collect::<Vec<_>>().join(".")
    }

    /// Whether it looks like the name of a field or method, and is none. A key of an error or a log
    /// has dots.
    fn is_unknown(&self, name: &str) -> bool {
        let called = name.split(['(', '.']).next().unwrap_or_default();
        if name.contains('(') && !called.is_empty() && called.chars().all(is_part) {
            let method = name.split("().").nth(1).map(|rest| rest.trim_end_matches("()"));
            let method = method.and_then(|method| method.split('(').next());
            return called != "navigator" && !method.iter().all(|name| self.known.contains(*name));
        }
        let is_name = !name.contains('.') && name.chars().all(is_part);
        let is_compound = name.contains('_') || name.contains(|c: char| c.is_ascii_uppercase());
        is_name
            && is_compound
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !self.fields.contains_key(name)
            && !self.known.contains(name)
    }
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn operations(contract: &Value) -> impl Iterator<Item = &Value> {
    members(&contract["paths"]).flat_map(|(_, path)| members(path)).map(|(_, operation)| operation)
}

fn variants(schema: &Value) -> BTreeMap<String, String> {
    let values: Vec<&str> =
        schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let lifetimes: Vec<_> = values.iter().map(|value| Lifetime::of_value(schema, value)).collect();
    let names = variant_names(values.iter().copied().zip(&lifetimes));
    values.into_iter().map(str::to_owned).zip(names).collect()
}

/// Words that add nothing to a name.
const FILLERS: [&str; 12] =
    ["a", "an", "the", "of", "its", "it", "is", "s", "whether", "when", "was", "at"];

/// Whether a text says no more than the name of what it is about: `The user's id.` of `userId`.
pub(super) fn restates(text: &str, name: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        let words = words.filter(|word| !word.is_empty() && !FILLERS.contains(&word.as_str()));
        words.map(|word| word.trim_end_matches('s').to_owned()).collect()
    };
    words(text).is_subset(&words(&member_name(name).replace('_', " ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names() -> Names {
        Names::of(&json!({
            "paths": { "/api/users": { "get": {
                "tags": ["users"],
                "x-logto-method": "list_all",
                "parameters": [{ "name": "userId" }, { "name": "search_params" }],
            } } },
            "components": { "schemas": {
                "User": { "properties": { "passwordDigest": {}, "type": {} } },
                "Kind": { "enum": ["sign-in", "Other"] },
            } },
        }))
    }

    fn in_rust(text: &str) -> (String, Vec<String>) {
        let mut unknown = Vec::new();
        let text = names().in_rust(text, &BTreeSet::from(["Kind"]), &mut unknown);
        (text, unknown)
    }

    #[test]
    fn fields_and_values_have_their_names_in_rust() {
        let text = "`passwordDigest`, `user.passwordDigest` and `search_params`: `sign-in`, \
            `\"userId\"`, `users().list_all()`\n```\n`userId`\n```";
        let (written, unknown) = in_rust(text);
        let expected = "`password_digest`, `user.password_digest` and `search`: \
            [`SignIn`](crate::models::Kind::SignIn), `\"userId\"`, `users().list_all()`\n```\n`userId`\n```";
        assert_eq!(written, expected);
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn names_of_nothing_are_found() {
        let (_, unknown) =
            in_rust("`passwordHash`, `list_none`, `users().create()`, `a.b_c`, `id`");
        assert_eq!(unknown, ["passwordHash", "list_none", "users().create()"]);
    }

    #[test]
    fn restating_a_name_is_saying_nothing() {
        assert!(restates("The user's id.", "userId"));
        assert!(restates("The ids of the users.", "userIds"));
        assert!(restates("When it was created.", "createdAt"));
        assert!(!restates("The user's id at the provider.", "userId"));
    }
}
