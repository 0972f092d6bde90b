//! The tokens of a user who has signed in.

use reqwest::Url;

use super::{IdTokenClaims, TokenRequest, TokenSet, UserInfo};
use crate::{AccessToken, Client, Result, Timestamp};

/// The tokens of a user who has signed in.
#[derive(Clone, Debug)]
pub struct Tokens {}

#[allow(unused_variables, clippy::unimplemented, missing_docs)]
impl Tokens {
    pub fn access_token(&self) -> &AccessToken {
        unimplemented!()
    }
    pub fn expires_at(&self) -> Timestamp {
        unimplemented!()
    }
    pub fn refresh_token(&self) -> Option<String> {
        unimplemented!()
    }
    pub fn id_token(&self) -> Option<&str> {
        unimplemented!()
    }
    pub fn claims(&self) -> Option<&IdTokenClaims> {
        unimplemented!()
    }
    pub fn scope(&self) -> &str {
        unimplemented!()
    }
    pub async fn refresh(&self) -> Result<Tokens> {
        unimplemented!()
    }
    pub fn for_resource(&self, resource: impl Into<String>) -> TokenRequest {
        unimplemented!()
    }
    pub fn for_organization(&self, organization_id: impl Into<String>) -> TokenRequest {
        unimplemented!()
    }
    pub async fn user_info(&self) -> Result<UserInfo> {
        unimplemented!()
    }
    pub async fn revoke(&self) -> Result<()> {
        unimplemented!()
    }
    pub fn sign_out_url(&self, post_logout_redirect_uri: Option<&str>) -> Result<Url> {
        unimplemented!()
    }
    pub fn client(&self) -> Client {
        unimplemented!()
    }
    #[cfg(feature = "account")]
    pub fn account(&self) -> crate::account::Account {
        unimplemented!()
    }
    pub fn to_token_set(&self) -> TokenSet {
        unimplemented!()
    }
}
