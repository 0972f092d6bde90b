//! Why an entry of a seed cannot be made, in words for whoever wrote it.

use std::io;

use serde_json::Value;

use crate::rules::errors::Failure;

/// How long Logto's ids are at most: those of users, and all others.
pub(super) const USER_ID: usize = 12;
pub(super) const ID: usize = 21;

/// An entry of a list, counted from one, by the name that it has.
pub(super) fn entry(list: &str, at: usize, name: &str) -> String {
    match name {
        "" => format!("{list}, entry {}", at + 1),
        _ => format!("{list}, entry {} ({name})", at + 1),
    }
}

pub(super) fn refused(entry: &str, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{entry}: {why}"))
}

/// What Logto says, as one reads it.
pub(super) fn why(failure: &Failure) -> String {
    let body = &failure.body;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let issues = body["data"]["issues"].as_array().into_iter().flatten();
    let issues: Vec<String> = issues.map(issue).collect();
    match (issues.is_empty(), text("message")) {
        (false, _) => issues.join("; "),
        (true, "") => body.to_string(),
        (true, message) => format!("{} ({})", message.trim_end_matches('.'), text("code")),
    }
}

fn issue(issue: &Value) -> String {
    let path = issue["path"].as_array().into_iter().flatten();
    let path: Vec<String> =
        path.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
    let message = match issue["message"].as_str().unwrap_or_default() {
        "Required" => "it is required",
        "Invalid" => "Logto does not take this value",
        message => message,
    };
    match path.is_empty() {
        true => message.to_owned(),
        false => format!("`{}`: {message}", path.join(".")),
    }
}

/// Why an id cannot be one, if so.
pub(super) fn bad_id(id: &str, longest: usize) -> Option<String> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || ['-', '_'].contains(&c);
    let is_good = !id.is_empty() && id.len() <= longest && id.chars().all(is_id);
    (!is_good).then(|| {
        format!("{id:?} is not an id: give up to {longest} letters, digits, `-` and `_`, or no id")
    })
}

/// The members that were given and not understood, by their paths.
pub(super) fn unknown(given: &Value, understood: &Value, path: &str) -> Vec<String> {
    match (given, understood) {
        (Value::Object(given), Value::Object(understood)) => given
            .iter()
            .flat_map(|(name, value)| {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match understood.get(name) {
                    Some(understood) => unknown(value, understood, &path),
                    None => vec![format!("`{path}`")],
                }
            })
            .collect(),
        (Value::Array(given), Value::Array(understood)) => {
            let pairs = given.iter().zip(understood).enumerate();
            let of_item =
                |(at, (given, understood))| unknown(given, understood, &format!("{path}.{at}"));
            pairs.flat_map(of_item).collect()
        }
        _ => Vec::new(),
    }
}
