//! What a password must be like: what the sign-in experience's policy says.

use serde_json::{Value, json};

use super::spec::Spec;
use crate::{
    rules::errors::Failure,
    state::{State, user::User},
};

const SYMBOLS: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ";
/// Keys in order, and letters and digits.
const SEQUENCES: [&str; 14] = [
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik",
    "9ol",
];
/// How long a repetition or a sequence is at least.
const SHORTEST: usize = 3;
/// How many characters outside of what is restricted make up for it.
const TOLERANCE: usize = 3;

/// A password and the policy it is held against. Whether it was ever leaked is not looked up.
struct Candidate<'a> {
    text: &'a str,
    policy: Value,
    /// What a user is called; nothing if nobody is known.
    names: Option<Vec<String>>,
}

/// Refuses a password of somebody with these members.
pub(crate) fn check(state: &State, password: &str, user: &Value) -> Result<(), Failure> {
    let complaints = complaints(state, password, Some(user)).unwrap_or_default();
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(422, "password.rejected").data(complaints.into())),
    }
}

/// The same, for a user's next password.
pub(crate) fn check_new(state: &State, password: &str, user: &User) -> Result<(), Failure> {
    check(state, password, &user.to_json())?;
    match user.has_password(password) {
        true => Err(Failure::new(422, "user.same_password")),
        false => Ok(()),
    }
}

/// What is wrong with a password. Nothing can be said if the policy is about users and none is known.
pub(crate) fn complaints(
    state: &State,
    password: &str,
    user: Option<&Value>,
) -> Option<Vec<Value>> {
    let stored = state.tables.get("sign-in-exp").and_then(|table| table.get("", ""));
    let policy = stored.and_then(|row| row.members.get("passwordPolicy")).cloned();
    // What is not set is as it is for everybody.
    let mut whole = Value::from(Spec::of("password-policy").defaults());
    for (name, own) in policy.as_ref().and_then(Value::as_object).into_iter().flatten() {
        let members = own.as_object().into_iter().flatten();
        members.for_each(|(member, value)| whole[name][member] = value.clone());
    }
    let names = user.map(names);
    Candidate { text: password, policy: whole, names }.complaints()
}

/// Everything that a user is called, in lower case.
fn names(user: &Value) -> Vec<String> {
    let text = |name: &str| user[name].as_str().unwrap_or_default().to_lowercase();
    let name = text("name");
    let mut names: Vec<String> = name.split(' ').map(str::to_owned).collect();
    names.push(name.split_whitespace().collect());
    names.push(text("primaryEmail").split('@').next().unwrap_or_default().to_owned());
    names.extend([name, text("username"), text("primaryPhone")]);
    names.retain(|name| !name.is_empty());
    names
}

impl Candidate<'_> {
    fn complaints(&self) -> Option<Vec<Value>> {
        let length = self.text.encode_utf16().count() as u64;
        let limit = |name: &str| self.policy["length"][name].as_u64();
        let mut complaints = Vec::new();
        let mut complain = |code: &str, name: &str, limit: Option<u64>| {
            let code = format!("password_rejected.{code}");
            complaints.push(json!({ "code": code, "interpolation": { name: limit } }));
        };
        if Some(length) < limit("min") {
            complain("too_short", "min", limit("min"));
        } else if limit("max").is_some_and(|max| length > max) {
            complain("too_long", "max", limit("max"));
        }
        let types = self.policy["characterTypes"]["min"].as_u64();
        match self.character_types() {
            None => {
                complaints.push(json!({ "code": "password_rejected.unsupported_characters" }));
            }
            Some(own) if Some(own) < types => complain("character_types", "min", types),
            Some(_) => {}
        }
        complaints.extend(self.restricted()?);
        Some(complaints)
    }

    /// How many kinds of characters it has; none if it has one that passwords may not have.
    fn character_types(&self) -> Option<u64> {
        let kind = |c: char| {
            Some(match c {
                'a'..='z' => 0,
                'A'..='Z' => 1,
                '0'..='9' => 2,
                _ if SYMBOLS.contains(c) => 3,
                _ => return None,
            })
        };
        let mut kinds = self.text.chars().map(kind).collect::<Option<Vec<_>>>()?;
        kinds.sort_unstable();
        kinds.dedup();
        Some(kinds.len() as u64)
    }

    /// What is restricted, if little else is in it.
    fn restricted(&self) -> Option<Vec<Value>> {
        let rejects = &self.policy["rejects"];
        let text: Vec<char> = self.text.chars().collect();
        let lower: Vec<char> = text.iter().map(char::to_ascii_lowercase).collect();
        let mut covered = vec![false; text.len()];
        let mut codes: Vec<&str> = Vec::new();
        let words = rejects["words"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        for at in 0..text.len() {
            let mut found = vec![("words", longest(&lower[at..], &words))];
            if rejects["repetitionAndSequence"] == true {
                found.push(("repetition", repetition(&text[at..])));
                found.push(("sequence", sequence(&text[at..])));
            }
            if rejects["userInfo"] == true {
                found.push(("user_info", longest(&lower[at..], self.names.as_ref()?)));
            }
            for (code, length) in found.into_iter().filter(|(_, length)| *length > 0) {
                covered[at..at + length].fill(true);
                if !codes.contains(&code) {
                    codes.push(code);
                }
            }
        }
        let count = covered.iter().filter(|own| **own).count();
        let is_too_much = count > text.len().saturating_sub(TOLERANCE).max(1);
        let told = codes.into_iter().filter(|_| is_too_much);
        let told = told.map(|code| format!("password_rejected.restricted.{code}"));
        Some(told.map(|code| json!({ "code": code })).collect())
    }
}

/// How often the first character comes in a row, if that is often.
fn repetition(text: &[char]) -> usize {
    let length = text.iter().take_while(|c| Some(*c) == text.first()).count();
    if length < SHORTEST { 0 } else { length }
}

/// How far a text goes along a sequence, in either direction, if that is far.
fn sequence(text: &[char]) -> usize {
    let is_part = |length: &usize| {
        let part: String = text[..*length].iter().collect();
        let lower = part.to_lowercase();
        let backwards: String = lower.chars().rev().collect();
        let is_of = |own: &&str| own.contains(&lower) || own.contains(&backwards);
        (part == lower || part == part.to_uppercase()) && SEQUENCES.iter().any(is_of)
    };
    (SHORTEST..=text.len()).take_while(is_part).last().unwrap_or_default()
}

/// The longest of these that a text begins with.
fn longest(text: &[char], all: &[String]) -> usize {
    let lengths = all.iter().filter_map(|own| {
        let length = own.chars().count();
        (length <= text.len() && own.chars().zip(text).all(|(a, b)| a == *b)).then_some(length)
    });
    lengths.max().unwrap_or_default()
}
