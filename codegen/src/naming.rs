//! Rust names for wire names.

use heck::{ToPascalCase, ToSnakeCase};

use crate::lifetime::Lifetime;

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Keywords that no mark makes an identifier of.
const PATHS: &[&str] = &["crate", "self", "super"];

/// `primaryEmail` → `primary_email`, `type` → `r#type`.
pub(crate) fn field(wire: &str) -> String {
    let name = plain_field(wire);
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}

/// A member as a Rust identifier, without the mark of a keyword.
pub fn plain_field(wire: &str) -> String {
    let name = wire.to_snake_case();
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("_{name}"),
        Some(_) if PATHS.contains(&name.as_str()) => format!("{name}_"),
        Some(_) => name,
        None => "empty".into(),
    }
}

/// A parameter as a Rust identifier: Logto has two names for what a list is searched for.
pub fn plain_parameter(wire: &str) -> String {
    match wire {
        "q" | "search_params" => "search".into(),
        "logto-verification-id" => "verification_record".into(),
        name => plain_field(name),
    }
}

/// `post-sign-in` → `PostSignIn`.
pub(crate) fn variant(wire: &str) -> String {
    let name = wire.to_pascal_case();
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("V{name}"),
        Some(_) if name == "Self" || name == "Unknown" => format!("{name}Value"),
        Some(_) => name,
        None => "Empty".into(),
    }
}

/// The variants of an enum's values, with when each was there. Where a release spells a value anew,
/// one name would do for both: what is still there has it, the others are numbered.
pub fn variants<'a>(values: impl IntoIterator<Item = (&'a str, &'a Lifetime)>) -> Vec<String> {
    let values: Vec<_> = values.into_iter().collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|index| values[*index].1.until.is_some());
    let mut names = vec![String::new(); values.len()];
    for index in order {
        let plain = variant(values[index].0);
        let numbered = (2..).map(|number| format!("{plain}{number}"));
        let free = std::iter::once(plain.clone()).chain(numbered).find(|one| !names.contains(one));
        names[index] = free.unwrap_or(plain);
    }
    names
}

/// Whether serde's `rename_all = "camelCase"` gives the wire name back.
pub(crate) fn is_camel(wire: &str) -> bool {
    let mut camel = String::new();
    let mut upper = false;
    for letter in plain_field(wire).chars() {
        match letter {
            '_' => upper = true,
            _ if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            _ => camel.push(letter),
        }
    }
    camel == wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_digits_become_identifiers() {
        assert_eq!(field("type"), "r#type");
        assert_eq!(field("2fa"), "_2fa");
        assert_eq!(field("self"), "self_");
        assert_eq!(variant("es-419"), "Es419");
        assert_eq!(variant("Unknown"), "UnknownValue");
    }

    #[test]
    fn values_that_one_name_would_fit_are_numbered() {
        let gone = Lifetime { since: None, until: Some("1.0.0".into()) };
        let whole = Lifetime::default();
        let values =
            [("SignIn", &gone), ("other", &whole), ("sign-in", &whole), ("sign_in", &gone)];
        assert_eq!(variants(values), ["SignIn2", "Other", "SignIn", "SignIn3"]);
    }

    #[test]
    fn camel_case_is_recognised_only_where_serde_restores_it() {
        assert!(is_camel("primaryEmail"));
        assert!(is_camel("type"));
        assert!(!is_camel("expires_in"));
        assert!(!is_camel("acsURL"));
    }
}
