//! Every operation of the contract is answered.

mod common;

use common::{Fixture, Result, answer, header, string};
use reqwest::Method;
use serde_json::{Value, json};

/// The operations of the contract: their method, path and the parameters that are enumerations.
fn operations() -> Result<Vec<(Method, String)>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/logto.json");
    let contract: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let mut operations = Vec::new();
    for (path, methods) in contract["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let method: Method = method.to_uppercase().parse()?;
            operations.push((method, filled(&contract, path, operation)));
        }
    }
    Ok(operations)
}

/// The path with a value for each parameter.
fn filled(contract: &Value, path: &str, operation: &Value) -> String {
    let mut filled = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let mut schema = &parameter["schema"];
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
            schema = &contract["components"]["schemas"][name];
        }
        let value = schema["enum"][0].as_str().unwrap_or("nothing");
        let name = parameter["name"].as_str().unwrap_or_default();
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

#[tokio::test]
async fn what_is_made_up_is_marked_and_can_be_refused() -> Result {
    let fixture = Fixture::start().await?;
    let path = "/api/configs/jwt-customizer/test";
    let body = json!({
        "tokenType": "client-credentials", "script": "() => ({})", "token": {}, "context": {},
    });
    let made_up = fixture.request(Method::POST, path).json(&body).send().await?;
    assert_eq!(
        (made_up.status().as_u16(), header(&made_up, "logto-mock").as_str()),
        (200, "example")
    );
    fixture.mock.set_strict(true);
    let refused = fixture.request(Method::POST, path).json(&body).send().await?;
    assert_eq!(refused.status(), 501);
    assert_eq!(fixture.get("/api/roles").await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn uploads_are_kept_where_there_is_storage() -> Result {
    let fixture = Fixture::start().await?;
    let form = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.svg\"\r\n\
        content-type: image/svg+xml\r\n\r\n<svg/>\r\n--x--\r\n";
    let upload = async || {
        let request = fixture.request(Method::POST, "/api/user-assets").body(form);
        let request = request.header("content-type", "multipart/form-data; boundary=x");
        answer(request.send().await?).await
    };
    assert_eq!(upload().await?.1["code"], "storage.not_configured");
    fixture.mock.set_storage(true);
    let (status, uploaded) = upload().await?;
    assert_eq!(status, 200);
    let read = fixture.http.get(string(&uploaded["url"])).send().await?;
    assert_eq!(header(&read, "content-type"), "image/svg+xml");
    assert_eq!(read.text().await?, "<svg/>");
    Ok(())
}

#[tokio::test]
async fn token_requests_are_logged_without_secrets() -> Result {
    let fixture = Fixture::start().await?;
    let (_, logs) = answer(fixture.get("/api/logs").await?).await?;
    assert_eq!(logs[0]["key"], "ExchangeTokenBy.ClientCredentials");
    assert_eq!(logs[0]["payload"]["applicationId"], fixture.mock.app_id());
    assert!(!logs.to_string().contains(fixture.mock.app_secret()));
    let (status, one) =
        answer(fixture.get(&format!("/api/logs/{}", string(&logs[0]["id"]))).await?).await?;
    assert_eq!((status.as_u16(), &one["key"]), (200, &logs[0]["key"]));
    Ok(())
}

#[tokio::test]
async fn what_a_release_does_not_know_is_neither_looked_at_nor_logged() -> Result {
    let fixture = Fixture::start().await?;
    fixture.get("/api/saml-applications/nope/callback?code=x").await?;
    let path = "/api/logs?start_time=1&end_time=2";
    let key = "logKey=SamlApplication.Callback";
    let (_, logs) = answer(fixture.get(&format!("/api/logs?{key}")).await?).await?;
    assert_eq!(logs[0]["payload"]["query"], json!({ "code": "x" }));
    assert_eq!(logs[0]["payload"]["result"], "Error");
    let (_, logs) = answer(fixture.get(path).await?).await?;
    assert_eq!(logs, json!([]));
    fixture.mock.set_release("1.38");
    let (_, logs) = answer(fixture.get(&format!("{path}&{key}")).await?).await?;
    assert_eq!(logs[0]["payload"]["applicationId"], "nope");
    Ok(())
}

#[tokio::test]
async fn every_operation_is_answered() -> Result {
    let fixture = Fixture::start().await?;
    let operations = operations()?;
    let all = operations.len();
    let (mut examples, mut unanswered) = (0, Vec::new());
    for (method, path) in operations {
        let body = if method == Method::GET { None } else { Some(json!({})) };
        let mut request = fixture.request(method.clone(), &path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, kind) = (response.status().as_u16(), header(&response, "content-type"));
        // What is refused by the application has a code; what has no route is plain text.
        if [404, 405, 501].contains(&status) && !kind.starts_with("application/json") {
            unanswered.push(format!("{method} {path}"));
        }
        if header(&response, "logto-mock") == "example" {
            examples += 1;
        }
    }
    assert_eq!(unanswered, Vec::<String>::new());
    assert!(all >= 381 && examples < 60, "{examples} of {all} are examples");
    Ok(())
}
