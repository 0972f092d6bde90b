//! Roles, and who has them.

use logto_api::models::RoleType;

use crate::harness::{self, NO_ID, Outcome, Run};

pub(crate) async fn scenario(run: Run) -> Outcome {
    let roles = run.logto.roles();
    let role = roles.create(run.name("editor"), "Edits").r#type(RoleType::User).send().await?;
    assert_eq!((&role.name, role.description.as_str()), (&run.name("editor"), "Edits"));
    assert!(role.r#type == RoleType::User && !role.is_default);
    let machine = roles.create(run.name("machine"), "Runs").r#type(RoleType::MachineToMachine);
    let machine = machine.send().await?;
    assert_eq!(roles.get(&role.id).send().await?, role);

    let page = roles.list().search(run.pattern()).page(1).page_size(1).send().await?;
    assert_eq!((page.len(), page.total()), (1, Some(2)));

    let streamed = roles.list().search(run.pattern()).page_size(1).stream();
    let both = [role.id.clone(), machine.id.clone()].into();
    assert_eq!(harness::ids(streamed, |role| role.id).await?, both);

    let changed = roles.update(&role.id).description("Edits more").send().await?;
    assert_eq!((&changed.name, changed.description.as_str()), (&role.name, "Edits more"));

    refusals(&run, &role.id).await?;
    assignments(&run, &role.id, &machine.id).await?;

    roles.delete(&role.id).send().await?;
    let gone = roles.delete(&role.id).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}

async fn refusals(run: &Run, id: &str) -> Outcome {
    let roles = run.logto.roles();
    let taken = roles.create(run.name("editor"), "Again").send().await.unwrap_err();
    assert!(taken.is_unprocessable() && taken.has_code("role.name_in_use"), "{taken}");
    let taken = roles.update(id).name(run.name("machine")).send().await.unwrap_err();
    assert!(taken.is_unprocessable() && taken.has_code("role.name_in_use"), "{taken}");

    let unknown = roles.get(NO_ID).send().await.unwrap_err();
    assert!(unknown.is_not_found(), "{unknown}");
    let unknown = roles.update(NO_ID).description("x").send().await.unwrap_err();
    assert!(unknown.is_not_found() && harness::is_of_entity(&unknown), "{unknown}");
    Ok(())
}

async fn assignments(run: &Run, id: &str, machine: &str) -> Outcome {
    let (users, roles) = (run.logto.users(), run.logto.roles());
    let user = users.create().username(run.name("user")).send().await?.id;
    let has = async || -> logto_api::Result<bool> {
        let roles = users.list_roles(&user).page(1).page_size(100).send().await?;
        Ok(roles.iter().any(|role| role.id == id))
    };

    let added = users.add_roles(&user, [id]).send().await?;
    // Logto 1.30 does not tell what it has added.
    assert!(added.is_none_or(|added| added.added_role_ids == [id]));
    let again = users.add_roles(&user, [id]).send().await?;
    assert!(again.is_none_or(|again| again.added_role_ids.is_empty()) && has().await?);
    let wrong = users.add_roles(&user, [machine]).send().await.unwrap_err();
    assert!(wrong.is_unprocessable() && wrong.has_code("user.invalid_role_type"), "{wrong}");

    let listed = roles.list().search(run.name("editor")).page(1).send().await?;
    assert_eq!((listed.len(), listed[0].users_count), (1, 1));
    let holders = roles.list_users(id).page(1).page_size(5).send().await?;
    assert_eq!((holders.total(), &holders[0].id), (Some(1), &user));

    users.replace_roles(&user, Vec::<String>::new()).send().await?;
    assert!(!has().await?);
    roles.add_users(id, [&user]).send().await?;
    assert!(has().await?);
    users.remove_role(&user, id).send().await?;
    assert!(!has().await?);
    Ok(())
}
