//! Signing in with the browser of the same machine: the response comes to a loopback address (RFC
//! 8252, section 7.3).

use std::{fmt, io, net::Ipv4Addr, net::Ipv6Addr, time::Duration};

use reqwest::Url;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{AuthorizationRequest, Event, PendingAuthorization, UserTokens};
use crate::{
    Client, Error, Result,
    http::runtimes,
    oidc::{App, redeem},
};

/// In bytes. Logto's callbacks have less than a thousand.
const MAX_HEAD: usize = 16 * 1024;
/// A browser may connect ahead of need, and send nothing for long.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a connection that could not be accepted, such as where there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// A sign-in that waits for the browser of the same machine: what
/// [`AuthorizationRequest::loopback`] gives.
///
/// Open [`url`](Self::url) in a browser, and wait for [`tokens`](Self::tokens). Dropping it closes
/// the port.
pub struct Loopback {
    client: Client,
    app: App,
    pending: PendingAuthorization,
    url: Url,
    visits: mpsc::Receiver<Visit>,
    _listening: JoinSet<()>,
}

/// A request to the redirect URI that has no response yet.
struct Visit {
    url: Url,
    stream: TcpStream,
}

impl<E: Event> AuthorizationRequest<E> {
    /// Opens a port on this machine for the response, for a command-line tool or desktop application:
    /// the user signs in on Logto's pages, in a browser of this machine.
    ///
    /// The redirect URI has to be `http`, to `localhost`, `127.0.0.1` or `[::1]`. Without a port,
    /// any free one is used, which Logto accepts of native applications: register
    /// `http://127.0.0.1/callback`, and give the same here. With a port, it is that one.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// let request = logto.sign_in("native-app-id", "http://127.0.0.1/callback");
    /// let sign_in = request.loopback().await?;
    /// println!("Open {} in your browser", sign_in.url());
    /// let tokens = sign_in.tokens().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the redirect URI is no such address, when the port cannot be opened, and as those of
    /// [`url`](Self::url). Nothing is sent yet.
    pub async fn loopback(mut self) -> Result<Loopback> {
        runtimes::check()?;
        let listeners = listen(&mut self.redirect_uri).await?;
        let (url, pending) = self.prepare()?;
        let base = Url::parse(&self.redirect_uri).map_err(|_| not_loopback())?;
        let (sender, visits) = mpsc::channel(16);
        let mut listening = JoinSet::new();
        for listener in listeners {
            listening.spawn(accept(listener, base.clone(), sender.clone()));
        }
        let app = self.app()?;
        Ok(Loopback { client: self.client, app, pending, url, visits, _listening: listening })
    }
}

impl Loopback {
    /// Where the user's browser has to go.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where the response comes to, with the port that was opened.
    pub fn redirect_uri(&self) -> &str {
        self.pending.redirect_uri()
    }

    /// Waits until the browser comes back, redeems its code, and shows the user a small page that
    /// says whether they are signed in.
    ///
    /// Only a request with this sign-in's `state` ends it. All others get an error page and change
    /// nothing. It waits for as long as it takes: use `tokio::time::timeout` to give up, which
    /// closes the port.
    ///
    /// # Errors
    ///
    /// As those of [`PendingAuthorization::redeem`].
    pub async fn tokens(mut self) -> Result<UserTokens> {
        while let Some(visit) = self.visits.recv().await {
            if !visit.has_state(self.pending.state()) {
                visit.reply(400, "This page does not belong to the sign-in under way.").await;
                continue;
            }
            let outcome = redeem(&self.client, &self.app, &self.pending, &visit.url).await;
            match &outcome {
                Ok(_) => visit.reply(200, "You are signed in. You can close this window.").await,
                Err(_) => {
                    visit
                        .reply(400, "The sign-in failed. See the program's output for the reason.")
                        .await
                }
            }
            return outcome;
        }
        Err(Error::request("the port for the sign-in's callback was closed"))
    }
}

/// Listens at a redirect URI, which gets the port where it had none.
async fn listen(redirect_uri: &mut String) -> Result<Vec<TcpListener>> {
    let mut url = Url::parse(redirect_uri).map_err(|_| not_loopback())?;
    let host = url.host_str().filter(|_| url.scheme() == "http").ok_or_else(not_loopback)?;
    let (v4, v6) = match host {
        "localhost" => (true, true),
        "127.0.0.1" => (true, false),
        "[::1]" => (false, true),
        _ => return Err(not_loopback()),
    };
    let wanted = url.port().unwrap_or(0);
    let mut listeners = Vec::new();
    if v4 {
        listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await.map_err(closed)?);
    }
    let port = local_port(&listeners).unwrap_or(wanted);
    if v6 {
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(listener) => listeners.push(listener),
            // A machine may have no IPv6.
            Err(_) if v4 => {}
            Err(error) => return Err(closed(error)),
        }
    }
    if wanted == 0 {
        let port = local_port(&listeners);
        url.set_port(port).map_err(|()| not_loopback())?;
        *redirect_uri = url.into();
    }
    Ok(listeners)
}

fn local_port(listeners: &[TcpListener]) -> Option<u16> {
    Some(listeners.first()?.local_addr().ok()?.port())
}

fn not_loopback() -> Error {
    Error::config(
        "the redirect URI is not a loopback address: it has to look like \
         `http://127.0.0.1/callback`",
    )
}

fn closed(error: io::Error) -> Error {
    Error::config(format!("cannot open the port for the sign-in's callback: {}", error.kind()))
}

/// Accepts connections until it is dropped. Each is read by a task of its own, for browsers open
/// some that they do not use.
async fn accept(listener: TcpListener, base: Url, visits: mpsc::Sender<Visit>) {
    let mut readers = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                readers.spawn(read(stream, base.clone(), visits.clone()));
                while readers.try_join_next().is_some() {}
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Reads a request. Whatever is not for the redirect URI gets its response here.
async fn read(mut stream: TcpStream, base: Url, visits: mpsc::Sender<Visit>) {
    let Ok(Some(head)) = timeout(PATIENCE, head(&mut stream)).await else {
        return;
    };
    let mut words = head.split_ascii_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // An absolute target names a place of its own, which is none of ours.
    let url = target.starts_with('/').then(|| target_of(&base, target)).flatten();
    match url.filter(|url| url.path() == base.path()) {
        Some(url) if method == "GET" => {
            let _ = visits.send(Visit { url, stream }).await;
        }
        Some(_) => reply(stream, 405, "This page only supports GET.").await,
        None => reply(stream, 404, "There is nothing here.").await,
    }
}

/// The base with the path and query of a request. `join` would take `//host` for another place.
fn target_of(base: &Url, target: &str) -> Option<Url> {
    let origin = base.origin().ascii_serialization();
    Url::parse(&format!("{origin}{target}")).ok().filter(|url| url.origin() == base.origin())
}

/// The head of a request, if it is whole.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut part = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        head.extend_from_slice(&part[..length]);
        if head.len() > MAX_HEAD {
            return None;
        }
    }
    String::from_utf8(head).ok()
}

impl Visit {
    /// Whether it has this state and no other.
    fn has_state(&self, state: &str) -> bool {
        let mut states = self.url.query_pairs().filter(|(name, _)| name == "state");
        states.next().is_some_and(|(_, found)| found == state) && states.next().is_none()
    }

    async fn reply(self, status: u16, text: &str) {
        reply(self.stream, status, text).await;
    }
}

/// Responds, and closes the connection. A browser that has disconnected does not matter.
async fn reply(mut stream: TcpStream, status: u16, text: &str) {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign-in</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><p>{text}</p></html>"
    );
    let reason = if status == 200 { "OK" } else { "Error" };
    let response = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: text/html; charset=utf-8\r\n\
         content-length: {}\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\n\
         content-security-policy: default-src 'none'\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    let written = async {
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = timeout(PATIENCE, written).await;
}

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loopback").field("pending", &self.pending).finish_non_exhaustive()
    }
}
