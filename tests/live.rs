//! The SDK against a whole server: what is created, listed, searched, changed and deleted, users'
//! sign-ins, and acting for them.
//!
//! Each scenario makes two tests. `mock::…` runs on the mock, always. `live::…` runs on a real
//! server, when it is asked for:
//!
//! ```sh
//! export LOGTO_ENDPOINT=http://localhost:3001 LOGTO_APP_ID=… LOGTO_APP_SECRET=…
//! export LOGTO_RESOURCE=https://default.logto.app/api
//! cargo test --test live --features verify,webhooks -- --ignored live::
//! ```
//!
//! A scenario makes what it needs under a prefix of its own. Whatever carries the prefix is deleted
//! at the end, also when the scenario failed; no setting of the tenant is changed, and none is taken
//! for granted. What a tenant has switched off is left out, and so is what its Logto lacks by the
//! OpenAPI document that it publishes; `-- --nocapture` shows what was.
//!
//! To have nothing left out, switch on the account center, enterprise SSO, and sign-ins and
//! registrations with a username and a password.

#![cfg(all(feature = "sign-in", feature = "account", feature = "management"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

#[path = "live/applications.rs"]
mod applications;
#[path = "live/back_channel_logout.rs"]
mod back_channel_logout;
#[path = "live/browser.rs"]
mod browser;
#[path = "live/company.rs"]
mod company;
#[cfg(feature = "webhooks")]
#[path = "live/deliveries.rs"]
mod deliveries;
#[path = "support/desk.rs"]
mod desk;
#[path = "live/device_sign_in.rs"]
mod device_sign_in;
#[path = "live/fleet.rs"]
mod fleet;
#[path = "live/harness.rs"]
mod harness;
#[path = "live/hooks.rs"]
mod hooks;
#[path = "live/impersonation.rs"]
mod impersonation;
#[path = "live/leftovers.rs"]
mod leftovers;
#[path = "live/loopback.rs"]
mod loopback;
#[path = "live/organizations.rs"]
mod organizations;
#[path = "live/personal_access_tokens.rs"]
mod personal_access_tokens;
#[path = "live/resources.rs"]
mod resources;
#[path = "live/roles.rs"]
mod roles;
#[path = "live/sign_in.rs"]
mod sign_in;
#[path = "live/sign_in_experience.rs"]
mod sign_in_experience;
#[path = "live/user_assets.rs"]
mod user_assets;
#[path = "live/users.rs"]
mod users;
#[cfg(feature = "verify")]
#[path = "live/verification.rs"]
mod verification;

macro_rules! scenarios {
    (
        $($(#[$gate:meta])* $name:ident),+;
        on_servers_alone: $($alone:ident),+ $(,)?
    ) => {
        mod mock {
            $(
                $(#[$gate])*
                #[tokio::test]
                async fn $name() {
                    crate::harness::on_mock(crate::$name::scenario).await;
                }
            )+
        }

        scenarios!(@live $($(#[$gate])* $name),+, $($alone),+);
    };
    (@live $($(#[$gate:meta])* $name:ident),+) => {
        mod live {
            $(
                $(#[$gate])*
                #[tokio::test]
                #[ignore = "needs a Logto server: set LOGTO_ENDPOINT, LOGTO_APP_ID, \
                            LOGTO_APP_SECRET and LOGTO_RESOURCE"]
                async fn $name() {
                    crate::harness::on_server(crate::$name::scenario).await;
                }
            )+
        }
    };
}

scenarios!(
    applications,
    #[cfg(feature = "webhooks")]
    deliveries,
    device_sign_in,
    hooks,
    impersonation,
    loopback,
    organizations,
    resources,
    roles,
    sign_in,
    sign_in_experience,
    user_assets,
    users,
    #[cfg(feature = "verify")]
    verification;
    // The mock lacks what these are about.
    on_servers_alone: back_channel_logout, company, fleet, personal_access_tokens,
);
