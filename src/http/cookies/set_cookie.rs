//! Reading cookie headers (RFC 6265, sections 4 and 5.2).

use std::time::{Duration, SystemTime};

/// What a `Set-Cookie` header says, as far as a client heeds it. Values stay as they came.
pub(crate) struct SetCookie<'a> {
    /// `name=value`.
    pub(crate) pair: &'a [u8],
    pub(crate) domain: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) secure: bool,
    /// Without it the cookie lives as long as the client.
    pub(crate) expires: Option<SystemTime>,
}

impl<'a> SetCookie<'a> {
    pub(crate) fn read(header: &'a [u8], now: SystemTime) -> Self {
        let mut parts = parts(header);
        let pair = parts.next().unwrap_or_default();
        let mut read = Self { pair, domain: None, path: None, secure: false, expires: None };
        let mut max_age = None;
        for attribute in parts.filter_map(|part| std::str::from_utf8(part).ok()) {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "domain" => read.domain = Some(value),
                "path" => read.path = Some(value),
                "secure" => read.secure = true,
                "expires" => read.expires = httpdate::parse_http_date(value).ok().or(read.expires),
                "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
                _ => {}
            }
        }
        // The age wins over the date.
        if let Some(seconds) = max_age {
            let lifetime = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            read.expires = now.checked_add(lifetime);
        }
        read
    }

    pub(crate) fn name(&self) -> &'a [u8] {
        name(self.pair)
    }

    /// Whether the cookie is to be removed.
    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// The pairs and attributes of a header.
pub(crate) fn parts(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii)
}

/// The name in `name=value`.
pub(crate) fn name(pair: &[u8]) -> &[u8] {
    pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii()
}
