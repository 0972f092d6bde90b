//! An application that acts for a user who is not there.

use logto_api::Client;
use logto_api::models::{ApplicationType, CustomClientMetadata, OidcClientMetadata};

use crate::harness::{Outcome, Run};

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    let username = run.name("user");
    let user = logto.users().create().username(&username).send().await?;
    // Before 1.36, Logto lets none from machine to machine do this, and every other.
    let app = logto
        .applications()
        .create(run.name("support"), ApplicationType::Traditional)
        .oidc_client_metadata(OidcClientMetadata::new([""; 0], ["http://localhost:9999/callback"]))
        .custom_client_metadata(CustomClientMetadata::default().allow_token_exchange(true))
        .send()
        .await?;
    let secrets = logto.applications().list_secrets(&app.id).send().await?;
    let support =
        Client::builder(logto.endpoint()).client_credentials(&app.id, &secrets[0].value).build()?;

    let subject = logto.subject_tokens().create(&user.id).send().await?.subject_token;
    let acting = support.with_subject_token(&subject).build()?;
    match acting.account().get().send().await {
        Err(error) => assert!(error.has_code("account_center.not_enabled"), "{error}"),
        Ok(profile) => assert_eq!(profile.id, Some(user.id)),
    }
    let token = acting.access_token().await?;
    assert!(!token.secret().is_empty());

    // A subject token is good once.
    let error = support.with_subject_token(&subject).build()?.access_token().await.unwrap_err();
    assert!(error.is_auth() && error.has_code("invalid_grant"), "{error}");
    assert!(!error.to_string().contains(&subject));
    Ok(())
}
