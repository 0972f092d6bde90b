//! Unions of objects that are told apart by a field, and keep those they do not know.
//!
//! The expansion is lean, for there are many: what can be a function here is one.

#![allow(unused_macros, dead_code, reason = "which are used depends on the enabled features")]

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::models::json_path;

/// A literal that tells the variants of a [`tagged_union!`] apart.
pub(crate) trait Tag {
    fn is(&self, value: &Value) -> bool;
}

impl Tag for &str {
    fn is(&self, value: &Value) -> bool {
        value.as_str() == Some(self)
    }
}

impl Tag for bool {
    fn is(&self, value: &Value) -> bool {
        value.as_bool() == Some(*self)
    }
}

/// Whether this object's member is one of the tags, or is missing where it may be.
pub(crate) fn is_tagged(value: &Value, member: &str, tags: &[&dyn Tag], may_miss: bool) -> bool {
    match value.as_object().map(|object| object.get(member)) {
        None => false,
        Some(None) => may_miss,
        Some(Some(found)) => tags.iter().any(|tag| tag.is(found)),
    }
}

/// Decodes the content of a variant. The error names the variant and quotes nothing.
///
/// It goes by way of text: from the value itself, every model in a union would have a second
/// decoder, and everybody would compile it.
pub(crate) fn content<T: DeserializeOwned>(value: &Value, variant: &str) -> Result<T, String> {
    serde_json::from_str(&value.to_string()).map_err(|error| {
        format!("{}`{variant}`: {}", json_path::IN_VARIANT, json_path::problem(&error))
    })
}

/// A union of objects that are told apart by a member, and that keeps unknown ones.
///
/// ```ignore
/// tagged_union! {
///     /// How a user proves who they are.
///     pub enum Factor by "type" {
///         /// `type`: `"Totp"`
///         Totp(TotpFactor) = ["Totp"],
///         /// `type`: `false`, or no `type` at all
///         [missing] Off(NoFactor) = [false],
///     }
/// }
/// ```
///
/// The contents write the member themselves.
macro_rules! tagged_union {
    (
        $(#[$meta:meta])*
        pub enum $name:ident by $member:literal {
            $(
                $(#[$doc:meta])*
                $([$missing:ident])? $variant:ident($content:ty) = [$($tag:literal),* $(,)?]
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::large_enum_variant)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant($content),)+
            /// A form that this version of the crate does not know. It is kept, and sent as it
            /// came.
            Unknown($crate::UnknownValue),
        }

        impl $name {
            #[inline]
            fn from_value(value: ::serde_json::Value) -> Result<Self, String> {
                $(
                    let tags: &[&dyn $crate::models::tagged_union::Tag] = &[$(&$tag),*];
                    let may_miss = $crate::models::tagged_union::tagged_union!(@missing $($missing)?);
                    if $crate::models::tagged_union::is_tagged(&value, $member, tags, may_miss) {
                        let variant = concat!(stringify!($name), "::", stringify!($variant));
                        return $crate::models::tagged_union::content(&value, variant).map(Self::$variant);
                    }
                )+
                Ok(Self::Unknown($crate::UnknownValue(value)))
            }
        }

        $(
            impl From<$content> for $name {
                #[inline]
                fn from(content: $content) -> Self {
                    Self::$variant(content)
                }
            }
        )+

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(content) => content.serialize(serializer),)+
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let value = ::serde_json::Value::deserialize(deserializer)?;
                Self::from_value(value).map_err(::serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let contents = [$(generator.subschema_for::<$content>()),+];
                ::schemars::json_schema!({ "anyOf": contents })
            }
        }
    };
    (@missing) => { false };
    (@missing missing) => { true };
}

#[allow(unused_imports, reason = "which are used depends on the enabled features")]
pub(crate) use tagged_union;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, unreachable_pub)]

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::UnknownValue;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[serde(tag = "type", rename = "Dot")]
    pub struct Dot {
        x: i64,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    pub struct Line {
        r#type: Option<Value>,
        length: i64,
    }

    tagged_union! {
        /// A shape.
        pub enum Shape by "type" {
            /// A dot.
            Dot(Dot) = ["Dot"],
            /// A line.
            [missing] Line(Line) = ["Line", "Stroke", false],
        }
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Drawing {
        shapes: Vec<Shape>,
        one: Option<Shape>,
    }

    #[test]
    fn a_tag_decides() {
        let read = |value: Value| serde_json::from_value::<Shape>(value).unwrap();
        assert_eq!(read(json!({"type": "Dot", "x": 1})), Dot { x: 1 }.into());
        for tag in [json!("Line"), json!("Stroke"), json!(false)] {
            let shape = read(json!({"type": tag, "length": 2}));
            assert!(matches!(shape, Shape::Line(Line { length: 2, .. })));
        }
        assert!(matches!(read(json!({"length": 2})), Shape::Line(_)));
    }

    #[test]
    fn what_is_sent_is_what_came() {
        for value in [
            json!({"type": "Dot", "x": 1}),
            json!({"type": "Blob", "secret": "hunter2"}),
            json!({"type": true}),
            json!(["hunter2"]),
        ] {
            let shape: Shape = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(&shape).unwrap(), value);
            assert!(!format!("{shape:?}").contains("hunter2"));
        }
    }

    #[test]
    fn null_is_none_where_it_may_be() {
        let read: Vec<Option<Shape>> =
            serde_json::from_str(r#"[null, {"type":"Dot","x":1}]"#).unwrap();
        assert_eq!(read, [None, Some(Dot { x: 1 }.into())]);
        let read: Drawing = serde_json::from_str(r#"{"shapes":[null],"one":null}"#).unwrap();
        assert_eq!(read.one, None);
        assert_eq!(read.shapes, [Shape::Unknown(UnknownValue(Value::Null))]);
    }

    #[test]
    fn a_bad_content_names_its_variant_only() {
        for (json, path) in [
            (r#"{"shapes":[{"type":"Dot","x":1},{"type":"Dot","x":"hunter2"}, 3]}"#, "shapes[1]"),
            (r#"{"shapes":[{"type":"Dot","x":1},{"type":"Dot","x":"hunter2"} ]}"#, "shapes"),
            (r#"{"shapes":[],"one":{"type":"Dot","x":"hunter2"},"x":1}"#, "one"),
            (r#"{"shapes":[],"one":{"type":"Dot","x":"hunter2"}}"#, "."),
        ] {
            let error = serde_json::from_str::<Drawing>(json).err().unwrap();
            assert_eq!(json_path::problem(&error), "in variant `Shape::Dot`: expected i64");
            assert_eq!(json_path::locate(json.as_bytes(), &error), path, "{json}");
        }
    }

    #[cfg(feature = "schemars")]
    #[test]
    fn schemas_can_be_had() {
        let schema = serde_json::to_value(schemars::schema_for!(Shape)).unwrap();
        assert_eq!(schema["anyOf"].as_array().unwrap().len(), 2);
    }
}
