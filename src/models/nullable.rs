//! Fields with three states: absent, null, or a value.

/// serde's part for `Option<Option<T>>`: an absent member is `None`, null is `Some(None)`.
///
/// To be used as `#[serde(default, deserialize_with = "crate::models::double_option::deserialize",
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

    use crate::{
        Timestamp,
        setters::{IntoNullable, IntoNullableText, Null},
    };

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    struct Change {
        #[serde(
            default,
            deserialize_with = "crate::models::double_option::deserialize",
            skip_serializing_if = "Option::is_none"
        )]
        name: Option<Option<String>>,
        #[serde(
            default,
            deserialize_with = "crate::models::double_option::deserialize",
            skip_serializing_if = "Option::is_none"
        )]
        at: Option<Option<Timestamp>>,
    }

    impl Change {
        fn name<K>(mut self, name: impl IntoNullableText<K>) -> Self {
            self.name = Some(name.into_nullable());
            self
        }

        fn at<K>(mut self, at: impl IntoNullable<Timestamp, K>) -> Self {
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
            (Change::default().name(Null), r#"{"name":null}"#),
            (Change::default().at(None), r#"{"at":null}"#),
            (Change::default().at(Null), r#"{"at":null}"#),
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
