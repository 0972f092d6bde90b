//! Other places where users have accounts: social networks and enterprises.
//!
//! Nobody is asked there: an answer says itself whom it is about.

use serde_json::{Map, Value, json};

use crate::{
    rules::errors::Failure,
    state::{
        State,
        collection::{Members, object, text},
        connectors::{Connectors, SsoConnector},
        params::Params,
        user::User,
    },
};

impl Connectors {
    pub(crate) fn has_social(&self, id: &str) -> bool {
        self.social.iter().any(|own| own == id)
    }

    pub(crate) fn check_social(&self, id: &str) -> Result<(), Failure> {
        self.has_social(id).then_some(()).ok_or_else(|| Failure::new(404, "entity.not_found"))
    }

    pub(crate) fn sso(&self, id: &str) -> Result<&SsoConnector, Failure> {
        let connector = self.sso.iter().find(|own| own.id == id);
        connector.ok_or_else(|| Failure::no_such("sso_connectors", id))
    }

    /// Those that the users of an e-mail address' domain have to sign in with.
    pub(crate) fn sso_for<'a>(&'a self, email: &str) -> impl Iterator<Item = &'a SsoConnector> {
        let domain = email.split('@').nth(1).unwrap_or_default().to_owned();
        self.sso.iter().filter(move |connector| connector.domain == domain)
    }
}

impl SsoConnector {
    pub(crate) fn issuer(&self) -> String {
        format!("https://{}", self.domain)
    }

    /// Where users are sent to sign in.
    pub(crate) fn authorization_uri(&self, members: &Members, nonce: &str) -> String {
        let mut query = Params::default();
        query.set("state", text(members, "state").unwrap_or_default());
        query.set("nonce", nonce);
        query.set("client_id", &self.id);
        query.set("response_type", "code");
        query.set("redirect_uri", text(members, "redirectUri").unwrap_or_default());
        query.set("scope", "openid profile email");
        format!("{}/authorize?{}", self.issuer(), query.encode())
    }
}

/// Where users of the social connector are sent to sign in.
pub(crate) fn social_uri(members: &Members) -> String {
    let mut query = Params::default();
    query.set("state", text(members, "state").unwrap_or_default());
    query.set("redirect_uri", text(members, "redirectUri").unwrap_or_default());
    query.set("scope", text(members, "scope").unwrap_or("email profile"));
    format!("http://mock-social/?{}", query.encode())
}

/// Whom an answer is about: `userId`, and what else it says of them.
pub(crate) fn user_info(members: &Members) -> Result<Value, Failure> {
    let data = members.get("connectorData").cloned().unwrap_or_default();
    let known = |name: &str| data[name].as_str().map(|value| (name.to_owned(), value.into()));
    if !data["code"].is_string() {
        let failure = Failure::new(400, "connector.invalid_response");
        return Err(failure.data(json!({ "message": data.to_string() })));
    }
    let names = ["email", "phone", "name", "avatar"];
    let mut info: Map<String, Value> = names.into_iter().filter_map(known).collect();
    let id = data["userId"].as_str().unwrap_or("mock-social-user");
    info.insert("id".to_owned(), id.into());
    info.insert("rawData".to_owned(), data);
    Ok(info.into())
}

/// Whom an enterprise's answer is about, by all that it says beside the protocol's parameters.
pub(crate) fn claims(members: &Members) -> Value {
    const PROTOCOL: [&str; 5] = ["code", "state", "iss", "redirectUri", "userId"];
    let data = members.get("connectorData").cloned().unwrap_or_default();
    let id = data["userId"].as_str().unwrap_or("mock-sso-user").to_owned();
    let mut claims = object(data);
    claims.retain(|name, _| !PROTOCOL.contains(&name.as_str()));
    claims.insert("id".into(), id.into());
    claims.into()
}

/// Whose account at a social network it is.
pub(crate) fn user_of_social<'a>(state: &'a State, target: &str, id: &Value) -> Option<&'a User> {
    state.users.find_where(|user| user.get("identities")[target]["userId"] == *id)
}

/// A user with an address that the other place says is theirs, and that address.
pub(crate) fn related<'a>(state: &'a State, info: &Value) -> Option<(Value, &'a User)> {
    let find = |kind: &str, member: &str| {
        let value = info[kind].as_str()?;
        let user = state.users.find_by(member, value)?;
        Some((json!({ "type": kind, "value": value }), user))
    };
    find("phone", "primaryPhone").or_else(|| find("email", "primaryEmail"))
}
