//! Compares a live server with the contract. Requires the feature `drift`.

use std::pin::pin;

use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    Client, Error, Result,
    call::{
        Call,
        response::{Accepted, BufferedResponse},
    },
    error::{NO_RUNTIME, one_line::one_line},
    http::{
        operation::{Api, Operation},
        runtimes,
    },
};

use logto_api_contract::{Series, drift as engine};

pub use logto_api_contract::{
    Error as ReportError,
    drift::{Change, Class, Drift, Format, Ignored, Kind},
};

const DOCUMENT: Operation =
    Operation::new("GetSwaggerJson", Api::Management, "/api/swagger.json").unauthenticated();

const CONTRACT: &str = include_str!("../openapi/logto.json");

/// What is kept of the documents of the releases, by `build.rs`.
const RELEASES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/releases.rs"));

/// The enabled groups, as `build.rs` found them; empty where everything is compared.
const PARTS: &str = env!("LOGTO_API_PARTS");

const UNPUBLISHED: &str = "this server publishes no OpenAPI document at /api/swagger.json: a proxy \
                           may hide it, or the endpoint's address is not Logto's";

impl Client {
    /// Compares the OpenAPI document that the server publishes with that of its release.
    ///
    /// Documents do not name their release: it is compared with the most similar supported release,
    /// which [`release`](Drift::release) names. An older server is no drift.
    ///
    /// The result is a report, not an error: whether the service can continue is your decision. A
    /// server one release ahead mostly differs in additions, which are harmless. Each [`Change`]
    /// names the operations and the methods that it affects, and says what it means for a
    /// [running](Change::running) program, and for its [code](Change::class) with the next version
    /// of the crate; [`is_breaking`](Drift::is_breaking) is about running programs.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) {
    /// use logto_api::drift::{Change, Class};
    ///
    /// match logto.check_contract().await {
    ///     Ok(drift) if drift.is_breaking() => {
    ///         eprintln!("Logto differs from what this service was built for: {drift}");
    ///         let fails = |change: &&Change| change.running == Class::Breaking;
    ///         for change in drift.changes.iter().filter(fails) {
    ///             eprintln!("  {} at {}", change.id, change.pointer());
    ///         }
    ///     }
    ///     Ok(_) => {}
    ///     Err(error) => eprintln!("cannot tell whether Logto has changed: {error}"),
    /// }
    /// # }
    /// ```
    ///
    /// It compares the groups whose Cargo features are enabled, or all groups if none is; a group
    /// that the contract does not know only counts if all are enabled. Server URLs and descriptions
    /// are ignored.
    ///
    /// The document is public: no token is sent. The client's timeouts and retry policy apply to
    /// fetching it. The comparison takes some tenths of a second of CPU time, on a thread where it
    /// blocks no other task, and some tens of megabytes of memory: run it once, at startup,
    /// concurrently with other work.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, when it publishes no document ([`status`](Error::status)
    /// 404, as behind a proxy that hides it), and when the response is not an OpenAPI 3 document or
    /// is truncated ([`is_decode`](Error::is_decode)).
    pub async fn check_contract(&self) -> Result<Drift> {
        let document = self.published().await.map_err(|error| match error.status() {
            Some(StatusCode::NOT_FOUND) => error.hinting(UNPUBLISHED),
            _ => error,
        })?;
        let compared = pin!(async {
            let compared = tokio::task::spawn_blocking(move || compare(&document)).await;
            compared.unwrap_or_else(|_| Err(broken("it did not come to its end")))
        });
        runtimes::within(compared, || Error::request(NO_RUNTIME)).await
    }

    async fn published(&self) -> Result<BufferedResponse> {
        let mut call = Call::new(self);
        call.start(&DOCUMENT, &[])?;
        let url = self.target().join(DOCUMENT.path)?;
        let request = reqwest::Request::new(reqwest::Method::GET, url);
        Box::pin(call.receive(Ok(request), Accepted::Success)).await
    }
}

fn compare(document: &BufferedResponse) -> Result<Drift> {
    let upstream: Value = document.json()?;
    let contract = serde_json::from_str(CONTRACT).map_err(|error| broken(&error.to_string()))?;
    let series = Series::parse(RELEASES.iter().copied());
    let series = series.map_err(|error| broken(&error.to_string()))?;
    let drift = engine::closest(&contract, &series, &upstream).map_err(|error| {
        let problem = one_line(&error.to_string(), 500);
        document.with_context(Error::unreadable(&problem, document.status, &document.headers))
    })?;
    if PARTS.is_empty() {
        return Ok(drift);
    }
    let parts =
        engine::Only::parse(PARTS, &contract).map_err(|error| broken(&error.to_string()))?;
    Ok(drift.only(&parts))
}

/// No fault of the server's.
fn broken(problem: &str) -> Error {
    Error::request(format!("the comparison with the contract failed: {problem}"))
        .with_operation(DOCUMENT.id)
}
