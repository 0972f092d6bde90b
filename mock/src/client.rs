//! Clients of the SDK for the mock.

use std::time::{Duration, Instant, SystemTime};

use logto_api::{Client, ClientBuilder, Clock, Error};

use crate::{Mock, state::Store, transport::Transport};

/// Real time, as far ahead as the mock is.
struct Ahead(Store);

impl Ahead {
    fn by(&self) -> Duration {
        Duration::from_millis(self.0.lock().ahead)
    }
}

impl Clock for Ahead {
    fn now(&self) -> Instant {
        Instant::now() + self.by()
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::now() + self.by()
    }
}

impl Mock {
    /// A client that may use the whole Management API of this mock.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = logto_mock::Mock::start().await?;
    /// let logto = mock.client()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the client cannot be built, as [`logto_api::ClientBuilder::build`] says.
    pub fn client(&self) -> Result<Client, Error> {
        self.client_builder().build()
    }

    /// The same, for a test that sets retries, timeouts or headers, or that adds a transport of
    /// its own.
    pub fn client_builder(&self) -> ClientBuilder {
        let builder = Client::builder(self.endpoint())
            .client_credentials(self.app_id(), self.app_secret())
            .resource(self.resource())
            .clock(self.clock());
        match self.server.has_port() {
            true => builder,
            false => builder.transport(self.transport()),
        }
    }

    /// The mock's time, which [`advance`](Self::advance) puts forward: for a client that is built
    /// elsewhere. [`client`](Self::client) goes by it.
    pub fn clock(&self) -> impl Clock + use<> {
        Ahead(self.store.clone())
    }

    /// Answers requests in the process, with no connection: what
    /// [`ClientBuilder::transport`](logto_api::ClientBuilder::transport) takes.
    ///
    /// Redirects are handed on and not followed, and cookies are in the headers, as over a
    /// connection. [`Fault`](crate::Fault)s apply: a connection that is reset or refused is an error
    /// of the transport.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use logto_api::Client;
    ///
    /// let mock = logto_mock::Mock::builder().without_port().start().await?;
    /// let logto = Client::builder(mock.endpoint())
    ///     .client_credentials(mock.app_id(), mock.app_secret())
    ///     .transport(mock.transport())
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transport(&self) -> Transport {
        Transport::new(self.store.clone())
    }
}
