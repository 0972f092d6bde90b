//! Cookies: the client's own, and those of a browser behind the caller.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::collections::BTreeSet;

use logto_api::{BrowserCookies, Client, Method, reqwest::header::HeaderMap};
use server::{Seen, Server, answer};

/// As Logto sets it: JSON, with quotes and commas, and no escapes.
const INTERACTION: &str = r#"_interaction={"app":"i-x","_legacy":"i-x"}"#;

/// Sets cookies as the authorization endpoint does; removes one when an interaction is submitted.
fn logto(seen: &Seen) -> String {
    let headers = match seen.target.as_str() {
        "/oidc/auth" => format!(
            "set-cookie: {INTERACTION}; path=/; expires=Sun, 22 Nov 2099 19:37:53 GMT; samesite=lax; httponly\r\n\
             set-cookie: _interaction.sig=5jDR-_D9; path=/; httponly\r\n\
             set-cookie: _interaction_resume=i-x; path=/oidc/auth/i-x; httponly\r\n"
        ),
        "/api/experience/submit" => {
            "set-cookie: _interaction=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             set-cookie: _interaction.sig=; path=/; max-age=0\r\n"
                .to_owned()
        }
        _ => String::new(),
    };
    answer(200, &headers, "{}")
}

async fn ask(client: &Client, target: &str) {
    client.request(Method::GET, target).send().await.unwrap();
}

fn sent(server: &Server) -> Vec<BTreeSet<String>> {
    let split = |header: &str| header.split("; ").map(str::to_owned).collect();
    let seen = server.seen();
    seen.iter().map(|seen| seen.header("cookie").map(split).unwrap_or_default()).collect()
}

fn set<const N: usize>(pairs: [&str; N]) -> BTreeSet<String> {
    pairs.into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_client_keeps_cookies_as_a_browser_does() {
    let server = Server::start(logto);
    let client = server.builder().cookie_store(true).build().unwrap();
    for target in
        ["/oidc/auth", "/api/experience", "/oidc/auth/i-x", "/api/experience/submit", "/api/users"]
    {
        client.clone().request(Method::GET, target).unauthenticated().send().await.unwrap();
    }
    let kept = [INTERACTION, "_interaction.sig=5jDR-_D9"];
    let resumed = [INTERACTION, "_interaction.sig=5jDR-_D9", "_interaction_resume=i-x"];
    assert_eq!(sent(&server), [set([]), set(kept), set(resumed), set(kept), set([])]);
}

#[tokio::test]
async fn cookies_are_kept_only_where_they_were_asked_for_and_apart_from_others() {
    let server = Server::start(logto);
    let plain = server.client();
    let (alice, bob) = (plain.with_cookie_store(), plain.with_cookie_store());
    ask(&plain, "/oidc/auth").await;
    ask(&plain, "/api/experience").await;
    ask(&alice, "/oidc/auth").await;
    ask(&bob, "/api/experience").await;
    ask(&alice, "/api/experience").await;
    let mut sent = sent(&server);
    assert_eq!(sent.pop().unwrap(), set([INTERACTION, "_interaction.sig=5jDR-_D9"]));
    assert!(sent.iter().all(BTreeSet::is_empty));
}

#[tokio::test]
async fn a_browsers_cookies_pass_through_unchanged() {
    let server = Server::start(logto);
    let mut headers = HeaderMap::new();
    let known = r#"_logto={"appId":"uid","ü":1}"#.as_bytes();
    headers.append("cookie", [known, b"; session=mine"].concat().try_into().unwrap());
    headers.append("cookie", "_logto.sig=a-b_c;theme=dark".parse().unwrap());
    let cookies = BrowserCookies::from_headers(headers.get_all("cookie"));
    cookies.retain(|name| name.starts_with("_logto"));
    let client = server.client().with_browser_cookies(&cookies);
    assert!(cookies.set_cookies().is_empty());

    ask(&client, "/oidc/auth").await;
    ask(&client, "/api/experience").await;
    let between: Vec<_> = cookies.set_cookies();
    ask(&client, "/api/experience/submit").await;
    ask(&client, "/api/experience").await;

    let known = String::from_utf8_lossy(known).into_owned();
    let first = [known.as_str(), "_logto.sig=a-b_c"];
    let resume = "_interaction_resume=i-x";
    let then = [first[0], first[1], INTERACTION, "_interaction.sig=5jDR-_D9", resume];
    let last = [first[0], first[1], resume];
    // The raw server reads headers as UTF-8.
    assert_eq!(sent(&server), [set(first), set(then), set(then), set(last)]);

    let texts: Vec<_> = between.iter().map(|header| header.to_str().unwrap()).collect();
    assert_eq!(
        texts,
        [
            format!(
                "{INTERACTION}; path=/; expires=Sun, 22 Nov 2099 19:37:53 GMT; samesite=lax; httponly"
            ),
            "_interaction.sig=5jDR-_D9; path=/; httponly".to_owned(),
            "_interaction_resume=i-x; path=/oidc/auth/i-x; httponly".to_owned(),
        ]
    );
    assert_eq!(cookies.set_cookies().len(), 5);
    let shown = format!("{cookies:?} {client:?}");
    assert!(shown.contains("_logto.sig") && !shown.contains("a-b_c"), "{shown}");
}

#[tokio::test]
async fn a_cookie_that_no_header_may_hold_takes_no_other_along() {
    let server = Server::start(logto);
    let header =
        b"_logto=a; broken=\x01; folded=a\r\nx-evil: 1; deleted=\x7f; _logto.sig=b; tab=a\tb";
    let cookies = BrowserCookies::from_headers([header]);
    ask(&server.client().with_browser_cookies(&cookies), "/api/experience").await;
    assert_eq!(sent(&server), [set(["_logto=a", "_logto.sig=b", "tab=a\tb"])]);
}

#[tokio::test]
async fn a_path_cannot_end_the_header_it_stands_in() {
    let server = Server::start(logto);
    let cookies = BrowserCookies::new();
    ask(&server.client().with_browser_cookies(&cookies), "/oidc/auth").await;
    let set = cookies.set_cookies_at("/a\r\nb; domain=evil.com ü");
    assert_eq!(set.len(), 3);
    for header in &set {
        let text = header.to_str().unwrap();
        assert!(text.ends_with("; path=/a%0D%0Ab%3B%20domain=evil.com%20%C3%BC"), "{text}");
    }
}

#[tokio::test]
async fn headers_of_answers_do_not_show_cookies() {
    let server = Server::start(logto);
    let cookies = BrowserCookies::new();
    let client = server.client().with_browser_cookies(&cookies);
    let answer = client.request(Method::GET, "/oidc/auth").send().await.unwrap();
    let (headers, set) = (format!("{:?}", answer.headers()), cookies.set_cookies());
    for shown in [headers, format!("{set:?}"), format!("{:?}", cookies.set_cookies_at("/x"))] {
        assert!(!shown.contains("i-x") && !shown.contains("5jDR"), "{shown}");
    }
}

#[tokio::test]
async fn a_cookie_header_of_one_call_goes_before_the_clients() {
    let server = Server::start(logto);
    let client = server.builder().cookie_store(true).build().unwrap();
    ask(&client, "/oidc/auth").await;
    let request = client.request(Method::GET, "/api/experience").header("cookie", INTERACTION);
    request.send().await.unwrap();
    assert_eq!(sent(&server)[1], set([INTERACTION]));
}
