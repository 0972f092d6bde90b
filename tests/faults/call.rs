//! The calls that meet a fault.

use logto_api::{
    Client, Error, Result,
    sign_in::{PendingAuthorization, UserTokens},
};
use serde_json::json;

use crate::server::Place;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    List,
    Create,
    Change,
    Delete,
    /// A list, whose token is to be had first.
    ListWithToken,
    CreateWithToken,
    ChangeWithToken,
    DeleteWithToken,
    /// The code of a sign-in is exchanged for tokens.
    Redeem,
    /// The same, and the keys are to be had that the ID token is signed with.
    Keys,
    Refresh,
}

impl Call {
    pub(crate) const ALL: [Self; 11] = [
        Self::List,
        Self::Create,
        Self::Change,
        Self::Delete,
        Self::ListWithToken,
        Self::CreateWithToken,
        Self::ChangeWithToken,
        Self::DeleteWithToken,
        Self::Redeem,
        Self::Keys,
        Self::Refresh,
    ];

    /// Where it meets the fault.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::List | Self::Create | Self::Change | Self::Delete => Place::Api,
            Self::Keys => Place::Keys,
            _ => Place::Token,
        }
    }

    /// How often the server is to act for it.
    pub(crate) fn effects(self) -> usize {
        usize::from(!matches!(self, Self::List | Self::ListWithToken))
    }

    /// What comes before the fault.
    pub(crate) async fn prepare(self, client: &Client) -> Option<UserTokens> {
        match self {
            Self::Refresh => Some(redeem(client).await.unwrap()),
            _ => None,
        }
    }

    pub(crate) async fn make(self, client: &Client, tokens: Option<&UserTokens>) -> Result<()> {
        let users = client.users();
        match self {
            Self::List | Self::ListWithToken => {
                // No body is an empty list.
                assert!(users.list().send().await?.len() <= 1);
            }
            Self::Create | Self::CreateWithToken => {
                assert_eq!(users.create().username("alice").send().await?.id, "u1");
            }
            Self::Change | Self::ChangeWithToken => {
                assert_eq!(users.update("u1").name("Alice").send().await?.id, "u1");
            }
            Self::Delete | Self::DeleteWithToken => users.delete("u1").send().await?,
            Self::Redeem | Self::Keys => drop(redeem(client).await?),
            Self::Refresh => drop(tokens.unwrap().refresh().await?),
        }
        Ok(())
    }
}

async fn redeem(client: &Client) -> Result<UserTokens, Error> {
    let pending: PendingAuthorization = serde_json::from_value(json!({
        "client_id": "web-app", "redirect_uri": "http://localhost:9999/callback",
        "state": "st4te", "nonce": "n0nce", "code_verifier": "ver1fier",
    }))
    .unwrap();
    let endpoint = client.endpoint();
    let callback =
        format!("http://localhost:9999/callback?code=c0de&state=st4te&iss={endpoint}/oidc");
    pending.redeem(client, Some("s3cret"), &callback).await
}
