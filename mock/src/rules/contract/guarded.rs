//! Checks bodies by the guards of a release, with the complaints that Zod makes of them.

use serde_json::{Map, Value};

use super::{
    Check, Contract, Operation,
    guards::Guards,
    issues::{
        custom, malformed, no_form, not_above, number_for_option, quoted, refused, too_big,
        too_small, type_name, unrecognized, wrong_discriminator, wrong_literal, wrong_number,
        wrong_option, wrong_type,
    },
};
use crate::rules::{errors::Failure, formats};

/// A check under way.
pub(crate) struct Guarded<'a> {
    guards: &'a Guards,
    /// Checks what the documents tell nothing of, by the contract.
    check: Check<'a>,
    pub(crate) issues: Vec<Value>,
}

/// A guard, and the contract's schema of the same.
#[derive(Clone, Copy)]
pub(crate) struct Both<'a> {
    pub(crate) guard: &'a Value,
    pub(crate) schema: Option<&'a Value>,
}

impl Contract {
    /// What the guard of an operation's body knows of it, if it has one in this release.
    pub(crate) fn guarded(
        &self,
        operation: &Operation,
        release: Option<&str>,
        path: &[String],
        body: &Value,
    ) -> Option<Result<Value, Failure>> {
        let guard = Guards::get().body(operation, release, path)?;
        let mut guarded = Guarded::new(Check::new(self));
        let both = Both { guard, schema: operation.body.as_ref() };
        let known = guarded.value(both, body, &[]);
        let issues = guarded.issues;
        Some(if issues.is_empty() { Ok(known) } else { Err(refused("body", &issues)) })
    }
}

impl<'a> Guarded<'a> {
    pub(crate) fn new(check: Check<'a>) -> Self {
        Self { guards: Guards::get(), check, issues: Vec::new() }
    }

    /// The value without what the guard does not know.
    pub(crate) fn value(&mut self, own: Both<'_>, value: &Value, path: &[Value]) -> Value {
        let guard = self.guards.resolve(own.guard);
        let own = Both { guard, ..own };
        if value.is_null() && guard["nullable"] == true {
            return Value::Null;
        }
        if guard.get("literal").is_some() || guard.get("options").is_some() {
            self.choice(guard, Some(value), path);
            return value.clone();
        }
        if let Some(forms) = guard["forms"].as_array() {
            return match guard["tag"].as_str() {
                Some(tag) => self.tagged(own, forms, tag, value, path),
                None => self.union(own, forms, value, path),
            };
        }
        if let Some(all) = guard["all"].as_array() {
            return self.all(own, all, value, path);
        }
        match guard["type"].as_str() {
            Some("object") => self.object(own, value, path),
            Some("record") => self.record(guard, value, path),
            Some("array") => self.array(own, value, path),
            Some("language") => {
                if value.as_str().is_none_or(|tag| !self.check.contract.is_language(tag)) {
                    self.issues.push(custom(path));
                }
                value.clone()
            }
            Some("custom") => self.by_contract(own, value, path),
            Some(kind) => {
                self.plain(guard, kind, value, path);
                value.clone()
            }
            None => value.clone(),
        }
    }

    fn choice(&mut self, guard: &Value, value: Option<&Value>, path: &[Value]) {
        if let Some(literal) = guard.get("literal") {
            if value != Some(literal) {
                self.issues.push(wrong_literal(literal.clone(), value, path));
            }
            return;
        }
        let options: Vec<&str> =
            guard["options"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        match value {
            Some(Value::String(text)) if options.contains(&text.as_str()) => {}
            Some(Value::String(text)) => self.issues.push(wrong_option(&options, text, path)),
            Some(value) if value.is_number() && guard["kind"] != "string" => {
                self.issues.push(number_for_option(&options, value, path));
            }
            other => self.issues.push(wrong_type(&quoted(&options), other, path)),
        }
    }

    fn plain(&mut self, guard: &Value, kind: &str, value: &Value, path: &[Value]) {
        if type_name(Some(value)) != kind {
            self.issues.push(wrong_type(kind, Some(value), path));
            return;
        }
        let size = match value {
            Value::String(text) => text.encode_utf16().count() as f64,
            other => other.as_f64().unwrap_or_default(),
        };
        if guard["whole"] == true && size.fract() != 0.0 {
            self.issues.push(wrong_number("integer", "float", path));
        }
        if let Some(least) = guard["min"].as_u64().filter(|least| size < *least as f64) {
            self.issues.push(too_small(kind, least, path));
        }
        if let Some(bound) = guard["above"].as_u64().filter(|bound| size <= *bound as f64) {
            self.issues.push(not_above(bound, path));
        }
        if let Some(most) = guard["max"].as_u64().filter(|most| size > *most as f64) {
            self.issues.push(too_big(kind, most, path));
        }
        let text = value.as_str().unwrap_or_default();
        let issue = match guard["is"].as_str().unwrap_or_default() {
            "url" if !formats::is_url(text) => malformed("url", "Invalid url", path),
            "email" if !formats::is_email(text) => malformed("email", "Invalid email", path),
            "address" if !formats::is_email(text) => malformed("regex", "Invalid", path),
            "digits" if !formats::is_phone(text) => malformed("regex", "Invalid", path),
            "color" if !formats::is_color(text) => malformed("regex", "Invalid", path),
            "name" if !formats::is_username(text) => malformed("regex", "Invalid", path),
            _ => return,
        };
        self.issues.push(issue);
    }

    fn object(&mut self, own: Both<'_>, value: &Value, path: &[Value]) -> Value {
        let Value::Object(given) = value else {
            self.issues.push(wrong_type("object", Some(value), path));
            return value.clone();
        };
        let contract = self.check.contract;
        let mut kept = Map::new();
        let members = own.guard["members"].as_array().into_iter().flatten();
        let mut known = Vec::new();
        for member in members {
            let name = member[0].as_str().unwrap_or_default();
            known.push(name);
            let path = [path, &[name.into()]].concat();
            match given.get(name) {
                None if member[2] == true
                    && self.guards.resolve(&member[1])["type"] == "custom" =>
                {
                    if let Some(schema) = own.schema.and_then(|own| contract.member(own, name)) {
                        let mut check = self.check.again();
                        check.missing(schema, &path);
                        self.issues.append(&mut check.issues);
                    }
                }
                None if member[2] == true => self.missing(&member[1], &path),
                None => {}
                Some(value) => {
                    let schema = own.schema.and_then(|own| contract.member(own, name));
                    let member = self.value(Both { guard: &member[1], schema }, value, &path);
                    kept.insert(name.to_owned(), member);
                }
            }
        }
        let more: Vec<&str> =
            given.keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
        if own.guard["strict"] == true && !more.is_empty() {
            self.issues.push(unrecognized(&more, path));
        }
        kept.into()
    }

    fn record(&mut self, guard: &Value, value: &Value, path: &[Value]) -> Value {
        let Value::Object(given) = value else {
            self.issues.push(wrong_type("object", Some(value), path));
            return value.clone();
        };
        let values = &guard["values"];
        let kept = given.iter().map(|(name, value)| {
            let path = [path, &[name.as_str().into()]].concat();
            let value = match values {
                Value::Null => value.clone(),
                guard => self.value(Both { guard, schema: None }, value, &path),
            };
            (name.clone(), value)
        });
        kept.collect::<Map<_, _>>().into()
    }

    fn array(&mut self, own: Both<'_>, value: &Value, path: &[Value]) -> Value {
        let Value::Array(items) = value else {
            self.issues.push(wrong_type("array", Some(value), path));
            return value.clone();
        };
        if let Some(least) = own.guard["min"].as_u64().filter(|least| (items.len() as u64) < *least)
        {
            self.issues.push(too_small("array", least, path));
        }
        let contract = self.check.contract;
        let schema = own.schema.and_then(|own| contract.resolve(own).get("items"));
        let items = items.iter().enumerate().map(|(at, item)| {
            let path = [path, &[at.into()]].concat();
            self.value(Both { guard: &own.guard["items"], schema }, item, &path)
        });
        items.collect()
    }

    /// Complains of what is not there, unless it may be absent.
    fn missing(&mut self, guard: &Value, path: &[Value]) {
        let guard = self.guards.resolve(guard);
        if guard.get("literal").is_some() || guard.get("options").is_some() {
            return self.choice(guard, None, path);
        }
        let expected = match guard["type"].as_str() {
            Some("record" | "custom") => "object",
            Some("language") => return self.issues.push(custom(path)),
            Some(kind) => kind,
            None if guard["tag"].is_string() || guard["all"].is_array() => "object",
            None => {
                let forms = guard["forms"].as_array().into_iter().flatten();
                let forms = forms.map(|form| self.apart(|own| own.missing(form, path)).1);
                let forms: Vec<Vec<Value>> = forms.collect();
                if forms.iter().all(|own| !own.is_empty()) && !forms.is_empty() {
                    self.issues.push(no_form(forms, path));
                }
                return;
            }
        };
        self.issues.push(wrong_type(expected, None, path));
    }

    /// What is done, and the complaints that it made.
    fn apart<T>(&self, act: impl FnOnce(&mut Self) -> T) -> (T, Vec<Value>) {
        let mut own = Self { guards: self.guards, check: self.check.again(), issues: Vec::new() };
        let done = act(&mut own);
        (done, own.issues)
    }

    fn tagged(
        &mut self,
        own: Both<'_>,
        forms: &[Value],
        tag: &str,
        value: &Value,
        path: &[Value],
    ) -> Value {
        if !value.is_object() {
            self.issues.push(wrong_type("object", Some(value), path));
            return value.clone();
        }
        let guards = self.guards;
        let literal = |form| {
            let members = guards.resolve(form)["members"].as_array().into_iter().flatten();
            members
                .filter(|own| own[0] == tag)
                .map(|own| &guards.resolve(&own[1])["literal"])
                .next()
        };
        let at = forms.iter().position(|form| literal(form) == value.get(tag));
        let Some((at, form)) = at.and_then(|at| Some((at, forms.get(at)?))) else {
            let options: Vec<&Value> = forms.iter().filter_map(literal).collect();
            let path = [path, &[tag.into()]].concat();
            self.issues.push(wrong_discriminator(&options, &path));
            return value.clone();
        };
        let schema = self.form(own.schema, at);
        self.value(Both { guard: form, schema }, value, path)
    }

    /// The contract's schema of one form of a union.
    fn form<'b>(&self, schema: Option<&'b Value>, at: usize) -> Option<&'b Value>
    where
        'a: 'b,
    {
        let schema = self.check.contract.resolve(schema?);
        schema["oneOf"].get(at).or(Some(schema))
    }

    /// The first form that fits. One that fits but for a check says more than that none does.
    fn union(&mut self, own: Both<'_>, forms: &[Value], value: &Value, path: &[Value]) -> Value {
        let mut complaints = Vec::new();
        for (at, guard) in forms.iter().enumerate() {
            let schema = self.form(own.schema, at);
            let both = Both { guard, schema };
            let (kept, issues) = self.apart(|own| own.value(both, value, path));
            if issues.is_empty() {
                return kept;
            }
            complaints.push(issues);
        }
        match complaints.iter().position(|issues| issues.iter().all(is_check)) {
            Some(at) => self.issues.extend(complaints.swap_remove(at)),
            None => self.issues.push(no_form(complaints, path)),
        }
        value.clone()
    }

    fn all(&mut self, own: Both<'_>, all: &[Value], value: &Value, path: &[Value]) -> Value {
        let mut kept = Map::new();
        for guard in all {
            let part = self.value(Both { guard, ..own }, value, path);
            kept.extend(part.as_object().cloned().unwrap_or_default());
        }
        kept.into()
    }

    /// What only Logto's code tells: its type, and what is known of members of this name.
    fn by_contract(&mut self, own: Both<'_>, value: &Value, path: &[Value]) -> Value {
        let Some(schema) = own.schema else { return value.clone() };
        let mut check = self.check.again();
        let kept = check.value(schema, value, path);
        let name = path.iter().rev().find_map(Value::as_str).unwrap_or_default();
        if check.issues.is_empty() {
            check.format(name, value, path);
        }
        self.issues.append(&mut check.issues);
        kept
    }
}

/// Whether a value is of the right type, and refused for something else.
fn is_check(issue: &Value) -> bool {
    let checks = ["too_small", "too_big", "invalid_string", "custom", "unrecognized_keys"];
    checks.iter().any(|code| issue["code"] == *code)
}
