//! An answer as text: a line that ends with the status, lines of headers, an empty line, the body.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

#[derive(Clone)]
pub(crate) struct Message {
    /// What stands before the status in the first line.
    pub(crate) title: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn of(status: u16, body: &str) -> Self {
        Self {
            title: String::new(),
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// What cannot be a header is none, and what is no status is 200.
    pub(crate) fn read(input: &[u8]) -> Self {
        let (head, body) = split(input, b"\n\n").unwrap_or((input, b""));
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let (title, status) = first.rsplit_once(' ').unwrap_or(("", &first));
        let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        let mut headers = HeaderMap::new();
        for line in lines {
            let Some((name, value)) = split(line, b": ") else { continue };
            let (name, value) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value.trim_ascii()));
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        let status = status.unwrap_or(StatusCode::OK);
        Self { title: title.to_owned(), status, headers, body: body.to_vec() }
    }

    /// Several, with lines of `===` between them.
    pub(crate) fn read_all(input: &[u8]) -> Vec<Self> {
        let (mut messages, mut rest) = (Vec::new(), input);
        while let Some((message, others)) = split(rest, b"\n===\n") {
            messages.push(Self::read(message));
            rest = others;
        }
        messages.push(Self::read(rest));
        messages
    }
}

/// What comes before and after the first of these separators.
pub(crate) fn split<'a>(input: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = input.windows(separator.len()).position(|window| window == separator)?;
    Some((&input[..at], &input[at + separator.len()..]))
}
