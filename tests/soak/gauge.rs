//! What is in use.

use std::{alloc::System, time::Duration};

use cap::Cap;
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// How long it may take until tasks that are over have ended.
const SETTLING: Duration = Duration::from_secs(5);

#[derive(Clone, Copy)]
pub(crate) struct Gauge {
    /// How many bytes are allocated.
    pub(crate) bytes: usize,
    /// How many tasks there are on the clients' runtime.
    pub(crate) tasks: usize,
}

impl Gauge {
    /// Reads it when nothing moves any more.
    pub(crate) async fn read() -> Self {
        let metrics = Handle::current().metrics();
        let (mut tasks, mut since) = (metrics.num_alive_tasks(), Instant::now());
        let end = since + SETTLING;
        // No event tells that a task has ended.
        while tasks > 0 && since.elapsed() < Duration::from_millis(200) && Instant::now() < end {
            sleep(Duration::from_millis(10)).await;
            let now = metrics.num_alive_tasks();
            if now != tasks {
                (tasks, since) = (now, Instant::now());
            }
        }
        Self { bytes: ALLOCATOR.allocated(), tasks }
    }
}
