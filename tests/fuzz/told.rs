//! What holds of every error.

use std::error::Error as _;

use logto_api::Error;

/// What the client keeps to itself.
const SECRETS: [&str; 4] =
    ["t0ken-0f-the-caller", "s3cret-0f-the-app", "st4te-0f-the-request", "ver1fier-0f-the-request"];
/// The characters of its text, with operation, request and all.
const MOST: usize = 2_000;

/// Its text is short, on one line, in the order in which it reads, and tells no secret that did not
/// come from outside.
pub(crate) fn check(error: &Error, input: &[u8]) {
    let (shown, debugged) = (error.to_string(), format!("{error:?}"));
    let input = String::from_utf8_lossy(input);
    for text in [&shown, &debugged] {
        assert!(text.chars().count() <= MOST, "{} characters: {text}", text.chars().count());
        assert!(!text.chars().any(is_unfit), "{text:?}");
        for secret in SECRETS.iter().filter(|secret| !input.contains(**secret)) {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let path = error.json_path().unwrap_or_default();
    assert!(path.chars().count() <= 200, "{path}");
    // Whoever logs a source gets no page of text either.
    let source = error.source().map(|source| source.to_string()).unwrap_or_default();
    assert!(source.chars().count() <= MOST, "{source}");
}

/// Whether a terminal or an editor does something else with it than to show it.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || ('\u{200e}'..='\u{200f}').contains(&character)
        || ('\u{2028}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
}
