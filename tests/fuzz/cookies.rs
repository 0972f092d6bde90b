//! Cookies: lines `PATH set-cookie value` are requests whose answers set one; a line
//! `browser PATH cookies` has a server hand on those of a browser.

use std::{cell::RefCell, rc::Rc};

use axum::http::{HeaderValue, header::SET_COOKIE};
use logto_api::{BrowserCookies, Client, Method, reqwest::Url};

use crate::{
    desk::{self, Asked, ENDPOINT},
    message::{Message, split},
    told,
};

pub(crate) fn target(input: &[u8]) {
    let client = desk::builder().cookie_store(true).build().unwrap();
    let mut set: Vec<(String, Vec<u8>)> = Vec::new();
    for line in input.split(|byte| *byte == b'\n').take(20) {
        match line.strip_prefix(b"browser ") {
            Some(line) => browser(line),
            None => {
                let Some((path, sent)) = visit(&client, line, input) else { continue };
                check(&path, &sent, &set);
                let (_, value) = split(line, b" ").unwrap_or_default();
                set.push((path, value.to_vec()));
            }
        }
    }
}

/// Makes a request, and gives the path that it went to with the cookies that it took along.
fn visit(client: &Client, line: &[u8], input: &[u8]) -> Option<(String, Vec<u8>)> {
    let (path, value) = split(line, b" ").unwrap_or((line, b""));
    let path = String::from_utf8_lossy(path).into_owned();
    let sent = Rc::new(RefCell::new(None));
    let (log, value) = (sent.clone(), HeaderValue::from_bytes(value).ok());
    let script = move |asked: &Asked| {
        assert_eq!(asked.headers.get_all("cookie").iter().count().min(2) / 2, 0, "two headers");
        let cookie = asked.headers.get("cookie").map(|value| value.as_bytes().to_vec());
        *log.borrow_mut() = Some((asked.url.path().to_owned(), cookie.unwrap_or_default()));
        let mut answer = Message::of(200, "");
        answer.headers.extend(value.clone().map(|value| (SET_COOKIE, value)));
        answer
    };
    if let Err(error) = desk::run(script, client.request(Method::GET, &path).unauthenticated().send()) {
        told::check(&error, input);
    }
    sent.take()
}

/// Each cookie was set, by an answer that meant this path and this host.
fn check(path: &str, sent: &[u8], set: &[(String, Vec<u8>)]) {
    assert!(!sent.iter().any(|byte| *byte < b' ' && *byte != b'\t'), "a control character");
    for pair in sent.split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
        let is_meant = |(from, value): &(String, Vec<u8>)| {
            let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let own = parts.next().unwrap_or_default();
            let parts = parts.filter(|part| std::str::from_utf8(part).is_ok());
            let attributes: Vec<_> = parts.map(attribute).collect();
            let last = |name: &str| attributes.iter().rev().find(|(found, _)| found == name);
            let folder = match last("path") {
                Some((_, folder)) if folder.starts_with('/') => folder.clone(),
                _ => from.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default(),
            };
            let host = last("domain").map_or("", |(_, domain)| domain.trim_start_matches('.'));
            let host = host.to_ascii_lowercase();
            let is_here = ["", "acme.logto.app", "logto.app"].contains(&&*host);
            own == pair && is_here && is_below(path, &folder)
        };
        assert!(pair.is_empty() || set.iter().any(is_meant), "nobody set {pair:?} for {path}");
    }
}

fn attribute(part: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(part).into_owned();
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    (name.trim().to_ascii_lowercase(), value.trim().to_owned())
}

/// Section 5.1.4 of RFC 6265.
fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

/// The cookies of a browser pass unchanged, and what a browser gets back keeps within its header.
fn browser(line: &[u8]) {
    let (path, header) = split(line, b" ").unwrap_or((line, b""));
    let cookies = BrowserCookies::from_headers([header]);
    let client = desk::builder().build().unwrap().with_browser_cookies(&cookies);
    let sent = Rc::new(RefCell::new(Vec::new()));
    let (log, value) = (sent.clone(), HeaderValue::from_bytes(header).ok());
    let script = move |asked: &Asked| {
        let cookie = asked.headers.get("cookie").map(|value| value.as_bytes().to_vec());
        *log.borrow_mut() = cookie.unwrap_or_default();
        let mut answer = Message::of(200, "");
        answer.headers.extend(value.clone().map(|value| (SET_COOKIE, value)));
        answer
    };
    let request = client.request(Method::GET, "/oidc/auth").unauthenticated().send();
    desk::run(script, request).unwrap();
    let pairs = |header: &[u8]| -> Vec<Vec<u8>> {
        let pairs = header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        pairs.filter(|pair| HeaderValue::from_bytes(pair).is_ok_and(|pair| !pair.is_empty()))
            .map(<[u8]>::to_vec)
            .collect()
    };
    assert_eq!(pairs(&sent.borrow()), pairs(header));

    let path = String::from_utf8_lossy(path);
    for set_cookie in cookies.set_cookies_at(&path) {
        let (before, after) = (header, set_cookie.as_bytes());
        let count = |header: &[u8]| {
            let parts = header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let parts = parts.map(attribute);
            let (paths, others): (Vec<_>, Vec<_>) = parts.partition(|(name, _)| name == "path");
            (paths.len(), others.len())
        };
        assert_eq!(count(after), (1, count(before).1), "{set_cookie:?}");
        let url = Url::parse(&format!("{ENDPOINT}/")).unwrap();
        assert!(url.join(&path).is_ok() || !path.is_empty());
    }
}
