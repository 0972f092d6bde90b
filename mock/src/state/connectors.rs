//! Other places where users have accounts: social networks and enterprises.

/// What a social connector's accounts are kept under in a user's `identities`.
pub(crate) const TARGET: &str = "mock-social";

#[derive(Clone, Default)]
pub(crate) struct Connectors {
    pub(crate) social: Vec<String>,
    pub(crate) sso: Vec<SsoConnector>,
}

#[derive(Clone)]
pub(crate) struct SsoConnector {
    pub(crate) id: String,
    pub(crate) domain: String,
}

impl Connectors {
    pub(crate) fn add_social(&mut self, id: &str) {
        self.social.push(id.to_owned());
    }

    pub(crate) fn add_sso(&mut self, id: &str, domain: &str) {
        self.sso.push(SsoConnector { id: id.to_owned(), domain: domain.to_owned() });
    }
}
