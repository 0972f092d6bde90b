//! A mock of Logto, and what can be begun there.

use logto_api::{
    Client,
    sign_in::{
        AuthorizationRequest, Event, ForgotPassword, NextStep, Register, SignInFlow, UserTokens,
    },
};
use logto_mock::{Mock, SignUpField};

use crate::{PASSWORD, next};

pub(crate) struct Tenant {
    pub(crate) mock: Mock,
    pub(crate) logto: Client,
}

impl Tenant {
    pub(crate) async fn open() -> Self {
        let mock = Mock::start().await.unwrap();
        let logto = Client::builder(mock.endpoint()).build().unwrap();
        Self { mock, logto }
    }

    /// One whose users need nothing but this.
    pub(crate) async fn asking_for(fields: &[SignUpField]) -> Self {
        let tenant = Self::open().await;
        tenant.mock.set_sign_up(fields);
        tenant
    }

    /// Adds alice, with an e-mail address and a phone number; gives her id.
    pub(crate) fn add_alice(&self) -> String {
        let alice = self.mock.add_user("alice", PASSWORD);
        self.mock.set_email(&alice, "alice@acme.com");
        self.mock.set_phone(&alice, "14155550123");
        alice
    }

    /// A client for the Management API.
    pub(crate) fn manager(&self) -> Client {
        let mock = &self.mock;
        Client::builder(mock.endpoint())
            .client_credentials(mock.app_id(), mock.app_secret())
            .build()
            .unwrap()
    }

    /// To the web application.
    pub(crate) async fn sign_in(&self) -> SignInFlow {
        self.begin(self.logto.sign_in(self.mock.web_app_id(), self.mock.redirect_uri())).await
    }

    pub(crate) async fn register(&self) -> SignInFlow<Register> {
        self.begin(self.logto.register(self.mock.web_app_id(), self.mock.redirect_uri())).await
    }

    pub(crate) async fn forgot_password(&self) -> SignInFlow<ForgotPassword> {
        let app = self.mock.web_app_id();
        self.begin(self.logto.forgot_password(app, self.mock.redirect_uri())).await
    }

    async fn begin<E: Event>(&self, request: AuthorizationRequest<E>) -> SignInFlow<E> {
        request.client_secret(self.mock.web_app_secret()).begin().await.unwrap()
    }

    /// The code that was sent to this address.
    pub(crate) fn code(&self, address: &str) -> String {
        self.mock.last_code(address).expect("a code was sent")
    }
}

/// What is next when all that was verified is submitted.
pub(crate) async fn submitted(step: NextStep) -> NextStep {
    next!(step, Submit).submit().await.unwrap()
}

/// Nothing is wanted any more, and the tokens are good.
pub(crate) async fn signed_in(step: NextStep) -> UserTokens {
    let tokens = submitted(step).await.tokens().await.unwrap();
    let claims = tokens.claims().expect("an ID token");
    assert_eq!(tokens.user_info().await.unwrap().sub, claims.user.sub);
    tokens
}

/// The id of the user whose tokens these are.
pub(crate) fn user_id(tokens: &UserTokens) -> &str {
    &tokens.claims().expect("an ID token").user.sub
}
