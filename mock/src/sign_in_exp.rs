//! `GET /api/sign-in-exp`: what a server starts with, more or less.

use axum::{Router, routing::get};
use serde_json::json;

use crate::{auth::Management, collection::Answer, reply, state::Store};

pub(crate) fn routes() -> Router<Store> {
    Router::new().route("/api/sign-in-exp", get(read))
}

async fn read(_: Management) -> Answer {
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
        "signUp": { "identifiers": ["username"], "password": true, "verify": false },
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
        "mfa": { "factors": [], "policy": "PromptAtSignInAndSignUp" },
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
        "passkeySignIn": { "enabled": false, "showPasskeyButton": false, "allowAutofill": false },
        "signUpProfileFields": null,
        "passwordExpiration": {},
        "usernamePolicy": {
            "caseSensitive": true, "minLength": 1, "maxLength": 128, "allowedChars": allowed,
        },
    })))
}
