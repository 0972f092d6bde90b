//! Requests as they come over a connection.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    net::TcpStream,
};

/// What a request asks for.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) host: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

impl Asked {
    /// The next request; nothing at the end of the connection.
    pub(crate) async fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let first = line(reader).await?;
        let mut words = first.split(' ').map(str::to_owned);
        let mut asked = Self {
            method: words.next()?,
            target: words.next()?,
            host: String::new(),
            authorization: String::new(),
            body: String::new(),
        };
        let mut length = 0;
        while let Some((name, value)) = line(reader).await?.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "host" => asked.host = value.split(':').next()?.to_owned(),
                "authorization" => asked.authorization = value.to_owned(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).await.ok()?;
        asked.body = String::from_utf8(body).unwrap();
        Some(asked)
    }
}

/// A line without its end.
async fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).await.unwrap_or(0);
    (read > 0).then(|| line.trim_end().to_owned())
}
