//! Organizations and their members.

use serde_json::json;

use crate::harness::{self, NO_ID, Outcome, Run};

pub(crate) async fn scenario(run: Run) -> Outcome {
    let organizations = run.logto.organizations();
    let acme = organizations
        .create(run.name("acme"))
        .description("Makes everything")
        .custom_data([("x", json!(1))])
        .send()
        .await?;
    assert_eq!(acme.name, run.name("acme"));
    assert_eq!(acme.description.as_deref(), Some("Makes everything"));
    assert!(!acme.is_mfa_required);
    let other = organizations.create(run.name("other")).send().await?;
    assert_eq!(organizations.get(&acme.id).send().await?, acme);

    let page = organizations.list().search(&run.prefix).page(1).page_size(1).send().await?;
    assert_eq!((page.len(), page.total()), (1, Some(2)));
    let streamed = organizations.list().search(&run.prefix).page_size(1).stream();
    let both = [acme.id.clone(), other.id].into();
    assert_eq!(harness::ids(streamed, |organization| organization.id).await?, both);
    let found = organizations.list().search(run.name("acme")).send().await?;
    assert_eq!((found.len(), &found[0].id), (1, &acme.id));

    let changed = organizations.update(&acme.id).name(run.name("renamed")).send().await?;
    assert_eq!(changed.name, run.name("renamed"));
    assert_eq!(changed.description, acme.description, "an absent member stays");
    let cleared = organizations.update(&acme.id).description(None).send().await?;
    assert_eq!(cleared.description, None, "an explicit null clears");

    members(&run, &acme.id).await?;

    organizations.delete(&acme.id).send().await?;
    let gone = organizations.get(&acme.id).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}

async fn members(run: &Run, id: &str) -> Outcome {
    let (users, organizations) = (run.logto.users(), run.logto.organizations());
    let alice = users.create().username(run.name("alice")).send().await?.id;
    let bob = users.create().username(run.name("bob")).send().await?.id;

    organizations.add_users(id, [&alice, &bob]).send().await?;
    let page = organizations.list_users(id).page(1).page_size(1).send().await?;
    assert_eq!((page.len(), page.total()), (1, Some(2)));
    assert!(page[0].organization_roles.is_empty());
    let streamed = organizations.list_users(id).page_size(1).stream();
    let both = [alice.clone(), bob.clone()].into();
    assert_eq!(harness::ids(streamed, |user| user.id).await?, both);
    let found = organizations.list_users(id).search(run.name("bob")).send().await?;
    assert_eq!((found.len(), &found[0].id), (1, &bob));
    let joined = users.list_organizations(&alice).send().await?;
    assert_eq!((joined.len(), joined[0].id.as_str()), (1, id));

    let nobody = organizations.add_users(id, Vec::<String>::new()).send().await.unwrap_err();
    assert!(nobody.is_bad_request() && nobody.has_code("guard.invalid_input"), "{nobody}");
    let unknown = organizations.add_users(id, [NO_ID]).send().await.unwrap_err();
    assert!(unknown.is_unprocessable(), "{unknown}");

    organizations.remove_user(id, &bob).send().await?;
    let gone = organizations.remove_user(id, &bob).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    organizations.replace_users(id, [&bob]).send().await?;
    let left = organizations.list_users(id).send().await?;
    assert_eq!((left.len(), &left[0].id), (1, &bob));
    Ok(())
}
