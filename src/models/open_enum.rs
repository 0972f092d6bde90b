//! Enums of strings that keep the values they do not know.
//!
//! The expansion is lean, for there are hundreds: what can be a function here is one.

#![allow(unused_macros, dead_code, reason = "which are used depends on the enabled features")]

use serde::{Deserialize, Deserializer};

/// Decodes an [`open_enum!`].
pub(crate) fn open<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: From<String>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer).map(T::from)
}

/// An enum of strings that keeps those it does not know.
///
/// ```ignore
/// open_enum! {
///     /// What happened.
///     pub enum HookEvent {
///         /// Someone registered.
///         PostRegister = "PostRegister",
///     }
/// }
/// ```
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A value that this version of the crate does not know. It is kept, and sent as it
            /// came.
            Unknown(String),
        }

        impl $name {
            /// The value as Logto writes it.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }

            #[inline]
            fn known(text: &str) -> Option<Self> {
                Some(match text {
                    $($text => Self::$variant,)+
                    _ => return None,
                })
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(text: &str) -> Self {
                Self::known(text).unwrap_or_else(|| Self::Unknown(text.to_owned()))
            }
        }

        impl From<String> for $name {
            #[inline]
            fn from(text: String) -> Self {
                Self::known(&text).unwrap_or(Self::Unknown(text))
            }
        }

        impl From<&String> for $name {
            #[inline]
            fn from(text: &String) -> Self {
                text.as_str().into()
            }
        }

        impl PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        impl ::std::hash::Hash for $name {
            #[inline]
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl ::std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::models::open_enum::open(deserializer)
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "type": "string" })
            }
        }
    };
}

#[allow(unused_imports, reason = "which are used depends on the enabled features")]
pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, unreachable_pub)]

    open_enum! {
        /// A colour.
        pub enum Colour {
            /// Like blood.
            Red = "red",
            /// Like the sky.
            Blue = "Blue",
        }
    }

    #[test]
    fn an_unknown_string_is_kept() {
        for (text, colour) in
            [("red", Colour::Red), ("Blue", Colour::Blue), ("blue", Colour::Unknown("blue".into()))]
        {
            let json = format!("\"{text}\"");
            let read: Colour = serde_json::from_str(&json).unwrap();
            assert_eq!(read, colour);
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            assert_eq!((read.to_string(), format!("{read:?}")), (text.into(), json));
            assert_eq!(Colour::from(text), Colour::from(text.to_owned()));
        }
        assert!(serde_json::from_str::<Colour>("1").is_err());
    }
}
