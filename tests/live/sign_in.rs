//! A user's sign-in by a session, to tokens and to the user's own account.

use logto_api::models::{
    ApplicationType, OidcClientMetadata, SignInExperience, SignInIdentifierType, SignInMode,
};
use logto_api::sign_in::{Identifier, NextStep, ResumedState, SignInFlow, UserTokens};
use logto_api::{BrowserCookies, Client, Error, Method};

use crate::harness::{Failure, Outcome, PASSWORD, Run};

/// Nobody listens there: the session ends with the redirect to it.
const CALLBACK: &str = "http://localhost:9999/callback";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    let Some((user, username)) = user(&run).await? else { return Ok(()) };
    let app = logto
        .applications()
        .create(run.name("web"), ApplicationType::Traditional)
        .oidc_client_metadata(OidcClientMetadata::new([""; 0], [CALLBACK]))
        .send()
        .await?;
    let secrets = logto.applications().list_secrets(&app.id).send().await?;

    let public = public_client(&run)?;
    let cookies = BrowserCookies::new();
    let request = public.sign_in(&app.id, CALLBACK).client_secret(&secrets[0].value);
    let session = request.browser_cookies(&cookies).begin().await?;
    resumed(&run, &session, &cookies).await?;
    let wrong = session.password(Identifier::username(&username), "not this one").await;
    assert!(wrong.as_ref().is_err_and(Error::is_invalid_credentials), "{wrong:?}");
    let step = session.password(Identifier::username(&username), PASSWORD).await?;
    let done = match declined(step).await? {
        NextStep::Completed(done) => done,
        other => {
            run.leaves_out(format!("this tenant asks users for more: {}", other.into_error()));
            return Ok(());
        }
    };
    let tokens = done.tokens().await?;
    assert_eq!(tokens.claims().map(|claims| &claims.user.sub), Some(&user));
    assert_eq!(tokens.user_info().await?.username, Some(username));

    let renewed = tokens.refresh().await?;
    assert_eq!(renewed.claims().map(|claims| &claims.user.sub), Some(&user));
    own_account(&run, &renewed, &user).await?;

    tokens.revoke().await?;
    let error = renewed.refresh().await.unwrap_err();
    assert!(error.is_auth(), "{error}");
    Ok(())
}

/// The id and the name of a user who signs in with a password alone, where the tenant has such.
pub(crate) async fn user(run: &Run) -> Result<Option<(String, String)>, Failure> {
    let logto = &run.logto;
    if !takes_passwords(&logto.sign_in_experience().get().send().await?) {
        run.leaves_out(
            "signing in: the tenant's sign-in experience has no method of a username with a password",
        );
        return Ok(None);
    }
    let username = run.name("user");
    let user = logto.users().create().username(&username).password(PASSWORD).send().await?;
    Ok(Some((user.id, username)))
}

/// Says that a tenant asks for more than the right password.
pub(crate) fn leave_out_rest(run: &Run, username: &str) {
    run.leaves_out(format!(
        "the rest of the sign-in: with the right password, this tenant still asks {username} for more, \
         such as a second factor, a password or a profile field"
    ));
}

/// A client that acts for nobody.
pub(crate) fn public_client(run: &Run) -> Result<Client, Error> {
    let public = Client::builder(run.logto.endpoint());
    public.public_endpoint(run.logto.public_endpoint()).build()
}

/// Whether users sign in with a username and a password.
pub(crate) fn takes_passwords(settings: &SignInExperience) -> bool {
    let mut methods = settings.sign_in.methods.iter();
    settings.sign_in_mode != SignInMode::Register
        && methods
            .any(|method| method.identifier == SignInIdentifierType::Username && method.password)
}

/// Where a session is that a browser has brought along.
async fn resumed(run: &Run, session: &SignInFlow, cookies: &BrowserCookies) -> Outcome {
    if run.lacks(&Method::GET, "/api/experience/interaction").await {
        run.leaves_out(
            "resuming a session: this Logto lacks GET /api/experience/interaction (since 1.31)",
        );
        let error = session.state().await.unwrap_err();
        assert!(
            error.is_unsupported_operation() && error.to_string().contains("older than"),
            "{error}"
        );
        return Ok(());
    }
    assert!(session.state().await?.user_id.is_none());
    let resumed = session.client().resume_interaction(cookies).resume().await?;
    assert!(matches!(resumed, ResumedState::SignIn(_)), "{resumed:?}");
    Ok(())
}

/// Goes on with whatever the tenant offers, and does not demand, declined: to the end, or to what
/// it does demand.
pub(crate) async fn declined(mut step: NextStep) -> Result<NextStep, Error> {
    loop {
        step = match step {
            NextStep::Submit(user) => user.submit().await?,
            NextStep::EnableMfa(offer) => offer.skip().await?,
            NextStep::BindMfa(mfa) if mfa.is_skippable() => mfa.skip().await?,
            NextStep::SuggestMfa(mfa) => mfa.skip().await?,
            NextStep::CreatePasskey(offer) => offer.skip().await?,
            other => return Ok(other),
        };
    }
}

/// The tenant may keep its users from their accounts.
async fn own_account(run: &Run, tokens: &UserTokens, user_id: &str) -> Outcome {
    match tokens.account().get().send().await {
        Err(error) if error.has_code("account_center.not_enabled") => {
            run.leaves_out("the user's own account: the tenant's account center is off");
            return Ok(());
        }
        profile => assert_eq!(profile?.id.as_deref(), Some(user_id)),
    }
    let wrong = tokens.verifications().verify_password("not this one").send().await.unwrap_err();
    assert!(wrong.is_invalid_credentials(), "{wrong}");
    let record = tokens.verifications().verify_password(PASSWORD).send().await?;
    assert!(!record.verification_record_id.is_empty());
    Ok(())
}
