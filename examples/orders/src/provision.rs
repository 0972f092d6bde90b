//! Makes customers known to Logto. It can be run again: what is there already stays.

use logto_api::{Client, Error, Result};
use serde::Deserialize;

use crate::{API, READ, WRITE};

/// A customer, with the people who work there.
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    pub name: String,
    pub people: Vec<Person>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    pub username: String,
    /// `clerk` or `viewer`.
    pub role: String,
}

/// What was not there before.
#[derive(Debug, Default, PartialEq)]
pub struct Report {
    pub organizations: usize,
    pub users: usize,
}

/// Registers the API, its roles, and these customers.
///
/// # Errors
///
/// Whatever Logto says. What was made so far stays; run it again.
pub async fn provision(logto: &Client, customers: &[Customer]) -> Result<Report> {
    let [read, write] = register_api(logto).await?;
    ensure_role(logto, "clerk", &[&read, &write]).await?;
    ensure_role(logto, "viewer", &[&read]).await?;
    let mut report = Report::default();
    for customer in customers {
        let organization = ensure_organization(logto, &customer.name, &mut report).await?;
        for person in &customer.people {
            let user = ensure_user(logto, &person.username, &mut report).await?;
            logto.organizations().add_users(&organization, [&user]).await?;
            let roles = logto.organizations().replace_user_roles(&organization, &user);
            roles.organization_role_names([&person.role]).await?;
        }
    }
    Ok(report)
}

/// Registers the API; gives the ids of its scopes.
async fn register_api(logto: &Client) -> Result<[String; 2]> {
    let resources = logto.resources();
    let known = resources.list().page_size(100).await?;
    let api = match known.iter().find(|own| own.indicator == API) {
        Some(own) => own.id.clone(),
        None => resources.create("Orders", API).await?.id,
    };
    let known = resources.list_scopes(&api).page_size(100).await?;
    let mut ids = Vec::new();
    for name in [READ, WRITE] {
        ids.push(match known.iter().find(|own| own.name == name) {
            Some(own) => own.id.clone(),
            None => resources.create_scope(&api, name).await?.id,
        });
    }
    let [read, write] = [0, 1].map(|at| ids[at].clone());
    Ok([read, write])
}

async fn ensure_role(logto: &Client, name: &str, scopes: &[&str]) -> Result<()> {
    match logto.organization_roles().create(name).resource_scope_ids(scopes).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_already_exists() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Names of organizations are not unique, so that it has to look.
async fn ensure_organization(logto: &Client, name: &str, report: &mut Report) -> Result<String> {
    let found = logto.organizations().list().search(name).page_size(100).await?;
    if let Some(own) = found.iter().find(|own| own.name == name) {
        return Ok(own.id.clone());
    }
    report.organizations += 1;
    Ok(logto.organizations().create(name).await?.id)
}

/// A user's first password is set by a link that Logto sends, which is not shown here.
async fn ensure_user(logto: &Client, username: &str, report: &mut Report) -> Result<String> {
    match logto.users().create().username(username).await {
        Ok(user) => {
            report.users += 1;
            Ok(user.id)
        }
        // Someone was here before; or this very call, whose response was lost on the way.
        Err(error) if error.is_already_exists() || error.may_have_taken_effect() => {
            find_user(logto, username, error).await
        }
        Err(error) => Err(error),
    }
}

async fn find_user(logto: &Client, username: &str, error: Error) -> Result<String> {
    let found = logto.users().list().search(username).page_size(100).await?;
    let own = found.iter().find(|user| user.username.as_deref() == Some(username));
    own.map(|user| user.id.clone()).ok_or(error)
}
