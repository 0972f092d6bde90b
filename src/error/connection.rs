//! Why a connection gave no response, in words that tell what to look at.

use std::{error::Error, io};

use reqwest::Url;

use crate::error::{
    one_line::one_line,
    unsent::{causes, is_unwritten},
};

/// The error with no more of the request's URL than its origin: the rest may hold secrets.
pub(crate) fn with_origin_only(mut error: reqwest::Error) -> reqwest::Error {
    let origin = error.url().and_then(|url| Url::parse(&url.origin().ascii_serialization()).ok());
    match (error.url_mut(), origin) {
        (Some(url), Some(origin)) => *url = origin,
        _ => error = error.without_url(),
    }
    error
}

/// What happened to the connection, and with which server.
pub(crate) fn problem(error: &reqwest::Error) -> String {
    let server = &server_name(error.url());
    if error.is_timeout() {
        return match error.is_connect() {
            true => format!("timed out connecting to {server}"),
            false => format!("timed out waiting for the response of {server}"),
        };
    }
    if error.is_redirect() {
        return "the HTTP client followed too many redirects: configure it to follow none"
            .to_owned();
    }
    if error.is_connect() {
        return unconnected(error, server);
    }
    let end = causes(error).find_map(of_http1).or_else(|| causes(error).find_map(of_http2));
    let end = end.or_else(|| io_error(error).and_then(|error| of_io(error.kind())));
    match end {
        Some(what) => format!("{server} {what}"),
        None if error.is_body() || error.is_decode() => {
            format!("the connection to {server} was interrupted")
        }
        None => format!("the connection to {server} failed"),
    }
}

/// What caused it, where [`problem`] does not say as much.
pub(crate) fn untold(error: &reqwest::Error) -> Option<&(dyn Error + 'static)> {
    let told = error.is_timeout()
        || error.is_redirect()
        || causes(error).any(|cause| of_http1(cause).or_else(|| of_http2(cause)).is_some())
        || io_error(error).is_some_and(|error| of_io(error.kind()).is_some());
    let bottom = match io_error(error) {
        Some(error) => error,
        None => causes(error).last()?,
    };
    let text = bottom.to_string();
    (!told && !problem(error).contains(&text)).then_some(bottom)
}

/// Why the body of a response that had begun did not come to its end.
pub(crate) fn body_problem(error: &reqwest::Error) -> &'static str {
    match io_error_kind(error) {
        _ if error.is_timeout() => "it timed out",
        Some(io::ErrorKind::ConnectionReset) => "the connection was reset",
        Some(io::ErrorKind::UnexpectedEof) => "the connection was closed",
        _ => "the connection failed, or the framing is not valid HTTP",
    }
}

/// Host and port of the server, as far as they are known.
pub(crate) fn server_name(url: Option<&Url>) -> String {
    let Some(url) = url else { return "the server".to_owned() };
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    one_line(&format!("{host}{port}"), 120)
}

/// Why there was no connection.
fn unconnected(error: &reqwest::Error, server: &str) -> String {
    let texts: Vec<_> = causes(error).map(|cause| cause.to_string()).collect();
    let reason = one_line(texts.last().map_or("", String::as_str), 200);
    let any = |words: &[&str]| {
        texts.iter().any(|text| words.iter().any(|word| text.to_lowercase().contains(word)))
    };
    if error.is_dns() {
        return format!("cannot resolve the name of {server}: {reason}");
    }
    // Neither TLS library has an error type that reqwest would not hide.
    if any(&["certificate"]) {
        let reason = reason.strip_prefix("invalid peer certificate: ").unwrap_or(&reason);
        return format!("the TLS certificate of {server} is not valid: {reason}");
    }
    if any(&["invalidcontenttype", "wrong version number", "http request"]) {
        return format!(
            "{server} does not support TLS, and may serve plain HTTP: check whether the endpoint \
             should begin with `http` ({reason})"
        );
    }
    if any(&["tunnel", "proxy", "socks"]) {
        return format!("the proxy cannot connect to {server}: {reason}");
    }
    match io_error(error).and_then(|error| of_io(error.kind())) {
        Some(what) => format!("cannot connect: {server} {what}"),
        None => format!("cannot connect to {server}: {reason}"),
    }
}

fn of_http1(cause: &(dyn Error + 'static)) -> Option<String> {
    let error = cause.downcast_ref::<hyper::Error>()?;
    let what = if error.is_incomplete_message() {
        "closed the connection before responding"
    } else if error.is_canceled() {
        "closed the connection before the request was sent"
    } else if error.is_parse() {
        "sent a response that is not HTTP"
    } else {
        return None;
    };
    Some(what.to_owned())
}

fn of_http2(cause: &(dyn Error + 'static)) -> Option<String> {
    let error = cause.downcast_ref::<h2::Error>().filter(|error| !error.is_io())?;
    let reason = error.reason()?;
    Some(match reason {
        h2::Reason::REFUSED_STREAM => "rejected the request without processing it".to_owned(),
        h2::Reason::NO_ERROR => "is shutting down and did not process the request".to_owned(),
        reason => format!("ended the request with the HTTP/2 error \"{reason}\""),
    })
}

fn of_io(kind: io::ErrorKind) -> Option<String> {
    let what = match kind {
        io::ErrorKind::ConnectionRefused => "refused the connection: is a server listening there?",
        io::ErrorKind::ConnectionReset => "reset the connection",
        io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => "closed the connection",
        io::ErrorKind::UnexpectedEof => "closed the connection before responding",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "cannot be reached",
        _ => return None,
    };
    Some(what.to_owned())
}

/// Whether a connection that there was ended under the request.
pub(crate) fn broke_off(error: &reqwest::Error) -> bool {
    let of_end = |kind| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    };
    !error.is_connect() && (is_unwritten(error) || io_error_kind(error).is_some_and(of_end))
}

/// The kind of the error that the operating system or the connection reported.
pub(crate) fn io_error_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let cut_short = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref().is_some_and(hyper::Error::is_incomplete_message)
    };
    match io_error(error) {
        Some(error) => Some(error.kind()),
        None => causes(error).any(cut_short).then_some(io::ErrorKind::UnexpectedEof),
    }
}

/// What a transport of the caller's says of the connection, in the words for connections of ours.
pub(crate) fn service_problem(cause: &(dyn Error + 'static), server: &str) -> Option<String> {
    let what = of_io(io_error(cause)?.kind())?;
    Some(format!("{server} {what}"))
}

/// The kind of the error that a transport of the caller's reported of the connection.
pub(crate) fn service_io_error_kind(cause: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    io_error(cause).map(io::Error::kind)
}

/// The error of the operating system at the bottom, or the nearest to it.
fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut found: Option<&io::Error> = None;
    for cause in causes(error) {
        found = cause.downcast_ref().or(found);
    }
    // One that was made of another tells that one's causes for its own.
    while let Some(inner) =
        found.and_then(io::Error::get_ref).and_then(|inner| inner.downcast_ref())
    {
        found = Some(inner);
    }
    found
}
