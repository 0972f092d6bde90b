//! Applications and their secrets.

use logto_api::Timestamp;
use logto_api::models::{ApplicationType, OidcClientMetadata};

use crate::harness::{self, NO_ID, Outcome, Run};

const CALLBACK: &str = "http://localhost:9999/callback";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let applications = run.logto.applications();
    let web = applications
        .create(run.name("web"), ApplicationType::Traditional)
        .description("A site")
        .oidc_client_metadata(OidcClientMetadata::new([""; 0], [CALLBACK]))
        .send()
        .await?;
    assert_eq!((&web.name, &web.r#type), (&run.name("web"), &ApplicationType::Traditional));
    assert_eq!(web.oidc_client_metadata.redirect_uris, [CALLBACK]);
    let machine = applications.create(run.name("machine"), ApplicationType::MachineToMachine);
    let machine = machine.send().await?;

    let read = applications.get(&web.id).send().await?;
    assert_eq!((&read.id, read.created_at), (&web.id, web.created_at));
    let list = || applications.list().search(run.pattern()).page(1);
    let page = list().page_size(1).send().await?;
    assert_eq!((page.len(), page.total()), (1, Some(2)));
    let machines = list().types([ApplicationType::MachineToMachine]).send().await?;
    assert_eq!((machines.len(), &machines[0].id), (1, &machine.id));
    let streamed = applications.list().search(run.pattern()).page_size(1).stream();
    let both = [web.id.clone(), machine.id].into();
    assert_eq!(harness::ids(streamed, |application| application.id).await?, both);
    assert!(applications.list().send().await?.iter().any(|application| application.id == web.id));

    let changed = applications.update(&web.id).name(run.name("renamed")).send().await?;
    assert_eq!((&changed.name, &changed.description), (&run.name("renamed"), &web.description));
    let cleared = applications.update(&web.id).description(None).send().await?;
    assert_eq!(cleared.description, None, "an explicit null clears");
    assert_eq!(cleared.oidc_client_metadata, web.oidc_client_metadata);

    secrets(&run, &web.id).await?;
    refusals(&run).await?;

    applications.delete(&web.id).send().await?;
    let gone = applications.delete(&web.id).send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}

async fn secrets(run: &Run, id: &str) -> Outcome {
    let applications = run.logto.applications();
    let secrets = applications.list_secrets(id).send().await?;
    assert_eq!((secrets.len(), secrets[0].application_id.as_str()), (1, id));
    assert!(!secrets[0].value.is_empty() && secrets[0].expires_at.is_none());

    let expiry = Timestamp::from_millis(4_102_444_800_000);
    let second = applications.create_secret(id, "second").expires_at(expiry).send().await?;
    assert_eq!((second.name.as_str(), second.expires_at), ("second", Some(expiry)));
    assert!(!format!("{second:?}").contains(&second.value), "a secret is not shown");
    let taken = applications.create_secret(id, "second").send().await.unwrap_err();
    assert!(taken.is_unprocessable(), "{taken}");

    applications.delete_secret(id, "second").send().await?;
    assert_eq!(applications.list_secrets(id).send().await?.len(), 1);
    let gone = applications.delete_secret(id, "second").send().await.unwrap_err();
    assert!(gone.is_not_found() && harness::is_of_entity(&gone), "{gone}");
    Ok(())
}

async fn refusals(run: &Run) -> Outcome {
    let applications = run.logto.applications();
    let spa = applications.create(run.name("spa"), ApplicationType::Spa).send().await?;
    let secret = applications.create_secret(&spa.id, "x").send().await.unwrap_err();
    assert!(secret.is_unprocessable(), "{secret}");
    assert_eq!(secret.code(), Some("entity.db_constraint_violated"));

    let metadata = OidcClientMetadata::new([""; 0], ["bad"]);
    let bad = applications.create(run.name("bad"), ApplicationType::Spa);
    let bad = bad.oidc_client_metadata(metadata).send().await.unwrap_err();
    assert!(bad.is_bad_request() && bad.has_code("guard.invalid_input"), "{bad}");

    let unknown = applications.get(NO_ID).send().await.unwrap_err();
    assert!(unknown.is_not_found() && harness::is_of_entity(&unknown), "{unknown}");
    Ok(())
}
