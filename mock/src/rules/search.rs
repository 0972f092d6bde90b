//! The search of lists: `search`, `search.field`, `mode`, `mode.field`; `q` on some.

use std::borrow::Cow;

use regex_lite::Regex;
use serde_json::json;

use crate::{rules::errors::Failure, state::params::Params};

type Fields = &'static [&'static str];

const MODES: [&str; 4] = ["like", "exact", "similar_to", "posix"];

struct Term {
    /// The members it looks at.
    fields: Vec<&'static str>,
    /// Only exact ones may be several.
    values: Vec<String>,
    mode: Mode,
    is_case_sensitive: bool,
}

enum Mode {
    Like,
    Exact,
    /// None, if the pattern is not valid: that finds nothing.
    Pattern(Option<Regex>),
}

/// The terms of a query; one that fits is enough.
pub(crate) struct Search {
    terms: Vec<Term>,
    /// Whether all terms have to fit.
    all: bool,
}

impl Search {
    /// Patterns for any of these members, or for one that a key names.
    pub(crate) fn of(query: &Params, fields: Fields) -> Result<Self, Failure> {
        let joint = query.get("joint").or(query.get("jointMode")).filter(|own| !own.is_empty());
        if let Some(joint) = joint.filter(|own| !["or", "and"].contains(own)) {
            let what = format!("Search joint mode `{joint}` is not valid, expect one of or, and.");
            return Err(invalid(&what));
        }
        let modes = query.iter().filter(|(key, _)| key.starts_with("mode"));
        if let Some((_, mode)) = modes.into_iter().find(|(_, own)| !MODES.contains(own)) {
            let modes = MODES.join(", ");
            let what = format!("Search match mode `{mode}` is not valid, expect one of {modes}.");
            return Err(invalid(&what));
        }
        let mut keys: Vec<&str> = Vec::new();
        for (key, _) in query.iter().filter(|(key, _)| key.starts_with("search")) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let terms = keys.into_iter().map(|key| term(query, fields, key));
        Ok(Self { terms: terms.collect::<Result<_, _>>()?, all: joint == Some("and") })
    }

    /// A word that any of these members may have in it: the plainer search of some lists.
    pub(crate) fn for_word(query: &Params, fields: Fields) -> Self {
        let word = query.get("q").filter(|word| !word.is_empty());
        let term = |word: &str| Term {
            fields: fields.to_vec(),
            values: vec![format!("%{}%", word.to_lowercase())],
            mode: Mode::Like,
            is_case_sensitive: false,
        };
        Self { terms: word.map(term).into_iter().collect(), all: false }
    }

    /// Whether it finds what has these texts, given by member.
    pub(crate) fn finds<'a>(&self, text: impl Fn(&str) -> Option<&'a str>) -> bool {
        match self.all {
            true => self.terms.iter().all(|term| term.fits(&text)),
            false => self.terms.is_empty() || self.terms.iter().any(|term| term.fits(&text)),
        }
    }
}

impl Term {
    fn fits<'a>(&self, text: impl Fn(&str) -> Option<&'a str>) -> bool {
        let texts = self.fields.iter().filter_map(|field| text(field));
        texts.map(|text| self.cased(text)).any(|text| match &self.mode {
            Mode::Exact => self.values.iter().any(|value| text == *value),
            Mode::Like => self.values.iter().any(|value| like(value, &text)),
            Mode::Pattern(pattern) => pattern.as_ref().is_some_and(|own| own.is_match(&text)),
        })
    }

    /// The text as it is compared. Of most texts that is what they are.
    fn cased<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let is_lower = || text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        match self.is_case_sensitive || is_lower() {
            true => Cow::Borrowed(text),
            false => Cow::Owned(text.to_lowercase()),
        }
    }
}

fn term(query: &Params, all: Fields, key: &str) -> Result<Term, Failure> {
    let field = key.strip_prefix("search.");
    let fields = all.iter().copied().filter(|f| field.is_none_or(|field| field == *f));
    let fields: Vec<_> = fields.collect();
    if fields.is_empty() {
        return Err(invalid(&format!("`{key}` names no field that can be searched.")));
    }
    let own = field.and_then(|field| query.get(&format!("mode.{field}")));
    let mode = own.or(query.get("mode")).unwrap_or("like");
    let values = query.iter().filter(|(own, _)| *own == key).map(|(_, value)| value);
    let values: Vec<&str> = values.collect();
    if mode != "exact" && values.len() > 1 {
        let what = "Only one search value is allowed when search mode is not `exact`.";
        return Err(invalid(what));
    }
    if values.iter().any(|value| value.is_empty()) {
        return Err(invalid("Search value cannot be empty."));
    }
    let is_case_sensitive = query.get("isCaseSensitive") == Some("true");
    let pattern = values.first().copied().unwrap_or_default();
    let mode = match mode {
        "exact" => Mode::Exact,
        "posix" if is_case_sensitive => Mode::Pattern(Regex::new(pattern).ok()),
        "posix" => Mode::Pattern(Regex::new(&format!("(?i){pattern}")).ok()),
        "similar_to" if is_case_sensitive => Mode::Pattern(similar(pattern)),
        "similar_to" => return Err(invalid("Cannot use case-insensitive match for `similar to`.")),
        _ => Mode::Like,
    };
    let cased = |value: &str| match is_case_sensitive {
        true => value.to_owned(),
        false => value.to_lowercase(),
    };
    Ok(Term { fields, values: values.into_iter().map(cased).collect(), mode, is_case_sensitive })
}

/// SQL's SIMILAR TO: regular expressions with `%` and `_`, of whole texts.
fn similar(pattern: &str) -> Option<Regex> {
    let parts = pattern.chars().map(|c| match c {
        '%' => ".*".to_owned(),
        '_' => ".".to_owned(),
        '.' | '^' | '$' => format!("\\{c}"),
        own => own.to_string(),
    });
    Regex::new(&format!("^(?:{})$", parts.collect::<String>())).ok()
}

fn invalid(details: &str) -> Failure {
    let message = format!("Input is invalid. {details}");
    Failure::with_message(400, "request.invalid_input", &message).data(json!({}))
}

/// SQL's LIKE: `%` is any text, `_` any character.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('%');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = without(first, text) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(after) = beyond(part, rest) else { return false };
        rest = after;
    }
    match last.contains('_') {
        true => starts(rest).any(|start| without(last, start).is_some_and(str::is_empty)),
        false => rest.ends_with(last),
    }
}

/// What follows the first place in a text that a pattern without `%` describes.
fn beyond<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    match pattern.contains('_') {
        true => starts(text).find_map(|start| without(pattern, start)),
        false => text.split_once(pattern).map(|(_, rest)| rest),
    }
}

/// What is left of a text that begins as a pattern without `%` says.
fn without<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    if !pattern.contains('_') {
        return text.strip_prefix(pattern);
    }
    pattern.chars().try_fold(text, |text, wanted| {
        let mut chars = text.chars();
        chars.next().filter(|own| wanted == '_' || *own == wanted).map(|_| chars.as_str())
    })
}

/// The text from each of its characters on, and its end.
fn starts(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().map(|(at, _)| &text[at..]).chain([""])
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_are_those_of_sql() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("%", "", true),
            ("%b%", "abc", true),
            ("%d%", "abc", false),
            ("a%", "abc", true),
            ("%c", "abcc", true),
            ("%b", "abc", false),
            ("a%c%e", "abcde", true),
            ("a%d%b", "abcde", false),
            ("%aab", "aaab", true),
            ("a_c", "abc", true),
            ("a_c", "ac", false),
            ("%_", "", false),
            ("%_é", "né", true),
            ("_%_", "a", false),
            ("%%x%%", "axb", true),
        ] {
            assert_eq!(like(pattern, text), fits, "{text} LIKE {pattern}");
        }
    }
}
