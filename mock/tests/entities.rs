//! What roles, organizations, applications, resources and hooks look like on the wire.

mod common;

use common::{Fixture, Result, answer, header, headers, string};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn a_new_one_has_every_member() -> Result {
    let fixture = Fixture::start().await?;
    let metadata = json!({ "redirectUris": ["http://localhost/cb"], "postLogoutRedirectUris": [] });
    let config = json!({ "url": "https://hook.example", "headers": { "x-test": "1" } });
    for (path, status, body, rest) in [
        (
            "roles",
            200,
            json!({ "name": "editor", "description": "Edits" }),
            json!({ "type": "User", "isDefault": false }),
        ),
        (
            "organizations",
            201,
            json!({ "name": "Acme", "customData": { "x": 1 } }),
            json!({
                "description": null, "isMfaRequired": false, "color": {}, "branding": {},
                "customCss": null,
            }),
        ),
        (
            "applications",
            200,
            json!({ "name": "Site", "type": "SPA", "oidcClientMetadata": metadata }),
            json!({
                "description": null, "customClientMetadata": {}, "protectedAppMetadata": null,
                "customData": {}, "isThirdParty": false, "appLevelAccessControlEnabled": false,
            }),
        ),
        (
            "resources",
            201,
            json!({ "name": "API", "indicator": "https://api.example" }),
            json!({ "isDefault": false, "accessTokenTtl": 3600, "scopes": [] }),
        ),
        (
            "hooks",
            201,
            json!({ "name": "Hook", "events": ["PostSignIn"], "config": config }),
            json!({ "event": null, "enabled": true }),
        ),
    ] {
        let path = format!("/api/{path}");
        let (got, created) = fixture.send(Method::POST, &path, body.clone()).await?;
        let mut expected = json!({ "tenantId": "default", "id": created["id"] });
        for part in [&body, &rest] {
            merge(&mut expected, part);
        }
        for own in ["createdAt", "signingKey"] {
            if let Some(value) = created.get(own) {
                expected[own] = value.clone();
            }
        }
        assert_eq!((got.as_u16(), &created), (status, &expected));

        let one = format!("{path}/{}", string(&created["id"]));
        let (status, read) = answer(fixture.get(&one).await?).await?;
        assert_eq!((status.as_u16(), &read["name"]), (200, &body["name"]));
        let change = json!({ "name": "renamed" });
        let (status, changed) = fixture.send(Method::PATCH, &one, change).await?;
        assert_eq!((status.as_u16(), &changed["name"]), (200, &json!("renamed")));
        assert_eq!(fixture.request(Method::DELETE, &one).send().await?.status(), 204);
        assert_eq!(fixture.get(&one).await?.status(), 404);
    }
    Ok(())
}

fn merge(into: &mut Value, members: &Value) {
    for (name, value) in members.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}

#[tokio::test]
async fn what_is_not_there_is_named() -> Result {
    let fixture = Fixture::start().await?;
    for name in ["roles", "organizations", "applications", "resources", "hooks"] {
        let path = format!("/api/{name}/nothing");
        let named = json!({
            "code": "entity.not_exists_with_id",
            "message": format!("The {name} with ID `nothing` does not exist."),
        });
        for method in [Method::GET, Method::PATCH] {
            let body = json!({ "name": "x" });
            let (status, error) = fixture.send(method.clone(), &path, body).await?;
            let named = match (name, &method) {
                ("hooks" | "organizations", &Method::PATCH) => &json!({
                    "code": "entity.not_exists",
                    "message": format!("The {} does not exist.", name.trim_end_matches('s')),
                }),
                _ => &named,
            };
            assert_eq!((status.as_u16(), &error), (404, named));
        }
        let (status, error) = fixture.send(Method::DELETE, &path, json!({})).await?;
        let code = match name {
            "organizations" | "hooks" => "entity.not_found",
            _ => "entity.not_exists_with_id",
        };
        assert_eq!((status.as_u16(), &error["code"]), (404, &json!(code)));
    }
    Ok(())
}

#[tokio::test]
async fn what_is_taken_is_named() -> Result {
    let fixture = Fixture::start().await?;
    let resource = json!({ "name": "API", "indicator": "https://api.example" });
    let api = json!({ "name": "Other API", "indicator": "https://other.example" });
    let (_, api) = fixture.send(Method::POST, "/api/resources", api).await?;
    let scopes = format!("/api/resources/{}/scopes", string(&api["id"]));
    for (path, body, code, message) in [
        (
            "/api/roles",
            json!({ "name": "editor", "description": "Edits" }),
            "role.name_in_use",
            "This role name editor is already in use",
        ),
        (
            "/api/resources",
            resource,
            "resource.resource_identifier_in_use",
            "The API identifier https://api.example is already in use",
        ),
        (
            scopes.as_str(),
            json!({ "name": "read:things" }),
            "scope.name_exists",
            "The scope name read:things is already in use",
        ),
    ] {
        let (status, _) = fixture.send(Method::POST, path, body.clone()).await?;
        assert!(status.is_success());
        let (status, error) = fixture.send(Method::POST, path, body).await?;
        let expected = json!({ "code": code, "message": message });
        assert_eq!((status.as_u16(), error), (422, expected));
    }
    Ok(())
}

#[tokio::test]
async fn the_management_api_stays_as_it_is() -> Result {
    let fixture = Fixture::start().await?;
    for (method, code) in [
        (Method::PATCH, "resource.cannot_modify_management_api"),
        (Method::DELETE, "resource.cannot_delete_management_api"),
    ] {
        let path = "/api/resources/management-api";
        let (status, error) = fixture.send(method, path, json!({ "name": "nope" })).await?;
        assert_eq!((status.as_u16(), &error["code"]), (400, &json!(code)));
    }
    Ok(())
}

#[tokio::test]
async fn some_lists_come_whole_unless_a_page_is_asked_for() -> Result {
    let fixture = Fixture::start().await?;
    for (path, always) in [
        ("/api/applications", false),
        ("/api/resources", false),
        ("/api/hooks", false),
        ("/api/roles", true),
        ("/api/organizations", true),
    ] {
        let whole = fixture.get(path).await?;
        assert_eq!(!header(&whole, "total-number").is_empty(), always, "{path}");
        assert_eq!(!headers(&whole, "link").is_empty(), always, "{path}");
        let page = fixture.get(&format!("{path}?page=1&page_size=1")).await?;
        assert!(!header(&page, "total-number").is_empty(), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn complaints_about_lists_say_which_item() -> Result {
    let fixture = Fixture::start().await?;
    let metadata = json!({ "redirectUris": ["bad"], "postLogoutRedirectUris": [] });
    let body = json!({ "name": "x", "type": "SPA", "oidcClientMetadata": metadata });
    let (status, error) = fixture.send(Method::POST, "/api/applications", body).await?;
    let expected = json!({
        "code": "guard.invalid_input",
        "data": {
            "issues": [{
                "code": "custom", "message": "Invalid input",
                "path": ["oidcClientMetadata", "redirectUris", 0],
            }],
            "name": "ZodError",
        },
        "details": "Error in key path \"oidcClientMetadata.redirectUris.0\": (custom) Invalid input",
        "message": "The request body is invalid.",
    });
    assert_eq!((status.as_u16(), error), (400, expected));
    Ok(())
}

#[tokio::test]
async fn what_hangs_on_something_goes_with_it() -> Result {
    let fixture = Fixture::start().await?;
    let role = json!({ "name": "editor", "description": "Edits" });
    let (_, role) = fixture.send(Method::POST, "/api/roles", role).await?;
    let user = fixture.add(json!({})).await?;
    let holders = format!("/api/roles/{}/users", string(&role["id"]));
    let body = json!({ "userIds": [user["id"]] });
    let (status, _) = fixture.send(Method::POST, &holders, body).await?;
    assert_eq!(status, 201);
    assert_eq!(header(&fixture.get(&holders).await?, "total-number"), "1");

    let path = format!("/api/users/{}", string(&user["id"]));
    fixture.request(Method::DELETE, &path).send().await?;
    assert_eq!(header(&fixture.get(&holders).await?, "total-number"), "0");
    Ok(())
}

#[tokio::test]
async fn what_was_taken_away_cannot_be_taken_away_again() -> Result {
    let fixture = Fixture::start().await?;
    let made = async |path: &str, body| -> Result<String> {
        Ok(string(&fixture.send(Method::POST, path, body).await?.1["id"]))
    };
    let user = string(&fixture.add(json!({})).await?["id"]);
    let role = made("/api/roles", json!({ "name": "editor", "description": "d" })).await?;
    let organization = made("/api/organizations", json!({ "name": "Acme" })).await?;
    let users =
        [format!("/api/roles/{role}/users"), format!("/api/organizations/{organization}/users")];
    for path in &users {
        fixture.send(Method::POST, path, json!({ "userIds": [user] })).await?;
    }
    let api = json!({ "name": "API", "indicator": "https://api.acme.example" });
    let scopes = format!("/api/resources/{}/scopes", made("/api/resources", api).await?);
    let scope = made(&scopes, json!({ "name": "read" })).await?;
    let [of_role, of_organization] = users;
    for path in [
        format!("{of_role}/{user}"),
        format!("{of_organization}/{user}"),
        format!("{scopes}/{scope}"),
    ] {
        let gone = fixture.request(Method::DELETE, &path).send().await?;
        assert_eq!(gone.status(), 204, "{path}");
        let (status, body) = answer(fixture.request(Method::DELETE, &path).send().await?).await?;
        assert_eq!((status.as_u16(), &body["code"]), (404, &json!("entity.not_found")), "{path}");
    }
    Ok(())
}
