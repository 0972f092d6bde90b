//! How a value is handed to a setter, method or constructor.

use crate::types::Type;

/// An argument of a method or constructor.
pub(crate) struct Argument {
    /// Its type; `#` stands for the type parameter that `is_generic` asks for.
    pub(crate) ty: String,
    /// The expression that stores it.
    pub(crate) convert: String,
    /// The compiler has to find out how the trait is implemented for it.
    pub(crate) is_generic: bool,
}

/// An argument that takes what callers have at hand: whatever implements `Display` for a `String`,
/// an array for a `Vec`, a variant's content for a union, `json!` for an object. Where it may be
/// null, it is a value or `None`.
pub(crate) fn argument(ty: &Type, may_be_none: bool, name: &str) -> Argument {
    let mut is_generic = false;
    let (ty, convert) = match ty {
        _ if may_be_none => (format!("impl IntoOption<{}>", ty.rust()), ".into_option()"),
        Type::Bool | Type::Integer | Type::Double | Type::Nullable(_) => (ty.rust(), ""),
        Type::Text => ("impl IntoText".into(), ".into_text()"),
        Type::Timestamp | Type::VerificationRecord | Type::Json | Type::Named(_) => {
            (format!("impl IntoValue<{}>", ty.rust()), ".into_value()")
        }
        Type::List(item) => (
            format!("impl IntoIterator<Item = {}>", part(item)),
            match **item {
                Type::Text => ".into_iter().map(IntoText::into_text).collect()",
                _ => ".into_iter().map(IntoValue::into_value).collect()",
            },
        ),
        Type::FreeForm => {
            is_generic = true;
            ("impl IntoObject<#>".into(), "")
        }
        Type::Map(value) => (
            format!("impl IntoIterator<Item = (impl IntoText, {})>", part(value)),
            match **value {
                Type::Text => {
                    ".into_iter().map(|(key, value)| (key.into_text(), value.into_text())).collect()"
                }
                _ => {
                    ".into_iter().map(|(key, value)| (key.into_text(), value.into_value())).collect()"
                }
            },
        ),
    };
    Argument { ty, convert: format!("{name}{convert}"), is_generic }
}

/// An argument of a model's constructor, which can report no error: of an object, only what is one.
pub(crate) fn constructor_argument(ty: &Type, may_be_none: bool, name: &str) -> Argument {
    match ty {
        Type::FreeForm if !may_be_none => argument(&Type::Map(Box::new(Type::Json)), false, name),
        _ => argument(ty, may_be_none, name),
    }
}

/// What a list or map is made of.
fn part(ty: &Type) -> String {
    match ty {
        Type::Text => "impl IntoText".into(),
        other => format!("impl IntoValue<{}>", other.rust()),
    }
}

/// A line of the macro `setters!`: the setter's name, what it is called for an `Option`, and what
/// kind of value it takes.
pub(crate) struct Setter<'a> {
    pub(crate) name: &'a str,
    /// Where that is not the name.
    pub(crate) field: &'a str,
    /// Name in JSON.
    pub(crate) wire: &'a str,
    pub(crate) ty: &'a Type,
    pub(crate) nullable: bool,
    /// It is set in a request, which can report an error.
    pub(crate) in_request: bool,
}

impl Setter<'_> {
    pub(crate) fn line(&self) -> String {
        let Self { name, field, .. } = self;
        let field = if name == field { String::new() } else { format!(" = {field}") };
        format!("{name} {}: {}{field},\n", maybe(name), self.kind())
    }

    fn kind(&self) -> String {
        let rust = self.ty.rust();
        match (self.ty, self.nullable) {
            (Type::Text, true) => "NullableText".into(),
            (Type::FreeForm, true) if self.in_request => "NullableObject".into(),
            (_, true) => format!("Nullable({rust})"),
            (Type::Bool | Type::Integer | Type::Double | Type::Nullable(_), false) => {
                format!("Plain({rust})")
            }
            (Type::Text, false) if self.wire == "scope" => "Scope".into(),
            (Type::Text, false) => "Text".into(),
            (Type::List(item), false) => match **item {
                Type::Text => "Texts".into(),
                _ => format!("List({})", item.rust()),
            },
            (Type::FreeForm, false) if self.in_request => "Object".into(),
            (Type::FreeForm, false) => "Map(serde_json::Value)".into(),
            (Type::Map(value), false) => match **value {
                Type::Text => "TextMap".into(),
                _ => format!("Map({})", value.rust()),
            },
            (Type::Timestamp | Type::VerificationRecord | Type::Json | Type::Named(_), false) => {
                format!("Value({rust})")
            }
        }
    }
}

/// What the setter for an `Option` is called: `r#type` → `maybe_type`.
pub(crate) fn maybe(name: &str) -> String {
    format!("maybe_{}", name.strip_prefix("r#").unwrap_or(name))
}

/// A call of `setters!`, laid out; nothing without lines. `place` is what has the fields.
pub(crate) fn setters(of: &str, place: &str, lines: &str) -> String {
    match lines {
        "" => String::new(),
        lines => format!(
            "crate::setters::setters! {{ {of} [{place}];\n{}}}\n",
            crate::layout::indent(lines)
        ),
    }
}
