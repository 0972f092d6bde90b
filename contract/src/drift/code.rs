//! What following a document means for code: what vendoring says of the public API.

use serde::Serialize;

use super::{Class, Drift};

/// How the public API changes when a document is vendored. Only a generator can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// The worst of it; nothing where nothing changes.
    pub class: Option<Class>,
    /// In words: how much there is of what, then an item a line.
    pub lines: Vec<String>,
}

impl Drift {
    /// Adds what the changes mean for code as a whole, where that is known.
    ///
    /// Without it, the class of each change goes by its kind alone. No change means more for code
    /// than all of them together.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        let most = code.class.unwrap_or(Class::Internal);
        for change in &mut self.changes {
            change.class = change.running.max(change.class.min(most));
        }
        self.changes.sort_by(super::found::order);
        self.code = Some(code);
        self
    }
}
