//! What the server keeps, and what it does with a request.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, user},
    fault::{Fault, Reply},
    judge::{Kind, Problem},
    sessions::Sessions,
    tenants::USERS_HOST,
    wire::Asked,
};

/// What part of the requests meet a fault.
const FAULTS: f64 = 0.12;
/// What part of the requests with a good token are told that it is none any more.
const REVOCATIONS: f64 = 0.001;

/// What is done on the connection.
pub(crate) enum Deed {
    Answer(String),
    Close(String),
    Stall(String),
    Reset,
}

/// An access token that is out.
struct Token {
    host: String,
    until: Instant,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) faults: u64,
    /// Faults of requests that were carried out all the same.
    pub(crate) acted: u64,
    pub(crate) tokens: u64,
    pub(crate) renewals: u64,
    /// Renewals that were refused because no answer with the new refresh token had arrived.
    pub(crate) ended: u64,
}

pub(crate) struct World {
    pub(crate) is_calm: bool,
    pub(crate) counts: Counts,
    /// What should never come.
    pub(crate) problems: Vec<Problem>,
    dice: Rng,
    faults: Vec<Fault>,
    tokens: HashMap<String, Token>,
    serial: u64,
    sessions: Sessions,
    /// How often each operation was carried out.
    effects: HashMap<u64, u32>,
}

impl World {
    pub(crate) fn new(port: u16, seed: u64) -> Self {
        let mut faults = Fault::all();
        // Nobody would listen for any other call either.
        faults.retain(|fault| !matches!(fault.reply, Reply::Refused));
        Self {
            is_calm: false,
            counts: Counts::default(),
            problems: Vec::new(),
            dice: Rng::with_seed(seed),
            faults,
            tokens: HashMap::new(),
            serial: 0,
            sessions: Sessions::new(port),
            effects: HashMap::new(),
        }
    }

    /// What was carried out since the last time that this was asked for.
    pub(crate) fn take_effects(&mut self) -> HashMap<u64, u32> {
        let now = Instant::now();
        self.tokens.retain(|_, token| now < token.until);
        self.tokens.shrink_to_fit();
        std::mem::take(&mut self.effects)
    }

    pub(crate) fn meet(&mut self, asked: &Asked) -> Deed {
        self.counts.requests += 1;
        let Some(fault) = self.fault(asked) else {
            return Deed::Answer(self.act(asked, true).bytes(""));
        };
        self.counts.faults += 1;
        let arrives = matches!(fault.reply, Reply::ByteOrderMark);
        let answer = fault.acts.then(|| self.act(asked, arrives));
        if let Some(refusal) = answer.as_ref().filter(|answer| answer.is_refusal()) {
            // What is called a success is one.
            return Deed::Answer(refusal.bytes(""));
        }
        self.counts.acted += u64::from(fault.acts);
        match fault.reply {
            Reply::Bytes(bytes) => Deed::Close(bytes),
            Reply::Stall(bytes) => Deed::Stall(bytes),
            Reply::Reset | Reply::Refused => Deed::Reset,
            Reply::ByteOrderMark => Deed::Answer(answer.unwrap().bytes("\u{feff}")),
        }
    }

    fn fault(&mut self, asked: &Asked) -> Option<Fault> {
        if self.is_calm || self.dice.f64() >= FAULTS {
            return None;
        }
        let fault = self.dice.choice(&self.faults)?;
        // A list without anything, its total included, is an empty one.
        let is_lie = is_list(asked) && fault.name == "200 without a body";
        // Users' clients wait so long for an answer that it surely has come if it was sent.
        let lasts = asked.host == USERS_HOST && matches!(fault.reply, Reply::Stall(_));
        (!is_lie && !lasts).then(|| fault.clone())
    }

    /// Carries out what was asked for. `arrives` is whether the answer will.
    fn act(&mut self, asked: &Asked, arrives: bool) -> Answer {
        match (asked.method.as_str(), asked.target.as_str()) {
            ("POST", "/oidc/token") => self.token(asked, arrives),
            ("GET", "/oidc/jwks") => Answer::ok(&self.sessions.keys()),
            ("GET", "/oidc/.well-known/openid-configuration") => Answer::not_found(),
            _ if !self.is_allowed(asked) => Answer::unauthorized(),
            ("GET", target) if is_list(asked) => Answer::page(target),
            ("GET", target) => Answer::ok(&user(id_of(target), None)),
            ("DELETE", target) => {
                let done = self.effect(id_of(target));
                // Who was deleted before is not there.
                if done == 1 { Answer::empty() } else { self.undo(id_of(target)) }
            }
            (method, target) => {
                let body: Value = serde_json::from_str(&asked.body).unwrap();
                let name = body["name"].as_str().unwrap();
                self.effect(name);
                let id = if method == "POST" { name } else { id_of(target) };
                Answer::ok(&user(id, Some(name)))
            }
        }
    }

    /// Counts an operation, by what it is called, and gives how often it was carried out.
    fn effect(&mut self, name: &str) -> u32 {
        let times = self.effects.entry(number(name)).or_default();
        *times += 1;
        *times
    }

    fn undo(&mut self, name: &str) -> Answer {
        self.effects.insert(number(name), 1);
        Answer::not_found()
    }

    /// Whether the token is one of the tenant's that is good.
    fn is_allowed(&mut self, asked: &Asked) -> bool {
        let name = asked.authorization.strip_prefix("Bearer ").unwrap_or_default();
        let Some(token) = self.tokens.get(name) else {
            return false;
        };
        if token.host != asked.host {
            let text = format!("a token of {} is sent to {}", token.host, asked.host);
            self.problems.push(Problem::new(Kind::Mixed, text));
            return false;
        }
        if Instant::now() >= token.until {
            return false;
        }
        let revoked = !self.is_calm && self.dice.f64() < REVOCATIONS;
        if revoked {
            self.tokens.remove(name);
        }
        !revoked
    }

    fn token(&mut self, asked: &Asked, arrives: bool) -> Answer {
        let basic = asked.authorization.strip_prefix("Basic ").unwrap_or_default();
        let basic = String::from_utf8(BASE64_STANDARD.decode(basic).unwrap()).unwrap();
        if basic.split(':').next() != Some(&asked.host.replace('.', "-")) {
            let text = format!("the secret of {basic} is sent to {}", asked.host);
            self.problems.push(Problem::new(Kind::Mixed, text));
        }
        self.counts.tokens += 1;
        let mut body = json!({"token_type": "Bearer", "scope": "all"});
        if asked.body.contains("grant_type=authorization_code") {
            let operation = asked.body.split("code=op-").nth(1).unwrap_or_default();
            self.effect(operation.split('&').next().unwrap_or_default());
            self.sessions.begin(&mut body, &asked.host, operation);
        } else if asked.body.contains("grant_type=refresh_token") {
            self.counts.renewals += 1;
            if let Err(problem) = self.sessions.renew(&mut body, &asked.body, arrives) {
                self.counts.ended += 1;
                self.problems.extend(problem);
                return refused();
            }
        }
        self.serial += 1;
        let life = Duration::from_secs_f64(0.2 + self.dice.f64());
        let name = format!("{}.{}", asked.host, self.serial);
        body["access_token"] = name.as_str().into();
        body["expires_in"] = life.as_secs_f64().into();
        let token = Token { host: asked.host.clone(), until: Instant::now() + life };
        self.tokens.insert(name, token);
        Answer::ok(&body)
    }
}

fn refused() -> Answer {
    Answer::new(400, &json!({"error": "invalid_grant", "error_description": "It is over."}))
}

fn is_list(asked: &Asked) -> bool {
    asked.method == "GET" && asked.target.starts_with("/api/users?")
}

fn id_of(target: &str) -> &str {
    target.rsplit('/').next().unwrap_or_default()
}

/// The number of an operation in what it is called.
pub(crate) fn number(name: &str) -> u64 {
    name.trim_start_matches("op-").parse().unwrap_or_else(|_| panic!("no operation: {name}"))
}
