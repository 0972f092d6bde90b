//! The search parameters of lists.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

use crate::setters::IntoText;

/// A search in a list: a pattern for the default fields, or conditions on single fields.
///
/// A string is a pattern in which `%` matches any string:
///
/// ```
/// use logto_api::Search;
///
/// let anywhere: Search = "%@acme.com".into();
/// ```
///
/// Conditions name a field, how to compare it, and how to combine them:
///
/// ```
/// use logto_api::{LogicalOperator, Search, SearchMode};
///
/// let search = Search::new()
///     .field("primaryEmail", "%@acme.com")
///     .field("username", "alice")
///     .mode("username", SearchMode::Exact)
///     .operator(LogicalOperator::Or);
/// ```
///
/// The search is not validated here: the server rejects what it does not support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pairs: Vec<(String, String)>,
}

/// How a field is compared with the search value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchMode {
    /// SQL `LIKE`: `%` matches any string, `_` any character. The default.
    Like,
    /// The whole value.
    Exact,
    /// SQL `SIMILAR TO`.
    SimilarTo,
    /// A POSIX regular expression.
    Posix,
}

/// How the conditions of a search are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogicalOperator {
    /// At least one condition must match. The default.
    Or,
    /// All conditions must match.
    And,
}

impl Search {
    /// A search without conditions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition on a field. Several values for the same field are several conditions.
    pub fn field(self, member: &str, value: impl IntoText) -> Self {
        self.raw(format!("search.{member}"), value)
    }

    /// Sets how this field is compared.
    pub fn mode(self, member: &str, mode: SearchMode) -> Self {
        self.raw(format!("mode.{member}"), mode.as_str())
    }

    /// Sets how fields without their own mode are compared.
    pub fn default_mode(self, mode: SearchMode) -> Self {
        self.raw("mode", mode.as_str())
    }

    /// Sets how the conditions are combined.
    pub fn operator(self, operator: LogicalOperator) -> Self {
        self.raw("joint", operator.as_str())
    }

    /// Sets whether the search is case-sensitive. It is not by default.
    pub fn case_sensitive(self, yes: bool) -> Self {
        self.raw("isCaseSensitive", yes.to_string())
    }

    /// Adds any other query parameter, unencoded.
    pub fn raw(mut self, key: impl IntoText, value: impl IntoText) -> Self {
        self.pairs.push((key.into_text(), value.into_text()));
        self
    }

    /// The query parameters in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl SearchMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Exact => "exact",
            Self::SimilarTo => "similar_to",
            Self::Posix => "posix",
        }
    }
}

impl LogicalOperator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
        }
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for Search {
    fn from(pattern: &T) -> Self {
        Self::new().raw("search", pattern.as_ref())
    }
}

impl From<String> for Search {
    fn from(pattern: String) -> Self {
        Self::new().raw("search", pattern)
    }
}

impl From<Cow<'_, str>> for Search {
    fn from(pattern: Cow<'_, str>) -> Self {
        Self::new().raw("search", pattern)
    }
}

/// A map in which keys may repeat, as in a query string.
impl Serialize for Search {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.pairs())
    }
}

/// A map of strings, or of lists of strings for keys that repeat.
impl<'de> Deserialize<'de> for Search {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SearchVisitor)
    }
}

struct SearchVisitor;

impl<'de> Visitor<'de> for SearchVisitor {
    type Value = Search;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of search parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Search, A::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Values {
            One(String),
            Flag(bool),
            Many(Vec<String>),
        }
        let mut search = Search::new();
        while let Some((key, values)) = map.next_entry::<String, Values>()? {
            let values = match values {
                Values::One(value) => vec![value],
                Values::Flag(value) => vec![value.to_string()],
                Values::Many(values) => values,
            };
            for value in values {
                search = search.raw(&key, value);
            }
        }
        Ok(search)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Search {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Search".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    { "type": "string" },
                    { "type": "array", "items": { "type": "string" } }
                ]
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use progenitor_client::QueryParam;

    use super::*;

    fn on_the_wire(search: Option<&Search>) -> String {
        let request = reqwest::Client::new()
            .get("http://localhost/")
            .query(&QueryParam::new("search_params", &search))
            .build()
            .unwrap();
        request.url().query().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_pattern_is_one_parameter() {
        assert_eq!(on_the_wire(Some(&"%a b%".into())), "search=%25a+b%25");
        assert_eq!(on_the_wire(None), "");
    }

    #[test]
    fn conditions_keep_their_order_and_repeat() {
        let search = Search::new()
            .field("id", "a")
            .field("id", "b")
            .mode("id", SearchMode::Exact)
            .operator(LogicalOperator::And)
            .case_sensitive(true);
        assert_eq!(
            on_the_wire(Some(&search)),
            "search.id=a&search.id=b&mode.id=exact&joint=and&isCaseSensitive=true"
        );
    }

    #[test]
    fn reads_a_map() {
        let json = r#"{"search.id":["a","b"],"joint":"or","isCaseSensitive":true}"#;
        let search: Search = serde_json::from_str(json).unwrap();
        assert_eq!(
            on_the_wire(Some(&search)),
            "search.id=a&search.id=b&joint=or&isCaseSensitive=true"
        );
    }
}
