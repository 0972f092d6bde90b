//! Pages of one's own: each request of the browser is a new beginning, with what the browser sends
//! and what was kept of the request before, and with nothing in memory.

use std::sync::Mutex;

use logto_api::{
    BrowserCookies,
    models::MfaFactor as Factor,
    reqwest::{Url, header::HeaderMap},
    sign_in::{
        AuthorizationRequest, Channel, ConnectorState, Event, Identified, Identifier,
        InteractionHandle, NextStep, PendingAuthorization, Register, ResumedState, SignInFlow,
    },
};
use logto_mock::{
    Authenticator,
    MfaFactor::{BackupCode, EmailVerificationCode, Totp, WebAuthn},
    MfaPolicy, SignUpField,
};

use crate::{PASSWORD, Tenant, next, signed_in, submitted, user_id};

const ORIGIN: &str = "https://acme.com";

/// A browser, and what the server keeps for it between requests, as text.
struct Browser<'a> {
    tenant: &'a Tenant,
    cookies: Mutex<Vec<(String, String)>>,
    pending: String,
}

impl<'a> Browser<'a> {
    async fn begin<E: Event>(tenant: &'a Tenant, request: AuthorizationRequest<E>) -> Self {
        let cookies = BrowserCookies::new();
        let request = request.client_secret(tenant.mock.web_app_secret());
        let session = request.browser_cookies(&cookies).begin().await.unwrap();
        let pending = serde_json::to_string(session.pending().unwrap()).unwrap();
        let browser = Self { tenant, cookies: Mutex::default(), pending };
        browser.take(&cookies);
        browser
    }

    async fn signing_in(tenant: &'a Tenant) -> Self {
        let app = tenant.mock.web_app_id();
        Self::begin(tenant, tenant.logto.sign_in(app, tenant.mock.redirect_uri())).await
    }

    async fn registering(tenant: &'a Tenant) -> Self {
        let app = tenant.mock.web_app_id();
        Self::begin(tenant, tenant.logto.register(app, tenant.mock.redirect_uri())).await
    }

    /// Keeps what a response sets.
    fn take(&self, cookies: &BrowserCookies) {
        let mut kept = self.cookies.lock().unwrap();
        for header in cookies.set_cookies_at("/") {
            let pair = header.to_str().unwrap().split("; ").next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            kept.retain(|(own, _)| own != name);
            if !value.is_empty() {
                kept.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The next request.
    fn attach(&self) -> InteractionHandle {
        let mut headers = HeaderMap::new();
        let kept = self.cookies.lock().unwrap();
        let pairs: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        headers.insert("cookie", pairs.join("; ").parse().unwrap());
        let cookies = BrowserCookies::from_headers(headers.get_all("cookie"));
        let pending: PendingAuthorization = serde_json::from_str(&self.pending).unwrap();
        let attach = self.tenant.logto.resume_interaction(&cookies).authorization(pending);
        attach.client_secret(self.tenant.mock.web_app_secret()).origin(ORIGIN)
    }

    async fn sign_in(&self) -> SignInFlow {
        match self.attach().resume().await.unwrap() {
            ResumedState::SignIn(session) => session,
            other => panic!("{other:?}"),
        }
    }

    async fn registration(&self) -> SignInFlow<Register> {
        match self.attach().resume().await.unwrap() {
            ResumedState::Register(session) => session,
            other => panic!("{other:?}"),
        }
    }

    async fn next_step(&self) -> NextStep {
        match self.attach().resume().await.unwrap() {
            ResumedState::Identified(step) => step,
            other => panic!("{other:?}"),
        }
    }

    async fn user(&self) -> Identified {
        next!(self.next_step().await, Submit)
    }
}

fn alice() -> Identifier {
    Identifier::username("alice")
}

#[tokio::test]
async fn go_on_with_a_code_that_was_sent() {
    let tenant = Tenant::open().await;
    let id = tenant.add_alice();
    let browser = Browser::signing_in(&tenant).await;
    let address = Identifier::email("alice@acme.com");
    let kept = browser.sign_in().await.send_code(address.clone()).await.unwrap();
    let kept = kept.verification_id().to_owned();

    let sent = browser.sign_in().await.code_sent(address.clone(), &kept);
    let error = sent.verify("wrong").await.unwrap_err();
    assert!(error.is_wrong_code(), "{error}");
    let sent = browser.sign_in().await.code_sent(address.clone(), &kept);
    sent.verify(tenant.code(address.value())).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);
}

#[tokio::test]
async fn go_on_when_a_provider_sends_the_user_back() {
    let tenant = Tenant::asking_for(&[]).await;
    let id = tenant.add_alice();
    let github = tenant.mock.add_social_connector();
    let browser = Browser::signing_in(&tenant).await;
    let session = browser.sign_in().await;
    let sent = session.social(&github, "https://acme.com/github").await.unwrap();
    let kept = serde_json::to_string(sent.state()).unwrap();
    let asked = Url::parse(sent.authorization_uri()).unwrap();
    let (_, state) = asked.query_pairs().find(|(name, _)| name == "state").unwrap();
    let told = format!("state={state}&code=c0de&userId=octocat&email=alice@acme.com");

    let state: ConnectorState = serde_json::from_str(&kept).unwrap();
    let sent = browser.sign_in().await.connector_sign_in(state);
    let step = sent.verify_callback(&format!("https://acme.com/github?{told}")).await.unwrap();
    let newcomer = next!(step, AccountNotFound);
    assert!(newcomer.related_user().is_some());
    let kept = newcomer.verification_id().unwrap().to_owned();

    // The user is asked whether that account is theirs, and says so.
    browser.sign_in().await.account_not_found(kept).link().await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);
}

#[tokio::test]
async fn go_over_to_a_registration_and_to_a_sign_in() {
    let tenant = Tenant::asking_for(&[SignUpField::Email]).await;
    let bob = Identifier::email("bob@acme.com");
    let browser = Browser::signing_in(&tenant).await;
    let sent = browser.sign_in().await.send_code(bob.clone()).await.unwrap();
    let step = sent.verify(tenant.code(bob.value())).await.unwrap();
    let kept = next!(step, AccountNotFound).verification_id().unwrap().to_owned();
    browser.sign_in().await.account_not_found(kept).register().await.unwrap();
    let newcomer = signed_in(browser.next_step().await).await;

    let browser = Browser::registering(&tenant).await;
    let sent = browser.registration().await.send_code(bob.clone()).await.unwrap();
    let step = sent.verify(tenant.code(bob.value())).await.unwrap();
    let kept = next!(step, AccountExists).verification_id().unwrap().to_owned();
    browser.registration().await.account_exists(kept).sign_in().await.unwrap();
    let tokens = signed_in(browser.next_step().await).await;
    assert_eq!(user_id(&tokens), user_id(&newcomer));
}

#[tokio::test]
async fn complete_a_registration() {
    let tenant =
        Tenant::asking_for(&[SignUpField::Username, SignUpField::Password, SignUpField::Email])
            .await;
    let browser = Browser::registering(&tenant).await;
    let step = browser.registration().await.username_and_password("bob", PASSWORD).await.unwrap();
    next!(step, CompleteProfile);

    let bob = Identifier::email("bob@acme.com");
    let profile = browser.registration().await.profile();
    let kept = profile.send_code(bob.clone()).await.unwrap().verification_id().to_owned();
    let sent = browser.registration().await.profile().code_sent(bob.clone(), kept);
    sent.verify(tenant.code(bob.value())).await.unwrap();
    signed_in(browser.next_step().await).await;
}

#[tokio::test]
async fn set_a_new_password() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let app = tenant.mock.web_app_id();
    let request = tenant.logto.forgot_password(app, tenant.mock.redirect_uri());
    let browser = Browser::begin(&tenant, request).await;
    let address = Identifier::email("alice@acme.com");
    let ResumedState::ForgotPassword(session) = browser.attach().resume().await.unwrap() else {
        panic!("elsewhere")
    };
    let kept = session.send_code(address.clone()).await.unwrap().verification_id().to_owned();
    let ResumedState::ForgotPassword(session) = browser.attach().resume().await.unwrap() else {
        panic!("elsewhere")
    };
    let sent = session.code_sent(address.clone(), kept);
    sent.verify(tenant.code(address.value())).await.unwrap();
    let reset = next!(browser.next_step().await, ResetPassword);
    let step = reset.password("battery 8 staple").await.unwrap();
    assert!(matches!(step, NextStep::PasswordChanged));
    let error = browser.attach().resume().await.unwrap_err();
    assert!(error.is_session_ended(), "{error}");
}

#[tokio::test]
async fn set_up_an_app_and_backup_codes_and_verify_them() {
    let tenant = Tenant::open().await;
    let id = tenant.add_alice();
    tenant.mock.set_mfa(MfaPolicy::Mandatory, &[Totp, BackupCode]);
    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    next!(submitted(browser.next_step().await).await, BindMfa);

    let app = browser.user().await.mfa().set_up_totp().await.unwrap();
    let (kept, secret) = (app.verification_id().to_owned(), app.secret().unwrap().to_owned());
    let app = browser.user().await.mfa().totp_setup(kept);
    assert_eq!(app.secret(), None);
    app.verify(tenant.mock.totp_code(&secret)).await.unwrap();

    let step = next!(submitted(browser.next_step().await).await, CreateBackupCodes);
    let mut codes = step.generate().await.unwrap();
    let (kept, codes) = (codes.verification_id().to_owned(), codes.take());
    let step = next!(submitted(browser.next_step().await).await, CreateBackupCodes);
    step.bind(kept).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);

    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    browser.user().await.mfa().verify_backup_code(&codes[0]).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);
}

/// Without submitting in between, codes can be bound as any factor.
#[tokio::test]
async fn bind_backup_codes_by_their_id() {
    let tenant = Tenant::open().await;
    let id = tenant.add_alice();
    tenant.mock.set_mfa(MfaPolicy::Mandatory, &[Totp, BackupCode]);
    let secret = tenant.mock.add_totp(&id);
    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    browser.user().await.mfa().verify_totp(tenant.mock.totp_code(&secret)).await.unwrap();
    let codes = browser.user().await.mfa().create_backup_codes().await.unwrap();
    let kept = codes.verification_id().to_owned();
    browser.user().await.mfa().bind(Factor::BackupCode, kept).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);
}

#[tokio::test]
async fn set_up_and_verify_a_code_as_a_factor() {
    let tenant = Tenant::open().await;
    let id = tenant.mock.add_user("alice", PASSWORD);
    tenant.mock.set_mfa(MfaPolicy::Mandatory, &[EmailVerificationCode]);
    let address = Identifier::email("alice@acme.com");
    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    let sent = browser.user().await.mfa().set_up_code(address.clone()).await.unwrap();
    let kept = sent.verification_id().to_owned();
    let sent = browser.user().await.mfa().code_setup(address.clone(), kept);
    sent.verify(tenant.code(address.value())).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);

    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    let sent = browser.user().await.mfa().send_code(Channel::Email).await.unwrap();
    let kept = sent.verification_id().to_owned();
    let sent = browser.user().await.mfa().code_sent(Channel::Email, kept);
    sent.verify(tenant.code(address.value())).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);
}

#[tokio::test]
async fn set_up_and_verify_a_security_key() {
    let tenant = Tenant::open().await;
    let page = Authenticator::new(ORIGIN);
    let id = tenant.add_alice();
    tenant.mock.set_mfa(MfaPolicy::Mandatory, &[WebAuthn]);
    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    let setup = browser.user().await.mfa().set_up_web_authn().await.unwrap();
    let kept = setup.verification_id().to_owned();
    let credential = page.create(setup.options().unwrap()).unwrap().to_string();
    let setup = browser.user().await.mfa().web_authn_setup(kept);
    assert!(setup.options().is_none());
    setup.verify(credential).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);

    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    let challenge = browser.user().await.mfa().start_web_authn().await.unwrap();
    let kept = challenge.verification_id().to_owned();
    let credential = page.get(challenge.options().unwrap()).unwrap().to_string();
    let challenge = browser.user().await.mfa().web_authn_challenge(kept);
    challenge.verify(credential).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);
}

#[tokio::test]
async fn make_a_passkey_and_sign_in_with_it() {
    let tenant = Tenant::open().await;
    let page = Authenticator::new(ORIGIN);
    let id = tenant.add_alice();
    tenant.mock.set_passkey_sign_in(true);
    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    let setup = browser.user().await.mfa().set_up_passkey().await.unwrap();
    let kept = setup.verification_id().to_owned();
    let credential = page.create(setup.options().unwrap()).unwrap();
    browser.user().await.mfa().passkey_setup(kept).verify(credential).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);

    let browser = Browser::signing_in(&tenant).await;
    let passkey = browser.sign_in().await.passkey(alice()).await.unwrap();
    let kept = passkey.verification_id().map(str::to_owned);
    let credential = page.get(passkey.options().unwrap()).unwrap();
    browser.sign_in().await.passkey_sign_in(kept).verify(credential).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);

    let browser = Browser::signing_in(&tenant).await;
    let passkey = browser.sign_in().await.discoverable_passkey().await.unwrap();
    let credential = page.get(passkey.options().unwrap()).unwrap();
    browser.sign_in().await.passkey_sign_in(None).verify(credential).await.unwrap();
    assert_eq!(user_id(&signed_in(browser.next_step().await).await), id);
}

/// The browser has the session's cookies, so it can also follow Logto itself.
#[tokio::test]
async fn may_get_their_tokens_where_the_browser_comes_back() {
    let tenant = Tenant::open().await;
    let id = tenant.add_alice();
    let browser = Browser::signing_in(&tenant).await;
    browser.sign_in().await.password(alice(), PASSWORD).await.unwrap();
    let done = next!(submitted(browser.next_step().await).await, Completed);
    let logto_api::sign_in::RedirectOutcome::Callback(callback) =
        done.follow_redirects().await.unwrap()
    else {
        panic!("asked")
    };
    let pending: PendingAuthorization = serde_json::from_str(&browser.pending).unwrap();
    let secret = tenant.mock.web_app_secret();
    let tokens = pending.redeem(&tenant.logto, Some(secret), callback.url()).await.unwrap();
    assert_eq!(user_id(&tokens), id);
}
