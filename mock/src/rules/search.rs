//! The search of lists: `search`, `search.field`, `mode`, `mode.field`; `q` on some.

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
        let cased =
            |text: &str| if self.is_case_sensitive { text.to_owned() } else { text.to_lowercase() };
        texts.map(cased).any(|text| match self.mode {
            Mode::Exact => text == self.value,
            Mode::Like => like(&chars(&self.value), &chars(&text)),
        })
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
    Failure::with_message(400, "request.invalid_input", &message)
}

/// Better an answer nobody takes for Logto's than a wrong list.
fn unknown(parameter: &str) -> Failure {
    let message = format!("logto-mock does not know this `{parameter}` of a search.");
    Failure::raw(501, json!({ "message": message }))
}

/// SQL's LIKE: `%` is any text, `_` any character.
fn like(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|at| like(rest, &text[at..])),
        ['_', rest @ ..] => !text.is_empty() && like(rest, &text[1..]),
        [literal, rest @ ..] => text.first() == Some(literal) && like(rest, &text[1..]),
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}
