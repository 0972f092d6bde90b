//! The cookies that a client keeps for itself, as a browser would (RFC 6265, section 5).
//!
//! A client sends cookies to its own endpoint only, so that no list of public suffixes is needed:
//! a cookie for too wide a domain goes nowhere else.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use reqwest::{Url, header::HeaderValue};

use crate::http::cookies::set_cookie::SetCookie;

#[derive(Default)]
pub(crate) struct Jar(Mutex<Vec<Cookie>>);

struct Cookie {
    /// `name=value`, as it came.
    pair: Vec<u8>,
    /// What it replaces: the cookie of the same name, domain and path.
    name: Vec<u8>,
    domain: String,
    path: String,
    /// Sent to hosts below the domain, too.
    wide: bool,
    secure: bool,
    expires: Option<SystemTime>,
}

impl Jar {
    /// Takes what a response from this URL sets, unless it is meant for somebody else.
    pub(crate) fn store(&self, header: &HeaderValue, url: &Url) {
        #[allow(
            clippy::disallowed_methods,
            reason = "what a server sets expires by the time of day"
        )]
        let now = SystemTime::now();
        let set = SetCookie::read(header.as_bytes(), now);
        let Some(cookie) = Cookie::of(&set, url) else {
            return;
        };
        let mut kept = self.kept();
        let place = kept.iter().position(|known| known.is_the_same(&cookie));
        match (place, set.is_expired(now)) {
            (Some(place), true) => drop(kept.remove(place)),
            (Some(place), false) => kept[place] = cookie,
            (None, true) => {}
            (None, false) => kept.push(cookie),
        }
    }

    /// The header to send to this URL: longer paths first, then older cookies.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        #[allow(
            clippy::disallowed_methods,
            reason = "what a server sets expires by the time of day"
        )]
        let now = SystemTime::now();
        let mut kept = self.kept();
        kept.retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
        let mut sent: Vec<_> = kept.iter().filter(|cookie| cookie.is_for(url)).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> = sent.iter().map(|cookie| &cookie.pair[..]).collect();
        let header = HeaderValue::from_bytes(&pairs.join(&b"; "[..])).ok()?;
        if header.is_empty() { None } else { Some(header) }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Cookie>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cookie {
    /// None if it has no name, or is for a domain that the host does not belong to.
    fn of(set: &SetCookie<'_>, url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        if set.name().is_empty() || !set.pair.contains(&b'=') {
            return None;
        }
        let asked = set.domain.map(|domain| domain.trim_start_matches('.').to_ascii_lowercase());
        let asked = asked.filter(|domain| !domain.is_empty());
        if asked.as_deref().is_some_and(|domain| !belongs(host, domain)) {
            return None;
        }
        let path = set.path.filter(|path| path.starts_with('/'));
        Some(Self {
            pair: set.pair.to_vec(),
            name: set.name().to_vec(),
            wide: asked.is_some(),
            domain: asked.unwrap_or_else(|| host.to_owned()),
            path: path.unwrap_or_else(|| directory(url.path())).to_owned(),
            secure: set.secure,
            expires: set.expires,
        })
    }

    fn is_the_same(&self, other: &Self) -> bool {
        (&self.name, &self.domain, &self.path) == (&other.name, &other.domain, &other.path)
    }

    fn is_for(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let is_below = |path: &str| {
            url.path()
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
        };
        (host == self.domain || self.wide && belongs(host, &self.domain))
            && is_below(&self.path)
            && (!self.secure || url.scheme() == "https" || is_loopback(url))
    }
}

/// Whether the host is the domain or below it. A domain of one label has nothing below it, and an
/// address neither.
fn belongs(host: &str, domain: &str) -> bool {
    let is_name = host.parse::<std::net::Ipv4Addr>().is_err();
    let below = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || is_name && below && domain.contains('.')
}

/// Where a cookie without a path is sent: up to the last slash.
fn directory(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

/// Nobody listens in on the way to this machine itself: browsers send secure cookies there.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The header that is sent to one URL after these were set by another.
    fn sent(from: &str, set: &[&str], to: &str) -> Option<String> {
        let jar = Jar::default();
        let from = Url::parse(from).unwrap();
        set.iter().for_each(|set| jar.store(&HeaderValue::from_str(set).unwrap(), &from));
        Some(jar.header(&Url::parse(to).unwrap())?.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_goes_where_it_is_for() {
        let home = "https://id.acme.com/oidc/auth";
        for (set, to, goes) in [
            ("a=1", "https://id.acme.com/oidc/token", true),
            ("a=1", "https://id.acme.com/oidcx", false),
            ("a=1", "https://id.acme.com/api", false),
            ("a=1; path=/", "https://id.acme.com/api", true),
            ("a=1; path=/", "https://acme.com/", false),
            ("a=1; path=/", "https://x.id.acme.com/", false),
            ("a=1; path=/; Domain=.Acme.com", "https://x.acme.com/", true),
            ("a=1; path=/; domain=acme.com", "https://xacme.com/", false),
            ("a=1; path=/; domain=other.com", home, false),
            ("a=1; path=/; domain=com", home, false),
            ("a=1; path=/; secure", "http://id.acme.com/", false),
            ("a=1; path=/; secure", home, true),
            ("a=1; path=/; max-age=0", home, false),
            ("a=1; path=/; max-age=9; expires=Thu, 01 Jan 1970 00:00:00 GMT", home, true),
            ("a=1; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT", home, false),
            ("a", home, false),
            ("=1", home, false),
        ] {
            let header = sent(home, &[set], to);
            assert_eq!(header.as_deref(), goes.then_some("a=1"), "{set} to {to}");
        }
        let local = "http://127.0.0.1:3001/";
        assert_eq!(sent(local, &["a=1; secure"], local).as_deref(), Some("a=1"));
        assert_eq!(sent(local, &["a=1; domain=0.0.1"], local), None);
    }

    #[test]
    fn longer_paths_come_first_and_what_is_set_again_is_replaced() {
        let url = "https://id.acme.com/oidc/auth";
        let set = ["a=1; path=/", "b=2; path=/oidc", r#"c={"x":"y"}; path=/"#, "a=3; path=/"];
        assert_eq!(sent(url, &set, url).as_deref(), Some(r#"b=2; a=3; c={"x":"y"}"#));
        let set = ["a=1; path=/", "a=; path=/; max-age=0"];
        assert_eq!(sent(url, &set, url), None);
    }
}
