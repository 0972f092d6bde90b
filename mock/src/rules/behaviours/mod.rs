//! What operations do that no rule tells.

mod applications;
mod configs;
mod connectors;
mod identities;
mod invitations;
mod one_time_tokens;
mod phrases;
mod profile_fields;
mod protected;
mod public_sign_in;
mod saml;
mod sessions;
mod sign_in_checks;
mod sign_in_experience;
mod sso_connectors;
mod tenant;
mod users;

use crate::rules::{
    call::{Call, Outcome, Reply},
    documents, engine,
    errors::Failure,
};

pub(crate) use self::{
    applications::add_default_secret,
    connectors::add_social,
    invitations::status as status_of_invitation,
    one_time_tokens::{add as add_one_time_token, consume as consume_one_time_token},
};

/// Refuses what Logto refuses before it looks at what else is sent.
pub(crate) fn before(call: &Call<'_>) -> Result<(), Failure> {
    match call.operation.template.as_str() {
        "/api/applications" => applications::check_excluded(call),
        "/api/saml-applications" => saml::check_limit(call),
        own if own.contains("/protected-app-metadata/") => protected::check(call),
        own if own.contains("/consent-organizations") => applications::check_consent(call),
        _ => Ok(()),
    }
}

/// Carries out an operation.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(crate) fn run(call: &mut Call<'_>) -> Outcome {
    match call.operation.id.as_str() {
        "ListUsers" => users::list(call),
        "CreateUser" => users::create(call),
        "GetUser" => users::read(call),
        "UpdateUser" => users::change(call),
        "DeleteUser" => users::delete(call),
        "GetUserHasPassword" => users::has_password(call),
        "UpdateUserPassword" => users::set_password(call),
        "VerifyUserPassword" => users::verify_password(call),
        "UpdateUserPasswordExpiration" => users::expire_password(call),
        "UpdateUserIsSuspended" => users::suspend(call),
        "ListUserCustomData" => users::member(call, "customData"),
        "UpdateUserCustomData" => users::merge(call, "customData"),
        "UpdateUserProfile" => users::merge(call, "profile"),
        "ListUserMfaVerifications" => users::factors(call),
        "CreateUserMfaVerification" => users::add_factor(call),
        "DeleteUserMfaVerification" => users::remove_factor(call),
        "GetUserIdentity" => identities::read(call),
        "CreateUserIdentity" => identities::add(call),
        "ReplaceUserIdentity" => identities::set(call),
        "DeleteUserIdentity" => identities::remove(call),
        "ListUserAllIdentities" => identities::list(call),
        "GetUserSsoIdentity" => identities::read_enterprise(call),
        "DeleteSecret" => identities::remove_tokens(call),
        "ListConnectorFactories" => connectors::factories(call),
        "GetConnectorFactory" => connectors::factory(call),
        "ListConnectors" => connectors::list(call),
        "CreateConnector" => connectors::create(call),
        "GetConnector" => connectors::read(call),
        "UpdateConnector" => connectors::change(call),
        "DeleteConnector" | "DeleteSsoConnector" => connectors::delete(call),
        "CreateConnectorTest" => connectors::test(call),
        "ListSsoConnectorProviders" => connectors::providers(call),
        "CreateSsoConnector" | "UpdateSsoConnector" => sso_connectors::set(call),
        "ListUserSessions" => sessions::list(call),
        "GetUserSession" => sessions::read(call),
        "DeleteUserSession" => sessions::end(call),
        "ListUserGrants" => sessions::grants(call),
        "DeleteUserGrant" => sessions::revoke(call),
        "CreateApplication" => applications::create(call),
        "UpdateApplication" => applications::change(call),
        "DeleteApplication" => applications::delete(call),
        "ListApplicationRoles"
        | "AssignApplicationRoles"
        | "ReplaceApplicationRoles"
        | "DeleteApplicationRole" => applications::roles(call),
        "CreateApplicationSecret" => applications::create_secret(call),
        "DeleteApplicationLegacySecret" => applications::delete_legacy_secret(call),
        "ListApplicationProtectedAppMetadataCustomDomains" => protected::domains(call),
        "CreateApplicationProtectedAppMetadataCustomDomain" => protected::add_domain(call),
        "DeleteApplicationProtectedAppMetadataCustomDomain" => protected::remove_domain(call),
        "GetSystemApplicationConfig" => protected::settings(call),
        "CreateApplicationUserConsentOrganization"
        | "ReplaceApplicationUserConsentOrganizations" => applications::consent(call),
        "ListApplicationUserConsentScopes" | "ListCimdUserConsentScopes" => {
            applications::consent_scopes(call)
        }
        "CreateApplicationUserConsentScope" | "AssignCimdUserConsentScopes" => {
            applications::add_consent_scopes(call)
        }
        "DeleteApplicationUserConsentScope" | "DeleteCimdUserConsentScope" => {
            applications::remove_consent_scope(call)
        }
        "ListApplicationUserConsentOrganizations" => applications::consent_organizations(call),
        "AssignOrganizationRolesToUsers" | "AssignOrganizationRolesToApplications" => {
            tenant::assign_roles(call)
        }
        "ListOrganizationUserScopes" => tenant::scopes_of_member(call),
        "ListResources" => tenant::resources(call),
        "CreateResource" => tenant::create_resource(call),
        "UpdateResource" => tenant::change_resource(call),
        "DeleteResource" => tenant::delete_resource(call),
        "UpdateResourceIsDefault" => tenant::set_default_resource(call),
        "CreateResourceScope" | "UpdateResourceScope" | "DeleteResourceScope" => {
            tenant::scope(call)
        }
        "ListOrganizations" => tenant::organizations(call),
        "CreateRole" => tenant::create_role(call),
        "DeleteRole" => tenant::delete_role(call),
        "CreateOrganizationJitEmailDomain" | "ReplaceOrganizationJitEmailDomains" => {
            tenant::email_domains(call)
        }
        "GetUsernameCaseSensitivityConflicts" => tenant::username_conflicts(call),
        "CreateOrganizationInvitationMessage" => invitations::send(call),
        "CreateHook" => tenant::create_hook(call),
        "GetHook" | "ListHooks" => tenant::hooks(call),
        "CreateHookTest" => tenant::test_hook(call),
        "ListLogs" => tenant::logs(call, "logs"),
        "ListHookRecentLogs" => tenant::logs(call, "hooks/recent-logs"),
        "UpdateHookSigningKey" => tenant::rotate_signing_key(call),
        "GetSignInExp" => sign_in_experience::read(call),
        "UpdateSignInExp" => sign_in_experience::change(call),
        "CreateSubjectToken" => tenant::subject_token(call),
        "AddOneTimeTokens" => one_time_tokens::create(call),
        "VerifyOneTimeToken" => one_time_tokens::verify(call),
        "ReplaceOneTimeTokenStatus" => one_time_tokens::set_status(call),
        "CreateUserPersonalAccessToken" => users::personal_access_token(call),
        "UpdatePersonalAccessTokenName" => users::rename_access_token(call),
        "DeletePersonalAccessTokenPost" => users::delete_access_token(call),
        "CreateOrganizationInvitation" => invitations::create(call),
        "ReplaceOrganizationInvitationStatus" => invitations::set_status(call),
        "GetWellKnownAccountCenter" => configs::public_account_center(call),
        "CreateDomain" => configs::create_domain(call),
        "DeleteDomain" => configs::delete_domain(call),
        "DeleteCaptchaProvider" => configs::delete_captcha(call),
        "ReplaceCustomPhrase" => phrases::replace(call),
        "DeleteCustomPhrase" => phrases::delete(call),
        "CreateConnectorAuthorizationUri" => connectors::authorization_uri(call),
        "GetActiveUserCounts" => configs::active_users(call),
        "GetOidcKeys" => configs::oidc_keys(call),
        "RotateOidcKeys" => configs::rotate_oidc_keys(call),
        "DeleteOidcKey" => configs::delete_oidc_key(call),
        "DeleteEmailTemplates" => configs::delete_email_templates(call),
        "CheckPasswordWithDefaultSignInExperience" => configs::check_password(call),
        "ListUserLogtoConfigs" | "UpdateUserLogtoConfigs" => configs::of_user(call),
        "ReplaceApplicationAccessControl" => applications::access_control(call),
        "CreateCustomProfileField" | "CreateCustomProfileFieldsBatch" => {
            profile_fields::create(call)
        }
        "UpdateCustomProfileFieldByName" => profile_fields::change(call),
        "DeleteCustomProfileFieldByName" => profile_fields::delete(call),
        "UpdateCustomProfileFieldsSieOrder" => profile_fields::order(call),
        "UpdateAccountCenterSettings" => configs::account_center(call),
        "GetSignInExperienceConfig" | "GetWellKnownExperience" => public_sign_in::read(call),
        "CreateSamlApplication" => saml::create(call),
        "GetSamlApplication" | "UpdateSamlApplication" | "DeleteSamlApplication" => saml::one(call),
        "CreateSamlApplicationSecret" => saml::create_secret(call),
        "UpdateSamlApplicationSecret" => saml::change_secret(call),
        "DeleteSamlApplicationSecret" => saml::delete_secret(call),
        "ListSamlApplicationMetadata" => saml::metadata(call),
        "GetSamlApplicationCallback" => saml::callback(call),
        "GetSamlAuthn" | "CreateSamlAuthn" => saml::sign_in(call),
        "AssertSaml" => saml::assert_social(call),
        "AssertSingleSignOnSaml" => saml::assert_enterprise(call),
        "GetNewUserCounts" => tenant::new_users(call),
        "GetTotalUserCount" => tenant::user_count(call),
        "GetSwaggerJson" => Ok(Reply::json(200, documents::of(call.state.release.as_deref()))),
        "GetStatus" => Ok(Reply::nothing()),
        "CreateVerificationCode" => tenant::send_code(call),
        "VerifyVerificationCode" => tenant::verify_code(call),
        "ListActions" | "ListJwtCustomizers" => configs::list_scripts(call),
        "TestAction" => crate::rules::customizer::try_action(call),
        "TestJwtCustomizer" => crate::rules::customizer::try_out(call),
        "DeleteSentinelActivities" => tenant::unblock(call),
        _ => engine::run(call),
    }
}
