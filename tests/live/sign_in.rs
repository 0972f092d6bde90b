//! A user's sign-in by a session, to tokens and to the user's own account.

use logto_api::models::{ApplicationType, OidcClientMetadata};
use logto_api::sign_in::{Identifier, NextStep, Session, Tokens};
use logto_api::{Client, Error};

use crate::harness::{Outcome, PASSWORD, Run};

/// Nobody listens there: the session ends with the redirect to it.
const CALLBACK: &str = "http://localhost:9999/callback";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    let username = run.name("user");
    let user = logto.users().create().username(&username).password(PASSWORD).send().await?;
    let app = logto
        .applications()
        .create(run.name("web"), ApplicationType::Traditional)
        .oidc_client_metadata(OidcClientMetadata::new([""; 0], [CALLBACK]))
        .send()
        .await?;
    let secrets = logto.applications().list_secrets(&app.id).send().await?;

    let public = Client::builder(logto.endpoint()).build()?;
    let request = public.sign_in(&app.id, CALLBACK).client_secret(&secrets[0].value);
    let session = request.begin().await?;
    let tokens = sign_in(&session, &username).await?;
    assert_eq!(tokens.claims().map(|claims| &claims.user.sub), Some(&user.id));
    assert_eq!(tokens.user_info().await?.username, Some(username));

    let renewed = tokens.refresh().await?;
    assert_eq!(renewed.claims().map(|claims| &claims.user.sub), Some(&user.id));
    own_account(&renewed, &user.id).await?;

    tokens.revoke().await?;
    let error = renewed.refresh().await.unwrap_err();
    assert!(error.is_auth(), "{error}");
    Ok(())
}

/// With whatever the tenant offers, and does not demand, declined.
async fn sign_in(session: &Session, username: &str) -> Result<Tokens, Error> {
    let wrong = session.password(Identifier::username(username), "not this one").await;
    assert!(wrong.as_ref().is_err_and(Error::is_invalid_credentials), "{wrong:?}");
    let mut step = session.password(Identifier::username(username), PASSWORD).await?;
    loop {
        step = match step {
            NextStep::Submit(user) => user.submit().await?,
            NextStep::EnableMfa(offer) => offer.skip().await?,
            NextStep::BindMfa(mfa) if mfa.is_skippable() => mfa.skip().await?,
            NextStep::SuggestMfa(mfa) => mfa.skip().await?,
            NextStep::CreatePasskey(offer) => offer.skip().await?,
            NextStep::Done(done) => return done.tokens().await,
            other => return Err(other.into_error()),
        };
    }
}

/// The tenant may keep its users from their accounts.
async fn own_account(tokens: &Tokens, user_id: &str) -> Outcome {
    match tokens.account().get().send().await {
        Err(error) => assert!(error.has_code("account_center.not_enabled"), "{error}"),
        Ok(profile) => assert_eq!(profile.id.as_deref(), Some(user_id)),
    }
    let wrong = tokens.verifications().verify_password("not this one").send().await.unwrap_err();
    assert!(wrong.is_invalid_credentials(), "{wrong}");
    let record = tokens.verifications().verify_password(PASSWORD).send().await?;
    assert!(!record.verification_record_id.is_empty());
    Ok(())
}
