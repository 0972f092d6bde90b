//! Every operation of the contract is answered.

mod common;

use common::{Fixture, Result, header};
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
