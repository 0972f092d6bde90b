//! The port: connections that can be broken, and a listener that can be closed for a while.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{extract::connect_info::Connected, serve::IncomingStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::routes::faults::Broken;

pub(crate) struct Port {
    /// None while connections are refused.
    listener: Option<TcpListener>,
    address: SocketAddr,
    refused: watch::Receiver<bool>,
}

impl Port {
    pub(crate) fn new(listener: TcpListener, refused: watch::Receiver<bool>) -> io::Result<Self> {
        Ok(Self { address: listener.local_addr()?, listener: Some(listener), refused })
    }
}

impl axum::serve::Listener for Port {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            if *self.refused.borrow_and_update() {
                self.listener = None;
                if self.refused.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                continue;
            }
            let Some(listener) = &self.listener else {
                self.listener = TcpListener::bind(self.address).await.ok();
                continue;
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Ok(()) = self.refused.changed() => continue,
            };
            if let Ok((stream, address)) = accepted {
                return (Line { stream, broken: Broken::default() }, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A connection.
pub(crate) struct Line {
    stream: TcpStream,
    broken: Broken,
}

impl Line {
    /// Once it is broken, closing it resets it.
    fn check(&self) -> io::Result<()> {
        if !self.broken.is_set() {
            return Ok(());
        }
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl Connected<IncomingStream<'_, Port>> for Broken {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        stream.io().broken.clone()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
