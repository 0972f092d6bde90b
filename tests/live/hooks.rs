//! Webhooks. They are disabled, for an event that no test causes: nothing is delivered.

use logto_api::models::{HookConfig, HookEvent};

use crate::harness::{self, NO_ID, Outcome, Run};

const URL: &str = "http://localhost:9999/hook";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let hooks = run.logto.hooks();
    let created = hooks
        .create(HookConfig::new(URL).headers([("x-test", "1")]))
        .name(run.name("hook"))
        .events([HookEvent::PostResetPassword])
        .enabled(false)
        .send()
        .await?;
    assert_eq!((&created.name, created.enabled), (&run.name("hook"), false));
    assert_eq!(created.events, [HookEvent::PostResetPassword]);
    assert_eq!(created.config.url, URL);
    let id = &created.id;

    let read = hooks.get(id).send().await?;
    assert_eq!((&read.id, &read.config), (id, &created.config));
    let page = hooks.list().page(1).page_size(1).send().await?;
    assert_eq!(page.len(), 1);
    assert!(page.total().unwrap() >= 1);
    let streamed = harness::ids(hooks.list().stream(), |hook| hook.id).await?;
    assert!(streamed.contains(id));
    assert!(hooks.list().send().await?.iter().any(|hook| hook.id == *id));

    let changed = hooks.update(id).name(run.name("renamed")).send().await?;
    assert_eq!((&changed.name, &changed.config), (&run.name("renamed"), &created.config));
    let rotated = hooks.rotate_signing_key(id).send().await?;
    assert_ne!(rotated.signing_key, created.signing_key);
    assert!(!format!("{rotated:?}").contains(&rotated.signing_key), "a key is not shown");

    let unheard = hooks.create(HookConfig::new(URL)).name(run.name("bad")).events(["Nope"]);
    let unheard = unheard.send().await.unwrap_err();
    assert!(unheard.is_bad_request() && unheard.has_code("guard.invalid_input"), "{unheard}");
    let unknown = hooks.get(NO_ID).send().await.unwrap_err();
    assert!(unknown.is_not_found() && harness::is_of_entity(&unknown), "{unknown}");

    hooks.delete(id).send().await?;
    let gone = hooks.delete(id).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}
