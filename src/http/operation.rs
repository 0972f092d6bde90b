//! What sets one operation apart from another.

use reqwest::Method;

/// What the runtime must know of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// The operationId of the contract; empty for a raw request.
    pub(crate) id: &'static str,
    pub(crate) api: Api,
    /// The path template of the contract; empty for a raw request.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "only spans tell it"))]
    pub(crate) path: &'static str,
    /// It takes no token.
    pub(crate) unauthenticated: bool,
    pub(crate) retry_rule: RetryRule,
    /// The first release of Logto that has it; empty where all that are supported do.
    pub(crate) since: &'static str,
    /// The last release of Logto that has it; empty where the newest does.
    pub(crate) until: &'static str,
}

/// Whether a request may be retried after a transient failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "which are used depends on the enabled features")]
pub(crate) enum RetryRule {
    /// Its HTTP method says: GET, PUT and DELETE may, POST and PATCH only if nothing was done, or
    /// where the policy takes all requests for idempotent.
    ByMethod,
    /// It may, whatever its method.
    Always,
    /// It is sent once: it uses up what it is sent, such as a code.
    Never,
}

#[allow(dead_code, reason = "which are used depends on the enabled features")]
impl Operation {
    pub(crate) const fn new(id: &'static str, api: Api, path: &'static str) -> Self {
        Self {
            id,
            api,
            path,
            unauthenticated: false,
            retry_rule: RetryRule::ByMethod,
            since: "",
            until: "",
        }
    }

    /// Older releases of Logto lack it.
    pub(crate) const fn since(mut self, release: &'static str) -> Self {
        self.since = release;
        self
    }

    /// Newer releases of Logto lack it.
    pub(crate) const fn until(mut self, release: &'static str) -> Self {
        self.until = release;
        self
    }

    /// It takes no token.
    pub(crate) const fn unauthenticated(mut self) -> Self {
        self.unauthenticated = true;
        self
    }

    /// It is retried in other cases than its method implies.
    pub(crate) const fn retry(mut self, retry_rule: RetryRule) -> Self {
        self.retry_rule = retry_rule;
        self
    }

    /// Whether doing it twice is the same as doing it once.
    pub(crate) fn is_idempotent(&self, method: &Method) -> bool {
        match self.retry_rule {
            RetryRule::Always => true,
            RetryRule::Never => false,
            RetryRule::ByMethod => method.is_idempotent(),
        }
    }
}

/// Which of Logto's APIs an operation belongs to: they take different credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "which are used depends on the enabled features")]
pub(crate) enum Api {
    Management,
    Experience,
    Account,
    /// A path outside the three, reached by a raw request.
    Other,
}

impl Api {
    /// The API that a path belongs to.
    pub(crate) fn of_path(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let below = |root: &str| {
            path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if below("/api/experience") || below("/api/interaction") {
            Self::Experience
        } else if below("/api/my-account") || below("/api/verifications") {
            Self::Account
        } else if below("/api") {
            Self::Management
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_an_api() {
        for (path, api) in [
            ("/api/experience", Api::Experience),
            ("/api/experience/submit?x=1", Api::Experience),
            ("/api/experiences", Api::Management),
            ("/api/my-account/mfa", Api::Account),
            ("/api/verifications/password", Api::Account),
            ("/api/users", Api::Management),
            ("/oidc/token", Api::Other),
        ] {
            assert_eq!(Api::of_path(path), api, "{path}");
        }
    }
}
