//! API resources and their scopes.

use crate::harness::{self, NO_ID, Outcome, Run};

pub(crate) async fn scenario(run: Run) -> Outcome {
    let resources = run.logto.resources();
    let indicator = format!("https://api.example.com/{}", run.prefix);
    let created = resources.create(run.name("api"), &indicator).access_token_ttl(600);
    let created = created.send().await?;
    assert_eq!((&created.name, &created.indicator), (&run.name("api"), &indicator));
    assert_eq!((created.access_token_ttl, created.is_default), (600, false));
    let id = created.id;

    let read = resources.get(&id).send().await?;
    assert_eq!((&read.id, &read.indicator), (&id, &indicator));
    let page = resources.list().page(1).page_size(1).send().await?;
    assert_eq!(page.len(), 1);
    assert!(page.total().unwrap() >= 1);
    let streamed = resources.list().stream();
    assert!(harness::ids(streamed, |resource| resource.id).await?.contains(&id));

    let changed = resources.update(&id).access_token_ttl(3600).send().await?;
    assert_eq!((&changed.name, changed.access_token_ttl), (&run.name("api"), 3600));

    let taken = resources.create(run.name("again"), &indicator).send().await.unwrap_err();
    assert!(taken.is_unprocessable(), "{taken}");
    assert_eq!(taken.code(), Some("resource.resource_identifier_in_use"));
    let unknown = resources.get(NO_ID).send().await.unwrap_err();
    assert!(unknown.is_not_found() && harness::is_of_entity(&unknown), "{unknown}");

    scopes(&run, &id).await?;

    resources.delete(&id).send().await?;
    let gone = resources.delete(&id).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}

async fn scopes(run: &Run, id: &str) -> Outcome {
    let resources = run.logto.resources();
    let read = resources.create_scope(id, "read:things").description("Read").send().await?;
    assert_eq!((read.name.as_str(), read.resource_id.as_str()), ("read:things", id));
    resources.create_scope(id, "write:things").send().await?;
    let page = resources.list_scopes(id).page(1).page_size(1).send().await?;
    assert_eq!((page.len(), page.total()), (1, Some(2)));
    let streamed = resources.list_scopes(id).page_size(1).stream();
    assert_eq!(harness::ids(streamed, |scope| scope.id).await?.len(), 2);
    let found = resources.list_scopes(id).search("%read%").send().await?;
    assert_eq!((found.len(), &found[0].id), (1, &read.id));

    let taken = resources.create_scope(id, "read:things").send().await.unwrap_err();
    assert!(taken.is_unprocessable() && taken.has_code("scope.name_exists"), "{taken}");
    let spaced = resources.create_scope(id, "has space").send().await.unwrap_err();
    assert!(spaced.is_bad_request() && spaced.has_code("scope.name_with_space"), "{spaced}");

    let changed = resources.update_scope(id, &read.id).description("Read all").send().await?;
    assert_eq!(changed.description.as_deref(), Some("Read all"));
    let cleared = resources.update_scope(id, &read.id).description(None).send().await?;
    assert_eq!(cleared.description, None, "an explicit null clears");

    resources.delete_scope(id, &read.id).send().await?;
    let gone = resources.delete_scope(id, &read.id).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}
