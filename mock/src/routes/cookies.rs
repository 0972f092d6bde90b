//! Cookies, each with its signed twin.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A cookie of the real server has these attributes, in this order.
pub(crate) struct Attributes(String);

impl Attributes {
    pub(crate) fn readable() -> Self {
        Self("path=/; samesite=lax".into())
    }

    pub(crate) fn short(path: &str) -> Self {
        Self(format!(
            "path={path}; expires={}; samesite=lax; httponly",
            date(SystemTime::now() + Duration::from_secs(3600))
        ))
    }

    pub(crate) fn session() -> Self {
        let expires = date(SystemTime::now() + Duration::from_secs(14 * 24 * 3600));
        Self(format!("path=/; samesite=lax; httponly; expires={expires}"))
    }

    pub(crate) fn expired(path: &str) -> Self {
        let expires = date(UNIX_EPOCH);
        Self(format!("path={path}; expires={expires}; samesite=lax; httponly"))
    }
}

/// Adds the cookie and its twin to an answer.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str, attributes: &Attributes) {
    let signature = sign(name, value);
    for (name, value) in [(name.to_owned(), value), (format!("{name}.sig"), &signature)] {
        add(headers, &format!("{name}={value}; {}", attributes.0));
    }
}

fn add(headers: &mut HeaderMap, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        headers.append(SET_COOKIE, cookie);
    }
}

/// Removes a cookie that has no twin: a social sign-in does so with one of another page.
pub(crate) fn forget(headers: &mut HeaderMap, name: &str) {
    add(headers, &format!("{name}=; path=/; expires={}", date(UNIX_EPOCH)));
}

/// The cookie's value, if its twin came along and fits.
pub(crate) fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = raw(headers, name)?;
    let signature = raw(headers, &format!("{name}.sig"))?;
    (signature == sign(name, &value)).then_some(value)
}

fn raw(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn sign(name: &str, value: &str) -> String {
    let hash = Sha256::digest(format!("logto-mock {name}={value}"));
    // Twenty bytes are the length of the real server's signatures.
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..20])
}

fn date(time: SystemTime) -> String {
    httpdate::fmt_http_date(time)
}
