//! A Logto of many tenants, which goes wrong in all ways.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    runtime,
    sync::watch,
    time::timeout,
};

pub(crate) use crate::answers::answer;
use crate::{
    wire::Asked,
    world::{Deed, World},
};

/// How long it may take until nobody is connected any more.
const SETTLING: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) port: u16,
    world: Arc<Mutex<World>>,
    /// How many connections there are.
    connections: watch::Sender<usize>,
}

impl Server {
    /// A server in a thread of its own, so that its tasks are not among the clients'.
    pub(crate) fn start(seed: u64) -> Self {
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self {
            port,
            world: Arc::new(Mutex::new(World::new(port, seed))),
            connections: watch::Sender::new(0),
        };
        let (world, connections) = (server.world.clone(), server.connections.clone());
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(listen(listener, world, connections));
        });
        server
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Nothing goes wrong any more.
    pub(crate) fn calm(&self) {
        self.world().is_calm = true;
    }

    /// Waits until nobody is connected, and gives how many connections stay.
    pub(crate) async fn settled(&self) -> usize {
        let mut connections = self.connections.subscribe();
        let _ = timeout(SETTLING, connections.wait_for(|connections| *connections == 0)).await;
        *self.connections.borrow()
    }
}

async fn listen(
    listener: std::net::TcpListener,
    world: Arc<Mutex<World>>,
    connections: watch::Sender<usize>,
) {
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.send_modify(|connections| *connections += 1);
        let (world, connections) = (world.clone(), connections.clone());
        tokio::spawn(async move {
            serve(stream, &world).await;
            connections.send_modify(|connections| *connections -= 1);
        });
    }
}

async fn serve(stream: TcpStream, world: &Mutex<World>) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = Asked::read(&mut reader).await {
        let deed = world.lock().unwrap().meet(&asked);
        match deed {
            Deed::Answer(bytes) => send(&mut reader, &bytes).await,
            Deed::Close(bytes) => return send(&mut reader, &bytes).await,
            Deed::Reset => return reader.get_ref().set_zero_linger().unwrap(),
            Deed::Stall(bytes) => {
                send(&mut reader, &bytes).await;
                // Until the client hangs up.
                while reader.read(&mut [0; 99]).await.is_ok_and(|read| read > 0) {}
                return;
            }
        }
    }
}

/// A client that has given up is none of the server's business.
async fn send(reader: &mut BufReader<TcpStream>, bytes: &str) {
    let _ = reader.get_mut().write_all(bytes.as_bytes()).await;
}
