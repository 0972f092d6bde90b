//! What can be wrong with a contract.

use std::fmt;

/// A part of the contract that code cannot be generated from.
///
/// It names the place (an `operationId` or a schema, and the member), so that
/// whoever vendored the contract knows where to look.
#[derive(Debug)]
pub struct Error {
    place: String,
    problem: String,
}

impl Error {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl std::error::Error for Error {}

/// The result of generating code.
pub type Result<T> = std::result::Result<T, Error>;
