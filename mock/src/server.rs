//! The thread, the port and the routes.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    thread,
};

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
};
use tokio::{runtime, sync::oneshot};

use crate::{
    routes::{
        account, applications, authorization, consent, experience, hooks, oidc, organizations,
        recorder, reply, resources, roles, sign_in_exp, sign_out, subject_tokens, token,
        user_assets, users,
    },
    rules::errors::Failure,
    state::Store,
};

/// The server's thread. It has a runtime of its own, so that dropping it
/// ends kept-alive connections too, whatever runtime the test runs on.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn listen() -> io::Result<(TcpListener, String)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        Ok((listener, endpoint))
    }

    pub(crate) fn run(listener: TcpListener, store: Store) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("logto-mock".into()).spawn(move || {
            runtime.spawn(axum::serve(listener, routes(store)).into_future());
            // An error says that the sender is gone, which means stop as well.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
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

fn routes(store: Store) -> Router {
    Router::new()
        .merge(authorization::routes())
        .merge(consent::routes())
        .merge(token::routes())
        .merge(oidc::routes())
        .merge(sign_out::routes())
        .merge(subject_tokens::routes())
        .merge(experience::routes())
        .merge(account::routes())
        .merge(users::routes())
        .merge(roles::routes())
        .merge(organizations::routes())
        .merge(applications::routes())
        .merge(resources::routes())
        .merge(hooks::routes())
        .merge(sign_in_exp::routes())
        .merge(user_assets::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(store.clone(), recorder::record))
        .with_state(store)
}

async fn not_found(request: Request) -> Response {
    refuse(&request, StatusCode::NOT_FOUND)
}

async fn method_not_allowed(request: Request) -> Response {
    refuse(&request, StatusCode::METHOD_NOT_ALLOWED)
}

fn refuse(request: &Request, status: StatusCode) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    match path.strip_prefix("/oidc") {
        None => reply::text(status, status.canonical_reason().unwrap_or_default()),
        Some(path) => {
            let what = format!("unrecognized route or not allowed method ({method} on {path})");
            Failure::oidc(StatusCode::NOT_FOUND, "invalid_request", &what).into_response()
        }
    }
}
