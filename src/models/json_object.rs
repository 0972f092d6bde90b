//! Models as JSON objects, from a table of their members.
//!
//! serde's derive writes hundreds of lines for a model, which everybody would compile: a type for
//! the names of its members, a visitor for that, and a reader of sequences. Of the table one
//! visitor is made, and what looks names up is the same for all models.

#![allow(unused_macros, dead_code, reason = "which are used depends on the enabled features")]

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// The names of a model's members, to be found by their position.
#[derive(Clone, Copy)]
pub(crate) struct Names(pub(crate) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Names {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Names {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    /// One more than the last for a name that is none of them.
    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        Ok(self.0.iter().position(|known| *known == name).unwrap_or(self.0.len()))
    }
}

/// The value of a member that every release sends.
pub(crate) fn required<T, E: Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

/// `Serialize` and `Deserialize` for a struct: position, kind, field and name of each member.
///
/// | kind | the member | read as | written |
/// | --- | --- | --- | --- |
/// | `must` | is there | an error where it is missing | always |
/// | `null` | is there, and may be null | `None` where it is missing | always |
/// | `may` | may be missing or null | `None` for both | if it is `Some` |
/// | `clear` | may be missing, and null is another thing | `Some(None)` for null | if it is `Some` |
///
/// It is a map to serde, as it is to JSON: formats that tell structs from maps read what they wrote,
/// and serde_json's reader of maps is a third shorter than that of structs, for every model.
///
/// Other members are skipped. `by` is the member that tells what it is, and the value to write: it
/// comes first, and is not read.
///
/// ```ignore
/// json_object! { TotpFactor by "type" = "Totp";
///     0 must code "code", 1 may created_at "createdAt",
/// }
/// ```
macro_rules! json_object {
    (
        $name:ident $(by $tag:literal = $value:literal)?;
        $($at:literal $kind:ident $field:ident $wire:literal,)*
    ) => {
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap;
                let length = 0
                    $(+ { let _ = $tag; 1 })?
                    $(+ $crate::models::json_object::json_object!(@count $kind self.$field))*;
                let mut object = serializer.serialize_map(Some(length))?;
                $(object.serialize_entry($tag, $value)?;)?
                $($crate::models::json_object::json_object!(@write $kind object, $wire, self.$field);)*
                object.end()
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                struct Reader;

                impl<'de> ::serde::de::Visitor<'de> for Reader {
                    type Value = $name;

                    fn expecting(
                        &self,
                        f: &mut ::std::fmt::Formatter<'_>,
                    ) -> ::std::fmt::Result {
                        f.write_str(concat!("struct ", stringify!($name)))
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$name, A::Error> {
                        $(let mut $field = None;)*
                        while let Some(at) = map.next_key_seed(NAMES)? {
                            match at {
                                $($at => {
                                    $crate::models::json_object::json_object!(@read $kind $field, map);
                                })*
                                _ => {
                                    map.next_value::<::serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok($name {
                            $($field: $crate::models::json_object::json_object!(@taken $kind $field, $wire),)*
                        })
                    }
                }

                const NAMES: $crate::models::json_object::Names =
                    $crate::models::json_object::Names(&[$($wire),*]);
                deserializer.deserialize_map(Reader)
            }
        }
    };
    (@count must $value:expr) => { 1 };
    (@count null $value:expr) => { 1 };
    (@count $kind:ident $value:expr) => { usize::from($value.is_some()) };
    (@write must $object:ident, $wire:literal, $value:expr) => {
        $object.serialize_entry($wire, &$value)?;
    };
    (@write null $object:ident, $wire:literal, $value:expr) => {
        $object.serialize_entry($wire, &$value)?;
    };
    (@write $kind:ident $object:ident, $wire:literal, $value:expr) => {
        if let Some(value) = &$value {
            $object.serialize_entry($wire, value)?;
        }
    };
    (@read null $field:ident, $map:ident) => { $field = $map.next_value()? };
    (@read may $field:ident, $map:ident) => { $field = $map.next_value()? };
    (@read $kind:ident $field:ident, $map:ident) => { $field = Some($map.next_value()?) };
    (@taken must $field:ident, $wire:literal) => {
        $crate::models::json_object::required($field, $wire)?
    };
    (@taken $kind:ident $field:ident, $wire:literal) => { $field };
}
#[allow(unused_imports, reason = "depends on the enabled features")]
pub(crate) use json_object;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[derive(Debug, PartialEq)]
    struct Factor {
        code: String,
        name: Option<String>,
        note: Option<Option<String>>,
        r#type: Option<i64>,
    }

    json_object! { Factor by "kind" = "Totp";
        0 must code "code", 1 null name "displayName", 2 clear note "note", 3 may r#type "type",
    }

    #[test]
    fn members_are_read_and_written_by_their_kinds() {
        for (json, written) in [
            (r#"{"code":"1"}"#, r#"{"kind":"Totp","code":"1","displayName":null}"#),
            (
                r#"{"type":null,"note":null,"displayName":null,"code":"1","other":[{}]}"#,
                r#"{"kind":"Totp","code":"1","displayName":null,"note":null}"#,
            ),
            (
                r#"{"kind":"Totp","code":"1","displayName":"a","note":"b","type":2}"#,
                r#"{"kind":"Totp","code":"1","displayName":"a","note":"b","type":2}"#,
            ),
        ] {
            let factor: Factor = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&factor).unwrap(), written);
            let value = serde_json::to_value(&factor).unwrap();
            assert_eq!(serde_json::from_value::<Factor>(value).unwrap(), factor);
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_as_by_a_derived_reader() {
        for (json, problem) in [
            ("{}", "missing field `code`"),
            (r#"{"code":1}"#, "invalid type: integer `1`, expected a string"),
            ("3", "invalid type: integer `3`, expected struct Factor"),
        ] {
            let error = serde_json::from_str::<Factor>(json).unwrap_err().to_string();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
