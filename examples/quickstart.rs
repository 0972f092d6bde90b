//! The main features in one program: from an access token to a signed-in user.
//!
//! Without these variables it starts a mock of Logto; with `LOGTO_ENDPOINT`, `LOGTO_APP_ID` and
//! `LOGTO_APP_SECRET` (and `LOGTO_RESOURCE`, if it is not the default) it uses that server:
//!
//! ```sh
//! cargo run --example quickstart
//! ```

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use std::time::{SystemTime, UNIX_EPOCH};

use logto_api::models::{ApplicationType, OidcClientMetadata};
use logto_api::sign_in::Identifier;
use logto_api::{Client, Result};

const CALLBACK: &str = "http://localhost:9999/callback";
const PASSWORD: &str = "correct horse 7 battery";

/// An application to sign in to.
struct App {
    id: String,
    secret: Option<String>,
    redirect_uri: String,
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("LOGTO_ENDPOINT").is_some() {
        let logto = Client::from_env()?;
        println!("talking to the server that LOGTO_ENDPOINT names");
        return Ok(run(&logto, None).await?);
    }
    let mock = logto_mock::Mock::start().await?;
    println!("LOGTO_ENDPOINT is not set: talking to a mock at {}", mock.endpoint());
    let logto = Client::builder(mock.endpoint())
        .client_credentials(mock.app_id(), mock.app_secret())
        .build()?;
    let app = App {
        id: mock.web_app_id().to_owned(),
        secret: Some(mock.web_app_secret().to_owned()),
        redirect_uri: mock.redirect_uri().to_owned(),
    };
    Ok(run(&logto, Some(app)).await?)
}

/// `app` is the application to sign in to; without it, one is created.
async fn run(logto: &Client, app: Option<App>) -> Result<()> {
    let name = unique_name();
    let user = logto.users().create().username(&name).password(PASSWORD).send().await?;
    println!("got a token, and created user {} with id {}", name, user.id);
    let outcome = use_user(logto, &user.id, &name, app).await;

    logto.users().delete(&user.id).send().await?;
    println!("deleted user {}", user.id);
    outcome?;
    match logto.users().get(&user.id).send().await {
        Err(error) if error.is_not_found() => println!("getting it again: {error}"),
        Err(error) => return Err(error),
        Ok(_) => println!("it is still there: another one must have the same id"),
    }
    Ok(())
}

async fn use_user(logto: &Client, id: &str, username: &str, app: Option<App>) -> Result<()> {
    let page = logto.users().list().page(1).page_size(5).send().await?;
    println!("listed {} of {:?} users", page.len(), page.total());

    let user = logto.users().update(id).name("Alice").send().await?;
    println!("renamed it to {:?}", user.name);
    let user = logto.users().update(id).name(None).send().await?;
    println!("cleared its name: {:?}", user.name);

    if let Some(app) = app {
        return sign_in(logto, &app, username).await;
    }
    let metadata = OidcClientMetadata::new(Vec::<String>::new(), [CALLBACK]);
    let created = logto
        .applications()
        .create("Quickstart", ApplicationType::Native)
        .oidc_client_metadata(metadata)
        .send()
        .await?;
    println!("created native application {} to sign in to", created.id);
    let app = App { id: created.id, secret: None, redirect_uri: CALLBACK.to_owned() };
    let outcome = sign_in(logto, &app, username).await;
    logto.applications().delete(&app.id).send().await?;
    println!("deleted application {}", app.id);
    outcome
}

/// A user's sign-in with a password.
async fn sign_in(logto: &Client, app: &App, username: &str) -> Result<()> {
    let mut request = logto.sign_in(&app.id, &app.redirect_uri);
    if let Some(secret) = &app.secret {
        request = request.client_secret(secret);
    }
    let flow = request.begin().await?;
    println!("started an interaction with an authorization request");

    let step = flow.password(Identifier::username(username), PASSWORD).await?;
    println!("the password is right");
    let tokens = step.submit().await?.tokens().await?;
    if let Some(claims) = tokens.claims() {
        println!("signed in: the ID token is good, and says that it is user {}", claims.user.sub);
    }
    Ok(())
}

fn unique_name() -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("quickstart_{}", since_1970.as_millis())
}
