//! A server that takes what the mock sends on its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
};

use super::Result;

#[derive(Default)]
pub(crate) struct Received {
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    /// The header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Takes requests on a port of its own, and answers each with 200.
pub(crate) fn receiver() -> Result<(String, Receiver<Received>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/hook?x=1", listener.local_addr()?);
    let (sender, received) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut line, mut one) = (String::new(), Received::default());
            while reader.read_line(&mut line).is_ok() && line.trim() != "" {
                if let Some((name, value)) = line.trim().split_once(": ") {
                    one.headers.push((name.to_lowercase(), value.to_owned()));
                }
                line.clear();
            }
            let mut body = vec![0; one.header("content-length").parse().unwrap_or(0)];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
            one.body = String::from_utf8_lossy(&body).into_owned();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            if reader.get_mut().write_all(answer).is_err() || sender.send(one).is_err() {
                return;
            }
        }
    });
    Ok((url, received))
}
