//! Which releases of Logto have something.

use serde::Deserialize;
use serde_json::Value;

/// What a contract calls the release to come.
const NEXT: &str = "next";

/// The first and the last release that has something, where these are not those of the whole that
/// it is a part of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Lifetime {
    /// The first release of the contract's series that has it.
    #[serde(rename = "x-logto-since", alias = "since")]
    pub since: Option<String>,
    /// The last one.
    #[serde(rename = "x-logto-until", alias = "until")]
    pub until: Option<String>,
}

impl Lifetime {
    /// What a part of the contract says of itself.
    #[must_use]
    pub fn of(schema: &Value) -> Self {
        Self::read(schema)
    }

    /// What an enum says of one of its values.
    #[must_use]
    pub fn of_value(schema: &Value, value: &str) -> Self {
        Self::read(&schema["x-logto-values"][value])
    }

    fn read(marks: &Value) -> Self {
        let text = |key: &str| marks[key].as_str().map(str::to_owned);
        Self { since: text("x-logto-since"), until: text("x-logto-until") }
    }

    /// Whether the whole series has it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// In a sentence or two for a person who may run any release; nothing where all have it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let since = match self.since.as_deref() {
            None => String::new(),
            Some(NEXT) => "No release of Logto has it yet.".to_owned(),
            Some(since) => format!("Since Logto {since}."),
        };
        let until = self.until.as_ref().map(|until| format!("Removed after Logto {until}."));
        [since, until.unwrap_or_default()].join(" ").trim().to_owned()
    }

    /// A text of documentation with that sentence.
    pub(crate) fn note(&self, text: &str) -> String {
        let text = text.trim_end();
        match self.sentence() {
            sentence if sentence.is_empty() => text.to_owned(),
            sentence if text.is_empty() => sentence,
            sentence if text.ends_with(['.', '!', '?', ')']) => format!("{text} {sentence}"),
            sentence if text.ends_with('`') && !text.ends_with("```") => {
                format!("{text}. {sentence}")
            }
            sentence => format!("{text}\n\n{sentence}"),
        }
    }
}
