//! Tokens of each kind that Logto gives for APIs, and what a verifier makes of them.

use logto_api::Error;
use logto_api::sign_in::UserTokens;
use logto_api::verify::{AccessTokenClaims, TokenVerifier, TokenVerifierBuilder};

use crate::harness::{Failure, Outcome, Run};
use crate::loopback::{REDIRECT_URI, native, through_browser};
use crate::sign_in::{public_client, user};

const SCOPE: &str = "openid offline_access urn:logto:scope:organizations";
const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

pub(crate) async fn scenario(run: Run) -> Outcome {
    machine(&run).await?;
    let Some((user, username)) = user(&run).await? else { return Ok(()) };
    let (client, app) = (public_client(&run)?, native(&run).await?);
    let api = Api::create(&run, &user).await?;
    let request = client
        .sign_in(&app, REDIRECT_URI)
        .scope(format!("{SCOPE} {} {}", api.global, api.local))
        .resource(&api.indicator)
        .resource(ORGANIZATIONS);
    let Some(tokens) = through_browser(&run, request, &username).await? else { return Ok(()) };
    let verifiers = api.verifiers(&run)?;

    let token = tokens.for_resource(&api.indicator).access_token().await?;
    let claims = only(&verifiers, 0, token.secret()).await?;
    assert_eq!((claims.subject(), claims.client_id()), (user.as_str(), app.as_str()));
    assert!(claims.has_scope(&api.global) && !claims.is_machine());
    assert_eq!(claims.organization_id(), None);
    assert!(claims.expires_at() > claims.issued_at());

    let organization = tokens.for_organization(&api.organization);
    let token = organization.access_token().await?;
    let claims = only(&verifiers, 1, token.secret()).await?;
    assert_eq!(claims.organization_id(), Some(api.organization.as_str()));
    assert!(claims.has_scope(&api.local) && !claims.has_scope(&api.global));
    let here = verifiers[1].verify_in(token.secret(), &api.organization).await?;
    assert_eq!(here, claims);
    rejected(verifiers[1].verify_in(token.secret(), "another").await);

    let within = tokens.for_organization(&api.organization).resource(&api.indicator);
    let token = within.access_token().await?;
    let claims = only(&verifiers, 2, token.secret()).await?;
    assert_eq!(claims.organization_id(), Some(api.organization.as_str()));
    assert_eq!(claims.audiences(), [api.indicator.as_str()]);
    assert!(claims.has_scope(&api.global) && !claims.has_scope(&api.local));

    id_token(&verifiers[0], &tokens, &app).await?;
    opaque(&run, &verifiers[0], &tokens, &user).await
}

/// A token of the machine-to-machine application that the scenario runs as.
async fn machine(run: &Run) -> Outcome {
    let token = run.logto.access_token().await?;
    let verifier = || builder(run).audience(&run.resource);
    let claims = verifier().build()?.verify(token.secret()).await?;
    assert!(claims.is_machine() && claims.has_scope("all"));
    rejected(verifier().users_only().build()?.verify(token.secret()).await);
    rejected(verifier().client_id("another").build()?.verify(token.secret()).await);
    rejected(verifier().in_organization().build()?.verify(token.secret()).await);
    rejected(builder(run).audience("https://other.example").build()?.verify(token.secret()).await);
    Ok(())
}

/// An API with a scope that the user has anywhere, and an organization with one of its own.
struct Api {
    indicator: String,
    organization: String,
    global: String,
    local: String,
}

impl Api {
    async fn create(run: &Run, user: &str) -> Result<Self, Failure> {
        let logto = &run.logto;
        let indicator = format!("https://api.example.com/{}", run.prefix);
        let (global, local) = (run.name("read"), run.name("enter"));
        let resource = logto.resources().create(run.name("api"), &indicator).send().await?;
        let scope = logto.resources().create_scope(&resource.id, &global).send().await?.id;
        let role = logto.roles().create(run.name("reader"), "reads").scope_ids([&scope]);
        logto.users().add_roles(user, [role.send().await?.id]).send().await?;

        let own = logto.organization_scopes().create(&local).send().await?.id;
        let role = logto.organization_roles().create(run.name("member")).send().await?.id;
        logto.organization_roles().add_scopes(&role, [own]).send().await?;
        logto.organization_roles().add_resource_scopes(&role, [scope]).send().await?;
        let organization = logto.organizations().create(run.name("acme")).send().await?.id;
        logto.organizations().add_users(&organization, [user]).send().await?;
        let members = logto.organizations().assign_roles_to_users(&organization, [user], [role]);
        members.send().await?;
        Ok(Self { indicator, organization, global, local })
    }

    /// For tokens for the API, for an organization, and for the API within one.
    fn verifiers(&self, run: &Run) -> Result<[TokenVerifier; 3], Error> {
        let api = || builder(run).audience(&self.indicator);
        Ok([
            api().build()?,
            builder(run).organization_tokens().build()?,
            api().in_organization().build()?,
        ])
    }
}

fn builder(run: &Run) -> TokenVerifierBuilder {
    run.logto.token_verifier()
}

/// The claims of a token that this one of the verifiers accepts, and no other.
async fn only(
    verifiers: &[TokenVerifier],
    wanted: usize,
    token: &str,
) -> Result<AccessTokenClaims, Failure> {
    for (at, verifier) in verifiers.iter().enumerate() {
        if at != wanted {
            rejected(verifier.verify(token).await);
        }
    }
    Ok(verifiers[wanted].verify(token).await?)
}

async fn id_token(verifier: &TokenVerifier, tokens: &UserTokens, app: &str) -> Outcome {
    let token = tokens.id_token().unwrap();
    let claims = verifier.verify_id_token(token, app).await?;
    assert_eq!(Some(&claims), tokens.claims());
    rejected(verifier.verify_id_token(token, "another").await);
    rejected(verifier.verify(token).await);
    Ok(())
}

/// A token that only Logto can tell about, before and after it is revoked.
async fn opaque(run: &Run, verifier: &TokenVerifier, tokens: &UserTokens, user: &str) -> Outcome {
    let tokens = tokens.refresh().await?;
    let token = tokens.access_token().secret();
    assert!(rejected(verifier.verify(token).await).is_opaque_token());
    let claims = verifier.introspect(token).await?;
    assert_eq!((claims.subject(), claims.client_id()), (user, tokens.client_id()));
    assert!(claims.has_scope("openid"));
    rejected(verifier.introspect(&tokens.refresh_token().unwrap()).await);
    rejected(verifier.introspect("s0mething-that-is-no-token").await);
    tokens.revoke().await?;
    // This one has not been told that the token was good.
    let fresh = builder(run).audience("https://api.example.com").build()?;
    rejected(fresh.introspect(token).await);
    Ok(())
}

fn rejected<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Error {
    let error = outcome.unwrap_err();
    assert!(error.is_invalid_token(), "{error}");
    error
}
