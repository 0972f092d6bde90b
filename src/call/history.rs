//! What an error has to tell of the call that it ends.

use reqwest::Method;

use crate::Error;

/// How a call has gone so far.
#[derive(Clone, Copy)]
pub(crate) struct History {
    /// The operationId of the contract; empty for a raw request.
    pub(crate) operation: &'static str,
    pub(crate) attempts: u32,
    /// Whether the call changes something.
    changes: bool,
    /// Whether the server may have carried out an attempt that failed.
    open: bool,
}

impl History {
    pub(crate) fn new(operation: &'static str, method: &Method) -> Self {
        Self { operation, attempts: 0, changes: !method.is_safe(), open: false }
    }

    /// Takes down that the newest attempt has failed, and gives its error with all that went before.
    pub(crate) fn failed(&mut self, error: Error) -> Error {
        self.open |= self.changes && error.is_outcome_unknown();
        self.annotate(error)
    }

    /// An error of this call, whether an attempt made it or what came after.
    pub(crate) fn annotate(&self, error: Error) -> Error {
        let open = self.open || (self.changes && error.is_outcome_unknown());
        error.with_operation(self.operation).with_attempts(self.attempts).with_unknown_outcome(open)
    }
}
