//! No `Debug` of a request or an answer shows what may be a secret.
//!
//! Every operation of the contract is called with canaries wherever a secret may stand, and answered
//! with them. Where that is, is told by what a schema admits and by the words of a name: not by the
//! marks in the contract, nor by the rule that sets them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::calls;
use crate::exchange::Exchange;
use crate::input::Input;
use crate::replay::Replay;

const CANARY: &str = "canary";

/// What is no secret, so that it is seen that something shows.
const PLAIN: &str = "plain";

/// Words in the names of what opens, proves or continues something.
const WORDS: &[&str] = &[
    "assertion",
    "authorization",
    "bearer",
    "challenge",
    "code",
    "codes",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "digest",
    "encrypted",
    "hash",
    "jti",
    "jwt",
    "key",
    "keys",
    "link",
    "nonce",
    "otp",
    "passcode",
    "passphrase",
    "password",
    "passwords",
    "pin",
    "private",
    "salt",
    "saml",
    "script",
    "secret",
    "secrets",
    "sid",
    "signature",
    "state",
    "token",
    "tokens",
];

/// The same, where it takes the whole name.
const NAMES: &[&str] = &[
    "SAMLRequest",
    "SAMLResponse",
    "RelayState",
    "authorizationUri",
    "clientDataJSON",
    "redirectTo",
    "url",
];

/// Names with such words of which everybody may know the value, and why.
const HARMLESS: &[(&str, &str)] = &[
    ("key", "names a field of a form"),
    ("logKey", "names a kind of audit log"),
    ("publicKey", "is public"),
    ("sessionUid", "names a session; its cookie holds another value"),
    ("siteKey", "is part of a public page"),
    ("targetKey", "names a field of a form"),
    ("tokenType", "is `Bearer`"),
    ("token_type", "is `Bearer`"),
];

fn may_be_secret(name: &str) -> bool {
    let words = words(name);
    let says = |word: &str| words.iter().any(|said| said == word);
    // Records prove who the user is; sessions and interactions are what their cookies hold.
    let is_id = says("id") && ["verification", "session", "interaction"].iter().any(|of| says(of));
    let is_told = is_id || NAMES.contains(&name) || WORDS.iter().any(|word| says(word));
    is_told && !HARMLESS.iter().any(|(harmless, _)| *harmless == name)
}

/// `newPasswordHash`, `new_password_hash` and `new-password-hash` are three words.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut was_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && was_lower {
            spaced.push(' ');
        }
        was_lower = letter.is_lowercase();
        spaced.push(if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' });
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// Makes values of the contract's schemas.
struct Maker<'a> {
    document: &'a Value,
    /// Which alternative of each union to take.
    turn: usize,
    /// How many turns it takes to have had them all.
    turns: usize,
    placed: BTreeSet<String>,
}

impl Maker<'_> {
    /// A value with everything that the schema knows; `name` is the member's.
    fn value(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        if let Some(target) = reference(schema) {
            let named = &self.document["components"]["schemas"][target];
            return self.value(named, name, depth + 1);
        }
        if let Some(alternatives) = schema["oneOf"].as_array() {
            self.turns = self.turns.max(alternatives.len());
            let taken = alternatives[self.turn % alternatives.len()].clone();
            let value = self.value(&taken, name, depth);
            return self.tagged(value, schema, &taken);
        }
        if let Some(literals) = schema["enum"].as_array() {
            return literals[0].clone();
        }
        match schema["type"].as_str() {
            Some("boolean") => json!(true),
            Some("integer" | "number") => json!(1),
            Some("string") if may_be_secret(name) => self.canary(name),
            Some("string") => json!(PLAIN),
            Some("array") if depth > 20 => json!([]),
            Some("array") => json!([self.value(&schema["items"], name, depth + 1)]),
            Some("object") if schema["properties"].is_object() => self.object(schema, depth),
            Some("object") if reference(&schema["additionalProperties"]).is_some() => {
                json!({ "k": self.value(&schema["additionalProperties"], name, depth + 1) })
            }
            Some("object") => json!({ "k": self.canary(name) }),
            _ => json!({ "k": [self.canary(name)] }),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut object = Map::new();
        let members = schema["properties"].as_object().unwrap();
        // A code that explains a problem, beside what goes into its text.
        let explains = members.contains_key("interpolation") || members.contains_key("message");
        for (name, member) in members {
            let value = match name.as_str() {
                "code" if explains => json!(PLAIN),
                // Beside its end it is a credential; beside its kind it may be.
                "value" if members.contains_key("expiresAt") => self.canary(name),
                _ => self.value(member, name, depth + 1),
            };
            object.insert(name.clone(), value);
        }
        if schema["additionalProperties"] == true {
            object.insert("notInTheContract".into(), self.canary("notInTheContract"));
        }
        object.into()
    }

    /// The tag that leads to the alternative; the value of a password is a secret.
    fn tagged(&mut self, mut value: Value, union: &Value, taken: &Value) -> Value {
        let mapping = union["discriminator"]["mapping"].as_object();
        let tag = mapping.and_then(|map| map.iter().find(|(_, target)| **target == taken["$ref"]));
        let property = union["discriminator"]["propertyName"].as_str();
        if let (Some((tag, _)), Some(property)) = (tag, property)
            && !value[property].is_boolean()
        {
            value[property] = tag.as_str().into();
            if tag == "password" && value["value"].is_string() {
                value["value"] = self.canary("value");
            }
        }
        value
    }

    fn canary(&mut self, name: &str) -> Value {
        self.placed.insert(name.to_owned());
        format!("{CANARY}-{name}").into()
    }
}

fn reference(schema: &Value) -> Option<&str> {
    let target = schema["allOf"][0].get("$ref").or(schema.get("$ref"))?;
    target.as_str()?.strip_prefix("#/components/schemas/")
}

/// A call of the operation with an answer, both full of canaries.
fn exchange(maker: &mut Maker<'_>, path: &str, verb: &str, operation: &Value) -> Exchange {
    let mut query = Map::new();
    let mut headers = BTreeMap::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        match parameter["in"].as_str() {
            Some("header") => {
                headers.insert(name.to_owned(), format!("{CANARY}-{name}"));
            }
            Some("query") if name != "search_params" => {
                query.insert(name.to_owned(), maker.value(&parameter["schema"], name, 0));
            }
            _ => {}
        }
    }
    let (status, answer) = success(operation);
    let (kind, answered) = match answer.is_null() {
        true => ("text/plain", None),
        false if is_model(&answer) => ("application/json", Some(maker.value(&answer, "", 0))),
        // These are answered as the standard library's types, which show all.
        false if answer["type"] == "array" => ("application/json", Some(json!([]))),
        false => ("application/json", Some(json!({}))),
    };
    Exchange {
        place: String::new(),
        operation: operation["operationId"].as_str().unwrap().to_owned(),
        method: verb.to_uppercase(),
        path: path.replace(['{', '}'], ""),
        template: path.to_owned(),
        query: Some(query),
        request_headers: headers,
        request_body: body(maker, operation),
        status,
        response_headers: BTreeMap::from([("content-type".to_owned(), json!(kind))]),
        response_body: answered,
    }
}

fn body(maker: &mut Maker<'_>, operation: &Value) -> Option<Value> {
    let (kind, media) = operation["requestBody"]["content"].as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "multipart/form-data" => json!({ "_multipart": { "file": {
            "filename": PLAIN, "content_type": "image/png", "bytes": 1
        } } }),
        "application/x-www-form-urlencoded" => {
            json!({ "_form": maker.value(&media["schema"], "", 0) })
        }
        _ => maker.value(&media["schema"], "", 0),
    })
}

/// The status of a success, and the schema of its JSON.
fn success(operation: &Value) -> (u16, Value) {
    let responses = operation["responses"].as_object().unwrap();
    let mut successes = Vec::new();
    for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('2')) {
        let schema = &response["content"]["application/json"]["schema"];
        successes.push((status.parse().unwrap(), schema.clone()));
    }
    successes.sort_by_key(|(_, schema)| schema.is_null());
    successes.into_iter().next().unwrap_or((204, Value::Null))
}

/// A model, or a list of them: not free-form JSON.
fn is_model(schema: &Value) -> bool {
    reference(schema).is_some() || schema["type"] == "array" && is_model(&schema["items"])
}

#[tokio::test]
async fn nothing_that_may_be_a_secret_shows() {
    let contract = include_str!("../../openapi/logto.json");
    let document: Value = serde_json::from_str(contract).unwrap();
    let server = Replay::start().await;
    let client = server.client();
    let (mut placed, mut wrong, mut plain) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            let (mut turn, mut turns) = (0, 1);
            while turn < turns {
                let mut maker = Maker { document: &document, turn, turns, placed: BTreeSet::new() };
                let exchange = exchange(&mut maker, path, verb, operation);
                server.answer_next_with(&exchange);
                let input = Input::of(&exchange);
                let name = &exchange.operation;
                let called = calls::call(&client, name, &input).unwrap().await;
                let outcome = called.unwrap_or_else(|why| panic!("{name}: {why:?}"));
                outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                for shown in input.shown() {
                    plain += shown.matches(PLAIN).count();
                    let seen = shown.split('"').filter(|text| text.contains(CANARY));
                    wrong.extend(seen.map(|text| format!("{name}: {text}")));
                }
                placed.append(&mut maker.placed);
                (turn, turns) = (turn + 1, maker.turns);
            }
        }
    }
    assert!(wrong.is_empty(), "these show: {wrong:#?}");
    assert!(placed.len() > 60, "there were too few canaries: {placed:?}");
    assert!(plain > 1000, "too little shows: {plain}");
}
