//! The users of the Management API.

mod common;

use common::{Fixture, Result, answer, header, headers, string};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_new_user_has_every_member() -> Result {
    let fixture = Fixture::start().await?;
    let user = fixture
        .add(json!({
            "username": "alice", "password": "correct horse", "primaryPhone": "34678869032",
            "profile": { "givenName": "A", "address": { "country": "ES" } },
            "customData": { "a": [1, null] },
        }))
        .await?;
    let expected = json!({
        "id": user["id"], "username": "alice", "primaryEmail": null,
        "primaryPhone": "34678869032", "name": null, "avatar": null,
        "customData": { "a": [1, null] }, "identities": {}, "lastSignInAt": null,
        "createdAt": user["createdAt"], "updatedAt": user["createdAt"],
        "profile": { "givenName": "A", "address": { "country": "ES" } },
        "applicationId": null, "cimdClientId": null, "isSuspended": false, "hasPassword": true,
    });
    assert_eq!(user, expected);
    let id = string(&user["id"]);
    assert_eq!(id.len(), 12);

    let (status, read) = answer(fixture.get(&format!("/api/users/{id}")).await?).await?;
    assert_eq!((status.as_u16(), read), (200, user));
    let with_sso = format!("/api/users/{id}?includeSsoIdentities=true");
    let (_, read) = answer(fixture.get(&with_sso).await?).await?;
    assert_eq!(read["ssoIdentities"], json!([]));
    Ok(())
}

#[tokio::test]
async fn what_is_taken_cannot_be_had_again() -> Result {
    let fixture = Fixture::start().await?;
    let taken = json!({
        "username": "alice", "primaryEmail": "a@acme.com", "primaryPhone": "34600000000",
    });
    let first = fixture.add(taken.clone()).await?;
    let second = fixture.add(json!({})).await?;
    let own = format!("/api/users/{}", string(&first["id"]));
    let other = format!("/api/users/{}", string(&second["id"]));
    for (member, code) in [
        ("username", "user.username_already_in_use"),
        ("primaryEmail", "user.email_already_in_use"),
        ("primaryPhone", "user.phone_already_in_use"),
    ] {
        let body = json!({ member: taken[member] });
        let (status, error) = fixture.send(Method::POST, "/api/users", body.clone()).await?;
        assert_eq!((status.as_u16(), &error["code"]), (422, &json!(code)));
        let (status, error) = fixture.send(Method::PATCH, &other, body.clone()).await?;
        assert_eq!((status.as_u16(), &error["code"]), (422, &json!(code)));
        let (status, _) = fixture.send(Method::PATCH, &own, body).await?;
        assert_eq!(status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_with_every_complaint() -> Result {
    let fixture = Fixture::start().await?;
    let body = json!({ "username": "1bad name", "primaryEmail": "not-an-email" });
    let (status, error) = fixture.send(Method::POST, "/api/users", body).await?;
    let issue = |member| {
        json!({
            "validation": "regex", "code": "invalid_string", "message": "Invalid",
            "path": [member],
        })
    };
    let expected = json!({
        "code": "guard.invalid_input",
        "data": { "issues": [issue("primaryEmail"), issue("username")], "name": "ZodError" },
        "details": "Error in key path \"primaryEmail\": (invalid_string) Invalid\n\
                    Error in key path \"username\": (invalid_string) Invalid",
        "message": "The request body is invalid.",
    });
    assert_eq!((status.as_u16(), error), (400, expected));

    let user = fixture.add(json!({})).await?;
    let path = format!("/api/users/{}", string(&user["id"]));
    let (status, error) = fixture.send(Method::PATCH, &path, json!({ "name": 5 })).await?;
    let union = json!([{
        "code": "invalid_union",
        "unionErrors": [
            { "name": "ZodError", "issues": [{
                "code": "invalid_type", "expected": "string", "received": "number",
                "path": ["name"], "message": "Expected string, received number",
            }] },
            { "name": "ZodError", "issues": [{
                "received": 5, "code": "invalid_literal", "expected": "", "path": ["name"],
                "message": "Invalid literal value, expected \"\"",
            }] },
        ],
        "path": ["name"],
        "message": "Invalid input",
    }]);
    assert_eq!((status.as_u16(), &error["data"]["issues"]), (400, &union));
    let details = "Error in key path \"name\": (invalid_union) Invalid input";
    assert_eq!(error["details"], details);
    Ok(())
}

#[tokio::test]
async fn an_update_sets_clears_and_leaves_alone() -> Result {
    let fixture = Fixture::start().await?;
    let user = fixture
        .add(json!({ "username": "alice", "name": "Alice", "customData": { "old": 1 } }))
        .await?;
    let path = format!("/api/users/{}", string(&user["id"]));
    let change = json!({
        "name": null, "avatar": "https://acme.com/a.png", "customData": { "new": 2 },
    });
    let (status, changed) = fixture.send(Method::PATCH, &path, change).await?;
    assert_eq!(status, 200);
    assert_eq!(changed["name"], Value::Null);
    assert_eq!(changed["avatar"], "https://acme.com/a.png");
    assert_eq!(changed["username"], "alice");
    assert_eq!(changed["customData"], json!({ "new": 2 }));
    Ok(())
}

#[tokio::test]
async fn passwords_are_set_and_never_shown() -> Result {
    let fixture = Fixture::start().await?;
    let user = fixture.add(json!({})).await?;
    assert_eq!(user["hasPassword"], false);
    let path = format!("/api/users/{}", string(&user["id"]));
    let has = format!("{path}/has-password");
    let (_, body) = answer(fixture.get(&has).await?).await?;
    assert_eq!(body, json!({ "hasPassword": false }));

    let set = format!("{path}/password");
    let (status, error) = fixture.send(Method::PATCH, &set, json!({})).await?;
    let details = "Error in key path \"password\": (invalid_type) \
                   Expected string but received undefined.";
    assert_eq!((status.as_u16(), &error["details"]), (400, &json!(details)));
    let body = json!({ "password": "tr0ub4dor" });
    let (status, changed) = fixture.send(Method::PATCH, &set, body).await?;
    assert_eq!((status.as_u16(), &changed["hasPassword"]), (200, &json!(true)));
    assert!(!changed.to_string().contains("tr0ub4dor"));
    let (_, body) = answer(fixture.get(&has).await?).await?;
    assert_eq!(body, json!({ "hasPassword": true }));

    let shown = format!("{:?} {:?}", fixture.mock, fixture.mock.requests());
    for secret in ["tr0ub4dor", fixture.mock.app_secret(), &fixture.token] {
        assert!(!shown.contains(secret), "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn suspension_wants_a_boolean() -> Result {
    let fixture = Fixture::start().await?;
    let user = fixture.add(json!({})).await?;
    let path = format!("/api/users/{}/is-suspended", string(&user["id"]));
    let (status, user) = fixture.send(Method::PATCH, &path, json!({ "isSuspended": true })).await?;
    assert_eq!((status.as_u16(), &user["isSuspended"]), (200, &json!(true)));
    let (status, error) =
        fixture.send(Method::PATCH, &path, json!({ "isSuspended": "yes" })).await?;
    let issue = json!([{
        "code": "invalid_type", "expected": "boolean", "received": "string",
        "path": ["isSuspended"], "message": "Expected boolean, received string",
    }]);
    assert_eq!((status.as_u16(), &error["data"]["issues"]), (400, &issue));
    Ok(())
}

#[tokio::test]
async fn a_deleted_user_is_gone() -> Result {
    let fixture = Fixture::start().await?;
    let user = fixture.add(json!({})).await?;
    let path = format!("/api/users/{}", string(&user["id"]));
    let response = fixture.request(Method::DELETE, &path).send().await?;
    assert_eq!(response.status(), 204);
    assert_eq!(header(&response, "content-type"), "");
    let expected = json!({ "code": "entity.not_found", "message": "Entity: not found." });
    for method in [Method::DELETE, Method::GET, Method::PATCH] {
        let response = fixture.request(method, &path).json(&json!({})).send().await?;
        let (status, body) = answer(response).await?;
        assert_eq!((status.as_u16(), &body), (404, &expected));
    }
    Ok(())
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() -> Result {
    let fixture = Fixture::start().await?;
    for n in 0..5 {
        fixture.add(json!({ "username": format!("user_{n}") })).await?;
    }
    let response = fixture.get("/api/users?page=2&page_size=2").await?;
    assert_eq!(header(&response, "total-number"), "5");
    let link = |page, relation| {
        let url = format!("{}/users", fixture.mock.endpoint());
        format!("<{url}?page={page}&page_size=2>; rel=\"{relation}\"")
    };
    let links = [link(1, "first"), link(1, "prev"), link(3, "last"), link(3, "next")];
    assert_eq!(headers(&response, "link"), links);
    assert_eq!(usernames(answer(response).await?.1), ["user_2", "user_1"]);

    let beyond = answer(fixture.get("/api/users?page=4&page_size=2").await?).await?;
    assert_eq!(beyond.1, json!([]));
    for query in ["page=0", "page=x", "page_size=101"] {
        let response = fixture.get(&format!("/api/users?{query}")).await?;
        let (status, body) = answer(response).await?;
        let expected = json!({
            "code": "guard.invalid_pagination",
            "message": "Guard: invalid pagination.",
        });
        assert_eq!((status.as_u16(), body), (400, expected));
    }
    Ok(())
}

#[tokio::test]
async fn lists_can_be_searched() -> Result {
    let fixture = Fixture::start().await?;
    fixture.add(json!({ "username": "Alice", "primaryEmail": "alice@acme.com" })).await?;
    fixture.add(json!({ "username": "bob", "primaryEmail": "bob@other.com" })).await?;
    fixture.add(json!({ "username": "malice", "name": "M" })).await?;
    for (query, found) in [
        ("search=%25alice%25", vec!["malice", "Alice"]),
        ("search=%25%40acme.com", vec!["Alice"]),
        ("search=alice", vec!["Alice"]),
        ("search=a_ice", vec!["Alice"]),
        ("search.username=bob&mode.username=exact", vec!["bob"]),
        ("search.username=bo%25&mode.username=exact", vec![]),
        ("search.username=bob&search.name=m", vec!["malice", "bob"]),
    ] {
        let response = fixture.get(&format!("/api/users?{query}")).await?;
        assert_eq!(header(&response, "total-number"), found.len().to_string());
        assert!(headers(&response, "link")[0].contains("&page=1>"));
        assert_eq!(usernames(answer(response).await?.1), found, "{query}");
    }
    let nowhere = answer(fixture.get("/api/users?search.shoe=1").await?).await?;
    assert_eq!((nowhere.0.as_u16(), &nowhere.1["code"]), (400, &json!("request.invalid_input")));
    Ok(())
}

fn usernames(users: Value) -> Vec<String> {
    let users = users.as_array().into_iter().flatten();
    users.map(|user| string(&user["username"])).collect()
}

#[tokio::test]
async fn what_a_user_gives_up_is_free() -> Result {
    let fixture = Fixture::start().await?;
    let named = json!({ "username": "alice" });
    let first = fixture.add(named.clone()).await?;
    let path = format!("/api/users/{}", string(&first["id"]));
    fixture.send(Method::PATCH, &path, json!({ "username": "bob" })).await?;
    let second = fixture.add(named.clone()).await?;
    let taken = fixture.send(Method::POST, "/api/users", json!({ "username": "bob" })).await?;
    assert_eq!(taken.0, 422);
    let path = format!("/api/users/{}", string(&second["id"]));
    fixture.request(Method::DELETE, &path).send().await?;
    fixture.add(named).await?;
    Ok(())
}

#[tokio::test]
async fn imported_passwords_are_verified() -> Result {
    let fixture = Fixture::start().await?;
    for (algorithm, digest, password) in [
        (
            "Argon2id",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "password",
        ),
        (
            "Argon2i",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
            "password",
        ),
        ("Bcrypt", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
        ("MD5", "3cb4e732631f47e6eb961f34554b7cde", "correct horse"),
        ("SHA1", "2f9e53523b62abc141a2b4d6019d23cba835dbd0", "correct horse"),
        (
            "SHA256",
            "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631",
            "correct horse",
        ),
        (
            "Legacy",
            r#"["sha1",["salt","@"],"619a8b7fb0e2b3f5d24ab3bc0b53ce167a50f893"]"#,
            "correct horse",
        ),
    ] {
        let body = json!({ "passwordDigest": digest, "passwordAlgorithm": algorithm });
        let user = fixture.add(body).await?;
        let path = format!("/api/users/{}/password/verify", string(&user["id"]));
        for (given, expected) in [(password, 204), ("another one", 422)] {
            let body = json!({ "password": given });
            let (status, _) = fixture.send(Method::POST, &path, body).await?;
            assert_eq!(status, expected, "{algorithm}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn searches_take_patterns_and_say_which_they_take() -> Result {
    let fixture = Fixture::start().await?;
    for name in ["alice", "alicia", "Bob"] {
        fixture.add(json!({ "username": name })).await?;
    }
    for (query, found) in [
        ("search.username=^ali.*a$&mode.username=posix", vec!["alicia"]),
        ("search.username=^b&mode=posix", vec!["Bob"]),
        ("search.username=^b&mode=posix&isCaseSensitive=true", vec![]),
        ("search.username=al%25(e|b)&mode=similar_to&isCaseSensitive=true", vec!["alice"]),
        ("search.username=Bob&search.username=alice&mode=exact", vec!["Bob", "alice"]),
    ] {
        let (_, users) = answer(fixture.get(&format!("/api/users?{query}")).await?).await?;
        let names = users.as_array().into_iter().flatten().map(|user| string(&user["username"]));
        assert_eq!(names.collect::<Vec<_>>(), found, "{query}");
    }
    for query in ["search=a&joint=xor", "search=a&mode=fuzzy", "search=a&mode=similar_to"] {
        let (status, error) = answer(fixture.get(&format!("/api/users?{query}")).await?).await?;
        assert_eq!((status.as_u16(), &error["code"]), (400, &json!("request.invalid_input")));
    }
    Ok(())
}

#[tokio::test]
async fn passwords_are_held_against_the_policy() -> Result {
    let fixture = Fixture::start().await?;
    let path = "/api/sign-in-exp/default/check-password";
    let body = json!({ "password": "whatever it is" });
    let (status, error) = fixture.send(Method::POST, path, body).await?;
    assert_eq!((status.as_u16(), &error["code"]), (400, &json!("request.invalid_input")));

    let policy = json!({ "passwordPolicy": {
        "length": { "min": 6 }, "characterTypes": { "min": 2 }, "rejects": { "words": ["acme"] },
    } });
    fixture.send(Method::PATCH, "/api/sign-in-exp", policy).await?;
    let user = fixture.add(json!({ "username": "margarita" })).await?;
    for (password, codes) in [
        ("Abx-92kq", vec![]),
        ("ab", vec!["too_short", "character_types"]),
        ("pässword1", vec!["unsupported_characters"]),
        ("123321aaa", vec!["restricted.sequence", "restricted.repetition"]),
        ("Acmeacme1", vec!["restricted.words"]),
        ("margarita1", vec!["restricted.user_info"]),
    ] {
        let body = json!({ "password": password, "userId": user["id"] });
        let (_, checked) = fixture.send(Method::POST, path, body).await?;
        let issues = checked["issues"].as_array().into_iter().flatten();
        let own: Vec<String> = issues.map(|issue| string(&issue["code"])).collect();
        let codes: Vec<_> = codes.iter().map(|own| format!("password_rejected.{own}")).collect();
        assert_eq!(own, codes, "{password}");
        assert_eq!(checked["result"], codes.is_empty());
    }
    Ok(())
}
