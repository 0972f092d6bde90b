//! Pages for tests with a browser.

mod common;

use common::{Result, answer, browser::Browser, header, string};

#[tokio::test]
async fn a_browser_that_is_sent_to_sign_in_finds_a_page() -> Result {
    let browser = Browser::open().await?;
    let lost = browser.get("/sign-in").await?;
    assert_eq!(lost.status(), 302);
    let way = header(&lost, "location");
    assert!(way.ends_with("/unknown-session"), "{way}");
    assert_eq!(browser.get(&way).await?.status(), 200);

    let sent = browser.authorize(browser.mock.web_app_id(), &[]).await?;
    let page = browser.get(&header(&sent, "location")).await?;
    assert_eq!(page.status(), 200);
    let page = page.text().await?;
    for part in ["name=\"identifier\"", "name=\"password\"", "name=\"code\"", "type=\"submit\""] {
        assert!(page.contains(part), "{part}");
    }
    Ok(())
}

/// The value of a page's hidden field.
fn field(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    after.split('"').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_device_is_confirmed_on_a_page() -> Result {
    let browser = Browser::open().await?;
    let form = [("client_id", browser.mock.device_app_id()), ("scope", "openid")];
    let url = format!("{}/oidc/device/auth", browser.base);
    let (_, begun) = answer(browser.http.post(url).form(&form).send().await?).await?;
    let way = string(&begun["verification_uri_complete"]);
    let to_form = browser.get(&way).await?;
    let page = browser.get(&header(&to_form, "location")).await?.text().await?;
    assert!(page.contains(".submit()"), "{page}");

    let post = async |fields: &[(&str, &str)]| {
        browser.http.post(format!("{}/oidc/device", browser.base)).form(fields).send().await
    };
    let (xsrf, code) = (field(&page, "xsrf"), field(&page, "user_code"));
    let asked = post(&[("xsrf", &xsrf), ("user_code", &code)]).await?;
    let page = browser.get(&header(&asked, "location")).await?.text().await?;
    assert!(page.contains("name=\"confirm\"") && page.contains("name=\"abort\""), "{page}");
    let (xsrf, code) = (field(&page, "xsrf"), field(&page, "user_code"));
    let way = post(&[("xsrf", &xsrf), ("user_code", &code), ("confirm", "yes")]).await?;
    assert!(header(&way, "location").starts_with("/sign-in"));
    browser.start("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let mut way = string(&browser.submit().await?.1["redirectTo"]);
    for _ in 0..3 {
        way = header(&browser.get(&way).await?, "location");
    }
    assert!(way.ends_with("/device/success"), "{way}");
    Ok(())
}
