//! Checks of JSON bodies, with the complaints Logto makes of them.

use serde_json::{Map, Value};

use crate::{
    rules::{
        contract::issues::{
            malformed, quoted, refused, too_small, type_name, wrong_discriminator, wrong_literal,
            wrong_option, wrong_type,
        },
        errors::Failure,
    },
    state::params::Params,
};

/// What a member has to be.
pub(crate) enum Kind {
    Text,
    NonEmpty,
    Username,
    Email,
    Phone,
    Url,
    Boolean,
    Integer,
    Enum(&'static [&'static str]),
    /// What tells forms of an object apart.
    Discriminator(&'static [&'static str]),
    /// An object whose `type` says which members it has.
    Form(&'static [(&'static str, &'static [Field])]),
    /// This text only.
    Literal(&'static str),
    /// An array of these.
    List(&'static Kind),
    /// An object with these members; others are dropped.
    Object(&'static [Field]),
    /// Any object, kept whole.
    FreeForm,
}

/// A member of a body.
pub(crate) struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
    /// Whether null is taken, too.
    nullable: bool,
}

impl Field {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true, nullable: false }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, nullable: false }
}

pub(crate) const fn nullable(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, nullable: true }
}

/// Checks the parameters of a query.
pub(crate) fn check_query(
    query: &Params,
    fields: &'static [Field],
) -> Result<Map<String, Value>, Failure> {
    let given = query.iter().map(|(key, value)| (key.to_owned(), Value::from(value)));
    check(&Value::Object(given.collect()), fields, "query")
}

/// The members that these fields name, or all complaints at once.
pub(crate) fn check(
    value: &Value,
    fields: &'static [Field],
    part: &str,
) -> Result<Map<String, Value>, Failure> {
    let mut issues = Vec::new();
    let members = object(value, fields, &[], &mut issues);
    if issues.is_empty() {
        return Ok(members);
    }
    Err(refused(part, &issues))
}

fn object(
    value: &Value,
    fields: &'static [Field],
    path: &[Value],
    issues: &mut Vec<Value>,
) -> Map<String, Value> {
    let mut members = Map::new();
    let Value::Object(given) = value else {
        issues.push(wrong_type("object", Some(value), path));
        return members;
    };
    for field in fields {
        let path = [path, &[field.name.into()]].concat();
        match given.get(field.name) {
            None if field.required => issues.push(missing(&field.kind, &path)),
            None => {}
            Some(value) => {
                let value = member(field, value, &path, issues);
                members.insert(field.name.to_owned(), value);
            }
        }
    }
    members
}

fn member(field: &Field, value: &Value, path: &[Value], issues: &mut Vec<Value>) -> Value {
    if field.nullable && value.is_null() {
        return value.clone();
    }
    match (&field.kind, value) {
        (Kind::Object(fields), Value::Object(_)) => {
            return object(value, fields, path, issues).into();
        }
        (Kind::Form(forms), Value::Object(_)) => return form(value, forms, path, issues),
        _ => {}
    }
    match complaint(&field.kind, value, path) {
        Some(issue) => issues.push(issue),
        None => issues.extend(items_of(&field.kind, value, path)),
    }
    value.clone()
}

fn form(
    value: &Value,
    forms: &[(&'static str, &'static [Field])],
    path: &[Value],
    issues: &mut Vec<Value>,
) -> Value {
    let Some((name, fields)) = forms.iter().find(|(name, _)| value["type"] == **name) else {
        let names: Vec<&str> = forms.iter().map(|(name, _)| *name).collect();
        issues.push(wrong_discriminator(&names, &[path, &["type".into()]].concat()));
        return value.clone();
    };
    let mut members = object(value, fields, path, issues);
    members.insert("type".into(), (*name).into());
    members.into()
}

/// The complaints about what is in an array.
fn items_of(kind: &Kind, value: &Value, path: &[Value]) -> Vec<Value> {
    let Kind::List(item) = kind else { return Vec::new() };
    let items = value.as_array().into_iter().flatten().enumerate();
    items.filter_map(|(at, value)| complaint(item, value, &[path, &[at.into()]].concat())).collect()
}

fn complaint(kind: &Kind, value: &Value, path: &[Value]) -> Option<Value> {
    let expected = expected(kind);
    if let Kind::Literal(literal) = kind {
        return (value != literal).then(|| wrong_literal(*literal, Some(value), path));
    }
    if let Kind::Discriminator(options) = kind {
        let fits = value.as_str().is_some_and(|own| options.contains(&own));
        return (!fits).then(|| wrong_discriminator(options, path));
    }
    let options = match kind {
        Kind::Enum(options) => *options,
        _ => &[],
    };
    let type_needed = if options.is_empty() { expected.as_str() } else { "string" };
    if type_name(Some(value)) != type_needed {
        return Some(wrong_type(&expected, Some(value), path));
    }
    let text = value.as_str().unwrap_or_default();
    match kind {
        Kind::NonEmpty if text.is_empty() => Some(too_small("string", 1, path)),
        Kind::Username if !is_username(text) => Some(malformed("regex", "Invalid", path)),
        Kind::Email if !is_email(text) => Some(malformed("regex", "Invalid", path)),
        Kind::Phone if !is_phone(text) => Some(malformed("regex", "Invalid", path)),
        Kind::Url if !is_url(text) => Some(malformed("url", "Invalid url", path)),
        Kind::Enum(_) if !options.contains(&text) => Some(wrong_option(options, text, path)),
        _ => None,
    }
}

fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Boolean => "boolean".into(),
        Kind::Integer => "number".into(),
        Kind::List(_) => "array".into(),
        Kind::Object(_) | Kind::Form(_) | Kind::FreeForm => "object".into(),
        Kind::Enum(options) => quoted(options),
        _ => "string".into(),
    }
}

fn missing(kind: &Kind, path: &[Value]) -> Value {
    match kind {
        Kind::Literal(literal) => wrong_literal(*literal, None, path),
        Kind::Discriminator(options) => wrong_discriminator(options, path),
        _ => wrong_type(&expected(kind), None, path),
    }
}

pub(crate) fn is_username(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(word) && text.starts_with(|c: char| !c.is_ascii_digit())
}

pub(crate) fn is_email(text: &str) -> bool {
    let domain = after_first(text).split_once('@').map(|(_, domain)| domain);
    let ending = domain.and_then(|domain| after_first(domain).split_once('.'));
    ending.is_some_and(|(_, ending)| !ending.is_empty()) && !text.contains(char::is_whitespace)
}

fn after_first(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

pub(crate) fn is_phone(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

pub(crate) fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && !rest.is_empty()
    })
}

/// A color as in CSS, with three to eight hexadecimal digits.
pub(crate) fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    (3..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}
