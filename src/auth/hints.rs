//! Hints about errors of the token endpoint.
//!
//! Logto's own `error_description` comes first in an error's message. The hints list all causes
//! that match its status and code, because a single guess would mislead people.

use reqwest::StatusCode;

use super::endpoint::Parameter;
use crate::http::endpoint::DEFAULT_RESOURCE;

/// Why the Management API's resource may not exist on the server.
const CUSTOM_DOMAIN: &str = ". Behind a domain of your own, the Management API of Logto Cloud stays \
                             `https://<tenant>.logto.app/api`: name the tenant with `tenant(…)`, or \
                             LOGTO_TENANT in the environment";

const DEVICE_APP: &str = "create a native application for the device flow: an existing application \
                          cannot be changed into one";

/// An error response of the token endpoint, and its request.
pub(super) struct TokenErrorResponse<'a> {
    pub(super) status: StatusCode,
    pub(super) code: &'a str,
    /// In English, and specific.
    pub(super) description: &'a str,
    pub(super) form: &'a [Parameter<'a>],
}

impl TokenErrorResponse<'_> {
    pub(super) fn hint(&self) -> Option<String> {
        if self.status.is_redirection() {
            return Some("redirects are not followed: check the endpoint's address".to_owned());
        }
        if self.says("(POST on /device/auth)") {
            return Some(
                "this Logto is older than 1.38, the first release with sign-ins on devices"
                    .to_owned(),
            );
        }
        if self.status == StatusCode::NOT_FOUND && self.code.is_empty() {
            return Some(
                "check that the endpoint's address is Logto's; Logto also responds like this to \
                 requests longer than 56 kB"
                    .to_owned(),
            );
        }
        let hint = match self.code {
            "invalid_client" => self.client(),
            "invalid_target" => return Some(self.target()),
            "access_denied" => self.denial()?,
            "insufficient_scope" if self.has("organization_id") => {
                "request the scope `urn:logto:scope:organizations` when the user signs in"
            }
            "invalid_scope" if self.is_of_user() => {
                "request the scope when the user signs in; a permission comes with a role, which \
                 the user must have by then"
            }
            "invalid_scope" => "the application may not request the scope",
            "invalid_grant" => self.grant()?,
            "invalid_request" if self.says("secret has expired") => {
                "create another secret on the application's page, and use it"
            }
            "invalid_request" if self.says("no client authentication") => {
                "pass the application's secret, which web and machine-to-machine applications have"
            }
            "invalid_request" if self.says("device_code is not allowed") => DEVICE_APP,
            "invalid_request" if self.says("grant type is not allowed") => self.grant_type(),
            // A server in front of Logto, or another version of it, may not say which it is.
            "invalid_request" if self.description.is_empty() && self.has("subject_token") => {
                self.grant_type()
            }
            "unauthorized_client" | "unsupported_grant_type" => self.grant_type(),
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn asked(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }

    fn has(&self, name: &str) -> bool {
        self.asked(name).is_some()
    }

    fn says(&self, words: &str) -> bool {
        self.description.contains(words)
    }

    /// Whether the request is for the tokens of a signed-in user.
    fn is_of_user(&self) -> bool {
        self.has("code") || self.has("refresh_token") || self.has("device_code")
    }

    fn is_for_machine(&self) -> bool {
        self.asked("grant_type") == Some("client_credentials")
    }

    fn client(&self) -> &'static str {
        match self.status {
            StatusCode::BAD_REQUEST => "no application of this server has this id",
            _ if self.is_for_machine() => "check the app id and the app secret",
            _ => {
                "check the application's id and secret: a traditional web application has a \
                 secret; a native or single-page application has none, and none may be passed for \
                 it"
            }
        }
    }

    fn target(&self) -> String {
        match self.asked("resource") {
            Some(resource) if self.is_of_user() => format!(
                "check the resource indicator: no API resource of this server is `{resource}`, or \
                 it was not named with `resource(…)` when the user signed in"
            ),
            Some(resource) => format!(
                "check the resource indicator: no API resource of this server is `{resource}`{}",
                if self.may_be_of_cloud(resource) { CUSTOM_DOMAIN } else { "" }
            ),
            None => "name the API that the token is for with `resource(…)`".to_owned(),
        }
    }

    /// Whether a resource is a likely mistake for the Management API's with a custom domain.
    fn may_be_of_cloud(&self, resource: &str) -> bool {
        let of_management = resource == DEFAULT_RESOURCE
            || resource.ends_with("/api") && !resource.ends_with(".logto.app/api");
        self.is_for_machine() && of_management
    }

    fn denial(&self) -> Option<&'static str> {
        let for_organization = self.has("organization_id");
        Some(match self.status {
            StatusCode::FORBIDDEN if for_organization && self.is_for_machine() => {
                "check the organization's id, and that the application is a member of it"
            }
            StatusCode::FORBIDDEN if for_organization => {
                "check the organization's id, and that the user is a member of it; the \
                 organization may require MFA of its members, which the user has to set up; for a \
                 third-party application, the user has to choose the organization when they \
                 consent"
            }
            StatusCode::BAD_REQUEST => {
                "a script for custom claims denied the token, or the user may not use this \
                 application (application access control)"
            }
            _ => return None,
        })
    }

    fn grant(&self) -> Option<&'static str> {
        if self.has("code") {
            return Some(
                "a code can be redeemed once, within a minute of being issued, by the application \
                 that requested it, with the same redirect URI and code verifier, and while the \
                 user may sign in",
            );
        }
        if self.has("device_code") {
            return Some(
                "a device code can be redeemed once, by the application that requested it",
            );
        }
        if self.has("refresh_token") {
            return Some(
                "the user's session has ended: the refresh token has expired, was revoked or was \
                 used before, or the user was suspended or deleted: have the user sign in again",
            );
        }
        self.has("subject_token").then_some(
            "a subject token can be exchanged once, and soon after it was issued; a personal \
             access token or an access token until it expires or is revoked; and its user must \
             exist",
        )
    }

    fn grant_type(&self) -> &'static str {
        // The device authorization request names no grant.
        if self.has("device_code") || !self.has("grant_type") && !self.has("token") {
            return DEVICE_APP;
        }
        if self.has("subject_token") {
            return "allow token exchange in the application's settings";
        }
        match self.is_of_user() {
            true => "check that the application is one that users sign in to",
            false => "check that the application is a machine-to-machine application",
        }
    }
}
