//! One fault at one call.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant, SystemTime},
};

use logto_api::{Client, Clock, Error, Method, Result};
use tokio::{
    runtime::Builder,
    task::{spawn_blocking, yield_now},
    time::{self, advance},
};

use crate::{
    call::Call,
    fault::{Fault, Reply},
    server::{Armed, Event, Place, Server},
    world::NOW,
};

/// How long an attempt may take by default, and a call.
const ATTEMPT: Duration = Duration::from_secs(30);
const CALL: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Once,
    Always,
}

pub(crate) struct Cell {
    pub(crate) fault: Fault,
    pub(crate) call: Call,
    pub(crate) times: Times,
    pub(crate) outcome: Result<()>,
    /// How many requests there were where the fault is.
    pub(crate) requests: usize,
    /// How often the server acted.
    effects: usize,
    /// How long it took by the client's clock.
    elapsed: Duration,
    /// What came of another call, when all was well again.
    afterwards: Result<()>,
}

/// tokio's clock, which stands still unless it is moved.
struct Still;

impl Clock for Still {
    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(advance(duration))
    }

    fn random(&self) -> f64 {
        1.0
    }
}

impl Cell {
    /// Nothing where the call cannot meet the fault in this way.
    pub(crate) fn run(fault: &Fault, call: Call, times: Times) -> Option<Self> {
        let refused = matches!(fault.reply, Reply::Refused);
        if refused && (times == Times::Once || call.place() != Place::Api) {
            return None;
        }
        let runtime =
            Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let cell = runtime.block_on(Self::meet(fault, call, times));
        runtime.shutdown_background();
        Some(cell)
    }

    async fn meet(fault: &Fault, call: Call, times: Times) -> Self {
        let server = Server::new();
        server.state().world.endpoint = server.endpoint.clone();
        let client = client(&server, call);
        if !matches!(fault.reply, Reply::Refused) {
            server.listen();
        }
        let tokens = moving(&server, call.prepare(&client)).await;
        let left = if times == Times::Once { 1 } else { usize::MAX };
        let before = {
            let mut state = server.state();
            state.armed = Some(Armed { fault: fault.clone(), place: call.place(), left });
            state.world.effects
        };
        let started = time::Instant::now();
        let outcome = moving(&server, call.make(&client, tokens.as_ref())).await;
        let elapsed = started.elapsed();
        let (requests, effects) = {
            let mut state = server.state();
            state.armed = None;
            (state.met, state.world.effects - before)
        };
        server.listen();
        // What a provider or a token endpoint failed at may be remembered for a moment.
        advance(Duration::from_secs(60)).await;
        let status = client.request(Method::GET, "/api/users");
        let afterwards = moving(&server, status.send()).await.map(drop);
        Self { fault: fault.clone(), call, times, outcome, requests, effects, elapsed, afterwards }
    }

    /// What holds whatever happens.
    pub(crate) fn check(&self) {
        let (fault, call) = (&self.fault, self.call);
        let told = match &self.outcome {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        let case = format!(
            "{}, {:?}, at {call:?}: {} requests, {} effects, {:?}: {told}",
            fault.name, self.times, self.requests, self.effects, self.elapsed
        );
        assert!(self.effects <= call.effects().max(1), "it is done twice: {case}");
        let refused = matches!(fault.reply, Reply::Refused);
        assert!(refused || (1..=3).contains(&self.requests), "{case}");
        assert!(self.elapsed <= CALL + ATTEMPT, "it takes too long: {case}");
        assert!(self.afterwards.is_ok(), "the client is of no use: {case}");
        if let Ok(()) = self.outcome {
            assert_eq!(
                self.effects.min(call.effects()),
                call.effects(),
                "nothing was done: {case}"
            );
        }
        if let Err(error) = &self.outcome {
            self.check_error(error, &case);
        }
    }

    fn check_error(&self, error: &Error, case: &str) {
        for secret in ["s3cret", "c0de", "ver1fier", "opaque-", "refresh-", "alice"] {
            assert!(!format!("{error} {error:?}").contains(secret), "{secret} is shown: {case}");
        }
        let open = error.may_have_taken_effect() || error.is_auth();
        let is_api = matches!(self.call, Call::Create | Call::Change | Call::Delete);
        assert!(!is_api || self.effects == 0 || open, "what was done is not told: {case}");
    }
}

fn client(server: &Server, call: Call) -> Client {
    use Call::{ChangeWithToken, CreateWithToken, DeleteWithToken, ListWithToken};
    let builder = Client::builder(&server.endpoint).clock(Still);
    let builder = builder.configure_http(|http| http.no_proxy());
    match call {
        ListWithToken | CreateWithToken | ChangeWithToken | DeleteWithToken => {
            builder.client_credentials("m2m", "s3cret")
        }
        _ => builder.bearer_token("t"),
    }
    .build()
    .unwrap()
}

/// Does the work, and lets time pass whenever the server does not answer.
///
/// A blocking task that is under way keeps tokio from moving its clock by itself.
async fn moving<T>(server: &Server, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        let stalls = server.stalls.clone();
        let mut wait = spawn_blocking(move || stalls.lock().unwrap().recv().unwrap());
        tokio::select! {
            outcome = &mut work => {
                server.end_wait();
                wait.await.unwrap();
                return outcome;
            }
            event = &mut wait => {
                assert_eq!(event.unwrap(), Event::Stalled);
                if let Some(outcome) = settled(work.as_mut()).await {
                    return outcome;
                }
                advance(ATTEMPT).await;
            }
        }
    }
}

/// Has the client take in what the server has sent so far.
async fn settled<T>(mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    for _ in 0..20 {
        tokio::select! {
            biased;
            outcome = work.as_mut() => return Some(outcome),
            // Those who yield are woken when the system has been asked what arrived.
            () = yield_now() => {}
        }
    }
    None
}
