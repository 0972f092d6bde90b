//! The authorization request, and what begins an interaction.

use logto_api::{
    BrowserCookies, Method, Result,
    sign_in::{AuthorizationRequest, Event, NextStep, ResumedState, SignInFlow},
};

use super::{
    Director, Taken, Way, on_session,
    steps::{identifies, is, text},
};
use crate::conversation::Step;

/// Any that is not empty: recordings do not tell.
pub(super) const SECRET: &str = "app-secret";

impl Director {
    pub(super) async fn open(&mut self) -> Option<Taken> {
        let step = self.step().clone();
        if step.is("GET", "/oidc/auth") {
            self.forget();
            self.experience = None;
            return self.authorize(&step).await;
        }
        if is(&step, "PUT", "") {
            return self.begin(&step).await;
        }
        if is(&step, "PUT", "/interaction-event") {
            return self.switch(&step).await;
        }
        if is(&step, "GET", "/interaction") {
            return self.look(&step).await;
        }
        None
    }

    /// What an interaction that begins anew knows nothing of.
    fn forget(&mut self) {
        self.opened = None;
        self.way = None;
        self.event = "";
        self.next = None;
        self.user = None;
        self.reset = None;
        self.waiting.clear();
        self.done = None;
        self.callback = None;
        self.consent = None;
        self.plain = None;
    }

    async fn authorize(&mut self, step: &Step) -> Option<Taken> {
        let (client_id, redirect_uri) = (step.query("client_id")?, step.query("redirect_uri")?);
        self.redirect_uri.clone_from(&redirect_uri);
        let screen = step.query("first_screen");
        let event = self.event_after(1).filter(|_| !self.steps[self.at + 1].failed());
        let logto = self.logto.clone();
        match (event.as_deref(), screen.as_deref()) {
            (Some("Register"), Some(_)) => {
                self.send(step, logto.register(client_id, redirect_uri), Way::Register).await
            }
            (Some("ForgotPassword"), Some("reset_password")) => {
                let request = logto.forgot_password(client_id, redirect_uri);
                self.send(step, request, Way::ForgotPassword).await
            }
            (Some("SignIn"), _) => {
                self.send(step, logto.sign_in(client_id, redirect_uri), Way::SignIn).await
            }
            _ => self.send_alone(step, logto.sign_in(client_id, redirect_uri)).await,
        }
    }

    /// The event that the next step but so many begins.
    fn event_after(&self, steps: usize) -> Option<String> {
        let step = self.steps.get(self.at + steps).filter(|step| is(step, "PUT", ""))?;
        text(&step.asked(), "interactionEvent")
    }

    /// Sends the request, and begins.
    async fn send<E: Event>(
        &mut self,
        step: &Step,
        request: AuthorizationRequest<E>,
        way: fn(SignInFlow<E>) -> Way,
    ) -> Option<Taken> {
        let mut request = self.saying(step, request);
        if !leads_to_page(step) {
            return self.send_alone(step, request).await;
        }
        let beginning = self.steps[self.at + 1].asked();
        if let Some(token) = text(&beginning, "captchaToken") {
            request = request.captcha_token(token);
        }
        let result = request.begin().await;
        let taken = self.prepared_way(result, way)?;
        Some(Taken { steps: 2, ..taken })
    }

    /// A session has begun.
    fn prepared_way<E: Event>(
        &mut self,
        result: Result<SignInFlow<E>>,
        way: fn(SignInFlow<E>) -> Way,
    ) -> Option<Taken> {
        Taken::prepared(1, result, |session| {
            self.experience = Some(session.experience());
            let way = way(session);
            self.event = way.event();
            self.way = Some(way);
        })
    }

    /// Sends the request, and begins nothing.
    async fn send_alone<E: Event>(
        &mut self,
        step: &Step,
        request: AuthorizationRequest<E>,
    ) -> Option<Taken> {
        let request = self.saying(step, request);
        if leads_to_page(step) || tells_error(step) || step.failed() {
            let result = request.authorize().await;
            return Taken::prepared(1, result, |opened| {
                self.experience = Some(opened.experience());
                self.opened = Some(opened);
            });
        }
        // The user is signed in already: the browser goes on by itself.
        let (url, pending) = match request.url() {
            Ok(made) => made,
            Err(error) => return Taken::prepared(1, Err(error), |(): ()| {}),
        };
        let browser = self.logto.with_browser_cookies(&self.cookies(step));
        let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let result = browser.request(Method::GET, &target).unauthenticated().send().await;
        Taken::prepared(1, result, |answer| {
            self.plain = Some(pending);
            let location = answer.headers().get("location");
            self.location = location.map(|value| value.to_str().unwrap().to_owned());
        })
    }

    /// Says all that the recorded request says.
    fn saying<E: Event>(
        &self,
        step: &Step,
        mut request: AuthorizationRequest<E>,
    ) -> AuthorizationRequest<E> {
        let hint = step.query("login_hint");
        let token = step.query("one_time_token");
        if step.query("prompt").is_none() {
            request = request.prompt("");
        }
        if let (Some(token), Some(email)) = (&token, &hint) {
            request = request.one_time_token(token, email);
        }
        let pairs: Vec<(String, String)> = step.target().query_pairs().into_owned().collect();
        for (name, value) in pairs {
            request = match name.as_str() {
                "client_id"
                | "redirect_uri"
                | "response_type"
                | "state"
                | "nonce"
                | "code_challenge"
                | "code_challenge_method" => request,
                "scope" => request.scope(value),
                "prompt" => request.prompt(value),
                "first_screen" => request.first_screen(value),
                "identifier" => request.identifiers(value.split(' ').map(str::to_owned)),
                "one_time_token" | "login_hint" if token.is_some() && hint.is_some() => request,
                "login_hint" => request.login_hint(value),
                "direct_sign_in" => request.direct_sign_in(value),
                "organization_id" => request.organization_id(value),
                "resource" => request.resource(value),
                _ => request.parameter(name, value),
            };
        }
        if self.is_confidential() {
            request = request.client_secret(SECRET);
        }
        if let Some(origin) = self.origin() {
            request = request.origin(origin);
        }
        match step.cookies().is_empty() {
            true => request,
            false => request.browser_cookies(&self.cookies(step)),
        }
    }

    /// Whether the application has a secret.
    pub(super) fn is_confidential(&self) -> bool {
        let mut requests = self.steps.iter().filter(|step| step.is("POST", "/oidc/token"));
        requests.any(|step| step.request_header("authorization").is_some())
    }

    /// Where the pages are, if it is not where Logto is.
    fn origin(&self) -> Option<String> {
        let mut origins = self.steps.iter().filter_map(|step| step.request_header("origin"));
        let origin = origins.next()?;
        (origin != self.tenant.recorded_address()).then(|| origin.to_owned())
    }

    /// The recorder's cookies, as those of a browser, which have no paths.
    pub(super) fn cookies(&self, step: &Step) -> BrowserCookies {
        self.tenant.allow_more_cookies();
        BrowserCookies::from_headers(step.request_header("cookie"))
    }

    async fn begin(&mut self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let event = text(&body, "interactionEvent")?;
        let captcha = text(&body, "captchaToken");
        if let Some(way) = self.way.take() {
            self.forget();
            return self.restart(way, &event, captcha).await;
        }
        if !matches!(&*event, "SignIn" | "Register" | "ForgotPassword") {
            return None;
        }
        let mut attach = match self.opened.clone() {
            Some(opened) => opened,
            None => self.logto.resume_interaction(&self.cookies(step)),
        };
        if let Some(token) = captcha {
            attach = attach.captcha_token(token);
        }
        self.experience = Some(attach.experience());
        match &*event {
            "SignIn" => {
                let result = attach.sign_in().await;
                self.prepared_way(result, Way::SignIn)
            }
            "Register" => {
                let result = attach.register().await;
                self.prepared_way(result, Way::Register)
            }
            _ => {
                let result = attach.forgot_password().await;
                self.prepared_way(result, Way::ForgotPassword)
            }
        }
    }

    /// Begins anew, for the same with a captcha or for something else.
    async fn restart(&mut self, way: Way, event: &str, captcha: Option<String>) -> Option<Taken> {
        let result = match captcha {
            None => {
                return match event {
                    "SignIn" => {
                        let result = on_session!(&way, session => session.restart().await);
                        self.prepared_way(result, Way::SignIn)
                    }
                    "Register" => {
                        let result = on_session!(&way, session => session.restart().await);
                        self.prepared_way(result, Way::Register)
                    }
                    "ForgotPassword" => {
                        let result = on_session!(&way, session => session.restart().await);
                        self.prepared_way(result, Way::ForgotPassword)
                    }
                    _ => None,
                };
            }
            Some(token) if event == way.event() => {
                on_session!(&way, session => session.captcha(token).await)
            }
            Some(_) => return None,
        };
        self.event = way.event();
        self.way = Some(way);
        Taken::prepared(1, result, |()| {})
    }

    async fn switch(&mut self, step: &Step) -> Option<Taken> {
        let event = text(&step.asked(), "interactionEvent")?;
        let record = self.last_record();
        match (self.next.clone(), &self.way, &*event) {
            (Some(NextStep::AccountNotFound(user)), _, "Register") => {
                if let Some(steps) = self.span(&[&|step| identifies(step, &record)]) {
                    let result = user.register().await;
                    self.event = "Register";
                    return Taken::by_session(steps, result);
                }
                let result = user.flow().await;
                self.prepared_way(result, Way::Register)
            }
            (Some(NextStep::AccountExists(user)), _, "SignIn") => {
                if let Some(steps) = self.span(&[&|step| identifies(step, &record)]) {
                    let result = user.sign_in().await;
                    self.event = "SignIn";
                    return Taken::by_session(steps, result);
                }
                let result = user.flow().await;
                self.prepared_way(result, Way::SignIn)
            }
            (_, Some(Way::SignIn(session)), "Register") => {
                let result = session.switch_to_register().await;
                self.prepared_way(result, Way::Register)
            }
            (_, Some(Way::Register(session)), "SignIn") => {
                let result = session.switch_to_sign_in().await;
                self.prepared_way(result, Way::SignIn)
            }
            _ => None,
        }
    }

    /// The record that the user was to be identified by last.
    fn last_record(&self) -> String {
        let before = self.steps[..self.at].iter().rev();
        let mut asked = before.filter(|step| is(step, "POST", "/identification"));
        asked.next().and_then(|step| text(&step.asked(), "verificationId")).unwrap_or_default()
    }

    async fn look(&mut self, step: &Step) -> Option<Taken> {
        let result = match (&self.way, &self.opened) {
            (Some(Way::SignIn(session)), _) => session.state().await,
            (Some(Way::Register(session)), _) => session.state().await,
            (Some(Way::ForgotPassword(session)), _) => session.state().await,
            (None, Some(_)) => return None,
            (None, None) => return self.resume(step).await,
        };
        let expected = step.answered();
        Taken::prepared(1, result, |state| {
            assert_eq!(
                Some(state.interaction_event.as_str()),
                expected["interactionEvent"].as_str()
            );
            assert_eq!(state.user_id.as_deref(), expected["userId"].as_str());
        })
    }

    /// Goes on with an interaction that somebody else has begun.
    async fn resume(&mut self, step: &Step) -> Option<Taken> {
        let attach = self.logto.resume_interaction(&self.cookies(step));
        self.experience = Some(attach.experience());
        let resumed = match attach.resume().await {
            Ok(resumed) => resumed,
            Err(error) => return Taken::prepared(1, Err(error), |(): ()| {}),
        };
        match resumed {
            ResumedState::SignIn(session) => self.prepared_way(Ok(session), Way::SignIn),
            ResumedState::Register(session) => self.prepared_way(Ok(session), Way::Register),
            ResumedState::ForgotPassword(session) => {
                self.prepared_way(Ok(session), Way::ForgotPassword)
            }
            ResumedState::Identified(next) => {
                self.event = match &next {
                    NextStep::ResetPassword(_) => "ForgotPassword",
                    _ => "SignIn",
                };
                self.reached(next);
                Taken::prepared(1, Ok(()), |()| {})
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Whether Logto has opened an interaction, and sends the browser to its pages.
fn leads_to_page(step: &Step) -> bool {
    let location = step.response_header("location").unwrap_or_default();
    location.starts_with('/') && !location.starts_with("/consent")
}

fn tells_error(step: &Step) -> bool {
    step.response_header("location").is_some_and(|location| location.contains("error="))
}
