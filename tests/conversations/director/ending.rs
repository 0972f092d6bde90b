//! From the submission to tokens, and what is done with them.

use logto_api::{
    Error,
    sign_in::{RedirectOutcome, UserTokens},
};

use super::{Director, Taken, opening::SECRET, steps::is};
use crate::conversation::{Step, pairs};

impl Director {
    pub(super) async fn end(&mut self) -> Option<Taken> {
        let step = self.step().clone();
        let path = step.path();
        match (step.method.as_str(), path.as_str()) {
            ("POST", _) if is(&step, "POST", "/submit") => {
                Taken::by_session(1, self.user.as_ref()?.submit().await)
            }
            ("GET", path) if path.starts_with("/oidc/auth/") => self.follow().await,
            ("POST", "/api/interaction/consent") => self.grant(&step).await,
            ("POST", "/oidc/token") => self.token(&step).await,
            ("POST", "/oidc/token/revocation") => {
                let result = self.tokens.as_ref()?.revoke().await;
                Taken::prepared(1, result, |()| {})
            }
            // A token that is refused would be renewed.
            ("GET", "/oidc/me") if step.status != 401 => {
                let expected = step.answered();
                let result = self.tokens.as_ref()?.user_info().await;
                Taken::prepared(1, result, |user| {
                    assert_eq!(Some(&*user.sub), expected["sub"].as_str());
                })
            }
            (method, path) if is_account(path) => self.account(method, &step).await,
            _ => None,
        }
    }

    /// The Account API, by the user's token.
    async fn account(&self, method: &str, step: &Step) -> Option<Taken> {
        let logto = self.tokens.as_ref()?.client();
        let mut request = logto.request(method.parse().ok()?, &step.url);
        for name in ["content-type", "logto-verification-id", "origin"] {
            if let Some(value) = step.request_header(name) {
                request = request.header(name, value);
            }
        }
        if let Some(body) = step.request_body.clone() {
            request = request.body(body);
        }
        Taken::prepared(1, request.send().await, |_| {})
    }

    /// How many redirects there are, from this step or one so much later, until the user is asked
    /// or the browser is back at the application.
    fn redirects(&self, from: usize) -> usize {
        let mut steps = from;
        while let Some(step) = self.steps.get(self.at + steps) {
            let location = step.response_header("location").unwrap_or_default();
            steps += 1;
            if step.is("GET", "/api/interaction/consent") || step.failed() || self.is_back(location)
            {
                break;
            }
        }
        steps
    }

    fn is_back(&self, location: &str) -> bool {
        !self.redirect_uri.is_empty() && location.starts_with(&self.redirect_uri)
    }

    async fn follow(&mut self) -> Option<Taken> {
        // Without its authorization, the browser follows.
        self.user_knows_authorization()?;
        let done = self.done.as_ref()?;
        let steps = self.redirects(0);
        let redeems = self.steps.get(self.at + steps).is_some_and(redeems);
        let back = self.steps[self.at + steps - 1].response_header("location");
        if redeems && back.is_some_and(|location| self.is_back(location)) {
            let result = done.tokens().await;
            return self.prepared_tokens(steps + 1, result);
        }
        let result = done.follow_redirects().await;
        self.arrived(steps, result)
    }

    fn user_knows_authorization(&self) -> Option<()> {
        self.user.as_ref()?.pending().map(|_| ())
    }

    fn arrived(&mut self, steps: usize, result: Result<RedirectOutcome, Error>) -> Option<Taken> {
        Taken::prepared(steps, result, |followed| match followed {
            RedirectOutcome::Callback(callback) => self.callback = Some(callback),
            RedirectOutcome::Consent(consent) => self.consent = Some(consent),
            other => panic!("{other:?}"),
        })
    }

    async fn grant(&mut self, step: &Step) -> Option<Taken> {
        let consent = self.consent.as_ref()?;
        let body = step.asked();
        let ids = body["organizationIds"].as_array().into_iter().flatten();
        let ids: Vec<String> = ids.filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let steps = if step.failed() { 1 } else { self.redirects(1) };
        let granted = match body["organizationIds"].is_array() {
            true => consent.grant_in(ids).await,
            false => consent.grant().await,
        };
        let result = match granted {
            Ok(done) => done.follow_redirects().await,
            Err(error) => Err(error),
        };
        self.arrived(steps, result)
    }

    async fn token(&mut self, step: &Step) -> Option<Taken> {
        let form = pairs(step.request_body.as_deref().unwrap_or_default());
        let value = |name: &str| {
            let found = form.iter().find(|(found, _)| found == name);
            found.map(|(_, value)| value.clone())
        };
        if redeems(step) {
            return self.redeem().await;
        }
        if value("grant_type")? != "refresh_token" {
            return None;
        }
        // After a revocation there is nothing left to renew by.
        let tokens = self.tokens.as_ref().filter(|tokens| tokens.refresh_token().is_some())?;
        let (resource, organization) = (value("resource"), value("organization_id"));
        if resource.is_none() && organization.is_none() && value("scope").is_none() {
            let result = tokens.refresh().await;
            return self.prepared_tokens(1, result);
        }
        let mut request = match (organization, resource) {
            (Some(id), None) => tokens.for_organization(id),
            (None, resource) => tokens.for_resource(resource?),
            (Some(id), Some(resource)) => tokens.for_organization(id).resource(resource),
        };
        if let Some(scope) = value("scope") {
            request = request.scope(scope);
        }
        Taken::prepared(1, request.access_token().await, |_| {})
    }

    async fn redeem(&mut self) -> Option<Taken> {
        if let Some(callback) = self.callback.take() {
            let result = callback.tokens().await;
            return self.prepared_tokens(1, result);
        }
        let (pending, location) = (self.plain.take()?, self.location.take()?);
        let secret = self.is_confidential().then_some(SECRET);
        let result = pending.redeem(&self.logto, secret, &location).await;
        self.prepared_tokens(1, result)
    }

    fn prepared_tokens(
        &mut self,
        steps: usize,
        result: Result<UserTokens, Error>,
    ) -> Option<Taken> {
        Taken::prepared(steps, result, |tokens| self.tokens = Some(tokens))
    }
}

fn is_account(path: &str) -> bool {
    path.starts_with("/api/my-account") || path.starts_with("/api/verifications")
}

fn redeems(step: &Step) -> bool {
    let form = pairs(step.request_body.as_deref().unwrap_or_default());
    let code = ("grant_type".to_owned(), "authorization_code".to_owned());
    step.is("POST", "/oidc/token") && form.contains(&code)
}
