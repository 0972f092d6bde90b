//! What an example needs of the environment to talk to a server.

/// The values of these variables.
///
/// # Errors
///
/// A text that names all of them that are not set, and `what` they are of.
pub(crate) fn needed<const N: usize>(
    names: [&str; N],
    what: &str,
    get: impl Fn(&str) -> Option<String>,
) -> Result<[String; N], String> {
    let values = names.map(|name| get(name).filter(|value| !value.trim().is_empty()));
    let pairs = names.iter().zip(&values);
    let missing: Vec<_> =
        pairs.filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Err(format!(
            "LOGTO_ENDPOINT is set: to sign users in on that server, {} {} needed as well: {what}. \
             Without LOGTO_ENDPOINT, a mock is used that needs nothing",
            missing.join(", "),
            if missing.len() == 1 { "is" } else { "are" },
        ));
    }
    Ok(values.map(Option::unwrap_or_default))
}
