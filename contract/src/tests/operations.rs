//! Parameters, bodies and answers.

use serde_json::{Value, json};

use super::{asking, at, document, parameter, run, taking};

fn responses(method: &str, responses: Value) -> Value {
    let operation = json!({ "operationId": "DoThing", "responses": responses });
    let paths = json!({ "/api/thing": { method: operation } });
    at(document(paths), &format!("/paths/~1api~1thing/{method}/responses"))
}

#[test]
fn success_without_a_schema_is_a_word_or_any_json() {
    let undescribed = json!({ "200": { "content": { "application/json": {} } } });
    assert_eq!(
        responses("get", undescribed.clone())["200"]["content"],
        json!({ "application/json": { "schema": {} } })
    );
    assert_eq!(
        responses("post", undescribed)["200"]["content"],
        json!({ "text/plain": { "schema": { "type": "string" } } })
    );
}

#[test]
fn another_media_type_beside_json_is_the_one() {
    let both = json!({ "200": { "content": { "application/json": {}, "text/csv": {} } } });
    assert_eq!(
        responses("get", both)["200"]["content"],
        json!({ "text/csv": { "schema": { "type": "string" } } })
    );
}

#[test]
fn errors_say_only_that_they_occur() {
    let json = json!({ "content": { "application/json": { "schema": { "type": "string" } } } });
    let kept = responses("get", json!({ "200": json, "404": json, "409": {} }));
    assert_eq!(kept["404"], json!({ "description": "" }));
    assert_eq!(kept["409"], json!({ "description": "" }));
}

#[test]
fn uploads_carry_a_file() {
    let prose = json!({ "type": "object", "properties": { "file": { "description": "A file." } } });
    let pointer = "/paths/~1api~1things/post/requestBody";
    assert_eq!(
        at(taking("multipart/form-data", prose), pointer),
        json!({ "required": true, "content": { "multipart/form-data": { "schema": {
            "type": "object", "required": ["file"],
            "properties": { "file": { "type": "string", "format": "binary" } }
        } } } })
    );
}

#[test]
fn a_form_is_preferred_to_json() {
    let mut both = taking("application/x-www-form-urlencoded", json!({ "type": "object" }));
    let content = both.pointer_mut("/paths/~1api~1things/post/requestBody/content").unwrap();
    content["application/json"] = json!({ "schema": { "type": "object" } });
    let content = at(both, "/paths/~1api~1things/post/requestBody/content");
    let media: Vec<&String> = content.as_object().unwrap().keys().collect();
    assert_eq!(media, ["application/x-www-form-urlencoded"]);
}

#[test]
fn flags_are_booleans() {
    let schema = |name: &str, schema: Value| {
        parameter(json!({ "name": name, "in": "query", "schema": schema }))["schema"].clone()
    };
    let boolean = json!({ "type": "boolean" });
    let yes_or_no = json!({ "oneOf": [
        { "type": "string", "format": "\"true\"" }, { "type": "string", "format": "\"false\"" }
    ] });
    assert_eq!(schema("includeScopes", json!({ "type": "string" })), boolean);
    assert_eq!(schema("deep", yes_or_no), boolean);
    assert_eq!(schema("issuer", json!({ "type": "string" })), json!({ "type": "string" }));
}

#[test]
fn one_value_or_many_is_a_list() {
    let schema = json!({ "oneOf": [
        { "type": "string" }, { "type": "array", "items": { "type": "string" } }
    ] });
    let many = parameter(json!({ "name": "types", "in": "query", "schema": schema }));
    assert_eq!(many["schema"], json!({ "type": "array", "items": { "type": "string" } }));
    assert_eq!(many["explode"], true);
}

#[test]
fn search_parameters_share_a_schema() {
    let search = json!({ "name": "search_params", "in": "query", "schema": { "type": "object" } });
    let contract = run(asking(json!([search]))).contract;
    let parameter = &contract["paths"]["/api/things"]["get"]["parameters"][0];
    assert_eq!(parameter["schema"], json!({ "$ref": "#/components/schemas/Search" }));
    assert_eq!(
        contract["components"]["schemas"]["Search"],
        json!({ "type": "object", "additionalProperties": { "type": "string" } })
    );
}

#[test]
fn a_proof_of_the_user_is_a_secret_of_its_own_kind() {
    let proof = |extra: Value| {
        let mut proof = json!({
            "name": "logto-verification-id", "in": "header", "schema": { "type": "string" }
        });
        proof.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        parameter(proof)
    };
    let described = |required: bool| {
        json!({
            "name": "logto-verification-id", "in": "header", "required": required,
            "schema": { "type": "string", "format": "verification-record" },
            "x-logto-secret": true,
        })
    };
    assert_eq!(proof(json!({})), described(false));
    assert_eq!(proof(json!({ "required": true })), described(true));
    // One that is required is not forgotten anyway.
    assert_eq!(proof(json!({ "required": true, "x-logto-explicit": true })), described(true));
    let mut explicit = described(false);
    explicit["x-logto-explicit"] = true.into();
    assert_eq!(proof(json!({ "x-logto-explicit": true })), explicit);
    // In a query it would be something else.
    let query = proof(json!({ "in": "query" }));
    assert_eq!(query["schema"], json!({ "type": "string" }));
}

#[test]
fn pages_are_told_by_their_parameters() {
    let text = json!({ "type": "string" });
    let page = json!({ "name": "page", "in": "query", "schema": text });
    let size = json!({ "name": "page_size", "in": "query", "schema": text });
    let paged = |parameters| {
        let contract = run(asking(parameters)).contract;
        contract["paths"]["/api/things"]["get"]["x-logto-paged"] == true
    };
    assert!(paged(json!([size, page])));
    assert!(!paged(json!([page])));
}

#[test]
fn parameters_of_a_path_hold_for_its_operations() {
    let named = |name: &str| json!({ "name": name, "in": "path", "schema": { "type": "string" } });
    let paths = json!({ "/api/{b}/{a}": {
        "parameters": [named("a"), named("b")],
        "get": { "operationId": "GetThing", "responses": { "204": {} } }
    } });
    let parameters = at(document(paths), "/paths/~1api~1{b}~1{a}/get/parameters");
    assert_eq!(parameters[0]["name"], "b");
    assert_eq!(parameters[1]["name"], "a");
    assert_eq!(parameters[0]["required"], true);
}

#[test]
fn a_path_may_be_referred_to() {
    let item = json!({
        "parameters": [{ "name": "a", "in": "path", "schema": { "type": "string" } }],
        "get": { "responses": { "204": {} } }
    });
    let mut referring = document(json!({ "/api/{a}": { "$ref": "#/components/pathItems/a" } }));
    referring["components"] = json!({ "pathItems": { "a": item } });
    let plain = run(document(json!({ "/api/{a}": item })));
    assert_eq!(run(referring).contract["paths"], plain.contract["paths"]);
}

#[test]
fn references_may_be_written_as_urls() {
    let text = json!({ "name": "a", "in": "path", "schema": { "type": "string" } });
    let get = |id: &str, parameter: Value| json!({ "get": { "operationId": id, "parameters": [parameter], "responses": { "204": {} } } });
    let reference = json!({ "$ref": "#/paths/~1api~1%7Ba%7D/get/parameters/0" });
    let paths = json!({ "/api/{a}": get("Get", text), "/api/{a}/x": get("GetX", reference) });
    assert_eq!(at(document(paths), "/paths/~1api~1{a}~1x/get/parameters/0/name"), "a");
}

#[test]
fn operations_say_whose_they_are() {
    let api = |path: &str| {
        let operation = json!({ "operationId": "GetThing", "responses": { "204": {} } });
        let contract = run(document(json!({ path: { "get": operation } }))).contract;
        contract["paths"][path]["get"]["x-logto-api"].clone()
    };
    assert_eq!(api("/api/experience"), "experience");
    assert_eq!(api("/api/experience/submit"), "experience");
    assert_eq!(api("/api/my-account/mfa"), "account");
    assert_eq!(api("/api/experience-things"), "management");
}

#[test]
fn public_operations_stay_public() {
    let security = |security: Value| {
        let operation =
            json!({ "operationId": "GetThing", "security": security, "responses": { "204": {} } });
        let contract = run(document(json!({ "/api/thing": { "get": operation } }))).contract;
        contract["paths"]["/api/thing"]["get"].get("security").cloned()
    };
    assert_eq!(security(json!([])), Some(json!([])));
    assert_eq!(security(json!([{ "token": [] }])), None);
}
