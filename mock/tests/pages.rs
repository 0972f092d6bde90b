//! Pages for tests with a browser.

mod common;

use common::{Result, browser::Browser, header};

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
