//! Runs a scenario on a server, and cleans up after it.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::panic::{self, Location};
use std::time::{SystemTime, UNIX_EPOCH};

use logto_api::{Client, Error, ItemStream, Method};
use logto_mock::Mock;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::leftovers;

/// An id that nothing has, short enough to be one.
pub(crate) const NO_ID: &str = "does_not_exi";
/// Passes the password policy of a new tenant.
pub(crate) const PASSWORD: &str = "Nine-tall-Giraffes-8-leaves";

const VARIABLES: [&str; 4] =
    ["LOGTO_ENDPOINT", "LOGTO_APP_ID", "LOGTO_APP_SECRET", "LOGTO_RESOURCE"];

/// What a scenario runs with.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) logto: Client,
    /// What the names of all that the scenario makes begin with; no other run has it.
    pub(crate) prefix: String,
    /// The indicator of the Management API, which `logto` has tokens for.
    pub(crate) resource: String,
    on: On,
}

/// What it runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    StandIn,
    Server,
}

/// What the server says that it has: it takes seconds to say it. A proxy may hide it; then the
/// server is taken to have everything.
static DOCUMENT: OnceCell<Option<Value>> = OnceCell::const_new();

impl Run {
    /// A name of this run's. It can be a username, too.
    pub(crate) fn name(&self, part: &str) -> String {
        format!("{}_{part}", self.prefix)
    }

    /// The pattern that finds what has a name of this run's.
    pub(crate) fn pattern(&self) -> String {
        format!("%{}%", self.prefix)
    }

    /// Whether the server's own document says that it has no such operation. The mock has no
    /// document, and all that a scenario on it needs.
    pub(crate) async fn lacks(&self, method: &Method, path: &str) -> bool {
        if self.on == On::StandIn {
            return false;
        }
        let method = method.as_str().to_lowercase();
        document(&self.logto).await.is_some_and(|it| it["paths"][path][method].is_null())
    }

    /// Says what is left out on this server. On the mock, nothing is.
    pub(crate) fn leaves_out(&self, what: impl Display) {
        assert!(self.on == On::Server, "the mock leaves out: {what}");
        eprintln!("left out: {what}");
    }

    fn new(logto: Client, resource: &str, on: On) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let random = RandomState::new().build_hasher().finish() as u32;
        let prefix = format!("live_{:x}_{random:08x}", since_1970.as_millis());
        Self { logto, prefix, resource: resource.to_owned(), on }
    }
}

async fn document(logto: &Client) -> Option<&'static Value> {
    let fetch = async || {
        let answer =
            logto.request(Method::GET, "/api/swagger.json").unauthenticated().send().await.ok()?;
        answer.json().ok()
    };
    DOCUMENT.get_or_init(fetch).await.as_ref()
}

/// What a scenario comes to.
pub(crate) type Outcome = Result<(), Failure>;

/// An error, and the line of the scenario that it came from.
pub(crate) struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        Self(format!("{}: {error}", Location::caller()))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ids of all that a stream gives, which is nothing twice.
pub(crate) async fn ids<T: Send + 'static>(
    mut items: ItemStream<T>,
    id: impl Fn(T) -> String,
) -> logto_api::Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    while let Some(item) = items.next().await {
        let id = id(item?);
        assert!(!ids.contains(&id), "{id} comes twice");
        ids.insert(id);
    }
    Ok(ids)
}

/// Whether Logto says that there is no such thing: with which of its codes depends on the release.
pub(crate) fn is_of_entity(error: &Error) -> bool {
    error.has_code("entity.not_exists_with_id") || error.has_code("entity.not_found")
}

/// Runs a scenario on a mock, which has to be afterwards as it was before.
pub(crate) async fn on_mock<F>(scenario: impl FnOnce(Run) -> F)
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let mock = Mock::start().await.unwrap();
    let logto = Client::builder(mock.endpoint())
        .client_credentials(mock.app_id(), mock.app_secret())
        .resource(mock.resource())
        .build()
        .unwrap();
    let before = leftovers::all(&logto, "").await.unwrap();
    run(Run::new(logto.clone(), mock.resource(), On::StandIn), scenario).await;
    assert_eq!(leftovers::all(&logto, "").await.unwrap(), before, "something was left behind");
}

/// Runs a scenario on the server that the environment names.
pub(crate) async fn on_server<F>(scenario: impl FnOnce(Run) -> F)
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let missing: Vec<&str> = VARIABLES.into_iter().filter(|name| !is_set(name)).collect();
    assert!(
        missing.is_empty(),
        "this test needs a Logto server, and these environment variables are not set: {}",
        missing.join(", "),
    );
    match Client::from_env() {
        Ok(logto) => {
            // While it makes its document, it keeps other requests waiting until they fail.
            document(&logto).await;
            let resource = std::env::var("LOGTO_RESOURCE").unwrap();
            run(Run::new(logto, &resource, On::Server), scenario).await;
        }
        Err(error) => panic!("the environment makes no client: {error}"),
    }
}

async fn run<F>(run: Run, scenario: impl FnOnce(Run) -> F)
where
    F: Future<Output = Outcome> + Send + 'static,
{
    // In a task of its own, a panic ends the scenario only.
    let outcome = tokio::spawn(scenario(run.clone())).await;
    let cleaned = leftovers::delete(&run.logto, &run.prefix).await;
    if let Err(failure) = &cleaned {
        eprintln!("could not delete all that begins with {}: {failure}", run.prefix);
    }
    match outcome {
        Ok(Ok(())) => assert!(cleaned.is_ok(), "the scenario passed, cleaning up failed"),
        Ok(Err(failure)) => panic!("{failure}"),
        Err(error) => panic::resume_unwind(error.into_panic()),
    }
}

mod tests {
    use super::*;

    /// Makes one of each, and fails.
    async fn broken(run: Run) -> Outcome {
        crate::leftovers::make_one_of_each(&run).await?;
        panic!("broken on purpose");
    }

    #[tokio::test]
    async fn a_scenario_that_fails_leaves_nothing_behind() {
        let mock = Mock::start().await.unwrap();
        let logto = Client::builder(mock.endpoint())
            .client_credentials(mock.app_id(), mock.app_secret())
            .build()
            .unwrap();
        let before = leftovers::all(&logto, "").await.unwrap();
        let broken = run(Run::new(logto.clone(), mock.resource(), On::StandIn), broken);
        let failed = tokio::spawn(broken).await.unwrap_err();
        let message = failed.into_panic();
        assert_eq!(message.downcast_ref::<&str>(), Some(&"broken on purpose"));
        assert_eq!(leftovers::all(&logto, "").await.unwrap(), before);
        let requests = mock.requests();
        let count = |method| {
            let of_api = requests.iter().filter(|request| request.path().starts_with("/api/"));
            of_api.filter(|request| request.method == method).count()
        };
        assert_eq!((count("POST"), count("DELETE")), (8, 8), "each was made, and deleted");
    }
}
