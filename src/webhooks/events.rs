// Written by `cargo xtask vendor` from `HookEvent` of the contract.

events! {
    /// A user has more grants to an application than `max_allowed_grants`; the oldest are revoked (`Grant.LimitExceeded`). Since Logto 1.42.0.
    GrantLimitExceeded(GrantLimit) = "Grant.LimitExceeded",
    /// An identifier is locked out after too many failed attempts (`Identifier.Lockout`). Since Logto 1.36.0.
    IdentifierLockout(Lockout) = "Identifier.Lockout",
    /// An e-mail or SMS was not sent because of a rate limit (`Message.RateLimited`). Since Logto 1.41.0.
    MessageRateLimited(RateLimit) = "Message.RateLimited",
    /// `Organization.Created`.
    OrganizationCreated(DataChange) = "Organization.Created",
    /// An organization's data has changed (`Organization.Data.Updated`).
    OrganizationDataUpdated(DataChange) = "Organization.Data.Updated",
    /// `Organization.Deleted`.
    OrganizationDeleted(DataChange) = "Organization.Deleted",
    /// Members or applications of an organization were added or removed (`Organization.Membership.Updated`).
    OrganizationMembershipUpdated(DataChange) = "Organization.Membership.Updated",
    /// `OrganizationRole.Created`.
    OrganizationRoleCreated(DataChange) = "OrganizationRole.Created",
    /// An organization role's data has changed (`OrganizationRole.Data.Updated`).
    OrganizationRoleDataUpdated(DataChange) = "OrganizationRole.Data.Updated",
    /// `OrganizationRole.Deleted`.
    OrganizationRoleDeleted(DataChange) = "OrganizationRole.Deleted",
    /// Scopes of an organization role were added or removed (`OrganizationRole.Scopes.Updated`).
    OrganizationRoleScopesUpdated(DataChange) = "OrganizationRole.Scopes.Updated",
    /// `OrganizationScope.Created`.
    OrganizationScopeCreated(DataChange) = "OrganizationScope.Created",
    /// An organization scope's data has changed (`OrganizationScope.Data.Updated`).
    OrganizationScopeDataUpdated(DataChange) = "OrganizationScope.Data.Updated",
    /// `OrganizationScope.Deleted`.
    OrganizationScopeDeleted(DataChange) = "OrganizationScope.Deleted",
    /// A user has registered (`PostRegister`).
    PostRegister(Interaction) = "PostRegister",
    /// A user has reset a forgotten password (`PostResetPassword`).
    PostResetPassword(Interaction) = "PostResetPassword",
    /// A user has signed in (`PostSignIn`).
    PostSignIn(Interaction) = "PostSignIn",
    /// Adaptive MFA has required a second factor of a sign-in (`PostSignInAdaptiveMfaTriggered`). Since Logto 1.38.0.
    PostSignInAdaptiveMfaTriggered(Interaction) = "PostSignInAdaptiveMfaTriggered",
    /// `Role.Created`.
    RoleCreated(DataChange) = "Role.Created",
    /// A role's data has changed (`Role.Data.Updated`).
    RoleDataUpdated(DataChange) = "Role.Data.Updated",
    /// `Role.Deleted`.
    RoleDeleted(DataChange) = "Role.Deleted",
    /// Scopes of a role were added or removed (`Role.Scopes.Updated`).
    RoleScopesUpdated(DataChange) = "Role.Scopes.Updated",
    /// A scope of an API resource was created (`Scope.Created`).
    ScopeCreated(DataChange) = "Scope.Created",
    /// The data of an API resource's scope has changed (`Scope.Data.Updated`).
    ScopeDataUpdated(DataChange) = "Scope.Data.Updated",
    /// A scope of an API resource was deleted (`Scope.Deleted`).
    ScopeDeleted(DataChange) = "Scope.Deleted",
    /// `User.Created`.
    UserCreated(DataChange) = "User.Created",
    /// A user's data has changed (`User.Data.Updated`).
    UserDataUpdated(DataChange) = "User.Data.Updated",
    /// `User.Deleted`.
    UserDeleted(DataChange) = "User.Deleted",
    /// A user was suspended, or the suspension was lifted (`User.SuspensionStatus.Updated`).
    UserSuspensionStatusUpdated(DataChange) = "User.SuspensionStatus.Updated",
}
