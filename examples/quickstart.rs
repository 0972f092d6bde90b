//! The main job, from a token to a signed-in user, a line a step.
//!
//! Without any environment it talks to a stand-in of Logto that it starts
//! itself; with `LOGTO_ENDPOINT`, `LOGTO_APP_ID` and `LOGTO_APP_SECRET` (and
//! `LOGTO_RESOURCE`, where it is not the default) it talks to that server:
//!
//! ```sh
//! cargo run --example quickstart
//! ```

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use std::time::{SystemTime, UNIX_EPOCH};

use logto_api::models::{
    ApplicationType, InteractionEvent, InteractionIdentifier, OidcClientMetadata,
    SignInIdentifierType,
};
use logto_api::reqwest::Method;
use logto_api::{Client, Result};

const CALLBACK: &str = "http://localhost:9999/callback";
const PASSWORD: &str = "correct horse 7 battery";

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("LOGTO_ENDPOINT").is_some() {
        let logto = Client::from_env()?;
        println!("talking to the server that LOGTO_ENDPOINT names");
        return Ok(run(&logto, None).await?);
    }
    let mock = logto_mock::Mock::start().await?;
    println!("LOGTO_ENDPOINT is not set: talking to a stand-in at {}", mock.endpoint());
    let logto = Client::builder(mock.endpoint())
        .client_credentials(mock.app_id(), mock.app_secret())
        .build()?;
    Ok(run(&logto, Some((mock.web_app_id(), mock.redirect_uri()))).await?)
}

/// `web_app` is the id and redirect URI of an application to sign in to; without
/// it, one is created.
async fn run(logto: &Client, web_app: Option<(&str, &str)>) -> Result<()> {
    let name = unique_name();
    let user = logto.users().create().username(&name).password(PASSWORD).send().await?;
    println!("got a token, and created user {} with id {}", name, user.id);
    let outcome = use_user(logto, &user.id, &name, web_app).await;

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

async fn use_user(
    logto: &Client,
    id: &str,
    username: &str,
    web_app: Option<(&str, &str)>,
) -> Result<()> {
    let page = logto.users().list().page(1).page_size(5).send().await?;
    println!("listed {} of {:?} users", page.len(), page.total());

    let user = logto.users().update(id).name("Alice").send().await?;
    println!("renamed it to {:?}", user.name);
    let user = logto.users().update(id).name(None).send().await?;
    println!("cleared its name: {:?}", user.name);

    if let Some((app_id, redirect_uri)) = web_app {
        return sign_in(logto, app_id, redirect_uri, username).await;
    }
    let metadata = OidcClientMetadata::new(Vec::<String>::new(), [CALLBACK]);
    let app = logto
        .applications()
        .create("Quickstart", ApplicationType::Traditional)
        .oidc_client_metadata(metadata)
        .send()
        .await?;
    println!("created web application {} to sign in to", app.id);
    let outcome = sign_in(logto, &app.id, CALLBACK, username).await;
    logto.applications().delete(&app.id).send().await?;
    println!("deleted application {}", app.id);
    outcome
}

/// A user's sign-in with a password. The interaction lives in cookies, so the
/// client that makes it has a cookie store of its own.
async fn sign_in(logto: &Client, app_id: &str, redirect_uri: &str, username: &str) -> Result<()> {
    let browser = Client::builder(logto.endpoint()).cookie_store(true).build()?;
    browser
        .request(Method::GET, "/oidc/auth")
        .query(&[
            ("client_id", app_id),
            ("redirect_uri", redirect_uri),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("state", "quickstart"),
            ("prompt", "login"),
        ])
        .send()
        .await?;
    println!("started an interaction with an authorization request");

    let experience = browser.experience();
    experience.init_interaction(InteractionEvent::SignIn).send().await?;
    let identifier = InteractionIdentifier::new(SignInIdentifierType::Username, username);
    let verification = experience.create_password_verification(identifier, PASSWORD).send().await?;
    println!("the password is right: verification {}", verification.verification_id);
    experience.identify().verification_id(verification.verification_id).send().await?;
    let next = experience.submit().send().await?;
    if let Some(next) = next {
        println!("signed in; the browser would go on to {}", shortened(&next.redirect_to));
    }
    Ok(())
}

/// The start of a URL: the rest of this one is the user's session.
fn shortened(url: &str) -> &str {
    url.split_inclusive("/auth/").next().unwrap_or(url)
}

fn unique_name() -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("quickstart_{}", since_1970.as_millis())
}
