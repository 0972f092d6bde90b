//! Processes that share a session, each of which stands for itself here: the refresh token that one of
//! them has used is used by none again, or the server would end the session.

use std::time::Duration;

use logto_api::MemoryTokenStore;
use logto_api::sign_in::UserSessions;

use crate::harness::{Outcome, Run};
use crate::loopback::{REDIRECT_URI, native, through_browser};
use crate::sign_in::{public_client, user};

/// After this a server takes no refresh token any more that it has replaced: three seconds, and one
/// for the way.
const PATIENCE: Duration = Duration::from_secs(4);

pub(crate) async fn scenario(run: Run) -> Outcome {
    let Some((_, username)) = user(&run).await? else { return Ok(()) };
    let (client, app) = (public_client(&run)?, native(&run).await?);
    let signed_in = through_browser(&run, client.sign_in(&app, REDIRECT_URI), &username).await?;
    let Some(tokens) = signed_in else { return Ok(()) };
    let store = MemoryTokenStore::new();
    UserSessions::new(&client, store.clone()).insert("s1", &tokens).await?;

    let mut processes = Vec::new();
    for _ in 0..6 {
        let sessions = UserSessions::new(&public_client(&run)?, store.clone());
        processes.push(sessions.get("s1").await?.unwrap());
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        let refreshing = processes.clone().into_iter();
        let refreshing: Vec<_> =
            refreshing.map(|tokens| tokio::spawn(async move { tokens.refresh().await })).collect();
        for refreshed in refreshing {
            seen.push(refreshed.await.unwrap()?.access_token().secret().to_owned());
        }
        tokio::time::sleep(PATIENCE).await;
    }
    seen.dedup();
    assert_eq!(seen.len(), 3, "each was renewed once for all");
    assert_eq!(processes[0].user_info().await?.username, Some(username));
    processes[1].revoke().await?;
    assert!(processes[2].refresh().await.unwrap_err().is_sign_in_required());
    Ok(())
}
