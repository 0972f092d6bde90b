//! Deliveries of a webhook to a port of this machine, while its key is rotated.

use std::time::Duration;

use logto_api::models::{HookConfig, HookEvent};
use logto_api::reqwest::Url;
use logto_api::webhooks::{DataChange, Event, WebhookVerifier};

use crate::desk::{Desk, Reply, Seen};
use crate::harness::{Failure, Outcome, Run};

const TARGET: &str = "/webhooks";
const EVENTS: [HookEvent; 3] =
    [HookEvent::RoleCreated, HookEvent::RoleDataUpdated, HookEvent::RoleDeleted];

pub(crate) async fn scenario(run: Run) -> Outcome {
    let host = Url::parse(run.logto.endpoint())?.host_str().map(str::to_owned);
    if !matches!(host.as_deref(), Some("localhost" | "127.0.0.1")) {
        run.leaves_out("this Logto is on another machine, and cannot reach the receiver");
        return Ok(());
    }
    let receiver = Desk::open(|_: Seen| async { Reply::done() }).await;
    let url = format!("{}{TARGET}", receiver.endpoint);
    let (hooks, roles) = (run.logto.hooks(), run.logto.roles());
    let hook = hooks.subscribe(run.name("hook"), &url, EVENTS).await?;
    let verifier = hook.verifier().max_age(Duration::from_secs(300));

    let role = roles.create(run.name("role"), "first").send().await?;
    let event = delivered(&receiver, &verifier, |event| changed(event, &role.id)).await?;
    let Event::RoleCreated(change) = &event else { panic!("{event:?}") };
    assert_eq!(change.data_as::<logto_api::models::Role>()?.unwrap().name, role.name);
    assert_eq!((change.method.as_deref(), change.status), (Some("POST"), Some(200)));
    assert_eq!(event.hook_id(), Some(hook.id.as_str()));

    let rotated = hooks.rotate_verifier(&hook.id).await?;
    roles.update(&role.id).description("second").send().await?;
    let wanted =
        |event: &Event| matches!(event, Event::RoleDataUpdated(_)) && changed(event, &role.id);
    delivered(&receiver, &rotated.verifier, wanted).await?;
    let updates = |verifier: &WebhookVerifier| {
        receiver.seen().iter().filter_map(|seen| read(verifier, seen)).filter(wanted).count()
    };
    assert_eq!((updates(&rotated.hook.verifier()), updates(&verifier)), (1, 0), "the new key");

    roles.delete(&role.id).send().await?;
    let is_deletion = |event: &Event| {
        matches!(event, Event::RoleDeleted(change)
        if change.param("id") == Some(&role.id))
    };
    delivered(&receiver, &rotated.verifier, is_deletion).await?;
    tests_of_its_page(&run, &receiver, &hook.id, &rotated.verifier).await
}

/// The deliveries that Logto sends to try a webhook.
async fn tests_of_its_page(
    run: &Run,
    receiver: &Desk,
    id: &str,
    verifier: &WebhookVerifier,
) -> Outcome {
    let url = format!("{}{TARGET}", receiver.endpoint);
    let events = [HookEvent::PostSignIn, HookEvent::UserCreated];
    run.logto.hooks().test(id, events, HookConfig::new(&url)).send().await?;
    let is_sign_in = |event: &Event| matches!(event, Event::PostSignIn(_));
    let event = delivered(receiver, verifier, is_sign_in).await?;
    assert_eq!(event.hook_id(), Some(id));
    delivered(receiver, verifier, |event| matches!(event, Event::UserCreated(_))).await?;
    Ok(())
}

/// The first delivery that is wanted; deliveries of what other tests do come as well.
async fn delivered(
    receiver: &Desk,
    verifier: &WebhookVerifier,
    wanted: impl Fn(&Event) -> bool,
) -> Result<Event, Failure> {
    let mut number = 1;
    loop {
        receiver.arrived(TARGET, number).await;
        for seen in receiver.seen() {
            if let Some(event) = read(verifier, &seen).filter(&wanted) {
                return Ok(event);
            }
        }
        number = receiver.count(TARGET) + 1;
    }
}

fn read(verifier: &WebhookVerifier, seen: &Seen) -> Option<Event> {
    verifier.verify(&seen.headers, seen.body.as_bytes()).ok()
}

fn changed(event: &Event, id: &str) -> bool {
    let data = |change: &DataChange| change.data.as_ref().is_some_and(|data| data["id"] == id);
    match event {
        Event::RoleCreated(change) | Event::RoleDataUpdated(change) => data(change),
        _ => false,
    }
}
