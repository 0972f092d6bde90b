//! Locks, tasks, runtimes and time as shuttle's scheduler has them.

use std::{
    cell::{Cell, RefCell},
    mem::ManuallyDrop,
    ops::Add,
    pin::{Pin, pin},
    time::Duration,
};

use futures_util::future::{Either, select};
use shuttle::future;
pub(super) use shuttle::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) usize);

/// How a runtime does the tasks that the cache begins on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    Runs,
    /// Nobody polls them.
    Idles,
    /// It drops them before they are polled.
    Ends,
}

/// What all tasks of a model share: they run on one thread, one at a time.
struct World {
    time: watch::Sender<Duration>,
    paces: [Pace; 2],
    /// The tasks of runtimes that idle.
    idle: Vec<Task>,
}

impl World {
    fn new() -> Self {
        Self { time: watch::Sender::new(Duration::ZERO), paces: [Pace::Runs; 2], idle: Vec::new() }
    }
}

thread_local! {
    // Dropped by `reset`, but not with the thread of a test that failed: there is no scheduler then
    // for those that wait.
    static WORLD: RefCell<ManuallyDrop<World>> = RefCell::new(ManuallyDrop::new(World::new()));
}

shuttle::thread_local! {
    static CURRENT: Cell<Option<Id>> = Cell::new(None);
}

/// Forgets what an earlier run of the model has left.
pub(super) fn reset() {
    drop(ManuallyDrop::into_inner(WORLD.replace(ManuallyDrop::new(World::new()))));
}

pub(super) fn set_pace(runtime: Id, pace: Pace) {
    WORLD.with_borrow_mut(|world| world.paces[runtime.0] = pace);
}

/// The runtime of the task that asks.
pub(super) fn current() -> Option<Id> {
    CURRENT.with(Cell::get)
}

/// Does the work in a task of this runtime.
pub(super) fn spawn_on<T: Send + 'static>(
    runtime: Id,
    work: impl Future<Output = T> + Send + 'static,
) -> future::JoinHandle<T> {
    future::spawn(async move {
        CURRENT.with(|current| current.set(Some(runtime)));
        work.await
    })
}

pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    let runtime = current().unwrap();
    match WORLD.with_borrow(|world| world.paces[runtime.0]) {
        Pace::Runs => drop(spawn_on(runtime, work)),
        Pace::Idles => WORLD.with_borrow_mut(|world| world.idle.push(Box::pin(work))),
        Pace::Ends => drop(future::spawn(async move { drop(work) })),
    }
}

/// The time since the model began.
pub(super) fn time() -> Duration {
    WORLD.with_borrow(|world| *world.time.borrow())
}

pub(super) fn advance(step: Duration) {
    WORLD.with_borrow(|world| world.time.send_modify(|time| *time += step));
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Instant(Duration);

impl Instant {
    pub(super) fn now() -> Self {
        Self(time())
    }

    pub(super) fn elapsed(self) -> Duration {
        time() - self.0
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

pub(super) async fn timeout_at<T>(
    deadline: Instant,
    work: impl Future<Output = T>,
) -> Result<T, ()> {
    let mut time = WORLD.with_borrow(|world| world.time.subscribe());
    let late = time.wait_for(|time| *time >= deadline.0);
    match select(pin!(work), pin!(late)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(()),
    }
}
