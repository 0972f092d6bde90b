//! Tenants that hold something from the start.

mod common;

use common::{Result, answer, client, string};
use logto_mock::{Mock, Seed};
use serde_json::{Value, json};

fn example() -> Result<Seed> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/seed.yaml");
    Ok(serde_norway::from_str(&std::fs::read_to_string(file)?)?)
}

async fn token(mock: &Mock, id: &str, secret: &str, more: [(&str, &str); 2]) -> Result<Value> {
    let form: Vec<_> = [("grant_type", "client_credentials")].into_iter().chain(more).collect();
    let request = client()?.post(format!("{}/oidc/token", mock.endpoint()));
    let (status, tokens) =
        answer(request.basic_auth(id, Some(secret)).form(&form).send().await?).await?;
    assert_eq!(status, 200, "{tokens}");
    Ok(tokens)
}

#[tokio::test]
async fn the_example_makes_a_tenant_that_works() -> Result {
    let mock = Mock::builder().seed(example()?).start().await?;
    let orders = ("resource", "https://api.acme.example/orders");
    let scope = ("scope", "read:orders write:orders");
    let tokens = token(&mock, "importer", "importer-secret", [orders, scope]).await?;
    assert_eq!(tokens["scope"], "write:orders");

    let management = [("resource", mock.resource()), ("scope", "all")];
    let tokens = token(&mock, "provisioning", "provisioning-secret", management).await?;
    let bearer = string(&tokens["access_token"]);
    let http = client()?;
    let get = async |path: &str| {
        let url = format!("{}{path}", mock.endpoint());
        answer(http.get(url).bearer_auth(&bearer).send().await?).await
    };
    let (_, roles) = get("/api/users/alice/roles").await?;
    assert_eq!(roles[0]["name"], "clerk");
    let (_, own) = get("/api/organizations/acme/users/alice/scopes").await?;
    let mut names: Vec<_> = own.as_array().into_iter().flatten().map(|own| &own["name"]).collect();
    names.sort_by_key(|name| name.to_string());
    assert_eq!(names, [&json!("invite:members"), &json!("remove:members")]);
    let (_, connectors) = get("/api/connectors").await?;
    assert_eq!(connectors.as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_seed_is_what_a_reset_goes_back_to() -> Result {
    let seed =
        Seed::new().user("alice").password("correct horse").in_organization("Acme", ["admin"]);
    let mock = Mock::builder().seed(seed).start().await?;
    assert!(mock.user_id("alice").is_some());
    mock.add_user("bob", "correct horse");
    mock.reset();
    assert!(mock.user_id("alice").is_some() && mock.user_id("bob").is_none());
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_made_is_told() -> Result {
    let seed = Seed::new().role("reader", ["read:nothing"]);
    let error = Mock::builder().seed(seed).start().await.err().ok_or("it started")?;
    assert!(error.to_string().contains("read:nothing"), "{error}");
    let twice = Seed::new().user("alice").user("alice");
    let error = Mock::builder().seed(twice).start().await.err().ok_or("it started")?;
    assert!(error.to_string().contains("username_already_in_use"), "{error}");
    assert!(Seed::from_json(json!({ "user": [] })).is_err());
    Ok(())
}
