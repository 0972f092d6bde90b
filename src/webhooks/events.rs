// Written by `cargo xtask vendor` from `HookEvent` of the contract.

events! {
    /// `Grant.LimitExceeded`. Since Logto 1.42.0.
    GrantLimitExceeded(GrantLimit) = "Grant.LimitExceeded",
    /// `Identifier.Lockout`. Since Logto 1.36.0.
    IdentifierLockout(Lockout) = "Identifier.Lockout",
    /// `Message.RateLimited`. Since Logto 1.41.0.
    MessageRateLimited(RateLimit) = "Message.RateLimited",
    /// `Organization.Created`.
    OrganizationCreated(DataChange) = "Organization.Created",
    /// `Organization.Data.Updated`.
    OrganizationDataUpdated(DataChange) = "Organization.Data.Updated",
    /// `Organization.Deleted`.
    OrganizationDeleted(DataChange) = "Organization.Deleted",
    /// `Organization.Membership.Updated`.
    OrganizationMembershipUpdated(DataChange) = "Organization.Membership.Updated",
    /// `OrganizationRole.Created`.
    OrganizationRoleCreated(DataChange) = "OrganizationRole.Created",
    /// `OrganizationRole.Data.Updated`.
    OrganizationRoleDataUpdated(DataChange) = "OrganizationRole.Data.Updated",
    /// `OrganizationRole.Deleted`.
    OrganizationRoleDeleted(DataChange) = "OrganizationRole.Deleted",
    /// `OrganizationRole.Scopes.Updated`.
    OrganizationRoleScopesUpdated(DataChange) = "OrganizationRole.Scopes.Updated",
    /// `OrganizationScope.Created`.
    OrganizationScopeCreated(DataChange) = "OrganizationScope.Created",
    /// `OrganizationScope.Data.Updated`.
    OrganizationScopeDataUpdated(DataChange) = "OrganizationScope.Data.Updated",
    /// `OrganizationScope.Deleted`.
    OrganizationScopeDeleted(DataChange) = "OrganizationScope.Deleted",
    /// `PostRegister`.
    PostRegister(Interaction) = "PostRegister",
    /// `PostResetPassword`.
    PostResetPassword(Interaction) = "PostResetPassword",
    /// `PostSignIn`.
    PostSignIn(Interaction) = "PostSignIn",
    /// `PostSignInAdaptiveMfaTriggered`. Since Logto 1.38.0.
    PostSignInAdaptiveMfaTriggered(Interaction) = "PostSignInAdaptiveMfaTriggered",
    /// `Role.Created`.
    RoleCreated(DataChange) = "Role.Created",
    /// `Role.Data.Updated`.
    RoleDataUpdated(DataChange) = "Role.Data.Updated",
    /// `Role.Deleted`.
    RoleDeleted(DataChange) = "Role.Deleted",
    /// `Role.Scopes.Updated`.
    RoleScopesUpdated(DataChange) = "Role.Scopes.Updated",
    /// `Scope.Created`.
    ScopeCreated(DataChange) = "Scope.Created",
    /// `Scope.Data.Updated`.
    ScopeDataUpdated(DataChange) = "Scope.Data.Updated",
    /// `Scope.Deleted`.
    ScopeDeleted(DataChange) = "Scope.Deleted",
    /// `User.Created`.
    UserCreated(DataChange) = "User.Created",
    /// `User.Data.Updated`.
    UserDataUpdated(DataChange) = "User.Data.Updated",
    /// `User.Deleted`.
    UserDeleted(DataChange) = "User.Deleted",
    /// `User.SuspensionStatus.Updated`.
    UserSuspensionStatusUpdated(DataChange) = "User.SuspensionStatus.Updated",
}
