//! The clients: one for each tenant, over one pool of connections, and users who sign in.

use std::{net::SocketAddr, time::Duration};

use logto_api::{
    Client, ClientBuilder, Method, Result, RetryPolicy,
    sign_in::{PendingAuthorization, UserTokens},
};
use serde_json::json;
use tokio::{runtime::Builder, sync::Mutex, task::spawn_blocking, time::sleep};

const TENANTS: usize = 50;
const USERS: usize = 10;
/// Where users sign in.
pub(crate) const USERS_HOST: &str = "users.localhost";
/// A connection that nobody uses is closed after this.
const IDLE: Duration = Duration::from_millis(100);

pub(crate) struct Tenants {
    clients: Vec<Client>,
    of_users: Client,
}

impl Tenants {
    pub(crate) fn new(port: u16) -> Self {
        let hosts: Vec<_> = (0..TENANTS).map(|number| format!("t{number}.localhost")).collect();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let resolved = hosts.clone();
        let of_users = builder(USERS_HOST, port)
            .pool_idle_timeout(IDLE)
            .configure_http(move |http| {
                let http = http.resolve(USERS_HOST, address);
                resolved.iter().fold(http, |http, host| http.resolve(host, address))
            })
            .timeout(Duration::from_secs(20))
            .attempt_timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let tenant = |host: &String| {
            builder(host, port)
                .share_connections(&of_users)
                .client_credentials(app_of(host), "s3cret")
                .timeout(Duration::from_secs(5))
                .attempt_timeout(Duration::from_millis(500))
                .build()
                .unwrap()
        };
        Self { clients: hosts.iter().map(tenant).collect(), of_users }
    }

    pub(crate) fn of(&self, number: usize) -> &Client {
        &self.clients[number % TENANTS]
    }

    /// Users who have not signed in yet.
    pub(crate) fn users(&self) -> Vec<Mutex<User>> {
        let user = || User { client: self.of_users.clone(), tokens: None };
        (0..USERS).map(|_| Mutex::new(user())).collect()
    }

    /// A client keeps what it made for a runtime until it meets another one after that has ended.
    pub(crate) async fn forget_runtimes(&self) {
        let request = self.of_users.request(Method::GET, "/api/users/forget");
        let work = || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(request.unauthenticated().send())
        };
        // Whatever comes of it.
        let _ = spawn_blocking(work).await.unwrap();
    }

    /// A call of every tenant, when all is well again.
    pub(crate) async fn probe(&self) -> Vec<Result<()>> {
        // Failures are remembered for a moment, and a token that was refused until it ends.
        sleep(Duration::from_secs(2)).await;
        let mut outcomes = Vec::new();
        for client in &self.clients {
            let request = client.request(Method::GET, "/api/users/probe");
            let request = request.attempt_timeout(Duration::from_secs(5));
            outcomes.push(request.retry(RetryPolicy::never()).send().await.map(drop));
        }
        outcomes
    }
}

fn builder(host: &str, port: u16) -> ClientBuilder {
    let soon = RetryPolicy::new().base_delay(Duration::from_millis(5));
    Client::builder(format!("http://{host}:{port}")).retry(soon)
}

/// The id of the application of a tenant.
fn app_of(host: &str) -> String {
    host.replace('.', "-")
}

pub(crate) struct User {
    client: Client,
    tokens: Option<UserTokens>,
}

impl User {
    /// The user's tokens; whoever has none signs in, with a code of this name.
    pub(crate) async fn tokens(&mut self, code: &str) -> Result<UserTokens> {
        if let Some(tokens) = &self.tokens {
            return Ok(tokens.clone());
        }
        let pending: PendingAuthorization = serde_json::from_value(json!({
            "client_id": app_of(USERS_HOST), "redirect_uri": "http://localhost:9999/callback",
            "state": "st4te", "nonce": "n0nce", "code_verifier": "ver1fier",
        }))
        .unwrap();
        let endpoint = self.client.endpoint();
        let callback =
            format!("http://localhost:9999/callback?code={code}&state=st4te&iss={endpoint}/oidc");
        let tokens = pending.redeem(&self.client, Some("s3cret"), &callback).await?;
        self.tokens = Some(tokens.clone());
        Ok(tokens)
    }

    /// The user has to sign in again.
    pub(crate) fn forget(&mut self) {
        self.tokens = None;
    }
}
