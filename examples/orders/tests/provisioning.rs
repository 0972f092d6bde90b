//! Customers are provisioned once, whatever happens on the way.

use std::{error::Error, fs, time::Duration};

use logto_mock::{Fault, Mock};
use orders_example::provision::{Customer, Report, provision};
use serde_json::json;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn customers() -> Result<Vec<Customer>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/customers.json");
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

const ALL: Report = Report { organizations: 2, users: 3 };

#[tokio::test]
async fn customers_and_their_people_are_made() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    let logto = mock.client()?;
    assert_eq!(provision(&logto, &customers()?).await?, ALL);

    let organizations = logto.organizations().list().search("Acme").await?;
    let people = logto.organizations().list_users(&organizations[0].id).await?;
    assert_eq!(people.len(), 2);
    let created = mock.requests().to("POST", "/api/users");
    created.assert_count(3).assert_body(&json!({ "username": "carol" }));
    Ok(())
}

#[tokio::test]
async fn running_it_again_makes_nothing_twice() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    let logto = mock.client()?;
    provision(&logto, &customers()?).await?;
    assert_eq!(provision(&logto, &customers()?).await?, Report::default());
    assert_eq!(logto.users().list().await?.len(), 3);
    mock.requests().to("POST", "/api/organizations").assert_count(2);
    Ok(())
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    mock.inject(Fault::rate_limited(Duration::ZERO).on("CreateUser").times(2));
    mock.inject(Fault::status(503).on("ListOrganizations").times(1));
    assert_eq!(provision(&mock.client()?, &customers()?).await?, ALL);
    mock.requests().to("POST", "/api/users").assert_count(5);
    Ok(())
}

#[tokio::test]
async fn a_lost_response_makes_nobody_twice() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    let logto = mock.client()?;
    // Logto makes the user, and the connection breaks before it says so.
    mock.inject(Fault::reset().on("CreateUser").times(1));
    let report = provision(&logto, &customers()?).await?;
    assert_eq!(report, Report { users: 2, ..ALL }, "one was found, since nobody said it was made");
    assert_eq!(logto.users().list().await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn what_logto_refuses_is_told() -> Result {
    let mock = Mock::builder().without_port().start().await?;
    mock.fail_next(1, 401);
    let error = provision(&mock.client()?, &customers()?).await.err().ok_or("it went well")?;
    assert!(error.is_auth(), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_older_release_and_fields_of_the_future_will_do() -> Result {
    let older = Mock::builder().without_port().release("1.38").start().await?;
    assert_eq!(provision(&older.client()?, &customers()?).await?, ALL);
    let newer = Mock::builder().without_port().start().await?;
    newer.inject(Fault::unknowns());
    assert_eq!(provision(&newer.client()?, &customers()?).await?, ALL);
    Ok(())
}
