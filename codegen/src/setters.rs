//! How a value is handed to a setter or constructor.

use crate::types::Type;

/// The type of a setter's argument, and the expression that stores it.
pub(crate) struct Setter {
    pub(crate) argument: String,
    pub(crate) convert: String,
}

/// A setter that takes what callers have at hand: `&str` for a `String`, an
/// array for a `Vec`, a variant's content for a union, `None` for null.
pub(crate) fn setter(ty: &Type, nullable: bool, name: &str) -> Setter {
    if nullable {
        return Setter {
            argument: format!("impl crate::IntoNullable<{}>", ty.rust()),
            convert: format!("{name}.into_nullable()"),
        };
    }
    let (argument, convert) = match ty {
        Type::Bool | Type::Integer | Type::Double | Type::Nullable(_) => {
            (ty.rust(), name.to_owned())
        }
        Type::Text | Type::Timestamp | Type::VerificationRecord | Type::Json | Type::Named(_) => {
            (format!("impl Into<{}>", ty.rust()), format!("{name}.into()"))
        }
        Type::List(item) => (
            format!("impl IntoIterator<Item = impl Into<{}>>", item.rust()),
            format!("{name}.into_iter().map(Into::into).collect()"),
        ),
        Type::FreeForm => entries("serde_json::Value", name),
        Type::Map(value) => entries(&value.rust(), name),
    };
    Setter { argument, convert }
}

fn entries(value: &str, name: &str) -> (String, String) {
    (
        format!("impl IntoIterator<Item = (impl Into<String>, impl Into<{value}>)>"),
        format!("{name}.into_iter().map(|(key, value)| (key.into(), value.into())).collect()"),
    )
}
