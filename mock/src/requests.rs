//! Assertions on the requests that have come.

use std::{fmt::Write as _, ops::Deref, vec};

use serde_json::Value;

use crate::state::recorded::RecordedRequest;

/// How many of the requests that were not asked for are listed where an assertion fails.
const LISTED: usize = 20;
/// Members with one of these in their names are masked where an assertion fails.
const SECRETS: [&str; 9] = [
    "password",
    "secret",
    "token",
    "code",
    "verification",
    "digest",
    "customdata",
    "config",
    "key",
];

/// Requests that a mock has had, the oldest first: [`Mock::requests`](crate::Mock::requests).
///
/// It is a slice of [`RecordedRequest`]s, with assertions that list what came where they fail.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use serde_json::json;
///
/// let mock = logto_mock::Mock::start().await?;
/// reqwest::Client::new()
///     .post(format!("{}/api/users", mock.endpoint()))
///     .json(&json!({ "username": "alice" }))
///     .send()
///     .await?;
///
/// let created = mock.requests().to("POST", "/api/users");
/// created.assert_count(1).assert_body(&json!({ "username": "alice" }));
/// assert_eq!(created[0].json()["username"], "alice");
/// mock.requests().to("DELETE", "/api/users/{id}").assert_count(0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Requests {
    selected: Vec<RecordedRequest>,
    /// Those that were not asked for, a line each.
    others: Vec<String>,
    /// What was asked for.
    what: String,
}

impl Requests {
    pub(crate) fn new(all: Vec<RecordedRequest>) -> Self {
        Self { selected: all, others: Vec::new(), what: "the mock".to_owned() }
    }

    /// Those of this method and path. A segment in braces stands for any one segment
    /// (`/api/users/{id}`), and queries are left out of account.
    #[must_use]
    pub fn to(mut self, method: &str, path: &str) -> Self {
        let fits = |request: &RecordedRequest| request.method == method && request.is_to(path);
        let (selected, others) = self.selected.into_iter().partition(fits);
        self.selected = selected;
        self.others.extend(others.iter().map(RecordedRequest::line));
        Self { what: format!("{method} {path}"), ..self }
    }

    /// Checks how many there are.
    ///
    /// # Panics
    ///
    /// When there are more or fewer: the test fails, and is told which requests came.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "it is called for its panic")]
    pub fn assert_count(&self, expected: usize) -> &Self {
        let came = self.selected.len();
        assert!(
            came == expected,
            "expected {expected} requests to {}, but {came} came{}",
            self.what,
            self.listing()
        );
        self
    }

    /// Checks that one of them has this JSON body. Objects may have members that are not
    /// expected, all else is to be the same.
    ///
    /// # Panics
    ///
    /// When none has it: the test fails, and is told which requests came. Values of members that
    /// may be secrets are masked.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "it is called for its panic")]
    pub fn assert_body(&self, expected: &Value) -> &Self {
        assert!(
            self.selected.iter().any(|request| contains(&request.json(), expected)),
            "expected a request to {} with the body {}, but none came{}",
            self.what,
            masked(expected),
            self.listing()
        );
        self
    }

    /// What came: first what was asked for, then the newest of all others.
    fn listing(&self) -> String {
        let mut text = String::from(":\n");
        for request in &self.selected {
            let body = request.json();
            let body = if body.is_null() { String::new() } else { format!(" {}", masked(&body)) };
            let _ = writeln!(text, "  {}{body}", request.line());
        }
        if self.selected.is_empty() {
            text.push_str("  (none)\n");
        }
        if !self.others.is_empty() {
            let newest = &self.others[self.others.len().saturating_sub(LISTED)..];
            let _ = writeln!(text, "the newest {} of {} others:", newest.len(), self.others.len());
            newest.iter().for_each(|line| {
                let _ = writeln!(text, "  {line}");
            });
        }
        text
    }
}

impl Deref for Requests {
    type Target = [RecordedRequest];

    fn deref(&self) -> &[RecordedRequest] {
        &self.selected
    }
}

impl IntoIterator for Requests {
    type Item = RecordedRequest;
    type IntoIter = vec::IntoIter<RecordedRequest>;

    fn into_iter(self) -> Self::IntoIter {
        self.selected.into_iter()
    }
}

impl<'a> IntoIterator for &'a Requests {
    type Item = &'a RecordedRequest;
    type IntoIter = std::slice::Iter<'a, RecordedRequest>;

    fn into_iter(self) -> Self::IntoIter {
        self.selected.iter()
    }
}

/// Whether a value has all that is expected.
fn contains(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(own), Value::Object(expected)) => expected
            .iter()
            .all(|(name, expected)| own.get(name).is_some_and(|own| contains(own, expected))),
        _ => value == expected,
    }
}

fn masked(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let masked = members.iter().map(|(name, value)| {
                let lower = name.to_lowercase();
                let is_secret = SECRETS.iter().any(|secret| lower.contains(secret));
                (name.clone(), if is_secret { "…".into() } else { masked(value) })
            });
            masked.collect()
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        _ => value.clone(),
    }
}
