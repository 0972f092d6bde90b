//! The applications that exist from the start.

use crate::ids::Ids;

/// The resource indicator of the Management API.
pub(crate) const RESOURCE: &str = "https://default.logto.app/api";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MachineToMachine,
    Traditional,
    SinglePage,
}

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// A single-page application has none.
    pub(crate) secret: Option<String>,
}

impl App {
    fn new(ids: &mut Ids, kind: Kind) -> Self {
        Self { id: ids.standard(), kind, secret: (kind != Kind::SinglePage).then(|| ids.secret()) }
    }

    pub(crate) fn may_use(&self, grant_type: &str) -> bool {
        match self.kind {
            Kind::MachineToMachine => grant_type == "client_credentials",
            Kind::Traditional | Kind::SinglePage => grant_type != "client_credentials",
        }
    }
}

pub(crate) struct Apps {
    pub(crate) m2m: App,
    pub(crate) web: App,
    pub(crate) spa: App,
}

impl Apps {
    pub(crate) fn new(ids: &mut Ids) -> Self {
        Self {
            m2m: App::new(ids, Kind::MachineToMachine),
            web: App::new(ids, Kind::Traditional),
            spa: App::new(ids, Kind::SinglePage),
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<&App> {
        [&self.m2m, &self.web, &self.spa].into_iter().find(|app| app.id == id)
    }
}
