//! Refusals: Logto's own and those of its OIDC endpoints.

use serde_json::{Value, json};

pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) challenge: Option<String>,
    /// Whether the page that asked must not read it.
    pub(crate) is_foreign: bool,
}

impl Failure {
    /// A refusal by Logto's code for it, with the message that goes with the code.
    pub(crate) fn new(status: u16, code: &str) -> Self {
        Self::with_message(status, code, message(code))
    }

    pub(crate) fn with_message(status: u16, code: &str, message: &str) -> Self {
        Self::raw(status, json!({ "code": code, "message": message }))
    }

    /// Nothing in this table has this id.
    pub(crate) fn no_such(table: &str, id: &str) -> Self {
        let message = format!("The {table} with ID `{id}` does not exist.");
        Self::with_message(404, "entity.not_exists_with_id", &message)
    }

    /// What was asked for makes no sense.
    pub(crate) fn invalid_input(status: u16, what: &str) -> Self {
        let message = format!("Input is invalid. {what}");
        Self::with_message(status, "request.invalid_input", &message)
    }

    /// What a database says of values that are none.
    pub(crate) fn nothing_given() -> Self {
        let message = "Invalid input. Value list must not be empty.";
        Self::with_message(422, "entity.invalid_input", message)
    }

    /// A body that does not have Logto's usual form.
    pub(crate) fn raw(status: u16, body: Value) -> Self {
        Self { status, body, challenge: None, is_foreign: false }
    }

    pub(crate) fn data(mut self, data: Value) -> Self {
        self.body["data"] = data;
        self
    }

    pub(crate) fn details(mut self, details: &str) -> Self {
        self.body["details"] = details.into();
        self
    }

    /// A refusal by an OIDC endpoint, whose body serves both conventions.
    pub(crate) fn oidc(status: impl Into<u16>, error: &str, description: &str) -> Self {
        let code = format!("oidc.{error}");
        let message = match message(&code) {
            "" => format!("An OIDC error occurred: {code}."),
            known => known.to_owned(),
        };
        let mut failure = Self::with_message(status.into(), &code, &message);
        failure.body["error"] = error.into();
        failure.body["error_description"] = description.into();
        if error == "invalid_grant" {
            failure.body["error_uri"] = "https://openid.sh/debug/invalid_grant".into();
        }
        failure
    }

    /// Names the scope that was refused.
    pub(crate) fn scope(mut self, scope: &str) -> Self {
        self.body["scope"] = scope.into();
        self
    }

    pub(crate) fn invalid_request(description: &str) -> Self {
        Self::oidc(400u16, "invalid_request", description)
    }

    /// Of what OpenID Connect has no path or no such method for.
    pub(crate) fn no_route(method: &str, path: &str) -> Self {
        let what = format!("unrecognized route or not allowed method ({method} on {path})");
        Self::oidc(404u16, "invalid_request", &what)
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::invalid_request(&format!("missing required parameter '{name}'"))
    }

    pub(crate) fn invalid_grant() -> Self {
        let description = "grant request is invalid";
        Self::oidc(400u16, "invalid_grant", description)
    }

    /// The interaction that cookies name does not exist, or there are no cookies.
    pub(crate) fn session_not_found(description: &str) -> Self {
        let mut failure = Self::new(400, "session.not_found");
        failure.body["error"] = "invalid_request".into();
        failure.body["error_description"] = description.into();
        failure
    }

    /// Asks for a token of this scheme, and says nothing more.
    pub(crate) fn realm(mut self, scheme: &str, realm: &str) -> Self {
        self.challenge = Some(format!("{scheme} realm=\"{realm}\""));
        self
    }

    /// Adds a `www-authenticate` header for the scheme.
    pub(crate) fn challenge(mut self, scheme: &str, realm: &str) -> Self {
        let text = |key: &str| self.body[key].as_str().unwrap_or_default().to_owned();
        let (error, description) = (text("error"), text("error_description"));
        self.challenge = Some(format!(
            r#"{scheme} realm="{realm}", error="{error}", error_description="{description}""#
        ));
        self
    }
}

/// What a real server says with each code; clients show these to users.
#[allow(clippy::too_many_lines, reason = "a table")]
fn message(code: &str) -> &'static str {
    match code {
        "action.general" => "An error occurred while running the action. Please try again later.",
        "application.protected_app_not_configured" => {
            "Protected app provider is not configured. This feature is not available for open source version."
        }
        "application.custom_domain_not_found" => "The application has no such domain.",
        "application.device_flow_native_only" => {
            "Device flow is only available for native applications."
        }
        "application.device_flow_not_changeable" => {
            "Device flow cannot be changed after application creation."
        }
        "application.invalid_subdomain" => "Invalid subdomain.",
        "application.invalid_third_party_application_type" => {
            "Only traditional web, single-page, and native applications can be marked as third-party apps."
        }
        "application.protected_app_metadata_is_required" => "Protected app metadata is required.",
        "application.protected_application_subdomain_exists" => "The subdomain is in use.",
        "application.saml.acs_url_required" => "The application has no URL for SAML responses.",
        "application.saml.auth_request_issuer_not_match" => {
            "The issuer of the SAML authentication request mismatch with service provider entity ID."
        }
        "application.saml.entity_id_required" => "The application has no entity ID.",
        "application.saml.invalid_saml_request" => "Invalid SAML authentication request.",
        "application.saml.acs_url_binding_not_supported" => {
            "Only HTTP-POST binding is supported for receiving SAML assertions."
        }
        "application.user_consent_scopes_not_found" => "Invalid user consent scopes.",
        "application.saml.saml_application_only" => {
            "The API is only available for SAML applications."
        }
        "application.saml.sp_initiated_saml_sso_session_not_found_in_cookies" => {
            "Service provider initiated SAML SSO session ID not found in cookies."
        }
        "application.third_party_application_cannot_enable_token_exchange" => {
            "Third-party applications are not allowed to enable token exchange."
        }
        "application.should_delete_custom_domains_first" => "Delete its custom domains first.",
        "application.invalid_role_type" => {
            "Can not assign user type role to machine to machine application."
        }
        "application.invalid_type" => {
            "Only machine to machine applications can have associated roles."
        }
        "application.no_legacy_secret_found" => "The application does not have a legacy secret.",
        "application.protected_application_only" => {
            "The feature is only available for protected applications."
        }
        "application.saml.can_not_delete_active_secret" => "Can not delete the active secret.",
        "application.saml.use_saml_app_api" => {
            "Use `[METHOD] /saml-applications(/.*)?` API to operate SAML app."
        }
        "application.secret_name_exists" => "Secret name already exists.",
        "application.third_party_application_only" => {
            "The feature is only available for third-party applications."
        }
        "auth.authorization_header_missing" => "Authorization header is missing.",
        "auth.authorization_token_type_not_supported" => "Authorization type is not supported.",
        "auth.forbidden" => "Forbidden. Please check your user roles and permissions.",
        "auth.expected_role_not_found" => {
            "Expected role not found. Please check your user roles and permissions."
        }
        "auth.unauthorized" => "Unauthorized. Please check credentials and its scope.",
        "connector.can_not_modify_target" => "The connector 'target' can not be modified.",
        "connector.email_connector.bulk_deletion_no_filter" => {
            "At least one filter condition must be provided to perform bulk deletion by properties. Supported properties are: languageTag and templateType."
        }
        "connector.cannot_overwrite_metadata_for_non_standard_connector" => {
            "This connector's metadata are those of its factory."
        }
        "connector.invalid_certificate" => {
            "The connector's certificate is invalid, please make sure the certificate is in PEM encoding."
        }
        "connector.invalid_response" => "The connector's response is invalid.",
        "connector.unexpected_type" => "The connector's type is unexpected.",
        "connector.invalid_config" => "The connector's config is invalid.",
        "connector.invalid_type_for_syncing_profile" => "Only social connectors sync profiles.",
        "connector.multiple_instances_not_supported" => {
            "Can not create multiple instance with picked standard connector."
        }
        "connector.multiple_target_with_same_platform" => {
            "Another connector has the same target and platform."
        }
        "connector.not_found_with_connector_id" => {
            "Can not find connector with given standard connector id."
        }
        "connector.should_specify_target" => "The metadata must name a target.",
        "connector.token_storage_not_supported" => "This connector cannot store tokens.",
        "custom_profile_fields.invalid_name" => {
            "Invalid field name, only letters or numbers are allowed, case sensitive."
        }
        "domain.domain_in_use" => "This domain is in use.",
        "domain.not_configured" => "Domain hostname provider is not configured.",
        "domain.hostname_already_exists" => "Another application has this domain.",
        "domain.limit_to_one_domain" => "You can only have one custom domain.",
        "entity.db_constraint_violated" => "Database constraint violated.",
        "entity.not_found" => "The resource does not exist.",
        "entity.value_too_long" => "The length of value is too long and exceeds the limit.",
        "hook.missing_events" => "You need to provide at least one event.",
        "entity.unique_integrity_violation" => {
            "The entity already exists. Please check the input and try again."
        }
        "entity.relation_foreign_key_not_found" => {
            "Cannot find one or more foreign keys. Please check the input and ensure that all referenced entities exist."
        }
        "hook.endpoint_responded_with_error" => "The endpoint responded with an error.",
        "localization.cannot_delete_default_language" => "The default language cannot be deleted.",
        "localization.invalid_translation_structure" => {
            "Invalid data schemas. Please check your input and try again."
        }
        "guard.invalid_pagination" => "The request pagination value is invalid.",
        "guard.mime_type_not_allowed" => "MIME type is not allowed.",
        "oidc.access_denied" => "Access denied.",
        "oidc.insufficient_scope" => "Token missing scope `{{scope}}`.",
        "oidc.invalid_scope" => "Invalid scope: {{error_description}}.",
        "oidc.invalid_grant" => "Grant request is invalid.",
        "oidc.invalid_redirect_uri" => {
            "`redirect_uri` did not match any of the client's registered `redirect_uris`."
        }
        "oidc.invalid_request" => "Request is invalid.",
        "oidc.invalid_target" => "Invalid resource indicator.",
        "oidc.invalid_token" => "Invalid token provided.",
        "oidc.unsupported_grant_type" => "Unsupported `grant_type` requested.",
        "oidc.key_required" => "At least one key is required.",
        "one_time_token.cannot_reactivate_token" => "Cannot reactivate the token.",
        "one_time_token.token_expired" => "The token is expired.",
        "one_time_token.token_revoked" => "The token has been revoked.",
        "one_time_token.email_mismatch" => "The token was sent to another email address.",
        "one_time_token.token_consumed" => "The token has been used already.",
        "organization.require_membership" => {
            "The user must be a member of the organization to proceed."
        }
        "jwt_customizer.general" => {
            "An error occurred while customizing the token claims. Please try again later."
        }
        "password.expired" => "The password is too old. Set a new one.",
        "password.rejected" => {
            "Password rejected. Please check if your password meets the requirements."
        }
        "role.management_api_scopes_not_assignable_to_user_role" => {
            "Cannot assign Management API scopes to a user role."
        }
        "resource.cannot_delete_management_api" => "Cannot delete Logto Management API.",
        "resource.cannot_modify_management_api" => "Cannot modify Logto Management API.",
        "scope.name_with_space" => "The name of the scope cannot contain any spaces.",
        "session.connector_validation_session_not_found" => {
            "The connector session for token validation is not found."
        }
        "session.captcha_failed" => "The captcha was not solved.",
        "session.captcha_required" => "The captcha has to be solved first.",
        "session.identifier_not_found" => {
            "User identifier not found. Please go back and sign in again."
        }
        "session.identity_conflict" => {
            "Identity mismatch detected. Please initiate a new session to proceed with a different identity."
        }
        "session.interaction_not_found" => {
            "Interaction session not found. Please go back and start the session again."
        }
        "session.insufficient_info" => "Insufficient sign-in info.",
        "session.invalid_credentials" => "Incorrect account or password. Please check your input.",
        "session.invalid_interaction_type" => {
            "This operation is not supported for the current interaction. Please initiate a new session."
        }
        "secrets.third_party_token_set.access_token_expired" => "The access token is too old.",
        "secrets.third_party_token_set.token_not_found" => "Token record not found.",
        "session.invalid_connector_id" => "There is no connector of this kind with this id.",
        "session.mfa.backup_code_can_not_be_alone" => "Backup code can not be the only MFA.",
        "session.mfa.backup_code_required" => "Backup code is required.",
        "session.mfa.invalid_backup_code" => "The backup code is not valid.",
        "session.mfa.invalid_totp_code" => "Invalid TOTP code.",
        "session.mfa.mfa_factor_not_enabled" => "MFA factor is not enabled.",
        "session.mfa.mfa_policy_not_user_controlled" => "MFA policy is not user controlled.",
        "session.mfa.pending_info_not_found" => "No verification has been begun.",
        "session.mfa.require_mfa_verification" => "Mfa verification is required to sign in.",
        "session.mfa.suggest_additional_mfa" => {
            "Another second factor would make the account safer."
        }
        "session.mfa.webauthn_verification_failed" => "The authenticator's answer does not fit.",
        "session.mfa.webauthn_verification_not_found" => "WebAuthn verification not found.",
        "session.not_found" => "Session not found. Please go back and sign in again.",
        "session.not_supported_for_forgot_password" => {
            "This operation is not supported for forgot password."
        }
        "session.passkey_sign_in.pending_info_not_found" => "No passkey has been asked for.",
        "session.sso_enabled" => "This email address signs in with single sign-on.",
        "session.verification_failed" | "session.verification_session_not_found" => {
            "The verification was not successful. Restart the verification flow and try again."
        }
        "sign_in_experiences.adaptive_mfa_requires_mfa" => "Adaptive MFA requires a second factor.",
        "sign_in_experiences.adaptive_mfa_requires_non_skippable_policy" => {
            "Adaptive MFA requires a non-skippable MFA prompt policy. Use PromptOnlyAtSignInMandatory or PromptAtSignInAndSignUpMandatory."
        }
        "sign_in_experiences.non_adaptive_mfa_requires_skippable_policy" => {
            "Without adaptive MFA, the prompt policy has to be one that users can skip."
        }
        "sign_in_experiences.backup_code_cannot_be_enabled_alone" => {
            "Backup code cannot be enabled alone."
        }
        "sign_in_experiences.passwordless_requires_verify" => {
            "Must enable verify for email/phone sign up identifier."
        }
        "sign_in_experiences.password_expiration_not_enabled" => {
            "Password expiration policy is not enabled. Enable it in the sign-in experience settings before expiring passwords."
        }
        "single_sign_on.duplicated_domains" => "There are duplicate domains.",
        "single_sign_on.forbidden_domains" => "Public email domains are not allowed.",
        "storage.not_configured" => "Storage provider is not configured.",
        "user.backup_code_already_in_use" => "Backup codes are in use.",
        "user.email_exists_in_profile" => "The account has an email address already.",
        "user.email_already_in_use" => "This email is associated with an existing account.",
        "user.identity_already_in_use" => {
            "The social account has been associated with an existing account."
        }
        "user.identity_not_exists_in_current_user" => "This social account is not the user's.",
        "user.totp_secret_invalid" => "The secret is not base32.",
        "user.wrong_backup_code_format" => "These are not ten backup codes.",
        "verification_record.social_verification.invalid_target" => {
            "The verification is by another social network."
        }
        "verification_record.social_verification.token_response_not_found" => {
            "No tokens came with the verification."
        }
        "user.identity_not_exist" => "The social account has not been registered yet.",
        "user.invalid_role_type" => {
            "Invalid role type, can not assign machine-to-machine role to user."
        }
        "user.missing_mfa" => "You need to bind additional MFA before signing-in.",
        "user.missing_profile" => "You need to provide additional info before signing-in.",
        "user.new_password_required_in_profile" => "A new password has to be set first.",
        "user.passkey_preferred" => "Create a passkey to simplify your sign-in process.",
        "user.password_algorithm_required" => "Password algorithm is required.",
        "user.password_and_digest" => {
            "You cannot set both plain text password and password digest."
        }
        "user.password_exists_in_profile" => "The account has a password already.",
        "user.phone_already_in_use" => "This phone number is associated with an existing account.",
        "user.phone_exists_in_profile" => "The account has a phone number already.",
        "user.same_password" => "New password cannot be the same as your old password.",
        "user.sign_in_method_not_enabled" => "This way to sign in is not enabled.",
        "user.suggest_mfa" => "A second factor would make the account safer.",
        "user.suspended" => "This account is suspended.",
        "user.totp_already_in_use" => "TOTP is already in use.",
        "user.user_not_exist" => "There is no such user.",
        "user.username_already_in_use" => "This username is already in use.",
        "user.username_exists_in_profile" => "The account has a username already.",
        "verification_code.code_mismatch" => "Invalid verification code.",
        "verification_code.email_mismatch" => "The code was sent to another email address.",
        "verification_code.exceed_max_try" => "Too many wrong codes. Ask for a new one.",
        "verification_code.expired" => "The code is too old. Ask for a new one.",
        "verification_code.not_found" => "No code was sent, or it has been used.",
        "verification_code.phone_mismatch" => "The code was sent to another phone number.",
        "verification_record.not_found" => "Verification record not found.",
        "verification_record.permission_denied" => "Permission denied, please re-authenticate.",
        _ => "",
    }
}
