//! One operation as a Rust user calls it.

use serde::{Deserialize, Serialize};

/// A group's method, as `methods.toml` has it.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Method {
    pub(crate) group: String,
    pub(crate) method: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) arguments: Vec<String>,
    /// What a rule made of the operation; where the rest says something else, a person wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proposed: Option<String>,
}

impl Method {
    /// A method that a rule made.
    pub(crate) fn new(group: String, method: String) -> Self {
        Self { group, method, arguments: Vec::new(), proposed: None }
    }

    /// The same with these arguments, as a rule proposes it.
    pub(crate) fn proposed(&self, arguments: Vec<String>) -> Self {
        let proposed = Self { arguments, ..self.clone() };
        Self { proposed: Some(proposed.call()), ..proposed }
    }

    /// The same, decided.
    pub(crate) fn settled(&self) -> Self {
        Self { proposed: None, ..self.clone() }
    }

    /// Whether a person decided on it.
    pub(crate) fn is_settled(&self) -> bool {
        self.proposed.as_ref().is_none_or(|proposed| *proposed != self.call())
    }

    /// `users.create(name, kind)`
    fn call(&self) -> String {
        format!("{}.{}({})", self.group, self.method, self.arguments.join(", "))
    }

    /// The required members of a body, in this order; what is not on file comes last.
    pub(crate) fn arguments(&self, required: &[String]) -> Vec<String> {
        let known = self.arguments.iter().filter(|name| required.contains(name));
        let new = required.iter().filter(|name| !self.arguments.contains(name));
        known.chain(new).cloned().collect()
    }

    /// Settles it, where it is only proposed.
    pub(crate) fn settle(&mut self) {
        self.proposed = None;
    }
}
