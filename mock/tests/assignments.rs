//! What is assigned to what, from both sides, and what goes with an entity.

mod common;

use common::{Fixture, Result, answer, header, string};
use reqwest::Method;
use serde_json::{Value, json};

impl Fixture {
    async fn make(&self, path: &str, body: Value) -> Result<String> {
        let (status, made) = self.send(Method::POST, path, body).await?;
        assert!(status.is_success(), "{path}: {made}");
        Ok(string(&made["id"]))
    }

    async fn list(&self, path: &str) -> Result<Value> {
        let (status, list) = answer(self.get(path).await?).await?;
        assert_eq!(status, 200, "{path}: {list}");
        Ok(list)
    }
}

#[tokio::test]
async fn roles_are_assigned_from_both_sides() -> Result {
    let fixture = Fixture::start().await?;
    let role = fixture.make("/api/roles", json!({ "name": "a", "description": "d" })).await?;
    let user = string(&fixture.add(json!({ "username": "alice" })).await?["id"]);
    let path = format!("/api/users/{user}/roles");
    let (status, added) = fixture.send(Method::POST, &path, json!({ "roleIds": [role] })).await?;
    assert_eq!(status, 201);
    assert_eq!(added, json!({ "roleIds": [role], "addedRoleIds": [role] }));
    let users = fixture.list(&format!("/api/roles/{role}/users")).await?;
    assert_eq!(users[0]["id"], json!(user));
    let listed = fixture.list("/api/roles").await?;
    assert_eq!(
        (&listed[0]["usersCount"], &listed[0]["featuredUsers"][0]["id"]),
        (&json!(1), &json!(user))
    );
    let others = fixture.list(&format!("/api/users?excludeRoleId={role}")).await?;
    assert_eq!(others, json!([]));

    let machine = json!({ "name": "m", "description": "d", "type": "MachineToMachine" });
    let machine = fixture.make("/api/roles", machine).await?;
    let (status, error) =
        fixture.send(Method::POST, &path, json!({ "roleIds": [machine] })).await?;
    assert_eq!((status.as_u16(), &error["code"]), (422, &json!("user.invalid_role_type")));

    let held = format!("{path}/{role}");
    assert_eq!(fixture.request(Method::DELETE, &held).send().await?.status(), 204);
    assert_eq!(fixture.request(Method::DELETE, &held).send().await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn members_have_roles_for_as_long_as_they_are_members() -> Result {
    let fixture = Fixture::start().await?;
    let organization = fixture.make("/api/organizations", json!({ "name": "Acme" })).await?;
    let scope = fixture.make("/api/organization-scopes", json!({ "name": "read" })).await?;
    let role = json!({ "name": "admin", "organizationScopeIds": [scope] });
    let role = fixture.make("/api/organization-roles", role).await?;
    let user = string(&fixture.add(json!({ "username": "alice" })).await?["id"]);
    let members = format!("/api/organizations/{organization}/users");
    let roles = format!("{members}/{user}/roles");

    let assigned = json!({ "organizationRoleIds": [role] });
    let (status, error) = fixture.send(Method::POST, &roles, assigned.clone()).await?;
    assert_eq!((status.as_u16(), &error["code"]), (422, &json!("organization.require_membership")));
    let (status, _) = fixture.send(Method::POST, &members, json!({ "userIds": [user] })).await?;
    assert_eq!(status, 201);
    let (status, _) = fixture.send(Method::POST, &roles, assigned.clone()).await?;
    assert_eq!(status, 201);

    let named = json!([{ "id": role, "name": "admin" }]);
    assert_eq!(fixture.list(&members).await?[0]["organizationRoles"], named);
    let own = fixture.list(&format!("/api/users/{user}/organizations")).await?;
    assert_eq!(own[0]["organizationRoles"], named);
    let scopes = fixture.list(&format!("{members}/{user}/scopes")).await?;
    assert_eq!(scopes[0]["name"], "read");

    fixture.request(Method::DELETE, &format!("{members}/{user}")).send().await?;
    fixture.send(Method::POST, &members, json!({ "userIds": [user] })).await?;
    assert_eq!(fixture.list(&members).await?[0]["organizationRoles"], json!([]));
    Ok(())
}

#[tokio::test]
async fn an_accepted_invitation_makes_a_member() -> Result {
    let fixture = Fixture::start().await?;
    let organization = fixture.make("/api/organizations", json!({ "name": "Acme" })).await?;
    let role = fixture.make("/api/organization-roles", json!({ "name": "admin" })).await?;
    let user = fixture.add(json!({ "primaryEmail": "alice@example.com" })).await?;
    let body = json!({
        "invitee": "alice@example.com", "organizationId": organization,
        "expiresAt": 4_102_444_800_000_u64, "organizationRoleIds": [role],
    });
    let invitation = fixture.make("/api/organization-invitations", body.clone()).await?;
    let (status, error) = fixture.send(Method::POST, "/api/organization-invitations", body).await?;
    assert_eq!(
        (status.as_u16(), &error["code"]),
        (422, &json!("entity.unique_integrity_violation"))
    );
    let path = format!("/api/organization-invitations/{invitation}/status");
    let accepted = json!({ "status": "Accepted", "acceptedUserId": user["id"] });
    let (status, changed) = fixture.send(Method::PUT, &path, accepted).await?;
    assert_eq!((status.as_u16(), &changed["status"]), (200, &json!("Accepted")));
    let members = fixture.list(&format!("/api/organizations/{organization}/users")).await?;
    assert_eq!(members[0]["organizationRoles"][0]["name"], "admin");

    let gone = format!("/api/organizations/{organization}");
    fixture.request(Method::DELETE, &gone).send().await?;
    assert_eq!(fixture.list("/api/organization-invitations").await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn changes_keep_clear_and_merge() -> Result {
    let fixture = Fixture::start().await?;
    let body = json!({ "name": "Acme", "description": "x", "customData": { "a": 1 } });
    let path = format!("/api/organizations/{}", fixture.make("/api/organizations", body).await?);
    let (_, changed) = fixture.send(Method::PATCH, &path, json!({ "description": null })).await?;
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Acme"), &Value::Null));
    assert_eq!(changed["customData"], json!({ "a": 1 }));

    let user = string(&fixture.add(json!({ "customData": { "a": 1 } })).await?["id"]);
    let path = format!("/api/users/{user}/custom-data");
    let body = json!({ "customData": { "b": 2 } });
    let (_, merged) = fixture.send(Method::PATCH, &path, body).await?;
    assert_eq!(merged, json!({ "a": 1, "b": 2 }));
    Ok(())
}

#[tokio::test]
async fn pages_follow_each_other() -> Result {
    let fixture = Fixture::start().await?;
    for name in ["first", "second", "third"] {
        fixture.make("/api/organizations", json!({ "name": name })).await?;
    }
    let mut names = Vec::new();
    for page in [1, 2] {
        let response = fixture.get(&format!("/api/organizations?page={page}&page_size=2")).await?;
        assert_eq!(header(&response, "total-number"), "3");
        let (_, list) = answer(response).await?;
        names.extend(list.as_array().into_iter().flatten().map(|own| string(&own["name"])));
    }
    assert_eq!(names, ["third", "second", "first"]);
    let found = fixture.list("/api/organizations?q=SECOND").await?;
    assert_eq!(found[0]["name"], "second");
    Ok(())
}
