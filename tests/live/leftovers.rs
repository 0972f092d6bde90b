//! Finds what a scenario made by its prefix, and deletes it: even what the scenario itself could
//! not read, for only raw requests are used.

use std::collections::BTreeSet;

use logto_api::models::{ApplicationType, HookConfig, HookEvent};
use logto_api::{Client, Method, StatusCode};
use serde_json::Value;

use crate::harness::{Outcome, Run};

/// A kind of entity: its path below `/api`, the members that hold its name, and the query that
/// narrows its list to names with a text in them, if it has one.
pub(crate) struct Kind {
    path: &'static str,
    names: &'static [&'static str],
    search: Option<(&'static str, &'static str)>,
}

/// In the order in which they are deleted.
pub(crate) const KINDS: [Kind; 9] = [
    Kind { path: "hooks", names: &["name"], search: None },
    Kind { path: "organizations", names: &["name"], search: Some(("q", "")) },
    // Who comes from a company has a name and no username.
    Kind { path: "users", names: &["username", "name"], search: Some(("search", "%")) },
    Kind { path: "roles", names: &["name"], search: Some(("search", "%")) },
    Kind { path: "organization-roles", names: &["name"], search: None },
    Kind { path: "organization-scopes", names: &["name"], search: None },
    Kind { path: "sso-connectors", names: &["connectorName"], search: None },
    Kind { path: "applications", names: &["name"], search: Some(("search", "%")) },
    Kind { path: "resources", names: &["name"], search: None },
];

const PAGE_SIZE: usize = 100;

/// The paths of all entities whose names begin with this prefix.
pub(crate) async fn all(logto: &Client, prefix: &str) -> logto_api::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for kind in &KINDS {
        found.extend(of_kind(logto, kind, prefix).await?);
    }
    Ok(found)
}

/// Deletes them, and goes on where one cannot be deleted. The last error is given.
pub(crate) async fn delete(logto: &Client, prefix: &str) -> logto_api::Result<()> {
    let mut outcome = Ok(());
    for kind in &KINDS {
        let paths = match of_kind(logto, kind, prefix).await {
            Ok(paths) => paths,
            Err(error) => {
                outcome = Err(error);
                continue;
            }
        };
        for path in paths {
            match logto.request(Method::DELETE, &path).send().await {
                Err(error) if !error.is_not_found() => outcome = Err(error),
                _ => {}
            }
        }
    }
    outcome
}

async fn of_kind(logto: &Client, kind: &Kind, prefix: &str) -> logto_api::Result<Vec<String>> {
    let mut found = Vec::new();
    for page in 1.. {
        let mut query = vec![("page", page.to_string()), ("page_size", PAGE_SIZE.to_string())];
        if let (Some((key, around)), false) = (kind.search, prefix.is_empty()) {
            query.push((key, format!("{around}{prefix}{around}")));
        }
        let path = format!("/api/{}", kind.path);
        let answer = match logto.request(Method::GET, &path).query(&query).send().await {
            // There is no such kind on this server.
            Err(error)
                if error.code().is_none() && error.status() == Some(StatusCode::NOT_FOUND) =>
            {
                break;
            }
            answer => answer?,
        };
        let entities: Vec<Value> = answer.json()?;
        for entity in &entities {
            let mut names = kind.names.iter().filter_map(|name| entity[*name].as_str());
            let is_ours = prefix.is_empty() || names.any(|name| name.starts_with(prefix));
            if let (true, Some(id)) = (is_ours, entity["id"].as_str()) {
                found.push(format!("{path}/{id}"));
            }
        }
        if entities.len() < PAGE_SIZE {
            break;
        }
    }
    Ok(found)
}

/// One entity of each kind, for the test that they are found.
pub(crate) async fn make_one_of_each(run: &Run) -> Outcome {
    let logto = &run.logto;
    logto.users().create().username(run.name("u")).send().await?;
    logto.roles().create(run.name("r"), "a role").send().await?;
    logto.organizations().create(run.name("o")).send().await?;
    logto.organization_roles().create(run.name("r")).send().await?;
    logto.organization_scopes().create(run.name("s")).send().await?;
    logto.applications().create(run.name("a"), ApplicationType::Spa).send().await?;
    let indicator = format!("https://api.example/{}", run.prefix);
    logto.resources().create(run.name("r"), indicator).send().await?;
    let hook = logto.hooks().create(HookConfig::new("https://hook.example")).name(run.name("h"));
    hook.events([HookEvent::PostSignIn]).send().await?;
    Ok(())
}
