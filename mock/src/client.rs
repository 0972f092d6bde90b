//! A client of the SDK for the stand-in.

use logto_api::{Client, Error};

use crate::Mock;

impl Mock {
    /// A client that may use the whole Management API of this stand-in.
    ///
    /// # Errors
    ///
    /// When the client cannot be built, as [`logto_api::ClientBuilder::build`] says.
    pub fn client(&self) -> Result<Client, Error> {
        Client::builder(self.endpoint())
            .client_credentials(self.app_id(), self.app_secret())
            .resource(self.resource())
            .build()
    }
}
