//! Drives sessions through conversations that nobody has seen, by looking at the recorded steps.
//!
//! Which method comes next follows from the request, from its answer, from what follows it, and
//! from what the session has reached. What no method of a session does is done by the operation
//! alone, and what no operation can say is sent as it was recorded; the report counts both.

mod ending;
mod factors;
mod judge;
mod opening;
mod profile;
mod single;
mod steps;
mod ways_in;

use std::{collections::HashMap, fmt};

use logto_api::{
    Client, Error,
    experience::Experience,
    sign_in::{
        BackupCodes, Callback, CodeSent, Completed, ConnectorSignIn, ConsentRequest,
        ForgotPassword, Identified, InteractionHandle, MfaCodeSent, NextStep, PasskeySignIn,
        PasswordReset, PendingAuthorization, Register, SignIn, SignInFlow, TotpSetup, UserTokens,
        WebAuthnChallenge, WebAuthnSetup,
    },
};

use crate::{
    conversation::{Conversation, Step},
    tenant::{Tenant, shown},
};

/// What was done about some steps.
struct Taken {
    how: How,
    /// How many steps it should have taken.
    steps: usize,
    result: Result<Option<NextStep>, Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    SignInFlow,
    Operation,
    AsRecorded,
}

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) title: String,
    by_session: usize,
    by_operation: usize,
    as_recorded: usize,
    pub(crate) problems: Vec<String>,
}

/// The session that is under way.
enum Way {
    SignIn(SignInFlow<SignIn>),
    Register(SignInFlow<Register>),
    ForgotPassword(SignInFlow<ForgotPassword>),
}

/// Calls a method that all sessions have.
macro_rules! on_session {
    ($way:expr, $session:ident => $call:expr) => {
        match $way {
            Way::SignIn($session) => $call,
            Way::Register($session) => $call,
            Way::ForgotPassword($session) => $call,
        }
    };
}

use on_session;

impl Way {
    fn event(&self) -> &'static str {
        match self {
            Self::SignIn(_) => "SignIn",
            Self::Register(_) => "Register",
            Self::ForgotPassword(_) => "ForgotPassword",
        }
    }
}

/// What waits for the user, by the id of its record.
enum Waiting {
    Code(CodeSent),
    MfaCode(MfaCodeSent),
    Connector(ConnectorSignIn),
    App(TotpSetup),
    Key(Box<WebAuthnSetup>),
    Challenge(WebAuthnChallenge),
    Passkey(PasskeySignIn),
    BackupCodes(BackupCodes),
}

struct Director {
    tenant: Tenant,
    logto: Client,
    steps: Vec<Step>,
    at: usize,
    /// Where the session leads back to.
    redirect_uri: String,
    opened: Option<InteractionHandle>,
    experience: Option<Experience>,
    way: Option<Way>,
    /// What the interaction is for: a step can lead from one to another.
    event: &'static str,
    next: Option<NextStep>,
    user: Option<Identified>,
    reset: Option<PasswordReset>,
    waiting: HashMap<String, Waiting>,
    /// A passkey of the device's choice has no record before it is verified.
    discoverable: Option<PasskeySignIn>,
    done: Option<Completed>,
    callback: Option<Callback>,
    consent: Option<ConsentRequest>,
    /// An authorization without a session, as of a user who is signed in already.
    plain: Option<PendingAuthorization>,
    location: Option<String>,
    tokens: Option<UserTokens>,
    /// The browser is away, at a company's identity provider that is a Logto as well.
    is_away: bool,
}

pub(crate) async fn direct(conversation: &Conversation) -> Report {
    let tenant = Tenant::open(conversation).await;
    let mut director = Director {
        logto: tenant.client(),
        tenant,
        steps: conversation.steps.clone(),
        at: 0,
        redirect_uri: String::new(),
        opened: None,
        experience: None,
        way: None,
        event: "",
        next: None,
        user: None,
        reset: None,
        waiting: HashMap::new(),
        discoverable: None,
        done: None,
        callback: None,
        consent: None,
        plain: None,
        location: None,
        tokens: None,
        is_away: false,
    };
    let mut report = Report { title: conversation.title.clone(), ..Report::default() };
    while director.at < director.steps.len() && report.problems.is_empty() {
        let taken = director.take().await;
        director.settle(taken, &mut report);
    }
    report
}

impl Director {
    async fn take(&mut self) -> Taken {
        self.is_away = self.goes_away() || self.is_away && !self.comes_back();
        if self.is_away {
            return self.as_recorded().await;
        }
        match self.by_session().await {
            Some(taken) => taken,
            None => self.by_operation().await,
        }
    }

    /// Whether the browser goes where a connector has sent it.
    fn goes_away(&self) -> bool {
        let url = &self.step().url;
        let answers = self.steps[..self.at].iter().map(Step::answered);
        let mut sent = answers.filter_map(|answer| steps::text(&answer, "authorizationUri"));
        sent.any(|uri| uri.ends_with(url))
    }

    fn comes_back(&self) -> bool {
        let record = steps::text(&self.step().asked(), "verificationId").unwrap_or_default();
        matches!(self.waiting.get(&record), Some(Waiting::Connector(_)))
    }

    async fn by_session(&mut self) -> Option<Taken> {
        if let Some(taken) = self.open().await {
            return Some(taken);
        }
        if let Some(taken) = self.way_in().await {
            return Some(taken);
        }
        if let Some(taken) = self.give().await {
            return Some(taken);
        }
        if let Some(taken) = self.factor().await {
            return Some(taken);
        }
        self.end().await
    }

    /// Notes what came of it, and whether that is what was recorded.
    fn settle(&mut self, taken: Taken, report: &mut Report) {
        let last = self.steps[self.at + taken.steps - 1].clone();
        let from = self.tenant.answered().saturating_sub(self.at);
        let mut problems = self.tenant.problems();
        if problems.is_empty() && from != taken.steps {
            let error = taken.result.as_ref().err();
            let error = error.map(|error| format!(": {error}")).unwrap_or_default();
            problems.push(format!("it took {from} steps, not {}{error}", taken.steps));
        }
        if problems.is_empty() {
            problems.extend(judge::problems(&last, &taken, self.event));
        }
        let place = format!("step {}, {}", self.at + taken.steps, shown(&last));
        report.problems.extend(problems.into_iter().map(|problem| format!("{place}: {problem}")));
        match taken.how {
            How::SignInFlow => report.by_session += taken.steps,
            How::Operation => report.by_operation += taken.steps,
            How::AsRecorded => report.as_recorded += taken.steps,
        }
        self.at += taken.steps;
        if let Ok(Some(step)) = taken.result {
            self.reached(step);
        }
    }

    fn reached(&mut self, step: NextStep) {
        match &step {
            NextStep::Submit(user) => self.user = Some(user.clone()),
            NextStep::ResetPassword(reset) => self.reset = Some(reset.clone()),
            NextStep::Completed(done) => self.done = Some(done.clone()),
            _ => {}
        }
        self.next = Some(step);
    }

    fn step(&self) -> &Step {
        &self.steps[self.at]
    }

    /// How many steps a method takes that begins with this one and goes on with these, as far as
    /// none fails; `None` if the recording goes on otherwise.
    fn span(&self, then: &[&dyn Fn(&Step) -> bool]) -> Option<usize> {
        let mut steps = 1;
        for expected in then {
            if self.steps[self.at + steps - 1].failed() {
                break;
            }
            self.steps.get(self.at + steps).filter(|step| expected(step))?;
            steps += 1;
        }
        Some(steps)
    }
}

impl Taken {
    fn by_session(steps: usize, result: Result<NextStep, Error>) -> Option<Self> {
        Some(Self { how: How::SignInFlow, steps, result: result.map(Some) })
    }

    /// What led to no step yet.
    fn prepared<T>(steps: usize, result: Result<T, Error>, keep: impl FnOnce(T)) -> Option<Self> {
        let result = result.map(|value| {
            keep(value);
            None
        });
        Some(Self { how: How::SignInFlow, steps, result })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} steps by sessions, {} by single operations, {} as recorded",
            self.title, self.by_session, self.by_operation, self.as_recorded
        )?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
