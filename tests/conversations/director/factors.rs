//! Second factors and passkeys of a user whom Logto knows.

use logto_api::sign_in::{Channel, Mfa, MfaCodeSent, NextStep, TotpSetup, WebAuthnSetup};

use super::{
    Director, Taken, Waiting,
    steps::{API, binds, credential, has_only, is, record, text},
};
use crate::conversation::Step;

impl Director {
    pub(super) async fn factor(&mut self) -> Option<Taken> {
        let step = self.step().clone();
        if step.method != "POST" {
            return None;
        }
        let path = step.path();
        match path.strip_prefix(API)? {
            "/verification/totp/secret" => self.create_app().await,
            "/verification/totp/verify" => self.verify_app(&step).await,
            "/verification/backup-code/generate" => self.generate_backup_codes().await,
            "/verification/backup-code/verify" => self.verify_backup_code(&step).await,
            "/verification/mfa-verification-code" => self.send_mfa_code(&step).await,
            "/verification/mfa-verification-code/verify" => self.verify_mfa_code(&step).await,
            "/verification/web-authn/registration" => self.create_key(&step).await,
            "/verification/web-authn/registration/verify" => self.verify_key(&step).await,
            "/verification/web-authn/authentication" => self.challenge().await,
            "/verification/web-authn/authentication/verify" => self.verify_challenge(&step).await,
            "/profile/mfa" => self.bind(&step).await,
            operation => self.decide(operation).await,
        }
    }

    fn mfa(&self) -> Option<Mfa> {
        Some(self.user.as_ref()?.mfa())
    }

    async fn create_app(&mut self) -> Option<Taken> {
        let result = match &self.next {
            Some(NextStep::BindMfa(enrollment) | NextStep::SuggestMfa(enrollment)) => {
                enrollment.set_up_totp().await
            }
            _ => self.mfa()?.set_up_totp().await,
        };
        let keep = |app: TotpSetup| {
            self.waiting.insert(app.verification_id().to_owned(), Waiting::App(app));
        };
        Taken::prepared(1, result, keep)
    }

    async fn verify_app(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let code = text(&body, "code")?;
        let Some(id) = text(&body, "verificationId") else {
            let result = match &self.next {
                Some(NextStep::VerifyMfa(challenge)) => challenge.verify_totp(code).await,
                _ => self.mfa()?.verify_totp(code).await,
            };
            return Taken::by_session(1, result);
        };
        let app = match self.waiting.get(&id) {
            Some(Waiting::App(app)) => app.clone(),
            _ => self.mfa()?.totp_setup(&id),
        };
        let steps = self.span(&[&|step| binds(step, "Totp", &id)])?;
        Taken::by_session(steps, app.verify(code).await)
    }

    async fn generate_backup_codes(&mut self) -> Option<Taken> {
        let result = match &self.next {
            Some(NextStep::CreateBackupCodes(step)) => step.generate().await,
            _ => self.mfa()?.create_backup_codes().await,
        };
        let expected = self.step().answered();
        Taken::prepared(1, result, |mut codes| {
            assert_eq!(serde_json::json!(codes.take()), expected["codes"]);
            self.waiting.insert(codes.verification_id().to_owned(), Waiting::BackupCodes(codes));
        })
    }

    async fn verify_backup_code(&self, step: &Step) -> Option<Taken> {
        let code = text(&step.asked(), "code")?;
        let result = match &self.next {
            Some(NextStep::VerifyMfa(challenge)) => challenge.verify_backup_code(code).await,
            _ => self.mfa()?.verify_backup_code(code).await,
        };
        Taken::by_session(1, result)
    }

    async fn send_mfa_code(&mut self, step: &Step) -> Option<Taken> {
        let channel = channel(step)?;
        let result = match &self.next {
            Some(NextStep::VerifyMfa(challenge)) => challenge.send_code(channel).await,
            _ => self.mfa()?.send_code(channel).await,
        };
        let keep = |code: MfaCodeSent| {
            self.waiting.insert(code.verification_id().to_owned(), Waiting::MfaCode(code));
        };
        Taken::prepared(1, result, keep)
    }

    async fn verify_mfa_code(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let (id, code) = (text(&body, "verificationId")?, text(&body, "code")?);
        let sent = match self.waiting.get(&id) {
            Some(Waiting::MfaCode(sent)) => sent.clone(),
            _ => self.mfa()?.code_sent(channel(step)?, &id),
        };
        Taken::by_session(1, sent.verify(code).await)
    }

    /// What it is for is told by what it is bound as.
    async fn create_key(&mut self, step: &Step) -> Option<Taken> {
        let id = record(step);
        let second_factor = self.steps[self.at..].iter().any(|step| binds(step, "WebAuthn", &id));
        let result = match (&self.next, second_factor) {
            (Some(NextStep::CreatePasskey(offer)), false) => offer.create().await,
            (Some(NextStep::BindMfa(enrollment)), true) => enrollment.set_up_web_authn().await,
            (_, true) => self.mfa()?.set_up_web_authn().await,
            (_, false) => self.mfa()?.set_up_passkey().await,
        };
        let keep = |key: WebAuthnSetup| {
            self.waiting.insert(key.verification_id().to_owned(), Waiting::Key(key.into()));
        };
        Taken::prepared(1, result, keep)
    }

    async fn verify_key(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let id = text(&body, "verificationId")?;
        let Some(Waiting::Key(key)) = self.waiting.get(&id) else { return None };
        let bound = |step: &Step| {
            let passkey = serde_json::json!({ "verificationId": id });
            binds(step, "WebAuthn", &id)
                || (is(step, "POST", "/profile/mfa/passkey") && step.asked() == passkey)
        };
        let steps = self.span(&[&bound])?;
        Taken::by_session(steps, key.verify(credential(&body["payload"])).await)
    }

    async fn challenge(&mut self) -> Option<Taken> {
        let result = match &self.next {
            Some(NextStep::VerifyMfa(challenge)) => challenge.start_web_authn().await,
            _ => self.mfa()?.start_web_authn().await,
        };
        Taken::prepared(1, result, |started| {
            self.waiting.insert(started.verification_id().to_owned(), Waiting::Challenge(started));
        })
    }

    async fn verify_challenge(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        let id = text(&body, "verificationId")?;
        let challenge = match self.waiting.get(&id) {
            Some(Waiting::Challenge(challenge)) => challenge.clone(),
            _ => self.mfa()?.web_authn_challenge(&id),
        };
        Taken::by_session(1, challenge.verify(credential(&body["payload"])).await)
    }

    async fn bind(&self, step: &Step) -> Option<Taken> {
        let body = step.asked();
        if !has_only(&body, &["type", "verificationId"]) {
            return None;
        }
        let id = text(&body, "verificationId")?;
        if let Some(Waiting::BackupCodes(codes)) = self.waiting.get(&id) {
            return Taken::by_session(1, codes.bind().await);
        }
        Taken::by_session(1, self.mfa()?.bind(text(&body, "type")?, id).await)
    }

    /// To do without a factor, or to want one.
    async fn decide(&self, operation: &str) -> Option<Taken> {
        let result = match (operation, &self.next) {
            ("/profile/mfa/mfa-skipped", Some(NextStep::BindMfa(enrollment))) => {
                enrollment.skip().await
            }
            ("/profile/mfa/mfa-skipped", Some(NextStep::EnableMfa(offer))) => offer.skip().await,
            ("/profile/mfa/mfa-skipped", _) => self.mfa()?.skip().await,
            ("/profile/mfa/mfa-suggestion-skipped", Some(NextStep::SuggestMfa(enrollment))) => {
                enrollment.skip().await
            }
            ("/profile/mfa/mfa-suggestion-skipped", _) => self.mfa()?.skip_suggestion().await,
            ("/profile/mfa/passkey-skipped", Some(NextStep::CreatePasskey(offer))) => {
                offer.skip().await
            }
            ("/profile/mfa/passkey-skipped", _) => self.mfa()?.skip_passkey().await,
            ("/profile/mfa/mfa-enabled", Some(NextStep::EnableMfa(offer))) => offer.enable().await,
            ("/profile/mfa/mfa-enabled", _) => self.mfa()?.enable().await,
            _ => return None,
        };
        Taken::by_session(1, result)
    }
}

fn channel(step: &Step) -> Option<Channel> {
    match &*text(&step.asked(), "identifierType")? {
        "email" => Some(Channel::Email),
        "phone" => Some(Channel::Phone),
        _ => None,
    }
}
