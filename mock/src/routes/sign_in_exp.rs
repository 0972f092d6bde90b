//! `GET /api/sign-in-exp`: what a server starts with, more or less.

use axum::{Router, extract::State, routing::get};
use serde_json::{Value, json};

use crate::{
    routes::{
        auth::Management,
        reply::{self, Answer},
    },
    state::{
        Store,
        policy::{Policy, SignUpField},
    },
};

pub(crate) fn routes() -> Router<Store> {
    Router::new().route("/api/sign-in-exp", get(read))
}

async fn read(_: Management, State(store): State<Store>) -> Answer {
    let state = store.lock();
    let policy = &state.policy;
    let factors = policy.factors.iter().map(|factor| factor.name());
    let off = json!({ "enabled": false });
    let allowed =
        json!({ "lowercase": true, "uppercase": true, "numbers": true, "underscore": true });
    Ok(reply::ok(&json!({
        "tenantId": "default",
        "id": "default",
        "color": {
            "primaryColor": "#6139F6", "isDarkModeEnabled": false, "darkPrimaryColor": "#8768F8",
        },
        "branding": {},
        "hideLogtoBranding": false,
        "languageInfo": { "autoDetect": true, "fallbackLanguage": "en" },
        "termsOfUseUrl": null,
        "privacyPolicyUrl": null,
        "agreeToTermsPolicy": "Automatic",
        "signIn": { "methods": [{
            "identifier": "username", "password": true, "verificationCode": false,
            "isPasswordPrimary": true,
        }] },
        "signUp": sign_up(policy),
        "socialSignIn": {},
        "socialSignInConnectorTargets": [],
        "signInMode": "SignInAndRegister",
        "customCss": null,
        "customContent": {},
        "customUiAssets": null,
        "customUiCsp": {},
        "passwordPolicy": {
            "length": { "min": 8, "max": 256 },
            "characterTypes": { "min": 1 },
            "rejects": {
                "pwned": true, "repetitionAndSequence": true, "userInfo": true, "words": [],
            },
        },
        "mfa": { "factors": factors.collect::<Vec<_>>(), "policy": policy.mfa.name() },
        "adaptiveMfa": &off,
        "singleSignOnEnabled": true,
        "supportEmail": null,
        "supportWebsiteUrl": null,
        "unknownSessionRedirectUrl": null,
        "captchaPolicy": &off,
        "sentinelPolicy": {},
        "emailBlocklistPolicy": {},
        "verificationCodePolicy": {},
        "forgotPasswordMethods": null,
        "passkeySignIn": {
            "enabled": policy.passkey_sign_in, "showPasskeyButton": false, "allowAutofill": false,
        },
        "signUpProfileFields": null,
        "passwordExpiration": {},
        "usernamePolicy": {
            "caseSensitive": true, "minLength": 1, "maxLength": 128, "allowedChars": allowed,
        },
    })))
}

fn sign_up(policy: &Policy) -> Value {
    let identifiers = [
        (SignUpField::Username, "username"),
        (SignUpField::Email, "email"),
        (SignUpField::Phone, "phone"),
    ];
    let identifiers = identifiers.into_iter().filter(|(field, _)| policy.asks_for(*field));
    let verify = policy.asks_for(SignUpField::Email) || policy.asks_for(SignUpField::Phone);
    json!({
        "identifiers": identifiers.map(|(_, name)| name).collect::<Vec<_>>(),
        "password": policy.asks_for(SignUpField::Password), "verify": verify,
    })
}
