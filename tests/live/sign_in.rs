//! A user's sign-in with a password to a web application, from the authorization request to the
//! tokens.

use std::collections::HashMap;

use logto_api::models::{
    ApplicationType, InteractionEvent, InteractionIdentifier, OidcClientMetadata,
    SignInIdentifierType,
};
use logto_api::reqwest::Url;
use logto_api::{Client, Method};
use serde_json::Value;

use crate::harness::{Failure, Outcome, PASSWORD, Run};

/// Nobody listens there: the conversation ends with the redirect to it.
const CALLBACK: &str = "http://localhost:9999/callback";
/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    let username = run.name("user");
    logto.users().create().username(&username).password(PASSWORD).send().await?;
    let app = logto
        .applications()
        .create(run.name("web"), ApplicationType::Traditional)
        .oidc_client_metadata(OidcClientMetadata::new([""; 0], [CALLBACK]))
        .send()
        .await?;
    let secrets = logto.applications().list_secrets(&app.id).send().await?;

    let browser = Client::builder(logto.endpoint()).cookie_store(true).build()?;
    authorize(&browser, &app.id, &run.prefix).await?;
    let next = use_password(&browser, &username).await?;
    let callback = follow(&browser, next).await?;
    let answer: HashMap<_, _> = callback.query_pairs().into_owned().collect();
    assert_eq!(answer.get("state"), Some(&run.prefix), "{callback}");

    let tokens = redeem(logto, &app.id, &secrets[0].value, &answer["code"]).await?;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["scope"], "openid profile");
    assert!(tokens["access_token"].as_str().is_some_and(|token| !token.is_empty()));
    assert_eq!(tokens["id_token"].as_str().map(|token| token.split('.').count()), Some(3));
    Ok(())
}

/// The authorization request: its cookies hold the interaction.
async fn authorize(browser: &Client, app_id: &str, state: &str) -> Outcome {
    let query = [
        ("client_id", app_id),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", state),
        ("prompt", "consent"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let answer = browser.request(Method::GET, "/oidc/auth").query(&query).send().await?;
    assert!(answer.status().is_redirection(), "{}", answer.status());
    Ok(())
}

/// The interaction; gives where the browser goes from there.
async fn use_password(browser: &Client, username: &str) -> Result<String, Failure> {
    let experience = browser.experience();
    experience.init_interaction(InteractionEvent::SignIn).send().await?;
    let user = InteractionIdentifier::new(SignInIdentifierType::Username, username);
    let wrong = experience.create_password_verification(user.clone(), "not this one");
    let wrong = wrong.send().await.unwrap_err();
    assert!(wrong.is_unprocessable() && wrong.has_code("session.invalid_credentials"), "{wrong}");

    let verified = experience.create_password_verification(user, PASSWORD).send().await?;
    experience.identify().verification_id(verified.verification_id).send().await?;
    let next = experience.submit().send().await?;
    Ok(next.unwrap().redirect_to)
}

/// Goes where each answer sends the browser (consent is given by the server itself, for an
/// application of the tenant's own) until it would leave for the callback.
async fn follow(browser: &Client, mut location: String) -> Result<Url, Failure> {
    for _ in 0..10 {
        // Relative, or with the origin that the server knows itself by.
        let url = Url::parse(browser.endpoint())?.join(&location)?;
        if url.as_str().starts_with(CALLBACK) {
            return Ok(url);
        }
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let answer = browser.request(Method::GET, &path).send().await?;
        let next = answer.headers().get("location").and_then(|value| value.to_str().ok());
        match next {
            Some(next) => location = next.to_owned(),
            None => panic!("{} answered {} and no location", url.path(), answer.status()),
        }
    }
    panic!("the redirects do not end");
}

/// The token request, with the application's own credentials.
async fn redeem(logto: &Client, id: &str, secret: &str, code: &str) -> Result<Value, Failure> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = logto_api::reqwest::Client::new()
        .post(format!("{}/oidc/token", logto.endpoint()))
        .basic_auth(id, Some(secret))
        .form(&form)
        .send()
        .await?;
    assert_eq!(answer.status(), 200);
    Ok(answer.json().await?)
}
