//! Members with three states: left out, null, or a value.

/// What a member that may be null can be set to.
///
/// A member that is never set is left out of the request, so that the server keeps what it has;
/// set to `None` it is sent as null, which clears it. `"text"`, `String`, `None` and
/// `Some(String)` all do for a text; the same goes for values of every other type.
///
/// ```
/// use logto_api::IntoNullable;
///
/// fn name(name: impl IntoNullable<String>) -> Option<String> {
///     name.into_nullable()
/// }
///
/// assert_eq!(name("Alice").as_deref(), Some("Alice"));
/// assert_eq!(name(Some("Alice".to_owned())).as_deref(), Some("Alice"));
/// assert_eq!(name(None), None);
/// ```
pub trait IntoNullable<T> {
    /// The value, or `None` for null.
    fn into_nullable(self) -> Option<T>;
}

impl<T> IntoNullable<T> for T {
    fn into_nullable(self) -> Option<T> {
        Some(self)
    }
}

// No other impl may be for an `Option`: then `None` would have no type.
impl<T> IntoNullable<T> for Option<T> {
    fn into_nullable(self) -> Option<T> {
        self
    }
}

impl IntoNullable<String> for &str {
    fn into_nullable(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoNullable<String> for &String {
    fn into_nullable(self) -> Option<String> {
        Some(self.clone())
    }
}

/// serde's part for `Option<Option<T>>`: an absent member is `None`, null is `Some(None)`.
///
/// To be used as `#[serde(default, deserialize_with = "crate::double_option::deserialize",
/// skip_serializing_if = "Option::is_none")]`: schemars would take `with` for a type.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) mod double_option {
    use serde::{Deserialize, Deserializer};

    #[allow(clippy::option_option, reason = "it is the point")]
    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Option::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::Timestamp;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    struct Change {
        #[serde(
            default,
            deserialize_with = "crate::double_option::deserialize",
            skip_serializing_if = "Option::is_none"
        )]
        name: Option<Option<String>>,
        #[serde(
            default,
            deserialize_with = "crate::double_option::deserialize",
            skip_serializing_if = "Option::is_none"
        )]
        at: Option<Option<Timestamp>>,
    }

    impl Change {
        fn name(mut self, name: impl IntoNullable<String>) -> Self {
            self.name = Some(name.into_nullable());
            self
        }

        fn at(mut self, at: impl IntoNullable<Timestamp>) -> Self {
            self.at = Some(at.into_nullable());
            self
        }
    }

    #[test]
    fn three_states_go_there_and_back() {
        let owned = "a".to_owned();
        for (change, json) in [
            (Change::default(), "{}"),
            (Change::default().name(None), r#"{"name":null}"#),
            (Change::default().name("a"), r#"{"name":"a"}"#),
            (Change::default().name(&owned), r#"{"name":"a"}"#),
            (Change::default().name(owned.clone()), r#"{"name":"a"}"#),
            (Change::default().name(Some(owned.clone())), r#"{"name":"a"}"#),
            (Change::default().at(None), r#"{"at":null}"#),
            (Change::default().at(Timestamp::from_millis(5)), r#"{"at":5}"#),
        ] {
            assert_eq!(serde_json::to_string(&change).unwrap(), json);
            assert_eq!(serde_json::from_str::<Change>(json).unwrap(), change);
        }
    }

    #[cfg(feature = "schemars")]
    #[test]
    fn has_a_schema() {
        let schema = serde_json::to_value(schemars::schema_for!(Change)).unwrap();
        assert_eq!(schema["properties"]["name"]["type"], serde_json::json!(["string", "null"]));
        assert!(schema.get("required").is_none());
    }
}
