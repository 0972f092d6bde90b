//! The search of lists: `search`, `search.field`, `mode`, `mode.field`; `q` on some.

use std::borrow::Cow;

use serde_json::json;

use crate::{rules::errors::Failure, state::params::Params};

type Fields = &'static [&'static str];

struct Term {
    /// The members it looks at.
    fields: Vec<&'static str>,
    value: String,
    mode: Mode,
    is_case_sensitive: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Like,
    Exact,
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
        let searches = query.iter().filter(|(key, _)| key.starts_with("search"));
        let terms = searches.map(|(key, value)| term(query, fields, key, value));
        let all = query.get("joint") == Some("and");
        Ok(Self { terms: terms.collect::<Result<_, _>>()?, all })
    }

    /// A word that any of these members may have in it: the plainer search of some lists.
    pub(crate) fn for_word(query: &Params, fields: Fields) -> Self {
        let word = query.get("q").filter(|word| !word.is_empty());
        let term = |word: &str| Term {
            fields: fields.to_vec(),
            value: format!("%{}%", word.to_lowercase()),
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
        texts.map(|text| self.cased(text)).any(|text| match self.mode {
            Mode::Exact => text == self.value,
            Mode::Like => like(&self.value, &text),
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

fn term(query: &Params, all: Fields, key: &str, value: &str) -> Result<Term, Failure> {
    let field = key.strip_prefix("search.");
    let fields = all.iter().copied().filter(|f| field.is_none_or(|field| field == *f));
    let fields: Vec<_> = fields.collect();
    if fields.is_empty() {
        return Err(invalid(&format!("`{key}` names no field that can be searched.")));
    }
    if value.is_empty() {
        return Err(invalid("Search value cannot be empty."));
    }
    let own = field.and_then(|field| query.get(&format!("mode.{field}")));
    let mode = match own.or(query.get("mode")).unwrap_or("like") {
        "like" => Mode::Like,
        "exact" => Mode::Exact,
        _ => return Err(unknown("mode")),
    };
    let is_case_sensitive = query.get("isCaseSensitive") == Some("true");
    let value = if is_case_sensitive { value.to_owned() } else { value.to_lowercase() };
    Ok(Term { fields, value, mode, is_case_sensitive })
}

fn invalid(details: &str) -> Failure {
    let message = format!("Input is invalid. {details}");
    Failure::with_message(400, "request.invalid_input", &message).data(json!({}))
}

/// Better an answer nobody takes for Logto's than a wrong list.
fn unknown(parameter: &str) -> Failure {
    let message = format!("logto-mock does not know this `{parameter}` of a search.");
    Failure::raw(501, json!({ "message": message }))
}

/// SQL's LIKE: `%` is any text, `_` any character.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('%');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = without(first, text) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let found = starts(rest).find_map(|start| without(part, start));
        let Some(after) = found else { return false };
        rest = after;
    }
    starts(rest).any(|start| without(last, start).is_some_and(str::is_empty))
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
