//! What members have to look like, by their names. The contract gives only their types.

/// The format of a member, of a user or of something else, at this depth of a body (1 for those of the body itself).
pub(crate) fn of(name: &str, depth: usize, is_list: bool, of_user: bool) -> Option<&'static str> {
    Some(match (name, is_list) {
        ("username", false) if depth == 1 => "username",
        ("primaryEmail" | "email" | "invitee", false) if depth == 1 => "email",
        ("primaryPhone" | "phone", false) if depth == 1 => "phone",
        ("backchannelLogoutUri", false) => "url",
        ("logoUrl" | "darkLogoUrl" | "favicon" | "darkFavicon", false) => "url",
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

/// Lists that must not be empty when something is created.
pub(crate) fn needs_items(name: &str) -> bool {
    ["events", "organizationIds"].contains(&name)
}

/// The least and the most that a number may be; it is greater than a least of none.
pub(crate) fn bounds(name: &str) -> Option<(u64, u64)> {
    Some(match name {
        "lifeSpanInYears" => (1, u64::MAX),
        "limit" => (1, 100),
        "refreshTokenTtlInDays" => (1, 180),
        "maxAllowedGrants" => (0, u64::MAX),
        _ => return None,
    })
}

/// Those of a query's parameters that take nothing but these values, told one by one.
pub(crate) fn literals(name: &str) -> &'static [&'static str] {
    if name == "isThirdParty" { &["true", "false"] } else { &[] }
}
