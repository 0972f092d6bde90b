//! The context of a call that its errors report.

use reqwest::Method;

use crate::Error;

/// The attempts of a call so far.
#[derive(Clone, Copy)]
pub(crate) struct History {
    /// The operationId of the contract; empty for a raw request.
    pub(crate) operation: &'static str,
    pub(crate) attempts: u32,
    /// Whether the call can change something.
    changes: bool,
    /// Whether the server may have executed an attempt that failed.
    open: bool,
}

impl History {
    pub(crate) fn new(operation: &'static str, method: &Method) -> Self {
        Self { operation, attempts: 0, changes: !method.is_safe(), open: false }
    }

    /// Records that the latest attempt has failed, and returns its error with the context of the
    /// call.
    pub(crate) fn failed(&mut self, error: Error) -> Error {
        self.open |= self.changes && error.is_outcome_unknown();
        self.annotate(error)
    }

    /// Adds the context of the call to an error, of an attempt or of its response.
    pub(crate) fn annotate(&self, error: Error) -> Error {
        let open = self.open || (self.changes && error.is_outcome_unknown());
        error.with_operation(self.operation).with_attempts(self.attempts).with_unknown_outcome(open)
    }
}
