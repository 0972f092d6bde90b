//! Says where in a JSON text decoding failed, and why, without quoting the text.
//!
//! The path is found from the position that serde_json reports. Decoding a second time with a
//! deserializer that keeps the path would compile every model's decoder twice.

use std::fmt::Write as _;

use serde_json::error::Category;

/// Starts the text of an error that [`crate::models::values`] made: such a text quotes nothing.
pub(crate) const IN_VARIANT: &str = "in variant ";

/// The text without the byte order mark that some gateways begin it with (RFC 8259, section 8.1,
/// allows to ignore it).
pub(crate) fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// What is wrong with the JSON, in words that hold nothing of its content.
pub(crate) fn problem(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => data_problem(&error.to_string(), error.line()),
        Category::Eof => "it ends too early".to_owned(),
        Category::Syntax | Category::Io => "it is not valid JSON".to_owned(),
    }
}

/// serde's texts quote the value; what comes after the last `expected`, and the name of a missing
/// member, come from the models.
fn data_problem(text: &str, line: usize) -> String {
    let text = match text.rsplit_once(" at line ") {
        Some((text, _)) if line > 0 => text,
        _ => text,
    };
    if let Some(member) = text.strip_prefix("missing field ") {
        return format!("the field {member} is missing");
    }
    if text.starts_with(IN_VARIANT) {
        return text.to_owned();
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => "its structure is not what the contract says".to_owned(),
    }
}

enum Step {
    Key(String),
    Index(usize),
}

/// The path of the value that cannot be decoded, such as `[3].name`; `.` is the whole text.
///
/// serde_json reports where a value ends that it read but could not use, and where one starts that
/// it did not read. It learns of a failed union only after that, so that the path may be that of
/// what holds the union.
pub(crate) fn locate(text: &[u8], error: &serde_json::Error) -> String {
    let offset = offset(text, error.line(), error.column()).min(text.len());
    let mut steps = steps_to(text, offset);
    let is_past_comma = text[..offset].trim_ascii_end().ends_with(b",");
    if let (true, true, Some(Step::Index(next))) =
        (is_union(error), is_past_comma, steps.last_mut())
    {
        *next = next.saturating_sub(1);
    }
    display(&steps)
}

fn is_union(error: &serde_json::Error) -> bool {
    error.to_string().starts_with(IN_VARIANT)
}

/// The members and indexes that lead to the value at this offset.
fn steps_to(text: &[u8], offset: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut key_expected = false;
    let mut at = 0;
    while at < offset {
        match text[at] {
            b'{' => {
                steps.push(Step::Key(String::new()));
                key_expected = true;
            }
            b'[' => steps.push(Step::Index(0)),
            b'}' | b']' => {
                steps.pop();
            }
            b',' => match steps.last_mut() {
                Some(Step::Index(index)) => *index += 1,
                _ => key_expected = true,
            },
            b'"' => {
                let end = string_end(text, at);
                if let (true, Some(Step::Key(key))) = (key_expected, steps.last_mut()) {
                    *key = serde_json::from_slice(&text[at..end]).unwrap_or_default();
                    key_expected = false;
                }
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    steps
}

fn offset(text: &[u8], line: usize, column: usize) -> usize {
    let lines_before = text.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1));
    lines_before.map(<[u8]>::len).sum::<usize>() + column
}

/// Where the string that starts at `start` ends: just after its closing quote.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// As much of a path as is shown, in characters, and of one member's name.
const PATH_LIMIT: usize = 200;
const KEY_LIMIT: usize = 60;

fn display(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        let step = match step {
            Step::Key(key) => &Step::Key(cut(key, KEY_LIMIT)),
            index => index,
        };
        let _ = match step {
            Step::Index(index) => write!(path, "[{index}]"),
            // A member whose name has not been read.
            Step::Key(key) if key.is_empty() => Ok(()),
            Step::Key(key) if path.is_empty() => write!(path, "{key}"),
            Step::Key(key) => write!(path, ".{key}"),
        };
    }
    if path.is_empty() {
        path.push('.');
    }
    cut(&path, PATH_LIMIT)
}

/// Text of no more characters than this: what is too much is left out of its middle.
fn cut(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit {
        return text.to_owned();
    }
    let (start, end) = (limit / 2, limit - limit / 2 - 1);
    text.chars().take(start).chain(['…']).chain(text.chars().skip(length - end)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use serde::{Deserialize, de::DeserializeOwned};

    use super::*;

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Outer {
        name: Option<String>,
        list: Vec<Inner>,
        by_key: HashMap<String, Inner>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        count: i64,
        flag: Option<bool>,
    }

    fn fails<T: DeserializeOwned>(text: &str) -> (String, String) {
        let error = serde_json::from_str::<T>(text).err().unwrap();
        let path = locate(text.as_bytes(), &error);
        (path, problem(&error))
    }

    #[test]
    fn finds_the_member() {
        for (text, path, problem) in [
            (r#"{"name": 1}"#, "name", "expected a string"),
            (r#"{"name":[1]}"#, "name", "expected a string"),
            (
                "{\n \"list\": [\n  {\"count\": \"a, expected b\"}]}",
                "list[0].count",
                "expected i64",
            ),
            (
                r#"{"list":[{"count":1},{"count":1.5, "flag":true}]}"#,
                "list[1].count",
                "expected i64",
            ),
            (
                r#"{"list":[{"count":1},{"count":2,"flag":"no"}],"name":null}"#,
                "list[1].flag",
                "expected a boolean",
            ),
            (
                r#"{"list":[{"count":1}, {"flag":true}, {"count":1}]}"#,
                "list[1]",
                "the field `count` is missing",
            ),
            (
                r#"{"by_key":{"a\"b":{"count":1},"c":{"count":null}}}"#,
                "by_key.c.count",
                "expected i64",
            ),
            (r#"{"name":"n"}"#, ".", "the field `list` is missing"),
            (r#"{"list":[{"count":1},{"coun"#, "list[1]", "it ends too early"),
            (r#"<html>"#, ".", "it is not valid JSON"),
        ] {
            let found = fails::<Outer>(text);
            assert_eq!(found, (path.to_owned(), problem.to_owned()), "{text}");
        }
    }

    #[test]
    fn is_cut_to_a_readable_length() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Tree(HashMap<String, Option<Tree>>);

        let name = format!("start{}end", "é".repeat(100_000));
        let text = format!(r#"{{"list":[],"by_key":{{"{name}":{{"count":null}}}}}}"#);
        let (path, _) = fails::<Outer>(&text);
        assert!(path.starts_with("by_key.startéé") && path.ends_with("ééend.count"), "{path}");
        assert_eq!(path.chars().count(), "by_key.".len() + KEY_LIMIT + ".count".len());

        let text = format!("{}1", r#"{"a-long-name":"#.repeat(100));
        let (path, _) = fails::<Tree>(&text);
        assert!(path.starts_with("a-long-name.a-long-name") && path.ends_with(".a-long-name"));
        assert_eq!(path.chars().count(), PATH_LIMIT);
    }

    #[test]
    fn survives_any_text() {
        for text in ["", "\"", "\"\\", "}}}]", ",,,", "{\"a", "[[[["] {
            for column in 0..10 {
                steps_to(text.as_bytes(), column.min(text.len()));
                offset(text.as_bytes(), 7, column);
            }
        }
    }
}
