//! A Logto that controls every byte of what it sends.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use serde_json::{Value, json};

use crate::{
    fault::{Fault, Reply},
    world::World,
};

/// Where requests go to, and faults happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Api,
    Token,
    Keys,
}

/// What a request asks for.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) body: String,
}

/// What is to go wrong.
pub(crate) struct Armed {
    pub(crate) fault: Fault,
    pub(crate) place: Place,
    /// How often it still happens.
    pub(crate) left: usize,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) armed: Option<Armed>,
    /// How many requests went wrong, or came where they would have.
    pub(crate) met: usize,
    pub(crate) world: World,
}

pub(crate) struct Server {
    pub(crate) endpoint: String,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Tells of each answer that does not come.
    pub(crate) stalls: Arc<Mutex<mpsc::Receiver<Event>>>,
    events: mpsc::Sender<Event>,
    open: Arc<AtomicBool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An answer does not come.
    Stalled,
    /// Nobody waits any more.
    Over,
}

impl Server {
    /// A server that has an address, and does not listen there yet.
    pub(crate) fn new() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (events, stalls) = mpsc::channel();
        Self {
            endpoint: format!("http://{address}"),
            address,
            state: Arc::default(),
            stalls: Arc::new(Mutex::new(stalls)),
            events,
            open: Arc::default(),
        }
    }

    pub(crate) fn listen(&self) {
        if self.open.swap(true, Ordering::SeqCst) {
            return;
        }
        let listener = TcpListener::bind(self.address).unwrap();
        let (shared, stalled) = (self.state.clone(), self.events.clone());
        let listens = self.open.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if !listens.load(Ordering::SeqCst) {
                    return;
                }
                let (state, stalled) = (shared.clone(), stalled.clone());
                thread::spawn(move || serve(&stream.unwrap(), &state, &stalled));
            }
        });
    }

    /// Ends the wait for an answer that does not come.
    pub(crate) fn end_wait(&self) {
        self.events.send(Event::Over).unwrap();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.open.store(false, Ordering::SeqCst);
        // Whoever listens is woken, and sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

/// Answers one request and hangs up.
fn serve(stream: &TcpStream, state: &Mutex<State>, stalled: &mpsc::Sender<Event>) {
    let mut reader = BufReader::with_capacity(1, stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let fault = state.lock().unwrap().fault(&target);
    if fault.as_ref().is_some_and(|fault| matches!(fault.reply, Reply::Reset)) {
        return;
    }
    let asked = Asked { method, target, body: read_body(&mut reader) };
    let Some(fault) = fault else {
        let reply = state.lock().unwrap().world.answer(&asked);
        send(stream, &json_answer(reply, ""));
        return;
    };
    let reply = fault.acts.then(|| state.lock().unwrap().world.answer(&asked));
    match fault.reply {
        Reply::Bytes(bytes) => send(stream, &bytes),
        Reply::ByteOrderMark => send(stream, &json_answer(reply.unwrap(), "\u{feff}")),
        Reply::Reset | Reply::Refused => {}
        Reply::Stall(bytes) => {
            send(stream, &bytes);
            let _ = stalled.send(Event::Stalled);
            // Until the client hangs up.
            while reader.read(&mut [0; 99]).is_ok_and(|read| read > 0) {}
        }
    }
}

impl State {
    /// The fault that a request meets, if there is one where it goes to.
    fn fault(&mut self, target: &str) -> Option<Fault> {
        let place = match target {
            "/oidc/token" => Place::Token,
            "/oidc/jwks" => Place::Keys,
            _ => Place::Api,
        };
        let armed = self.armed.as_mut().filter(|armed| armed.place == place)?;
        self.met += 1;
        if armed.left == 0 {
            return None;
        }
        armed.left -= 1;
        Some(armed.fault.clone())
    }
}

fn read_body(reader: &mut BufReader<&TcpStream>) -> String {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap();
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

/// A client that has given up is none of the server's business.
fn send(mut stream: &TcpStream, bytes: &str) {
    let _ = stream.write_all(bytes.as_bytes());
}

fn json_answer(reply: Option<Value>, before: &str) -> String {
    match reply {
        None => answer(204, "", ""),
        Some(body) => {
            let kind = "content-type: application/json\r\n";
            let status = if body == not_found() { 404 } else { 200 };
            answer(status, kind, &format!("{before}{body}"))
        }
    }
}

/// What Logto says of what is not there.
pub(crate) fn not_found() -> Value {
    json!({"code": "entity.not_found", "message": "Not found."})
}

pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = match status {
        204 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{length}{headers}\r\n{body}")
}
