//! The tokio runtimes that a client is used on.

/// What is said where there is no runtime.
pub(crate) const ABSENT: &str = "there is no tokio runtime to make the call on: await it within \
                                 `#[tokio::main]`, `Runtime::block_on` or a task of tokio's";
