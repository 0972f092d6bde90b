//! Other places where users have accounts: social networks and enterprises.

/// What a social connector's accounts are kept under in a user's `identities`.
pub(crate) const TARGET: &str = "mock-social";

#[derive(Clone, Default)]
pub(crate) struct Connectors {
    pub(crate) social: Vec<String>,
    pub(crate) sso: Vec<SsoConnector>,
    /// The factories that there are, if not all that are known.
    pub(crate) installed: Option<Vec<String>>,
}

#[derive(Clone)]
pub(crate) struct SsoConnector {
    pub(crate) id: String,
    pub(crate) domain: String,
}

impl Connectors {
    /// Whether the server has the factory of this id.
    pub(crate) fn installs(&self, id: &str) -> bool {
        self.installed.as_ref().is_none_or(|own| own.iter().any(|own| own == id))
    }

    pub(crate) fn add_social(&mut self, id: &str) {
        self.social.push(id.to_owned());
    }

    pub(crate) fn add_sso(&mut self, id: &str, domain: &str) {
        self.sso.push(SsoConnector { id: id.to_owned(), domain: domain.to_owned() });
    }
}
