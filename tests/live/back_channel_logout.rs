//! A user who signs out elsewhere, and an application that is told so.

use std::time::Duration;

use logto_api::BrowserCookies;
use logto_api::logout::LogoutTokenVerifier;
use logto_api::models::{ApplicationType, OidcClientMetadata};
use logto_api::reqwest::Url;
use logto_api::sign_in::{Identifier, NextStep};

use crate::desk::{Desk, Reply, Seen};
use crate::harness::{Outcome, PASSWORD, Run};
use crate::sign_in::{declined, public_client, user};

const CALLBACK: &str = "http://localhost:9999/callback";
/// How long a server may take to tell.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    let host = Url::parse(logto.endpoint())?.host_str().map(str::to_owned);
    if !matches!(host.as_deref(), Some("localhost" | "127.0.0.1")) {
        run.leaves_out("this Logto is on another machine, and cannot reach the receiver");
        return Ok(());
    }
    let receiver = Desk::open(|_: Seen| async { Reply::done() }).await;
    let Some((user, username)) = user(&run).await? else { return Ok(()) };
    let metadata = OidcClientMetadata::new([""; 0], [CALLBACK])
        .backchannel_logout_uri(format!("{}/logout", receiver.endpoint))
        .backchannel_logout_session_required(true);
    let web = logto.applications().create(run.name("web"), ApplicationType::Traditional);
    let app = web.oidc_client_metadata(metadata).send().await?;
    let secrets = logto.applications().list_secrets(&app.id).send().await?;

    let public = public_client(&run)?;
    let cookies = BrowserCookies::new();
    let request = public.sign_in(&app.id, CALLBACK).client_secret(&secrets[0].value);
    let session = request.browser_cookies(&cookies).begin().await?;
    let step = session.password(Identifier::username(&username), PASSWORD).await?;
    let done = match declined(step).await? {
        NextStep::Completed(done) => done,
        other => {
            let wanted = other.into_error();
            run.leaves_out(format!("the logout: this tenant asks users for more: {wanted}"));
            return Ok(());
        }
    };
    let tokens = done.tokens().await?;
    let claims = tokens.claims().unwrap();
    assert!(claims.sid.is_some(), "the application requires the session");

    tokens.end_session(&cookies).await?;
    if tokio::time::timeout(PATIENCE, receiver.arrived("/logout", 1)).await.is_err() {
        run.leaves_out(format!(
            "verifying a logout token: none came to the receiver within {PATIENCE:?}; a server may not \
             send them to loopback addresses"
        ));
        return Ok(());
    }
    let verifier = LogoutTokenVerifier::new(&public, &app.id);
    let token = verifier.verify_form(receiver.last().body.as_bytes()).await?;
    assert_eq!(token.subject(), Some(user.as_str()));
    assert_eq!(token.session_id(), claims.sid.as_deref());
    let other = LogoutTokenVerifier::new(&public, "another");
    let error = other.verify_form(receiver.last().body.as_bytes()).await.unwrap_err();
    assert!(error.is_invalid_token(), "{error}");
    Ok(())
}
