//! The same call, made with this crate and by hand.

use std::{fmt, time::Duration};

use logto_api::{Client, models::User, reqwest};

use super::server::TOKEN;

/// How many users a page has.
const SIZE: usize = 20;

/// Who makes the call.
#[derive(Clone)]
pub(crate) enum Caller {
    /// This crate.
    Ours(Client),
    /// What one writes with reqwest and serde, time limit and user agent included.
    ByHand { http: reqwest::Client, endpoint: String },
}

impl Caller {
    pub(crate) fn ours(endpoint: &str) -> Self {
        Self::Ours(Client::builder(endpoint).bearer_token(TOKEN).build().unwrap())
    }

    pub(crate) fn by_hand(endpoint: &str) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30));
        let http = http.user_agent("by-hand/1.0").build().unwrap();
        Self::ByHand { http, endpoint: endpoint.to_owned() }
    }

    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Ours(_))
    }

    /// Lists the first page, and looks at what came.
    pub(crate) async fn call(&self) {
        let (users, total) = match self {
            Self::Ours(client) => {
                let page = client.users().list().page_size(20).send().await.unwrap();
                let total = page.total();
                (page.items, total)
            }
            Self::ByHand { http, endpoint } => by_hand(http, endpoint).await.unwrap(),
        };
        assert!(users.len() == SIZE && total.is_some());
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_ours() { "logto-api" } else { "by hand" })
    }
}

async fn by_hand(
    http: &reqwest::Client,
    endpoint: &str,
) -> Result<(Vec<User>, Option<u64>), reqwest::Error> {
    let response = http
        .get(format!("{endpoint}/api/users"))
        .query(&[("page_size", SIZE)])
        .bearer_auth(TOKEN)
        .send()
        .await?
        .error_for_status()?;
    let total = response.headers().get("total-number");
    let total = total.and_then(|total| total.to_str().ok()?.parse().ok());
    Ok((response.json().await?, total))
}
