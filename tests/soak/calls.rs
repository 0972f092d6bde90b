//! The calls, and what the caller is told of each.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use logto_api::{Client, Error, Result};
use tokio::{
    runtime::Builder,
    sync::Mutex,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::{
    answers::{LISTED, listed},
    tenants::{Tenants, User},
};

/// What part of the calls is dropped, and how soon.
const DROPPED: f64 = 0.1;
const PATIENCE: Duration = Duration::from_millis(15);
/// No call takes longer: none has more than 20 seconds by itself.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    Change,
    Delete,
    Get,
    List,
    /// As a user who has signed in, whose tokens are renewed.
    AsUser,
    Refresh,
    /// On a tokio runtime that ends with the call.
    Elsewhere,
}

impl Call {
    fn draw(dice: &mut Rng) -> Self {
        match dice.u8(..100) {
            0..30 => Self::Create,
            30..48 => Self::Change,
            48..63 => Self::Delete,
            63..80 => Self::Get,
            80..84 => Self::List,
            84..96 => Self::AsUser,
            96..99 => Self::Refresh,
            _ => Self::Elsewhere,
        }
    }

    /// Whether the server is to act for it.
    pub(crate) fn acts(self) -> bool {
        matches!(self, Self::Create | Self::Change | Self::Delete | Self::Elsewhere)
    }
}

/// What the caller is told.
pub(crate) enum Outcome {
    Done,
    /// The answer is one to something else.
    Mixed(String),
    Failed(Error),
    /// The caller did not wait for it.
    Dropped,
    Stuck,
}

pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) call: Call,
    pub(crate) outcome: Outcome,
}

/// The calls of a round.
pub(crate) struct Calls {
    tenants: Arc<Tenants>,
    users: Arc<Vec<Mutex<User>>>,
    next: AtomicU64,
    end: u64,
}

impl Calls {
    pub(crate) fn new(
        tenants: Arc<Tenants>,
        users: Arc<Vec<Mutex<User>>>,
        numbers: Range<u64>,
    ) -> Self {
        Self { tenants, users, next: AtomicU64::new(numbers.start), end: numbers.end }
    }

    /// Makes calls until all of the round are made.
    pub(crate) async fn work(self: Arc<Self>, mut dice: Rng) -> Vec<Record> {
        let mut records = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.end {
                return records;
            }
            let call = Call::draw(&mut dice);
            let outcome = match timeout(LIMIT, self.outcome(call, number, &mut dice)).await {
                Ok(outcome) => outcome,
                Err(_) => Outcome::Stuck,
            };
            records.push(Record { number, call, outcome });
        }
    }

    async fn outcome(&self, call: Call, number: u64, dice: &mut Rng) -> Outcome {
        let tenant = self.tenants.of(dice.usize(..));
        let user = &self.users[dice.usize(..self.users.len())];
        let made = async {
            match call {
                Call::AsUser | Call::Refresh => as_user(user, call, number).await,
                Call::Elsewhere => elsewhere(tenant.clone(), number).await,
                _ => make(tenant, call, number).await,
            }
        };
        let dropped = dice.f64() < DROPPED;
        let patience = PATIENCE.mul_f64(dice.f64());
        let told = tokio::select! {
            told = made => told,
            () = sleep(patience), if dropped => return Outcome::Dropped,
        };
        match told {
            Ok(None) => Outcome::Done,
            Ok(Some(other)) => Outcome::Mixed(other),
            Err(error) => Outcome::Failed(error),
        }
    }
}

/// Makes a call, and gives what is wrong with its answer.
async fn make(client: &Client, call: Call, number: u64) -> Result<Option<String>> {
    let (users, name) = (client.users(), format!("op-{number}"));
    let told = match call {
        Call::Create | Call::Elsewhere => {
            let user = users.create().name(&name).send().await?;
            (user.name == Some(name.clone())).then_some(user.id)
        }
        Call::Change => {
            let user = users.update(format!("op-{number}0")).name(&name).send().await?;
            (user.id == format!("op-{number}0")).then_some(user.name.unwrap_or_default())
        }
        Call::Delete => {
            users.delete(&name).send().await?;
            return Ok(None);
        }
        Call::List => return list(client).await,
        _ => Some(users.get(&name).send().await?.id),
    };
    Ok(told.is_none_or(|told| told != name).then(|| format!("{name} is answered otherwise")))
}

async fn list(client: &Client) -> Result<Option<String>> {
    let mut stream = client.users().list().stream();
    let mut count = 0;
    while let Some(user) = stream.next().await {
        if user?.id != listed(count) {
            return Ok(Some(format!("item {count} of a list is another")));
        }
        count += 1;
    }
    Ok((count != LISTED).then(|| format!("a list has {count} items")))
}

async fn as_user(user: &Mutex<User>, call: Call, number: u64) -> Result<Option<String>> {
    let tokens = user.lock().await.tokens(&format!("op-{number}")).await?;
    let outcome = match call {
        Call::Refresh => tokens.refresh().await.map(|_| None),
        _ => make(&tokens.client(), Call::Get, number).await,
    };
    if outcome.as_ref().is_err_and(Error::is_sign_in_required) {
        user.lock().await.forget();
    }
    outcome
}

async fn elsewhere(client: Client, number: u64) -> Result<Option<String>> {
    let work = move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(make(&client, Call::Elsewhere, number))
    };
    spawn_blocking(work).await.unwrap()
}
