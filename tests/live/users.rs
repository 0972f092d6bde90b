//! Users.

use std::collections::BTreeSet;

use logto_api::{LogicalOperator, Search, SearchMode};
use serde_json::{Map, Value, json};

use crate::harness::{self, NO_ID, Outcome, PASSWORD, Run};

pub(crate) async fn scenario(run: Run) -> Outcome {
    let users = run.logto.users();
    let email = format!("{}@example.com", run.name("alice"));
    let alice = users
        .create()
        .username(run.name("alice"))
        .password(PASSWORD)
        .primary_email(&email)
        .name("Alice")
        .custom_data([("n", json!(1))])
        .send()
        .await?;
    assert_eq!(alice.username, Some(run.name("alice")));
    assert_eq!(alice.primary_email.as_deref(), Some(email.as_str()));
    assert!(!alice.is_suspended);

    let read = users.get(&alice.id).send().await?;
    assert_eq!((&read.id, &read.name), (&alice.id, &alice.name));
    assert_eq!(Value::from(Map::from_iter(read.custom_data)), json!({ "n": 1 }));
    assert_eq!(read.created_at, alice.created_at);

    let mut ids = BTreeSet::from([alice.id.clone()]);
    for name in ["bob", "carol"] {
        ids.insert(users.create().username(run.name(name)).send().await?.id);
    }
    lists(&run, &ids).await?;
    searches(&run, &email).await?;
    changes(&run, &alice.id).await?;
    refusals(&run, &alice.id).await?;
    passwords(&run, &alice.id).await?;

    users.delete(&alice.id).send().await?;
    let gone = users.get(&alice.id).send().await.unwrap_err();
    assert!(gone.is_not_found(), "{gone}");
    assert_eq!(gone.operation(), Some("GetUser"));
    assert!(gone.request_id().is_some());
    let gone = users.delete(&alice.id).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}

async fn lists(run: &Run, ids: &BTreeSet<String>) -> Outcome {
    let list = || run.logto.users().list();
    let any = list().page(1).page_size(1).send().await?;
    assert_eq!((any.len(), any.page()), (1, 1));
    assert!(any.total().unwrap() >= 3);

    let first = list().search(run.pattern()).page(1).page_size(2).send().await?;
    let second = list().search(run.pattern()).page(2).page_size(2).send().await?;
    assert_eq!((first.len(), first.total()), (2, Some(3)));
    assert_eq!((second.len(), second.total(), second.page()), (1, Some(3), 2));
    let listed: BTreeSet<String> = first.into_iter().chain(second).map(|user| user.id).collect();
    assert_eq!(&listed, ids);
    let beyond = list().search(run.pattern()).page(3).page_size(2).send().await?;
    assert!(beyond.is_empty());
    let streamed = list().search(run.pattern()).page_size(2).stream();
    assert_eq!(&harness::ids(streamed, |user| user.id).await?, ids);

    let refused = list().page(0).send().await.unwrap_err();
    assert!(refused.is_bad_request(), "{refused}");
    assert_eq!(refused.code(), Some("guard.invalid_pagination"));
    Ok(())
}

async fn searches(run: &Run, email: &str) -> Outcome {
    let find = async |search: Search| -> logto_api::Result<BTreeSet<String>> {
        let found = run.logto.users().list().search(search).send().await?;
        Ok(found.into_iter().filter_map(|user| user.username).collect())
    };
    let names = |parts: &[&str]| parts.iter().map(|part| run.name(part)).collect::<BTreeSet<_>>();
    let whole =
        |name: String| Search::new().field("username", name).mode("username", SearchMode::Exact);

    assert_eq!(find(run.pattern().into()).await?, names(&["alice", "bob", "carol"]));
    assert_eq!(find(email.into()).await?, names(&["alice"]));
    assert_eq!(find(whole(run.name("bob"))).await?, names(&["bob"]));
    assert_eq!(find(whole(run.name("bo"))).await?, names(&[]));
    let either = whole(run.name("bob")).field("primaryEmail", email).operator(LogicalOperator::Or);
    assert_eq!(find(either).await?, names(&["alice", "bob"]));
    Ok(())
}

async fn changes(run: &Run, id: &str) -> Outcome {
    let users = run.logto.users();
    let avatar = "https://example.com/a.png";
    let data = json!({ "a": [1, "x", null] });
    let members = data.as_object().cloned().unwrap_or_default();
    let user = users.update(id).avatar(avatar).custom_data(members).send().await?;
    assert_eq!(user.avatar.as_deref(), Some(avatar));
    assert_eq!(Value::from(Map::from_iter(user.custom_data)), data);
    assert_eq!(user.name.as_deref(), Some("Alice"), "an absent member stays");

    let user = users.update(id).name(None).send().await?;
    assert_eq!(user.name, None, "an explicit null clears");
    assert_eq!(user.avatar.as_deref(), Some(avatar));
    assert_eq!(users.get(id).send().await?.name, None);

    assert!(users.set_suspended(id, true).send().await?.is_suspended);
    assert!(!users.set_suspended(id, false).send().await?.is_suspended);
    Ok(())
}

async fn refusals(run: &Run, id: &str) -> Outcome {
    let users = run.logto.users();
    let taken = users.create().username(run.name("alice")).send().await.unwrap_err();
    assert!(taken.is_unprocessable(), "{taken}");
    assert_eq!(taken.code(), Some("user.username_already_in_use"));
    let taken = users.update(id).username(run.name("bob")).send().await.unwrap_err();
    assert!(taken.is_unprocessable(), "{taken}");

    let invalid = users.create().username("1bad name").send().await.unwrap_err();
    assert!(invalid.is_bad_request() && invalid.has_code("guard.invalid_input"), "{invalid}");
    assert!(invalid.data().is_some() && invalid.details().is_some());

    let unknown = users.update(NO_ID).name("Nobody").send().await.unwrap_err();
    assert!(unknown.is_not_found(), "{unknown}");
    Ok(())
}

async fn passwords(run: &Run, id: &str) -> Outcome {
    let users = run.logto.users();
    assert!(users.has_password(id).send().await?.has_password);
    users.verify_password(id, PASSWORD).send().await?;
    let wrong = users.verify_password(id, "not this one").send().await.unwrap_err();
    assert!(wrong.is_unprocessable() && wrong.has_code("session.invalid_credentials"), "{wrong}");
    Ok(())
}
