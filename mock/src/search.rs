//! The search of lists: `search`, `search.field`, `mode`, `mode.field`.

use serde_json::json;

use crate::{errors::Failure, params::Params, user::User};

const FIELDS: [&str; 5] = ["id", "name", "primaryEmail", "primaryPhone", "username"];

struct Term {
    /// The members it looks at.
    fields: Vec<&'static str>,
    value: String,
    exact: bool,
}

/// The terms of a query; one that fits is enough.
pub(crate) struct Search(Vec<Term>);

impl Search {
    pub(crate) fn of(query: &Params) -> Result<Self, Failure> {
        let searches = query.iter().filter(|(key, _)| key.starts_with("search"));
        let terms = searches.map(|(key, value)| term(query, key, value));
        if query.get("joint").is_some_and(|joint| joint != "or") {
            return Err(unknown("joint"));
        }
        terms.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn finds(&self, user: &User) -> bool {
        self.0.is_empty() || self.0.iter().any(|term| term.fits(user))
    }
}

impl Term {
    fn fits(&self, user: &User) -> bool {
        let texts = self.fields.iter().filter_map(|field| user.text(field));
        texts.map(str::to_lowercase).any(|text| {
            if self.exact { text == self.value } else { like(&chars(&self.value), &chars(&text)) }
        })
    }
}

fn term(query: &Params, key: &str, value: &str) -> Result<Term, Failure> {
    let field = key.strip_prefix("search.");
    let fields = FIELDS.into_iter().filter(|f| field.is_none_or(|field| field == *f));
    let fields: Vec<_> = fields.collect();
    if fields.is_empty() {
        return Err(invalid(&format!("`{key}` names no field that can be searched.")));
    }
    if value.is_empty() {
        return Err(invalid("Search value cannot be empty."));
    }
    let own = field.and_then(|field| query.get(&format!("mode.{field}")));
    let exact = match own.or(query.get("mode")).unwrap_or("like") {
        "like" => false,
        "exact" => true,
        _ => return Err(unknown("mode")),
    };
    Ok(Term { fields, value: value.to_lowercase(), exact })
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
