//! Cookies, which identify an interaction.

mod jar;
mod set_cookie;

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use reqwest::{
    Url,
    header::{HeaderMap, HeaderValue, LOCATION, SET_COOKIE},
};

use crate::http::{
    cookies::{
        jar::Jar,
        set_cookie::{SetCookie, name, parts},
    },
    trace,
};

/// How a client handles cookies.
#[derive(Clone, Default)]
pub(crate) enum Cookies {
    /// None are kept or sent.
    #[default]
    None,
    /// It stores them, like a browser.
    Own(Arc<Jar>),
    /// They belong to a browser.
    Browser(BrowserCookies),
}

impl Cookies {
    /// The `Cookie` header for this URL.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let mut header = match self {
            Self::None => None,
            Self::Own(jar) => jar.header(url),
            Self::Browser(cookies) => cookies.header(),
        }?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The value of the cookie of this name that would be sent to this URL.
    #[cfg(feature = "sign-in")]
    pub(crate) fn get(&self, wanted: &str, url: &Url) -> Option<Vec<u8>> {
        let header = self.header(url)?;
        let mut pairs = parts(header.as_bytes());
        let pair = pairs.find(|pair| name(pair) == wanted.as_bytes())?;
        Some(pair.get(wanted.len() + 1..)?.to_vec())
    }

    /// Stores the cookies of a response.
    pub(crate) fn store(&self, headers: &HeaderMap, url: &Url) {
        let set = headers.get_all(SET_COOKIE).iter();
        match self {
            Self::None => {}
            Self::Own(jar) => set.for_each(|header| jar.store(header, url)),
            Self::Browser(cookies) => set.for_each(|header| cookies.store(header)),
        }
    }
}

/// The cookies of a browser, for a server between the browser and Logto: cookies from the browser
/// are sent to Logto, and cookies from Logto back to the browser.
///
/// Create one for each request of the browser, call Logto with
/// [`Client::with_browser_cookies`](crate::Client::with_browser_cookies), and add
/// [`set_cookies`](Self::set_cookies) to your response. Names and values are passed unchanged. What
/// one call sets, the next one sends.
///
/// All these cookies are sent to Logto: remove those of your own application with
/// [`retain`](Self::retain).
///
/// ```
/// # use logto_api::reqwest::header::HeaderMap;
/// # async fn run(logto: logto_api::Client, request: HeaderMap) -> logto_api::Result<()> {
/// use logto_api::{BrowserCookies, Method};
///
/// let cookies = BrowserCookies::from_headers(request.get_all("cookie"));
/// cookies.retain(|name| name.starts_with("_interaction") || name.starts_with("_logto"));
/// let logto = logto.with_browser_cookies(&cookies);
/// logto.request(Method::GET, "/api/experience/interaction").send().await?;
///
/// let mut response = HeaderMap::new();
/// for set_cookie in cookies.set_cookies() {
///     response.append("set-cookie", set_cookie);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Clones share their cookies. `Debug` shows names only.
#[derive(Clone, Default)]
pub struct BrowserCookies(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    /// `name=value`, as they came.
    pairs: Vec<Vec<u8>>,
    /// What Logto set, in order.
    set: Vec<HeaderValue>,
}

impl BrowserCookies {
    /// No cookies, as for the first request of a browser.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cookies of a request's `Cookie` headers, of which HTTP/2 allows several. Cookies with
    /// control characters, which no header may contain, are ignored.
    pub fn from_headers<V: AsRef<[u8]>>(headers: impl IntoIterator<Item = V>) -> Self {
        let mut pairs = Vec::new();
        for header in headers {
            for pair in parts(header.as_ref()).filter(|pair| !pair.is_empty()) {
                match is_sendable(pair) {
                    true => pairs.push(pair.to_vec()),
                    false => trace::cookie_left_out(),
                }
            }
        }
        Self(Arc::new(Mutex::new(Held { pairs, set: Vec::new() })))
    }

    /// Keeps the cookies whose names satisfy the predicate.
    pub fn retain(&self, mut keep: impl FnMut(&str) -> bool) {
        self.held().pairs.retain(|pair| keep(&String::from_utf8_lossy(name(pair))));
    }

    /// The `Set-Cookie` headers for the browser: all that Logto has sent so far, in order and
    /// unchanged.
    pub fn set_cookies(&self) -> Vec<HeaderValue> {
        self.held().set.clone()
    }

    /// The same for a browser that never talks to Logto itself: the path of the cookies is changed
    /// to this path, where your server is.
    ///
    /// ```
    /// # use logto_api::{BrowserCookies, reqwest::header::HeaderMap};
    /// # fn run(cookies: BrowserCookies, response: &mut HeaderMap) {
    /// for set_cookie in cookies.set_cookies_at("/sign-in") {
    ///     response.append("set-cookie", set_cookie);
    /// }
    /// # }
    /// ```
    pub fn set_cookies_at(&self, path: &str) -> Vec<HeaderValue> {
        self.held().set.iter().filter_map(|header| at_path(header, path)).collect()
    }

    /// Has the browser forget a cookie of Logto's.
    #[cfg(feature = "sign-in")]
    pub(crate) fn forget(&self, wanted: &str) {
        let is_wanted = |pair: &Vec<u8>| name(pair) == wanted.as_bytes();
        if self.held().pairs.iter().any(is_wanted) {
            let over = format!("{wanted}=; path=/; max-age=0");
            if let Ok(set_cookie) = HeaderValue::try_from(over) {
                self.store(&set_cookie);
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn header(&self) -> Option<HeaderValue> {
        let pairs = self.held().pairs.join(&b"; "[..]);
        if pairs.is_empty() { None } else { HeaderValue::from_bytes(&pairs).ok() }
    }

    fn store(&self, set_cookie: &HeaderValue) {
        #[allow(
            clippy::disallowed_methods,
            reason = "what a server sets expires by the time of day"
        )]
        let now = SystemTime::now();
        let set = SetCookie::read(set_cookie.as_bytes(), now);
        let mut held = self.held();
        held.pairs.retain(|known| name(known) != set.name());
        if !set.is_expired(now) {
            held.pairs.push(set.pair.to_vec());
        }
        held.set.push(set_cookie.clone());
    }
}

/// Keeps the cookies and the address of a redirect, which may hold a code, out of what `Debug`
/// shows of a response's headers.
pub(crate) fn mark_sensitive(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if [SET_COOKIE, LOCATION].contains(name) {
            value.set_sensitive(true);
        }
    }
}

/// The same cookie for another path.
fn at_path(set_cookie: &HeaderValue, path: &str) -> Option<HeaderValue> {
    let parts = parts(set_cookie.as_bytes());
    let is_path = |part: &&[u8]| name(part).eq_ignore_ascii_case(b"path");
    let mut kept: Vec<_> = parts.filter(|part| !is_path(part)).collect();
    let attribute = format!("path={}", written(path));
    kept.push(attribute.as_bytes());
    let mut header = HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// A path as a URL writes it, in which nothing ends the attribute or the header.
fn written(path: &str) -> String {
    let mut written = String::new();
    for byte in path.bytes() {
        match byte {
            b';' | ..=b' ' | 0x7f.. => {
                let _ = write!(written, "%{byte:02X}");
            }
            _ => written.push(char::from(byte)),
        }
    }
    written
}

/// Whether a header may hold this cookie. One that it may not would take the others along.
fn is_sendable(pair: &[u8]) -> bool {
    HeaderValue::from_bytes(pair).is_ok()
}

impl fmt::Debug for BrowserCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held();
        let names = held.pairs.iter().map(|pair| String::from_utf8_lossy(name(pair)));
        f.debug_list().entries(names).finish()
    }
}
