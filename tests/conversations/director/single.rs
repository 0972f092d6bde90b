//! Operations by themselves, where no method of a session fits; and requests as they were
//! recorded, where no operation can be made to say it.

use logto_api::{Error, experience::Experience, models};
use serde::{Serialize, de::DeserializeOwned};

use super::{Director, How, Taken, steps::API};
use crate::conversation::Step;

impl Director {
    pub(super) async fn by_operation(&mut self) -> Taken {
        let step = self.step().clone();
        let experience = match self.experience.clone() {
            Some(experience) => experience,
            None => self.logto.resume_interaction(&self.cookies(&step)).experience(),
        };
        if let Some(result) = call(&experience, &step).await {
            return Taken { how: How::Operation, steps: 1, result: result.map(|()| None) };
        }
        self.as_recorded().await
    }

    pub(super) async fn as_recorded(&mut self) -> Taken {
        let result = self.tenant.send_as_recorded().await.map(|answer| {
            let location = answer.headers().get("location");
            if let Some(location) = location {
                self.location = Some(location.to_str().unwrap().to_owned());
            }
            None
        });
        Taken { how: How::AsRecorded, steps: 1, result }
    }
}

/// The body as a model, if that says all of it.
fn body<T: DeserializeOwned + Serialize>(step: &Step) -> Option<T> {
    let model: T = serde_json::from_value(step.asked()).ok()?;
    (serde_json::to_value(&model).ok()? == step.asked()).then_some(model)
}

/// Sends a request, and forgets what it answers.
macro_rules! send {
    ($call:expr) => {
        Some($call.send().await.map(drop))
    };
}

async fn call(api: &Experience, step: &Step) -> Option<Result<(), Error>> {
    let path = step.path();
    let operation = path.strip_prefix(API)?;
    let has_body = step.request_body.as_deref().is_some_and(|body| !body.is_empty());
    match (step.method.as_str(), operation, has_body) {
        ("PUT", _, true) => put(api, step, operation).await,
        ("GET", "/interaction", false) => send!(api.get_interaction()),
        ("GET", "/sso-connectors", false) => {
            send!(api.list_sso_connectors(step.query("email")?))
        }
        ("POST", _, false) => bare(api, operation).await,
        ("POST", _, true) if operation.starts_with("/verification/") => {
            verification(api, step, operation).await
        }
        ("POST", _, true) => post(api, step, operation).await,
        _ => None,
    }
}

async fn put(api: &Experience, step: &Step, operation: &str) -> Option<Result<(), Error>> {
    match operation {
        "" => {
            let body: models::InitInteraction = body(step)?;
            let mut call = api.init_interaction(body.interaction_event);
            if let Some(token) = body.captcha_token {
                call = call.captcha_token(token);
            }
            send!(call)
        }
        "/interaction-event" => {
            let body: models::UpdateInteractionEvent = body(step)?;
            send!(api.update_interaction_event(body.interaction_event))
        }
        "/profile/password" => {
            let body: models::UpdatePassword = body(step)?;
            send!(api.reset_password(body.password))
        }
        _ => None,
    }
}

/// Operations that take nothing.
async fn bare(api: &Experience, operation: &str) -> Option<Result<(), Error>> {
    match operation {
        "/submit" => send!(api.submit()),
        "/profile/mfa/mfa-enabled" => send!(api.mark_mfa_enabled()),
        "/profile/mfa/mfa-skipped" => send!(api.skip_mfa_binding()),
        "/profile/mfa/mfa-suggestion-skipped" => send!(api.skip_mfa_suggestion()),
        "/profile/mfa/passkey-skipped" => send!(api.skip_passkey_binding()),
        "/preflight/sign-in-passkey/authentication" => send!(api.create_passkey_authentication()),
        "/verification/totp/secret" => send!(api.create_totp_secret()),
        "/verification/backup-code/generate" => send!(api.generate_backup_codes()),
        "/verification/web-authn/registration" => send!(api.create_web_authn_registration()),
        "/verification/web-authn/authentication" => send!(api.create_web_authn_authentication()),
        _ => None,
    }
}

async fn post(api: &Experience, step: &Step, operation: &str) -> Option<Result<(), Error>> {
    match operation {
        "/identification" => {
            let body: models::IdentifyUser = body(step)?;
            let mut call = api.identify();
            if let Some(id) = body.verification_id {
                call = call.verification_id(id);
            }
            if let Some(link) = body.link_social_identity {
                call = call.link_social_identity(link);
            }
            send!(call)
        }
        "/profile" => send!(api.add_profile(body::<models::AddUserProfile>(step)?)),
        "/profile/mfa" => {
            let body: models::BindMfaVerification = body(step)?;
            send!(api.bind_mfa_verification(body.r#type, body.verification_id))
        }
        "/profile/mfa/passkey" => {
            let body: models::Verification = body(step)?;
            send!(api.bind_passkey(body.verification_id))
        }
        _ => None,
    }
}

#[allow(clippy::too_many_lines, reason = "a table")]
async fn verification(api: &Experience, step: &Step, operation: &str) -> Option<Result<(), Error>> {
    match operation.strip_prefix("/verification")? {
        "/password" => {
            let body: models::CreatePasswordVerification = body(step)?;
            send!(api.create_password_verification(body.identifier, body.password))
        }
        "/new-password-identity" => {
            let body: models::CreateNewPasswordIdentityVerification = body(step)?;
            send!(api.create_new_password_identity(body.identifier, body.password))
        }
        "/verification-code" => {
            let body: models::CreateAndSendVerificationCode = body(step)?;
            send!(api.send_code(body.identifier, body.interaction_event))
        }
        "/verification-code/verify" => {
            let body: models::VerifyVerificationCodeVerification = body(step)?;
            send!(api.verify_code(body.identifier, body.verification_id, body.code))
        }
        "/mfa-verification-code" => {
            let body: models::CreateAndSendMfaVerificationCode = body(step)?;
            send!(api.send_mfa_code(body.identifier_type))
        }
        "/mfa-verification-code/verify" => {
            let body: models::VerifyMfaVerificationCode = body(step)?;
            send!(api.verify_mfa_code(body.verification_id, body.code, body.identifier_type))
        }
        "/one-time-token/verify" => {
            let body: models::VerifyOneTimeTokenVerification = body(step)?;
            send!(api.verify_one_time_token(body.identifier, body.token))
        }
        "/totp/verify" => {
            let body: models::VerifyTotpVerification = body(step)?;
            let mut call = api.verify_totp(body.code);
            if let Some(id) = body.verification_id {
                call = call.verification_id(id);
            }
            send!(call)
        }
        "/backup-code/verify" => {
            let body: models::VerifyBackupCode = body(step)?;
            send!(api.verify_backup_code(body.code))
        }
        "/web-authn/registration/verify" => {
            let body: models::VerifyWebAuthnRegistrationVerification = body(step)?;
            send!(api.verify_web_authn_registration(body.verification_id, body.payload))
        }
        "/web-authn/authentication/verify" => {
            let body: models::VerifyWebAuthnAuthenticationVerification = body(step)?;
            send!(api.verify_web_authn_authentication(body.verification_id, body.payload))
        }
        "/sign-in-passkey/authentication" => {
            let body: models::AuthenticateWithPasskey = body(step)?;
            send!(api.create_passkey_authentication_for_identifier(body.identifier))
        }
        "/sign-in-passkey/authentication/verify" => {
            let body: models::VerifySignInPasskeyAuthentication = body(step)?;
            let mut call = api.verify_passkey_authentication(body.payload);
            if let Some(id) = body.verification_id {
                call = call.verification_id(id);
            }
            send!(call)
        }
        other => connector(api, step, other).await,
    }
}

async fn connector(api: &Experience, step: &Step, operation: &str) -> Option<Result<(), Error>> {
    let parts: Vec<_> = operation.split('/').skip(1).collect();
    match parts[..] {
        ["social", id, "authorization-uri"] => {
            let body: models::CreateSocialVerification = body(step)?;
            send!(api.create_social_verification(id, body.state, body.redirect_uri))
        }
        ["sso", id, "authorization-uri"] => {
            let body: models::CreateSocialVerification = body(step)?;
            send!(api.create_enterprise_sso_verification(id, body.state, body.redirect_uri))
        }
        ["social", id, "verify"] => {
            let body: models::VerifySocialVerification = body(step)?;
            let mut call = api.verify_social(id, body.connector_data);
            if let Some(id) = body.verification_id {
                call = call.verification_id(id);
            }
            send!(call)
        }
        ["sso", id, "verify"] => {
            let body: models::VerifyEnterpriseSsoVerification = body(step)?;
            send!(api.verify_enterprise_sso(id, body.connector_data, body.verification_id))
        }
        _ => None,
    }
}
