//! Where Logto is: an address that is checked once, so that no call can go astray.

use std::borrow::Cow;

use reqwest::{Url, header::HeaderValue};

use crate::{Error, Result};

/// The Management API's resource indicator where Logto does not run in the Cloud.
pub(crate) const DEFAULT_RESOURCE: &str = "https://default.logto.app/api";

const EXAMPLE: &str = "it has to look like `https://acme.logto.app`";

/// An origin without path, query and credentials.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    pub(crate) base: String,
    pub(crate) origin: HeaderValue,
    url: Url,
    /// Where users see the server, if that is somewhere else.
    public: Option<Box<Public>>,
}

#[derive(Clone, Debug)]
struct Public {
    base: String,
    url: Url,
}

impl Endpoint {
    pub(crate) fn parse(text: &str, allow_insecure_http: bool) -> Result<Self> {
        // The address is never quoted: it may hold a password that was put there by mistake.
        let url = Url::parse(text.trim())
            .map_err(|_| Error::config(format!("the endpoint is not a URL: {EXAMPLE}")))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Error::config(format!(
                "the endpoint is neither https nor http: {EXAMPLE}"
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::config(format!(
                "the endpoint contains a user name or password: {EXAMPLE}"
            )));
        }
        if !matches!(url.path(), "" | "/") {
            return Err(Error::config(format!(
                "the endpoint has a path, but Logto lives at the root of its host: {EXAMPLE}"
            )));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::config(format!(
                "the endpoint has a query or a fragment, which would be lost: {EXAMPLE}"
            )));
        }
        if url.scheme() == "http" && !allow_insecure_http && !is_loopback(&url) {
            return Err(Error::config(
                "the endpoint is http, so secrets would cross the network in plaintext: use https, \
                 or call `allow_insecure_http()` if you trust the network",
            ));
        }
        let base = url.origin().ascii_serialization();
        let origin = HeaderValue::try_from(&base)
            .map_err(|_| Error::config(format!("the endpoint has no usable host: {EXAMPLE}")))?;
        Ok(Self { base, origin, url, public: None })
    }

    /// The same server, which users see at this address.
    pub(crate) fn with_public(self, public: &str) -> Result<Self> {
        // Nothing is sent there, so that it may well be http.
        let public = Self::parse(public, true)
            .map_err(|error| Error::config(format!("the public endpoint: {error}")))?;
        let Self { base, origin, url, .. } = public;
        Ok(Self { origin, public: Some(Box::new(Public { base, url })), ..self })
    }

    /// The URL of a path on this endpoint, as given; whatever would leave it is rejected.
    pub(crate) fn join(&self, path: &str) -> Result<Url> {
        if !path.starts_with('/') {
            return Err(Error::request("the path must start with `/`"));
        }
        if path.contains(['#', '\\']) || path.chars().any(char::is_control) {
            return Err(Error::request(
                "the path contains `#`, `\\` or a control character: percent-encode it",
            ));
        }
        let url = Url::parse(&format!("{}{path}", self.base))
            .map_err(|_| Error::request("the path is not valid in a URL"))?;
        let given = path.split('?').next().unwrap_or_default();
        if url.origin() != self.url.origin() || given.split('/').any(is_dot_segment) {
            return Err(Error::request("the path has a `.` or `..` segment"));
        }
        Ok(url)
    }

    /// Whether the URL is one of this endpoint's.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        below(&self.base, url.as_str()).is_some()
    }

    /// Where users see the server, without a slash at the end.
    pub(crate) fn public_base(&self) -> &str {
        self.public.as_ref().map_or(&self.base, |public| &public.base)
    }

    /// The URL of a path for a browser.
    #[cfg(feature = "sign-in")]
    pub(crate) fn public_join(&self, path: &str) -> Result<Url> {
        Ok(self.public_url(&self.join(path)?).into_owned())
    }

    /// The path of a URL that is this server's, at whichever of its addresses.
    #[cfg(feature = "sign-in")]
    pub(crate) fn path_of<'a>(&self, url: &'a Url) -> Option<&'a str> {
        let url = url.as_str();
        below(&self.base, url).or_else(|| below(self.public_base(), url))
    }

    /// A URL of this server's as browsers see it: cookies are kept for that one.
    pub(crate) fn public_url<'a>(&self, url: &'a Url) -> Cow<'a, Url> {
        let Some(public) = self.public.as_ref().filter(|_| self.owns(url)) else {
            return Cow::Borrowed(url);
        };
        let mut seen = public.url.clone();
        seen.set_path(url.path());
        seen.set_query(url.query());
        seen.set_fragment(url.fragment());
        Cow::Owned(seen)
    }

    /// The resource indicator of the API that tokens are for.
    pub(crate) fn resource(&self, given: Option<String>, tenant: Option<&str>) -> Result<String> {
        match (given, tenant) {
            (Some(_), Some(_)) => Err(Error::config(
                "both `tenant` and `resource` are set: `tenant` already determines the resource \
                 indicator",
            )),
            (Some(resource), None) => Ok(resource),
            (None, Some(tenant)) => Ok(format!("{}/api", of_tenant(tenant)?)),
            (None, None) => Ok(self.default_resource()),
        }
    }

    /// The Management API's resource indicator: a tenant's own on Logto Cloud, Logto's default
    /// elsewhere.
    fn default_resource(&self) -> String {
        let url = self.public.as_ref().map_or(&self.url, |public| &public.url);
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        match host.strip_suffix(".logto.app") {
            Some(tenant) if !tenant.contains('.') => format!("https://{tenant}.logto.app/api"),
            _ => DEFAULT_RESOURCE.to_owned(),
        }
    }

    /// Whether a proxy that the environment names may carry the requests; `asked` is whether the
    /// caller wants that.
    pub(crate) fn may_be_proxied(&self, asked: bool) -> bool {
        !is_loopback(&self.url) && (asked || self.url.scheme() == "https")
    }
}

/// The path and all after it of a URL of this origin.
fn below<'a>(origin: &str, url: &'a str) -> Option<&'a str> {
    url.strip_prefix(origin).filter(|path| path.starts_with('/'))
}

/// Whether a URL takes this segment of a path for a step in the tree, and leaves it out.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The endpoint of a tenant of Logto Cloud.
pub(crate) fn of_tenant(tenant: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if tenant.is_empty() || !tenant.chars().all(plain) {
        return Err(Error::config(
            "the tenant is not an id of Logto Cloud: pass the first part of its address, like \
             `acme` of `https://acme.logto.app`",
        ));
    }
    Ok(format!("https://{tenant}.logto.app"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn takes_an_origin() {
        for (text, base) in [
            ("https://acme.logto.app", "https://acme.logto.app"),
            (" https://Acme.logto.app/ ", "https://acme.logto.app"),
            ("https://id.example.com:8443", "https://id.example.com:8443"),
            ("http://localhost:3001", "http://localhost:3001"),
            ("http://127.0.0.1:3001/", "http://127.0.0.1:3001"),
            ("http://[::1]:3001", "http://[::1]:3001"),
        ] {
            assert_eq!(Endpoint::parse(text, false).unwrap().base, base);
        }
    }

    #[test]
    fn refuses_what_would_be_lost_or_leak() {
        for (text, word) in [
            ("acme", "not a URL"),
            ("", "not a URL"),
            ("https://acme.logto.app/api", "path"),
            ("https://acme.logto.app/?x=1", "query"),
            ("https://acme.logto.app/#x", "fragment"),
            ("https://user:hunter2@acme.logto.app", "password"),
            ("http://acme.logto.app", "http"),
            ("http://localhost.example.com", "http"),
            ("ftp://acme.logto.app", "neither"),
        ] {
            let error = Endpoint::parse(text, false).unwrap_err();
            assert!(error.is_invalid_request());
            assert!(error.to_string().contains(word), "{text}: {error}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert!(Endpoint::parse("http://logto.internal:3001", true).is_ok());
    }

    #[test]
    fn joins_only_paths_of_its_own() {
        let endpoint = Endpoint::parse("https://acme.logto.app", false).unwrap();
        for path in ["/api/users", "/api/users?page=2&x=/../", "/a%2Fb", "//x", "/a/", "/.a/..."] {
            let url = endpoint.join(path).unwrap();
            assert_eq!(url.as_str(), format!("https://acme.logto.app{path}"));
        }
        for path in [
            "api/users",
            "",
            "@evil.example",
            "/api/users/../roles",
            "/api/users/%2e%2E/roles",
            "/api/./users",
            "/api/users/..",
            "/api/users/.",
            "/api/users/%2E?x=1",
            "/api\\..\\roles",
            "/api/users#x",
            "/api/\nusers",
        ] {
            assert!(endpoint.join(path).is_err(), "{path}");
        }
    }

    #[test]
    fn knows_the_default_resource() {
        let resource = |text| Endpoint::parse(text, false).unwrap().default_resource();
        assert_eq!(resource("https://acme.logto.app"), "https://acme.logto.app/api");
        assert_eq!(resource("https://acme.logto.app."), "https://acme.logto.app/api");
        assert_eq!(resource("https://id.example.com"), "https://default.logto.app/api");
        assert_eq!(resource("http://localhost:3001"), "https://default.logto.app/api");
    }
}
