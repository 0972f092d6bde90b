//! The thread, the port and the routes.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, TcpListener},
    thread,
};

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tokio::{
    runtime,
    sync::{oneshot, watch},
};

use crate::{
    port::Port,
    routes::{
        account, audit, authorization, consent, control, cors, device, experience,
        faults::{self, Broken},
        hasura, oidc, operations, pages, provider, recorder, sign_out, token, user_assets,
    },
    state::Store,
};

/// The server's thread. It has a runtime of its own, so that dropping it
/// ends kept-alive connections too, whatever runtime the test runs on. By default there is none.
#[derive(Default)]
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    refused: watch::Sender<bool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn listen(host: IpAddr, port: u16) -> io::Result<(TcpListener, String)> {
        let listener = TcpListener::bind((host, port)).map_err(|error| {
            io::Error::new(error.kind(), format!("port {port} of {host}: {error}"))
        })?;
        listener.set_nonblocking(true)?;
        let mut address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Ok((listener, format!("http://{address}")))
    }

    pub(crate) fn run(listener: TcpListener, store: Store) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (refused, receiver) = watch::channel(false);
        let port = {
            let _context = runtime.enter();
            Port::new(tokio::net::TcpListener::from_std(listener)?, receiver)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("logto-mock".into()).spawn(move || {
            let service = routes(store).into_make_service_with_connect_info::<Broken>();
            runtime.spawn(axum::serve(port, service).into_future());
            // An error says that the sender is gone, which means stop as well.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { stop: Some(stop), refused, thread: Some(thread) })
    }

    /// Whether it listens at all.
    #[cfg(feature = "client")]
    pub(crate) fn has_port(&self) -> bool {
        self.thread.is_some()
    }

    /// Closes the port, or opens it again.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.refused.send_replace(refuse);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed by its own thread.
            let _ = thread.join();
        }
    }
}

pub(crate) fn routes(store: Store) -> Router {
    let control = match store.lock().has_control {
        true => control::routes(),
        false => Router::new(),
    };
    Router::new()
        .merge(authorization::routes())
        .merge(consent::routes())
        .merge(pages::routes())
        .merge(device::routes())
        .merge(token::routes())
        .merge(oidc::routes())
        .merge(sign_out::routes())
        .merge(experience::routes())
        .merge(account::routes())
        .merge(user_assets::routes())
        .merge(hasura::routes())
        .fallback(operations::operation)
        .method_not_allowed_fallback(operations::operation)
        .layer(middleware::from_fn(provider::finish))
        .layer(middleware::from_fn_with_state(store.clone(), audit::tokens))
        .layer(middleware::from_fn_with_state(store.clone(), faults::inject))
        .layer(middleware::from_fn(cors::share))
        .layer(middleware::from_fn_with_state(store.clone(), recorder::record))
        .layer(DefaultBodyLimit::disable())
        .merge(control)
        .with_state(store)
}
