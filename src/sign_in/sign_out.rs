//! Signing users out on a server between their browsers and Logto.

use reqwest::{Method, StatusCode};

use super::UserTokens;
use crate::{BrowserCookies, Client, Error, Response, Result};

const END: &str = "/oidc/session/end";
const CONFIRM: &str = "/oidc/session/end/confirm";
/// The cookies of an interaction in progress.
const INTERACTION: [&str; 4] =
    ["_interaction", "_interaction.sig", "_interaction_resume", "_interaction_resume.sig"];

impl UserTokens {
    /// Signs the user out on a server with its own sign-in pages: [revokes](Self::revoke) the
    /// tokens, and [ends](Self::end_session) the browser's session with Logto. Pass Logto's cookies
    /// on to the browser.
    ///
    /// ```no_run
    /// # async fn run(
    /// #     tokens: logto_api::sign_in::UserTokens,
    /// #     request: logto_api::reqwest::header::HeaderMap,
    /// # ) -> logto_api::Result<()> {
    /// use logto_api::BrowserCookies;
    ///
    /// let cookies = BrowserCookies::from_headers(request.get_all("cookie"));
    /// tokens.sign_out(&cookies).await?;
    /// let set_cookies = cookies.set_cookies_at("/sign-in");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The same as [`revoke`](Self::revoke) and [`end_session`](Self::end_session). Each is
    /// attempted even if the other fails.
    pub async fn sign_out(&self, cookies: &BrowserCookies) -> Result<()> {
        let revoked = self.revoke().await;
        let ended = self.end_session(cookies).await;
        revoked.and(ended)
    }

    /// Ends the session with Logto that the browser's cookies identify, as if the user had visited
    /// [`sign_out_url`](Self::sign_out_url) and confirmed. That URL does not work after a sign-in
    /// on your own pages, because the browser sends Logto's cookies to your server, and not to
    /// Logto.
    ///
    /// It also ends an interaction in progress with the same cookies. Tokens with the scope
    /// `offline_access` remain valid until they are [revoked](Self::revoke):
    /// [`sign_out`](Self::sign_out) does both. Pass Logto's cookies on to the browser.
    ///
    /// # Errors
    ///
    /// When Logto cannot be reached, or rejects the sign-out.
    pub async fn end_session(&self, cookies: &BrowserCookies) -> Result<()> {
        let client = self.plain_client().with_browser_cookies(cookies);
        end(&client, self.client_id()).await?;
        INTERACTION.into_iter().for_each(|name| cookies.forget(name));
        Ok(())
    }
}

/// Logto asks for confirmation on a page that submits itself, which protects against cross-site
/// requests.
async fn end(client: &Client, client_id: &str) -> Result<()> {
    let request = client.request(Method::GET, END).query(&[("client_id", client_id)]);
    let response = request.unauthenticated().send().await?;
    if response.status().is_redirection() {
        // There is nothing to confirm.
        return Ok(());
    }
    confirm(client, &response).await.map(drop)
}

/// Whether a page asks to confirm a sign-out. So does the page that follows a submission with the
/// cookies of another user.
pub(super) fn is_asked_on(page: &Response) -> Result<bool> {
    Ok(page.status() == StatusCode::OK && page.text()?.contains(CONFIRM))
}

/// Submits the form of a page that confirms a sign-out.
pub(super) async fn confirm(client: &Client, page: &Response) -> Result<Response> {
    let text = page.text()?;
    let xsrf = value_of(&text, "xsrf").ok_or_else(|| {
        let problem = "it is not the page that confirms a sign-out";
        Error::unreadable(problem, page.status(), page.headers())
    })?;
    let form = [("xsrf", xsrf), ("logout", "yes")];
    client.request(Method::POST, CONFIRM).unauthenticated().form(&form).send().await
}

/// The value of a form's input, which needs no unescaping: it is a random number.
fn value_of<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let inputs = page.split("<input").skip(1);
    let inputs = inputs.filter_map(|rest| rest.split('>').next());
    let attribute = |input: &'a str, name: &str| {
        let (_, rest) = input.split_once(&format!("{name}=\""))?;
        rest.split('"').next()
    };
    let mut named = inputs.filter(|input| attribute(input, " name") == Some(name));
    attribute(named.next()?, " value").filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_value_of_an_input() {
        let page = r#"<form id="f"><input type="hidden" name="other" value="1"/>
            <input type="hidden" name="xsrf" value="4a76"/></form>
            <input type="hidden" form="f" value="yes" name="logout" />"#;
        assert_eq!(value_of(page, "xsrf"), Some("4a76"));
        assert_eq!(value_of(page, "logout"), Some("yes"));
        for page in ["", "<p>", "<input name=\"xsrf\">", r#"<input name="xsrf" value="">"#] {
            assert_eq!(value_of(page, "xsrf"), None, "{page}");
        }
    }
}
