//! What must never come.

use std::{collections::HashMap, fmt};

use crate::calls::{Outcome, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It is said to be done, and is not.
    Lost,
    Doubled,
    /// It was done, and the error does not say that it may have been.
    Untold,
    /// What is another's: an answer, a token, a secret.
    Mixed,
    Stuck,
    /// A session that a refresh token ended which came late though its successor had arrived.
    Ended,
    /// A tenant whose calls fail when all is well again.
    Unusable,
    /// Connections, tasks or memory.
    Leaked,
    /// More token requests than calls.
    Flooded,
    /// The soak itself: hardly any call succeeds.
    Hollow,
}

#[derive(Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    text: String,
}

impl Problem {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

/// What is wrong with what was told of a call, by what the server did.
pub(crate) fn judge(record: &Record, effects: &HashMap<u64, u32>) -> Option<Problem> {
    let effects = effects.get(&record.number).copied().unwrap_or_default();
    let call = format!("{:?} {}", record.call, record.number);
    if effects > 1 {
        return Some(Problem::new(
            Kind::Doubled,
            format!("{call} was carried out {effects} times"),
        ));
    }
    match &record.outcome {
        Outcome::Stuck => Some(Problem::new(Kind::Stuck, call)),
        Outcome::Mixed(text) => Some(Problem::new(Kind::Mixed, format!("{call}: {text}"))),
        Outcome::Done if record.call.acts() && effects == 0 => {
            Some(Problem::new(Kind::Lost, format!("{call} is said to be done")))
        }
        Outcome::Failed(error) if record.call.acts() && effects > 0 => (!error
            .may_have_taken_effect())
        .then(|| Problem::new(Kind::Untold, format!("{call} was carried out: {error}"))),
        _ => None,
    }
}
