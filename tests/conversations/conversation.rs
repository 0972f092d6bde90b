//! A recorded conversation of a browser with Logto.

use std::{collections::BTreeSet, fs, path::Path};

use logto_api::reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) request_body: Option<String>,
    pub(crate) status: u16,
    pub(crate) response_headers: Vec<(String, String)>,
    pub(crate) response_body: Option<String>,
}

pub(crate) fn read(file: &Path) -> Vec<Conversation> {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{}:{}: {error}", file.display(), number + 1))
        })
        .collect()
}

impl Step {
    pub(crate) fn target(&self) -> Url {
        address(&self.url)
    }

    pub(crate) fn path(&self) -> String {
        self.target().path().trim_end_matches('/').to_owned()
    }

    /// Whether it is this request, whatever the values.
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path() == path
    }

    pub(crate) fn failed(&self) -> bool {
        self.status >= 400
    }

    pub(crate) fn request_header(&self, name: &str) -> Option<&str> {
        header(&self.request_headers, name)
    }

    pub(crate) fn response_header(&self, name: &str) -> Option<&str> {
        header(&self.response_headers, name)
    }

    /// The cookies that the recorder sent.
    pub(crate) fn cookies(&self) -> BTreeSet<String> {
        self.request_header("cookie").map(cookies).unwrap_or_default()
    }

    /// A value of the query.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let pairs = pairs(self.target().query().unwrap_or_default());
        pairs.into_iter().find_map(|(found, value)| (found == name).then_some(value))
    }

    pub(crate) fn is_form(&self) -> bool {
        let kind = self.request_header("content-type");
        kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }

    /// The request's body as JSON; null where there is none.
    pub(crate) fn asked(&self) -> Value {
        json(self.request_body.as_deref())
    }

    /// The answer's body as JSON; null where it is something else.
    pub(crate) fn answered(&self) -> Value {
        json(self.response_body.as_deref())
    }

    pub(crate) fn code(&self) -> Option<String> {
        self.answered()["code"].as_str().map(str::to_owned)
    }
}

fn json(body: Option<&str>) -> Value {
    body.and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
}

fn header<'a>(headers: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value.as_str())
}

/// The cookies of a header. Their values are JSON, with commas but no semicolons.
pub(crate) fn cookies(header: &str) -> BTreeSet<String> {
    header.split(';').map(|pair| pair.trim().to_owned()).filter(|pair| !pair.is_empty()).collect()
}

/// What a query or a form says, sorted.
pub(crate) fn pairs(encoded: &str) -> Vec<(String, String)> {
    let url = address(&format!("/?{encoded}"));
    let mut pairs: Vec<_> = url.query_pairs().into_owned().collect();
    pairs.sort();
    pairs
}

/// An absolute URL, wherever the server is.
fn address(url: &str) -> Url {
    let base = Url::parse("http://server").unwrap();
    base.join(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}
