//! What members have to look like, by their names. The contract gives only their types.

/// The format of a member, of a user or of something else, at this depth of a body (1 for those of the body itself).
pub(crate) fn of(name: &str, depth: usize, is_list: bool, of_user: bool) -> Option<&'static str> {
    Some(match (name, is_list) {
        ("username", false) if depth == 1 => "username",
        ("primaryEmail" | "email" | "invitee", false) if depth == 1 => "email",
        ("primaryPhone" | "phone", false) if depth == 1 => "phone",
        ("backchannelLogoutUri", false) => "url",
        ("termsOfUseUrl" | "privacyPolicyUrl", false) => "link",
        ("supportEmail", false) => "address",
        ("avatar", false) if depth == 1 => "url",
        ("primaryColor" | "darkPrimaryColor", false) => "color",
        ("redirectUris" | "postLogoutRedirectUris", true) => "redirect",
        ("password" | "emailDomain" | "indicator", false) if depth == 1 => "filled",
        ("name", false) if depth == 1 && !of_user => "filled",
        _ if is_list && name.ends_with("Ids") => "filled",
        _ => return None,
    })
}

/// Lists that must not be empty when something is created or added.
pub(crate) fn needs_items(name: &str, depth: usize) -> bool {
    depth == 1 && ["userIds", "applicationIds", "scopeIds", "events"].contains(&name)
}

/// The least that a number may be.
pub(crate) fn least(name: &str) -> Option<u64> {
    ["lifeSpanInYears", "limit"].contains(&name).then_some(1)
}
