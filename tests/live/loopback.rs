//! A sign-in whose answer comes to a port of this machine.

use logto_api::StatusCode;
use logto_api::models::{ApplicationType, OidcClientMetadata};
use logto_api::sign_in::{AuthorizationRequest, SignIn, UserTokens};

use crate::browser::Browser;
use crate::harness::{Failure, Outcome, Run};
use crate::sign_in::{leave_out_rest, public_client, user};

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1/callback";
const BY_NAME: &str = "http://localhost/callback";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let Some((user, username)) = user(&run).await? else { return Ok(()) };
    let app = native(&run).await?;
    for uri in [REDIRECT_URI, BY_NAME] {
        let request = public_client(&run)?.sign_in(&app, uri);
        let Some(tokens) = through_browser(&run, request, &username).await? else {
            return Ok(());
        };
        assert_eq!(tokens.claims().map(|claims| &claims.user.sub), Some(&user));
        tokens.refresh().await?.revoke().await?;
    }
    Ok(())
}

/// A native application with redirect URIs of this machine.
pub(crate) async fn native(run: &Run) -> Result<String, Failure> {
    let uris = OidcClientMetadata::new([""; 0], [REDIRECT_URI, BY_NAME]);
    let native = run.logto.applications().create(run.name("native"), ApplicationType::Native);
    Ok(native.oidc_client_metadata(uris).send().await?.id)
}

/// The tokens of a user who signs in; nothing where the tenant asks for more than a password.
pub(crate) async fn through_browser(
    run: &Run,
    request: AuthorizationRequest<SignIn>,
    username: &str,
) -> Result<Option<UserTokens>, Failure> {
    let sign_in = request.loopback().await?;
    let browser = Browser::new(run.logto.public_endpoint());
    browser.get(sign_in.url().as_str()).await?;
    let tokens = tokio::spawn(sign_in.tokens());
    let Some(place) = browser.sign_in(username).await? else {
        leave_out_rest(run, username);
        return Ok(None);
    };
    let page = browser.get(&place).await?;
    assert_eq!((page.status(), page.url().path()), (StatusCode::OK, "/callback"));
    assert!(page.text().await?.contains("You are signed in"));
    Ok(Some(tokens.await.unwrap()?))
}
