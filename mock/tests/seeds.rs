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

/// Checks that a seed is refused, where, and why.
async fn refused(seed: Value, entry: &str, why: &str) -> Result {
    let seed = Seed::from_json(seed)?;
    let error = Mock::builder().seed(seed).start().await.err().ok_or("it started")?;
    let told = error.to_string();
    assert!(told.starts_with(entry) && told.contains(why), "{told}");
    assert!(!told.contains(['{', '}']), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_refusal_names_the_entry() -> Result {
    let list = |list: &str, entries: Value| json!({ list: entries });
    for (seed, entry, why) in [
        (
            list("organizations", json!([{ "id": "a", "name": "B" }, { "id": "a", "name": "A" }])),
            "organizations, entry 2 (A): ",
            "another of the organizations has the id \"a\"",
        ),
        (list("users", json!([{ "id": "x/../y" }])), "users, entry 1 (x/../y): ", "is not an id"),
        (list("users", json!([{ "id": "a_rather_long_id" }])), "users, entry 1", "up to 12"),
        (
            list("users", json!([{ "id": "bob" }, { "username": "eve", "id": "bob" }])),
            "users, entry 2 (eve): ",
            "another of the users has the id",
        ),
        (
            list("users", json!([{ "username": "bob" }, { "username": "bob" }])),
            "users, entry 2 (bob): ",
            "user.username_already_in_use",
        ),
        (
            list("users", json!([{ "username": "not valid" }])),
            "users, entry 1 (not valid): ",
            "`username`: Logto does not take this value",
        ),
        (
            list("roles", json!([{ "name": "clerk", "type": "Machine" }])),
            "roles, entry 1 (clerk): ",
            "`type`: Invalid enum value. Expected 'User' | 'MachineToMachine'",
        ),
        (list("connectors", json!([{ "connectorId": "a" }])), "connectors, entry 1 (a): ", ""),
        (list("apis", json!([{ "name": "A" }])), "apis, entry 1 (A): ", "`indicator`"),
    ] {
        refused(seed, entry, why).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_would_be_passed_over_is_refused() -> Result {
    let user = json!([{ "username": "bob", "roles": ["clark"] }]);
    let member = json!([{ "username": "bob", "organizations": { "A": ["admin"] } }]);
    let machine =
        json!({ "name": "A", "type": "MachineToMachine", "redirectUris": ["https://a.b"] });
    for (seed, entry, why) in [
        (
            json!({ "roles": [{ "name": "clerk" }], "users": user }),
            "users, entry 1 (bob): ",
            "there is no role \"clark\": add it to `roles`",
        ),
        (
            json!({ "organizations": [{ "name": "B" }], "users": member }),
            "users, entry 1 (bob): ",
            "there is no organization \"A\": add it to `organizations`",
        ),
        (
            json!({ "organizationRoles": [{ "name": "member" }], "users": member }),
            "users, entry 1 (bob): ",
            "there is no organization role \"admin\"",
        ),
        (
            json!({ "organizations": [{ "name": "A" }, { "name": "A" }], "users": member }),
            "users, entry 1 (bob): ",
            "2 organizations are called \"A\"",
        ),
        (
            json!({ "roles": [{ "name": "clerk", "scopes": ["read:x"] }] }),
            "roles, entry 1 (clerk): ",
            "no API has the scope \"read:x\"",
        ),
        (
            json!({ "applications": [{ "name": "A", "type": "SPA", "secret": "s" }] }),
            "applications, entry 1 (A): ",
            "keeps no secret",
        ),
        (json!({ "signInExperience": [1] }), "signInExperience: ", "Expected object"),
        (json!({ "applications": [machine] }), "applications, entry 1 (A): ", "redirect URIs out"),
        (
            json!({ "signInExperience": { "bogus": 1, "branding": { "logo": "https://a.b/c" } } }),
            "signInExperience: ",
            "Logto does not know `bogus`, `branding.logo`",
        ),
    ] {
        refused(seed, entry, why).await?;
    }
    Ok(())
}

#[tokio::test]
async fn users_name_organizations_by_name_or_id() -> Result {
    let seed = json!({
        "organizations": [{ "id": "acme", "name": "Acme" }, { "id": "other", "name": "Acme" }],
        "users": [{ "id": "bob", "organizations": { "other": [] } }],
    });
    let mock = Mock::builder().seed(Seed::from_json(seed)?).start().await?;
    let http = client()?;
    let bearer = common::management_token(&mock, &http).await?;
    let url = format!("{}/api/users/bob/organizations", mock.endpoint());
    let (_, own) = answer(http.get(url).bearer_auth(bearer).send().await?).await?;
    assert_eq!((own.as_array().map(Vec::len), &own[0]["id"]), (Some(1), &json!("other")));
    Ok(())
}
