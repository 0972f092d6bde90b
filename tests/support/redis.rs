//! A Redis that a test starts, and ends.

#![allow(
    dead_code,
    clippy::print_stderr,
    reason = "each test uses what it needs, and says what not"
)]

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use logto_api::RedisTokenStore;

/// A Redis of the test's own.
pub(crate) struct Redis {
    server: Child,
    pub(crate) port: u16,
}

impl Redis {
    /// Nothing where there is none.
    pub(crate) fn start() -> Option<Self> {
        // It is free, unless somebody takes it in the next moment.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start_at(port)
    }

    pub(crate) fn start_at(port: u16) -> Option<Self> {
        let port_text = port.to_string();
        let settings =
            ["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let started = Command::new("redis-server").args(settings).stdout(Stdio::piped()).spawn();
        let Ok(mut server) = started else {
            assert!(
                env::var_os("CI").is_none(),
                "redis-server is not installed: apt-get install it"
            );
            eprintln!("skipped: redis-server is not installed");
            return None;
        };
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut ready = lines.map_while(Result::ok).filter(|line| line.contains("Ready to accept"));
        assert!(ready.next().is_some(), "redis-server did not start");
        Some(Self { server, port })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) async fn store(&self) -> RedisTokenStore {
        RedisTokenStore::connect(&self.url()).await.unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
