//! A sign-in at a company's identity provider, by somebody who has no account here yet. The provider
//! is this Logto as well, to another application.

use logto_api::models::{ApplicationType, OidcClientMetadata, SignInMode};
use logto_api::reqwest::header::LOCATION;
use logto_api::sign_in::{Identifier, NextStep, SignInFlow};
use logto_api::{BrowserCookies, Client, Method};
use serde_json::json;

use crate::harness::{Failure, Outcome, PASSWORD, Run};
use crate::sign_in::{declined, takes_passwords};

const CALLBACK: &str = "http://localhost:9999/callback";
const FROM_COMPANY: &str = "http://localhost:9999/callback/company";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    if run.lacks(&Method::POST, "/api/sso-connectors").await {
        run.leaves_out("enterprise SSO: this Logto lacks its operations");
        return Ok(());
    }
    let settings = logto.sign_in_experience().get().send().await?;
    let takes_newcomers = settings.sign_in_mode == SignInMode::SignInAndRegister;
    let off: Vec<_> = [
        ("enterprise SSO", settings.single_sign_on_enabled),
        ("registration", takes_newcomers),
        ("signing in with a username and a password", takes_passwords(&settings)),
    ]
    .into_iter()
    .filter_map(|(what, is_on)| (!is_on).then_some(what))
    .collect();
    if !off.is_empty() {
        run.leaves_out(format!("enterprise SSO: this tenant has switched off {}", off.join(", ")));
        return Ok(());
    }

    let username = run.name("employee");
    let employee = logto.users().create().username(&username).password(PASSWORD).name(&username);
    let employee = employee.send().await?;
    let company = application(&run, "company", FROM_COMPANY).await?;
    let here = application(&run, "here", CALLBACK).await?;
    let domain = format!("{}.example", run.prefix.replace('_', "-"));
    let issuer = format!("{}/oidc", logto.endpoint());
    let config = json!({ "clientId": company.0, "clientSecret": company.1, "issuer": issuer });
    let config = config.as_object().cloned().unwrap_or_default();
    let connector = logto.sso_connectors().create("OIDC", run.name("company")).config(config);
    let connector = connector.domains([&domain]).send().await?;

    let public = Client::builder(logto.endpoint()).public_endpoint(logto.public_endpoint());
    let public = public.build()?;
    let begin = async || -> logto_api::Result<SignInFlow> {
        public.sign_in(&here.0, CALLBACK).client_secret(&here.1).begin().await
    };
    let session = begin().await?;
    let connectors = session.sso_connectors(format!("anybody@{domain}")).await?;
    assert_eq!(connectors, [connector.id.as_str()]);
    let sent = session.sso(&connector.id, FROM_COMPANY).await?;
    let back = at_company(&public, sent.authorization_uri(), &username).await?;
    let NextStep::AccountNotFound(newcomer) = sent.verify_callback(&back).await? else {
        panic!("somebody new is known already");
    };
    let tokens = declined(newcomer.register().await?).await?.tokens().await?;
    let first = tokens.user_info().await?;
    assert_ne!(first.sub, employee.id, "it is an account of its own");
    assert_eq!(first.name, Some(username.clone()));

    let sent = begin().await?.sso(&connector.id, FROM_COMPANY).await?;
    let back = at_company(&public, sent.authorization_uri(), &username).await?;
    let step = sent.verify_callback(&back).await?;
    let tokens = declined(step).await?.tokens().await?;
    assert_eq!(tokens.user_info().await?.sub, first.sub, "who has been here is known");
    Ok(())
}

/// A web application: its id, and its secret.
async fn application(run: &Run, name: &str, back: &str) -> Result<(String, String), Failure> {
    let applications = run.logto.applications();
    let app = applications
        .create(run.name(name), ApplicationType::Traditional)
        .oidc_client_metadata(OidcClientMetadata::new([""; 0], [back]))
        .send()
        .await?;
    let secrets = applications.list_secrets(&app.id).send().await?;
    Ok((app.id, secrets[0].value.clone()))
}

/// What a browser does that was sent to the company, with cookies of its own: the user signs in
/// there, and is sent back to this URL.
async fn at_company(public: &Client, uri: &str, username: &str) -> Result<String, Failure> {
    let cookies = BrowserCookies::new();
    let browser = public.with_browser_cookies(&cookies);
    let visit = async |url: &str| -> logto_api::Result<String> {
        let path = url.strip_prefix(public.endpoint()).unwrap_or(url);
        let answer = browser.request(Method::GET, path).unauthenticated().send().await?;
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        Ok(location.unwrap_or_default().to_owned())
    };
    visit(uri).await?;
    let session = public.resume_interaction(&cookies).sign_in().await?;
    let step = session.password(Identifier::username(username), PASSWORD).await?;
    let NextStep::Completed(done) = declined(step).await? else { panic!("it goes on") };
    let mut url = done.redirect_to().to_owned();
    while !url.starts_with(FROM_COMPANY) {
        assert!(!url.is_empty(), "the company does not send the user back");
        url = visit(&url).await?;
    }
    Ok(url)
}
