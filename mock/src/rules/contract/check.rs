//! Checks values against schemas.
//!
//! The contract's schemas have few keywords, and the complaints must be those of the validator that
//! Logto uses: a JSON Schema library would say other things about other keywords.

use serde_json::{Map, Value};

use super::{
    Contract,
    issues::{
        custom, no_form, quoted, too_big, too_small, type_name, wrong_discriminator, wrong_literal,
        wrong_number, wrong_option, wrong_type,
    },
};
use crate::rules::formats;

/// A check under way, with the complaints so far.
pub(crate) struct Check<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) issues: Vec<Value>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(contract: &'a Contract) -> Self {
        Self { contract, issues: Vec::new() }
    }

    /// The same without complaints.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.contract)
    }

    /// The value without the members that its schema does not know.
    pub(crate) fn value(&mut self, schema: &Value, value: &Value, path: &[Value]) -> Value {
        if value.is_null() && self.takes_null(schema) {
            return Value::Null;
        }
        let schema = self.contract.resolve(schema);
        if let Some(forms) = schema["oneOf"].as_array() {
            return self.one_of(schema, forms, value, path);
        }
        if schema["allOf"].is_array() {
            return self.object(schema, value, path);
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, value, path),
            Some("array") => self.array(schema, value, path),
            Some(kind) => self.plain(schema, kind, value, path),
            None => value.clone(),
        }
    }

    fn takes_null(&self, schema: &Value) -> bool {
        schema["nullable"] == true || self.contract.resolve(schema)["nullable"] == true
    }

    fn object(&mut self, schema: &Value, value: &Value, path: &[Value]) -> Value {
        let Value::Object(given) = value else {
            self.issues.push(wrong_type("object", Some(value), path));
            return value.clone();
        };
        let contract = self.contract;
        let (mut kept, mut known) = (Map::new(), Vec::new());
        for (name, member, required) in contract.members(schema) {
            known.push(name);
            let path = [path, &[name.into()]].concat();
            match given.get(name) {
                None if required => self.missing(member, &path),
                None => {}
                Some(value) => {
                    kept.insert(name.to_owned(), self.value(member, value, &path));
                }
            }
        }
        let more = &schema["additionalProperties"];
        let free = known.is_empty() && schema.get("additionalProperties").is_none();
        if more == true || more.is_object() || free {
            for (name, value) in given.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
                let path = [path, &[name.as_str().into()]].concat();
                let value =
                    if more.is_object() { self.value(more, value, &path) } else { value.clone() };
                kept.insert(name.clone(), value);
            }
        }
        kept.into()
    }

    /// What schemas do not say of members that have the same name everywhere.
    pub(crate) fn format(&mut self, name: &str, value: &Value, path: &[Value]) {
        if let Some((number, (least, most))) = value.as_f64().zip(formats::bounds(name)) {
            self.issues.extend(match number {
                _ if number.fract() != 0.0 => Some(wrong_number("integer", "float", path)),
                _ if number < least as f64 => Some(too_small("number", least, path)),
                _ if number > most as f64 => Some(too_big("number", most, path)),
                _ => None,
            });
        }
        if formats::is_redirect(path) && value.as_str().is_some_and(|text| !formats::is_url(text)) {
            self.issues.push(custom(path));
        }
    }

    /// One option, or several in a list.
    pub(crate) fn options(&mut self, schema: &Value, values: &[&str], path: &[Value]) {
        let options = options(self.contract.resolve(schema));
        if options.is_empty() || values.iter().all(|value| options.contains(value)) {
            return;
        }
        let wrong = values.iter().enumerate().filter(|(_, value)| !options.contains(value));
        let forms = match values {
            [value] => vec![
                vec![wrong_type("array", Some(&(*value).into()), path)],
                vec![wrong_option(&options, value, path)],
            ],
            _ => vec![
                wrong
                    .map(|(at, value)| {
                        wrong_option(&options, value, &[path, &[at.into()]].concat())
                    })
                    .collect(),
                vec![wrong_type(&quoted(&options), Some(&Value::Array(Vec::new())), path)],
            ],
        };
        self.issues.push(no_form(forms, path));
    }

    /// One of these texts and nothing else, if there are any.
    pub(crate) fn literals(&mut self, literals: &[&str], value: &str, path: &[Value]) {
        if literals.is_empty() || literals.contains(&value) {
            return;
        }
        let value = Value::from(value);
        let forms = literals.iter().map(|own| vec![wrong_literal(*own, Some(&value), path)]);
        self.issues.push(no_form(forms.collect(), path));
    }

    /// Complains of what is not there, unless it may be absent.
    pub(crate) fn missing(&mut self, schema: &Value, path: &[Value]) {
        let schema = self.contract.resolve(schema);
        let options = options(schema);
        let expected = match schema["type"].as_str() {
            _ if !options.is_empty() => quoted(&options),
            Some("integer") => "number".to_owned(),
            Some(kind) => kind.to_owned(),
            None if schema["oneOf"].is_array() || schema["allOf"].is_array() => "object".to_owned(),
            // What may be anything may be absent, too.
            None => return,
        };
        self.issues.push(wrong_type(&expected, None, path));
    }

    fn array(&mut self, schema: &Value, value: &Value, path: &[Value]) -> Value {
        let Value::Array(items) = value else {
            self.issues.push(wrong_type("array", Some(value), path));
            return value.clone();
        };
        let kept = items.iter().enumerate().map(|(at, item)| {
            let path = [path, &[at.into()]].concat();
            self.value(&schema["items"], item, &path)
        });
        kept.collect()
    }

    fn plain(&mut self, schema: &Value, kind: &str, value: &Value, path: &[Value]) -> Value {
        let kind = if kind == "integer" { "number" } else { kind };
        let options = options(schema);
        if type_name(Some(value)) != kind {
            let expected = if options.is_empty() { kind.to_owned() } else { quoted(&options) };
            self.issues.push(wrong_type(&expected, Some(value), path));
            return value.clone();
        }
        if let Some(text) =
            value.as_str().filter(|text| !options.is_empty() && !options.contains(text))
        {
            self.issues.push(wrong_option(&options, text, path));
        }
        value.clone()
    }

    fn one_of(&mut self, schema: &Value, forms: &[Value], value: &Value, path: &[Value]) -> Value {
        if let Some(name) = schema["discriminator"]["propertyName"].as_str() {
            if !value.is_object() {
                self.issues.push(wrong_type("object", Some(value), path));
                return value.clone();
            }
            let contract = self.contract;
            let tags = |form| {
                let tag = contract.member(form, name).map(|tag| contract.resolve(tag));
                tag.and_then(|tag| tag["enum"].as_array()).into_iter().flatten()
            };
            return match forms.iter().find(|form| tags(form).any(|tag| *tag == value[name])) {
                Some(form) => self.value(form, value, path),
                None => {
                    let tags: Vec<&Value> = forms.iter().flat_map(tags).collect();
                    let path = [path, &[name.into()]].concat();
                    self.issues.push(wrong_discriminator(&tags, &path));
                    value.clone()
                }
            };
        }
        let mut complaints = Vec::new();
        for form in forms {
            let mut check = self.again();
            let kept = check.value(form, value, path);
            if check.issues.is_empty() {
                return kept;
            }
            complaints.push(check.issues);
        }
        self.issues.push(no_form(complaints, path));
        value.clone()
    }
}

fn options(schema: &Value) -> Vec<&str> {
    schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
