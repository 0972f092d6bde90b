//! A sign-in whose answer comes to a port of this machine.

use logto_api::models::{ApplicationType, OidcClientMetadata};
use logto_api::{Client, StatusCode};

use crate::browser::Browser;
use crate::harness::{Outcome, PASSWORD, Run};
use crate::sign_in::takes_passwords;

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    if !takes_passwords(&logto.sign_in_experience().get().send().await?) {
        run.leaves_out("signing in: the tenant's sign-in experience has no method of a username with a password");
        return Ok(());
    }
    let username = run.name("user");
    let user = logto.users().create().username(&username).password(PASSWORD).send().await?;
    let hosts = ["127.0.0.1", "localhost"];
    let uris = hosts.map(|host| format!("http://{host}/callback"));
    let native = logto.applications().create(run.name("native"), ApplicationType::Native);
    let native = native.oidc_client_metadata(OidcClientMetadata::new([""; 0], &uris));
    let app = native.send().await?.id;

    let public = Client::builder(logto.endpoint()).public_endpoint(logto.public_endpoint());
    let public = public.build()?;
    for uri in uris {
        let sign_in = public.sign_in(&app, &uri).loopback().await?;
        let browser = Browser::new(logto.public_endpoint());
        browser.get(sign_in.url().as_str()).await?;
        let tokens = tokio::spawn(sign_in.tokens());
        let Some(place) = browser.sign_in(&username).await? else {
            run.leaves_out(format!(
                "the rest of the sign-in: with the right password, this tenant still asks {username} for \
                 more, such as a second factor, a password or a profile field"
            ));
            return Ok(());
        };
        let page = browser.get(&place).await?;
        assert_eq!((page.status(), page.url().path()), (StatusCode::OK, "/callback"));
        assert!(page.text().await?.contains("You are signed in"));
        let tokens = tokens.await.unwrap()?;
        assert_eq!(tokens.claims().map(|claims| &claims.user.sub), Some(&user.id));
        tokens.refresh().await?.revoke().await?;
    }
    Ok(())
}
