//! A sign-in on a device, which a user confirms in a browser elsewhere, or denies.

use logto_api::models::{ApplicationType, CustomClientMetadata, OidcClientMetadata};

use crate::browser::{Browser, input};
use crate::harness::{Failure, Outcome, Run};
use crate::sign_in::{leave_out_rest, public_client, user};

pub(crate) async fn scenario(run: Run) -> Outcome {
    let logto = &run.logto;
    let public = public_client(&run)?;
    let native = || logto.applications().create(run.name("device"), ApplicationType::Native);
    let none = OidcClientMetadata::new([""; 0], [""; 0]);
    let web = OidcClientMetadata::new([""; 0], ["http://localhost/callback"]);
    let web = native().oidc_client_metadata(web).send().await?;
    let error = public.device_sign_in(&web.id).begin().await.unwrap_err();
    assert!(error.is_auth(), "{error}");
    if error.to_string().contains("older than 1.38") {
        run.leaves_out("sign-ins on devices: this Logto lacks POST /oidc/device/auth (since 1.38)");
        return Ok(());
    }
    assert!(error.to_string().contains("create a native application"), "{error}");
    let Some((user, username)) = user(&run).await? else { return Ok(()) };
    let device = native().oidc_client_metadata(none);
    let device =
        device.custom_client_metadata(CustomClientMetadata::default().is_device_flow(true));
    let app = device.send().await?.id;

    let sign_in = public.device_sign_in(&app).begin().await?;
    let browser = Browser::new(logto.public_endpoint());
    let complete = sign_in.verification_uri_complete().unwrap().as_str();
    confirm(&browser, complete, sign_in.user_code(), "confirm").await?;
    let Some(place) = browser.sign_in(&username).await? else {
        leave_out_rest(&run, &username);
        return Ok(());
    };
    let end = browser.get(&place).await?;
    assert_eq!(end.url().path(), "/device/success");
    let tokens = sign_in.tokens().await?;
    assert_eq!(tokens.claims().map(|claims| &claims.user.sub), Some(&user));
    let renewed = tokens.refresh().await?;
    assert_eq!(renewed.user_info().await?.username, Some(username));
    renewed.revoke().await?;
    let error = sign_in.tokens().await.unwrap_err();
    assert!(error.is_auth() && error.has_code("invalid_grant"), "{error}");

    let sign_in = public.device_sign_in(&app).begin().await?;
    let complete = sign_in.verification_uri_complete().unwrap().as_str();
    confirm(&browser, complete, sign_in.user_code(), "abort").await?;
    let error = sign_in.tokens().await.unwrap_err();
    assert!(error.is_sign_in_refused() && error.has_code("access_denied"), "{error}");
    Ok(())
}

/// What the device page does with the user's answer.
async fn confirm(browser: &Browser, url: &str, code: &str, answer: &str) -> Result<(), Failure> {
    let page = browser.get(url).await?.text().await?;
    let xsrf = input(&page, "xsrf").unwrap_or_default();
    browser.post("/oidc/device", &[("xsrf", xsrf), ("user_code", code)]).await?;
    let form = [("xsrf", xsrf), ("user_code", code), (answer, "yes")];
    browser.post("/oidc/device", &form).await?;
    Ok(())
}
