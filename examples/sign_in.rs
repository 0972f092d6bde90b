//! A user signs in with a password, and with a second factor if Logto requires one.
//!
//! Without these variables it starts a mock of Logto, with a user who has an authenticator app:
//!
//! ```sh
//! cargo run --example sign_in
//! ```
//!
//! With your own server, it prompts for all input on the terminal. The application is one that
//! users sign in to: a native one, or a traditional web application with its secret. The redirect
//! URI must be registered; no server has to listen there:
//!
//! ```sh
//! export LOGTO_ENDPOINT=http://localhost:3001 LOGTO_CLIENT_ID=… LOGTO_CLIENT_SECRET=…
//! export LOGTO_REDIRECT_URI=http://localhost:9999/callback
//! ```

#![allow(clippy::print_stdout, reason = "it shows what it does")]

mod environment;

use std::{
    env,
    error::Error,
    io::{self, Write as _},
};

use logto_api::{
    Client,
    models::MfaFactor,
    sign_in::{BackupCodes, Identifier, MfaChallenge, NextStep, TotpSetup, UserTokens},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The application to sign in to.
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uri: String,
}

/// A prompt for the user.
pub(crate) enum Question<'a> {
    Username,
    Password,
    /// A code of the app that has this secret, if it is only being set up.
    TotpCode(Option<&'a str>),
    BackupCode,
    NewUsername,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    if let Ok(endpoint) = env::var("LOGTO_ENDPOINT") {
        let app = app_of(|name| env::var(name).ok())?;
        let logto = Client::builder(endpoint).build()?;
        return show(&sign_in(&logto, &app, &on_the_terminal).await?).await;
    }
    let mock = logto_mock::Mock::start().await?;
    println!("LOGTO_ENDPOINT is not set: talking to a mock at {}", mock.endpoint());
    let alice = mock.add_user("alice", "correct horse 7 battery");
    mock.set_mfa(logto_mock::MfaPolicy::default(), &[logto_mock::MfaFactor::Totp]);
    let secret = mock.add_totp(&alice);
    let app = App {
        client_id: mock.web_app_id().to_owned(),
        client_secret: Some(mock.web_app_secret().to_owned()),
        redirect_uri: mock.redirect_uri().to_owned(),
    };
    let answer = |question: Question<'_>| {
        Ok(match question {
            Question::Username | Question::NewUsername => "alice".to_owned(),
            Question::Password => "correct horse 7 battery".to_owned(),
            Question::TotpCode(new) => mock.totp_code(new.unwrap_or(&secret)),
            Question::BackupCode => return Err("the mock's alice has an app".into()),
        })
    };
    let logto = Client::builder(mock.endpoint()).build()?;
    show(&sign_in(&logto, &app, &answer).await?).await
}

/// The application from the environment.
pub(crate) fn app_of(get: impl Fn(&str) -> Option<String>) -> Outcome<App> {
    let names = ["LOGTO_CLIENT_ID", "LOGTO_REDIRECT_URI"];
    let what = "they are those of an application that users sign in to, either a native one or, \
                with LOGTO_CLIENT_SECRET, a traditional web application";
    let [client_id, redirect_uri] = environment::needed(names, what, &get)?;
    let client_secret = get("LOGTO_CLIENT_SECRET").filter(|secret| !secret.is_empty());
    Ok(App { client_id, client_secret, redirect_uri })
}

/// From the authorization request to tokens.
pub(crate) async fn sign_in(
    logto: &Client,
    app: &App,
    ask: &impl Fn(Question<'_>) -> Outcome<String>,
) -> Outcome<UserTokens> {
    let mut request = logto.sign_in(&app.client_id, &app.redirect_uri);
    if let Some(secret) = &app.client_secret {
        request = request.client_secret(secret);
    }
    let flow = request.begin().await?;
    println!("the sign-in flow has begun");

    let username = Identifier::username(ask(Question::Username)?);
    let mut step = flow.password(username, ask(Question::Password)?).await?;
    println!("the password is right");
    loop {
        step = match step {
            NextStep::Submit(user) => user.submit().await?,
            NextStep::VerifyMfa(mfa) => verify_mfa(&mfa, ask).await?,
            NextStep::BindMfa(mfa) if mfa.is_skippable() => mfa.skip().await?,
            NextStep::BindMfa(mfa) => bind_totp(&mfa.set_up_totp().await?, ask).await?,
            NextStep::EnableMfa(offer) => offer.skip().await?,
            NextStep::SuggestMfa(mfa) => mfa.skip().await?,
            NextStep::CreateBackupCodes(step) => show_backup_codes(step.generate().await?).await?,
            NextStep::CreatePasskey(offer) => offer.skip().await?,
            NextStep::CompleteProfile(missing) => {
                println!("the account lacks {:?}", missing.fields());
                missing.profile().username(ask(Question::NewUsername)?).await?
            }
            NextStep::Completed(done) => return Ok(done.tokens().await?),
            other => return Err(other.into_error().into()),
        }
    }
}

async fn verify_mfa(
    mfa: &MfaChallenge,
    ask: &impl Fn(Question<'_>) -> Outcome<String>,
) -> Outcome<NextStep> {
    println!("a second factor is asked for: {:?}", mfa.available_factors());
    if mfa.available_factors().contains(&MfaFactor::Totp) {
        return Ok(mfa.verify_totp(ask(Question::TotpCode(None))?).await?);
    }
    Ok(mfa.verify_backup_code(ask(Question::BackupCode)?).await?)
}

async fn bind_totp(
    setup: &TotpSetup,
    ask: &impl Fn(Question<'_>) -> Outcome<String>,
) -> Outcome<NextStep> {
    println!("a second factor is to be set up");
    Ok(setup.verify(ask(Question::TotpCode(setup.secret()))?).await?)
}

async fn show_backup_codes(mut codes: BackupCodes) -> Outcome<NextStep> {
    println!("keep these backup codes: {}", codes.take().join(" "));
    Ok(codes.bind().await?)
}

async fn show(tokens: &UserTokens) -> Outcome<()> {
    println!("signed in, with the scope {}", tokens.scope());
    if let Some(claims) = tokens.claims() {
        println!("the ID token is good: it is user {}", claims.user.sub);
    }
    let user = tokens.user_info().await?;
    println!("Logto knows them as {:?}", user.username);
    Ok(())
}

fn on_the_terminal(question: Question<'_>) -> Outcome<String> {
    match question {
        Question::Username => print!("username: "),
        Question::Password => print!("password (it is shown): "),
        Question::TotpCode(None) => print!("code of your authenticator app: "),
        Question::TotpCode(Some(secret)) => {
            print!("add the secret {secret} to your authenticator app, and type its code: ");
        }
        Question::BackupCode => print!("backup code: "),
        Question::NewUsername => print!("a username to have from now on: "),
    }
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
