//! What an error says of a connection that gave no answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;
#[cfg(feature = "rustls")]
#[path = "support/tls.rs"]
mod tls;

#[cfg(feature = "rustls")]
use std::io::Write as _;
use std::{
    error::Error as StdError,
    io::{self, ErrorKind, Read as _},
    net::{TcpListener, TcpStream},
    thread,
};

use logto_api::{Client, ClientBuilder, Error, Method, RetryPolicy, reqwest};
use reqwest::dns::{Name, Resolve, Resolving};
use server::{Server, answer, nobody};

fn once(endpoint: &str) -> ClientBuilder {
    Client::builder(endpoint).retry(RetryPolicy::never())
}

async fn fail(builder: ClientBuilder) -> Error {
    let request =
        builder.build().unwrap().request(Method::POST, "/api?secret=hunter2").unauthenticated();
    let error = request.body("hunter2").send().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(causes(&error).iter().all(|error| !format!("{error} {error:?}").contains("hunter2")));
    error
}

/// The error and what caused it.
fn causes(error: &Error) -> Vec<&(dyn StdError + 'static)> {
    let mut causes: Vec<&(dyn StdError + 'static)> = vec![error];
    while let Some(cause) = causes[causes.len() - 1].source() {
        causes.push(cause);
    }
    causes
}

/// The address of a server that does this with each connection.
fn raw(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap())));
    address
}

#[tokio::test]
async fn nobody_listens() {
    let endpoint = nobody();
    let address = endpoint.trim_start_matches("http://");
    let error = fail(once(&endpoint)).await;
    assert_eq!(
        error.to_string(),
        format!("cannot connect: {address} refused the connection: is a server listening there?")
    );
    assert_eq!(error.io_error_kind(), Some(ErrorKind::ConnectionRefused));
    assert_eq!(causes(&error).len(), 1, "its text says it all");
    assert!(error.http_error().is_some_and(reqwest::Error::is_connect));
    assert!(!error.may_have_taken_effect());

    // The token endpoint's is told in the same words.
    let app = once(&endpoint).client_credentials("id", "hunter2").build().unwrap();
    let error = app.request(Method::GET, "/api/users").send().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the token endpoint did not respond: cannot connect: {address} refused the connection: \
             is a server listening there?"
        )
    );
    assert_eq!(error.io_error_kind(), Some(ErrorKind::ConnectionRefused));
}

struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Err(io::Error::other("no such name").into()) })
    }
}

#[tokio::test]
async fn a_name_is_not_found() {
    let endpoint = once("https://id.acme.invalid");
    let error = fail(endpoint.configure_http(|http| http.no_proxy().dns_resolver(NoNames))).await;
    let text = "cannot resolve the name of id.acme.invalid:443: no such name";
    assert_eq!(error.to_string(), text);
    assert!(error.is_connect() && !error.may_have_taken_effect());
}

#[tokio::test]
async fn the_server_hangs_up() {
    let server = Server::start(|_| String::new());
    let address = server.endpoint.trim_start_matches("http://");
    let error = fail(once(&server.endpoint)).await;
    let text = format!("{address} closed the connection before responding");
    assert_eq!(error.to_string(), text);
    assert_eq!(error.io_error_kind(), Some(ErrorKind::UnexpectedEof));
    assert!(error.may_have_taken_effect());

    // What is left unread makes the system reset the connection.
    let address = raw(|mut stream| drop(stream.read(&mut [0])));
    let error = fail(once(&format!("http://{address}"))).await;
    assert_eq!(error.to_string(), format!("{address} reset the connection"));
    assert_eq!(error.io_error_kind(), Some(ErrorKind::ConnectionReset));
    assert!(error.may_have_taken_effect());
}

#[tokio::test]
async fn the_answer_is_not_http() {
    let server = Server::start(|_| "220 mail.acme.com ready\r\n".to_owned());
    let address = server.endpoint.trim_start_matches("http://");
    let error = fail(once(&server.endpoint)).await;
    assert_eq!(error.to_string(), format!("{address} sent a response that is not HTTP"));
}

#[tokio::test]
async fn the_body_breaks_off() {
    let cut = || answer(200, "", "{\"a\":").replace("content-length: 5", "content-length: 50");
    let error = fail(once(&Server::start(move |_| cut()).endpoint)).await;
    let text = error.to_string();
    assert!(text.starts_with("Logto responded with 200, but the body is incomplete: "), "{text}");
    assert_eq!(text.matches("incomplete").count(), 1, "{text}");
}

#[tokio::test]
#[cfg(feature = "rustls")]
async fn the_other_side_speaks_plain_http() {
    let address = raw(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let error = fail(once(&format!("https://{address}"))).await;
    let text = error.to_string();
    assert!(text.starts_with(&format!("{address} does not support TLS")), "{text}");
    assert!(error.is_connect() && !error.may_have_taken_effect());
}

#[tokio::test]
#[cfg(feature = "rustls")]
async fn a_certificate_is_not_accepted() {
    let root = |certificate| reqwest::Certificate::from_der(&tls::der(certificate)).unwrap();
    for (certificate, host, trusted, why) in [
        // The words depend on what the system trusts.
        (tls::VALID, "localhost", false, ""),
        (tls::VALID, "127.0.0.1", true, "not valid for name"),
        (tls::EXPIRED, "localhost", true, "expired"),
    ] {
        let port = tls::serve(certificate);
        let mut builder = once(&format!("https://{host}:{port}"));
        if trusted {
            builder = builder.configure_http(move |http| http.tls_certs_only([root(certificate)]));
        }
        let error = fail(builder).await;
        let text = error.to_string();
        let start = format!("the TLS certificate of {host}:{port} is not valid: ");
        assert!(text.starts_with(&start) && text.to_lowercase().contains(why), "{text}");
        assert!(error.is_connect() && !error.may_have_taken_effect());
    }
    let port = tls::serve(tls::VALID);
    let trusting = once(&format!("https://localhost:{port}"))
        .configure_http(move |http| http.tls_certs_only([root(tls::VALID)]));
    let request = trusting.build().unwrap().request(Method::GET, "/api/status").unauthenticated();
    assert_eq!(request.send().await.unwrap().status(), 204, "the server is as it should be");
}

#[tokio::test]
#[cfg(feature = "rustls")]
async fn a_proxy_makes_no_connection() {
    let refusing = raw(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    for proxy in [format!("http://{refusing}"), nobody()] {
        let proxy = reqwest::Proxy::all(proxy).unwrap();
        let error =
            fail(once("https://id.acme.invalid").configure_http(move |http| http.proxy(proxy)))
                .await;
        let text = error.to_string();
        let start = "the proxy cannot connect to id.acme.invalid:443: ";
        assert!(text.starts_with(start), "{text}");
        assert!(error.is_connect() && !error.may_have_taken_effect());
    }
}
