//! What can go wrong on the wire.

/// What the server does with a request instead of answering it as it should.
#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) name: String,
    pub(crate) reply: Reply,
    /// Whether the server carries out the request before.
    pub(crate) acts: bool,
}

#[derive(Clone)]
pub(crate) enum Reply {
    /// These bytes, and the end of the connection.
    Bytes(String),
    /// These bytes, and nothing more, but the connection stays open.
    Stall(String),
    /// The connection is closed with a part of the request unread, so that the system resets it.
    Reset,
    /// Nobody listens.
    Refused,
    /// As it should be, after a byte order mark.
    ByteOrderMark,
}

impl Fault {
    fn new(name: impl Into<String>, acts: bool, reply: Reply) -> Self {
        Self { name: name.into(), reply, acts }
    }

    pub(crate) fn all() -> Vec<Self> {
        let mut faults = connections();
        let turned_away =
            [(400, false), (401, false), (403, false), (404, false), (409, false), (422, false)];
        let gateways = [408, 500, 502, 503, 504, 520, 524, 530].map(|status| (status, true));
        let early = [(425, false), (429, false)];
        for (status, acts) in turned_away.into_iter().chain(early).chain(gateways) {
            let name = format!("status {status}");
            faults.push(Self::new(name, acts, answer(status, "", "")));
        }
        let busy = answer(503, "retry-after: 2\r\n", "");
        faults.push(Self::new("status 503 with `Retry-After: 2`", false, busy));
        let long = answer(429, "retry-after: 3600\r\n", "");
        faults.push(Self::new("status 429 with `Retry-After: 3600`", false, long));
        let elsewhere = answer(307, "location: http://elsewhere.invalid/\r\n", "");
        faults.push(Self::new("a redirect to another server", false, elsewhere));
        faults.extend(bodies());
        faults
    }
}

fn connections() -> Vec<Fault> {
    let cut = "HTTP/1.1 200 X\r\ncontent-length: 90\r\n\r\n[{\"id\":";
    [
        ("no connection can be made", false, Reply::Refused),
        ("the connection is reset before the request is read", false, Reply::Reset),
        ("the connection is closed before the response", true, bytes("")),
        ("the response's head is cut off", true, bytes("HTTP/1.1 200 X\r\ncontent-le")),
        ("the response's body is cut off", true, bytes(cut)),
        ("no response", true, Reply::Stall(String::new())),
        ("the response's body stalls", true, Reply::Stall(cut.to_owned())),
        ("a response that is not HTTP", true, bytes("220 mail.acme.com ready\r\n")),
    ]
    .map(|(name, acts, reply)| Fault::new(name, acts, reply))
    .into()
}

/// What is called a success, and is not what it should be.
fn bodies() -> Vec<Fault> {
    let chunked = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    [
        ("200 with broken chunks", bytes(chunked)),
        ("200 with a page of HTML", answer(200, "content-type: text/html\r\n", "<h1>Hi</h1>")),
        ("200 with JSON of another shape", answer(200, "", "{\"a\":[]}")),
        ("200 with JSON that breaks off", answer(200, "", "{\"a\":[")),
        ("200 without a body", answer(200, "", "")),
        ("a byte order mark before the JSON", Reply::ByteOrderMark),
    ]
    .map(|(name, reply)| Fault::new(name, true, reply))
    .into()
}

fn bytes(bytes: &str) -> Reply {
    Reply::Bytes(bytes.to_owned())
}

fn answer(status: u16, headers: &str, body: &str) -> Reply {
    Reply::Bytes(crate::server::answer(status, headers, body))
}
