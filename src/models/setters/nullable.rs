//! Fields with three states: left out, null, or a value.

use serde_json::{Map, Value};

use super::{IntoObject, IntoText, IntoValue, NotAnObject, kind};

/// An explicit null, which clears a field: `.name(Null)`.
///
/// A literal `None` does as well. An `Option` does not: see [`setters`](crate::setters).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Null;

/// A string, or null: see [`IntoText`] and [`Null`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a string to send in a request to Logto nor `logto_api::Null`",
    label = "expected a string, or `Null`",
    note = "for an `Option`, call the setter that begins with `maybe_`: `None` changes nothing",
    note = "to send null, which clears the field, pass `logto_api::Null`",
    note = "see `logto_api::setters` for what setters take"
)]
pub trait IntoNullableText<Kind> {
    /// The string, or `None` for null.
    fn into_nullable(self) -> Option<String>;
}

#[diagnostic::do_not_recommend]
impl<T: IntoText> IntoNullableText<kind::Value> for T {
    fn into_nullable(self) -> Option<String> {
        Some(self.into_text())
    }
}

/// A value of this type, or null: see [`IntoValue`] and [`Null`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can be sent neither as `{T}` nor as `logto_api::Null`",
    label = "expected a `{T}`, or `Null`",
    note = "for an `Option`, call the setter that begins with `maybe_`: `None` changes nothing",
    note = "to send null, which clears the field, pass `logto_api::Null`",
    note = "see `logto_api::setters` for what setters take"
)]
pub trait IntoNullable<T, Kind> {
    /// The value, or `None` for null.
    fn into_nullable(self) -> Option<T>;
}

#[diagnostic::do_not_recommend]
impl<T, V: IntoValue<T>> IntoNullable<T, kind::Value> for V {
    fn into_nullable(self) -> Option<T> {
        Some(self.into_value())
    }
}

/// A JSON object, or null: see [`IntoObject`] and [`Null`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a JSON object nor `logto_api::Null`",
    label = "expected `json!({{…}})`, a map, pairs of a name and a value, or `Null`",
    note = "for an `Option`, call the setter that begins with `maybe_`: `None` changes nothing",
    note = "to send null, which clears the field, pass `logto_api::Null`",
    note = "see `logto_api::setters` for what setters take"
)]
pub trait IntoNullableObject<Kind> {
    /// The object, or `None` for null.
    ///
    /// # Errors
    ///
    /// When it is JSON, but neither an object nor null.
    fn into_nullable(self) -> Result<Option<Map<String, Value>>, NotAnObject>;
}

#[diagnostic::do_not_recommend]
impl<Kind, T: IntoObject<Kind>> IntoNullableObject<(kind::Value, Kind)> for T {
    fn into_nullable(self) -> Result<Option<Map<String, Value>>, NotAnObject> {
        self.into_object().map(Some)
    }
}

/// Null as it is written, and as a literal `None`: the only `Option` that there is an impl for, so
/// that the compiler knows the type of one.
macro_rules! null {
    ($($null:ty),+) => { $(
        impl IntoNullableText<kind::Null> for $null {
            fn into_nullable(self) -> Option<String> {
                None
            }
        }

        impl<T> IntoNullable<T, kind::Null> for $null {
            fn into_nullable(self) -> Option<T> {
                None
            }
        }

        impl IntoNullableObject<kind::Null> for $null {
            fn into_nullable(self) -> Result<Option<Map<String, Value>>, NotAnObject> {
                Ok(None)
            }
        }
    )+ };
}
null!(Null, Option<Null>);
