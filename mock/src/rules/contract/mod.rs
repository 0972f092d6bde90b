//! The contract: the operations of Logto's APIs, what they take and what they answer.

mod check;
mod example;
mod guarded;
mod guards;
pub(crate) mod issues;
mod reshape;

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Map, Value};

use crate::{rules::releases::has, state::params::Params};

pub(crate) use self::{
    check::Check,
    example::example,
    issues::{refused, required},
    reshape::{Change, is_later, numbers},
};

/// Read at the first request that needs it, once for all mocks of a process.
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let document =
        serde_json::from_str(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/logto.json")));
    Contract::new(document.unwrap_or_default())
});

pub(crate) struct Contract {
    schemas: Map<String, Value>,
    pub(crate) operations: Vec<Operation>,
    routes: Node,
}

/// Whose token an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Management,
    Account,
    Open,
}

pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    /// Its path, with parameters in braces.
    pub(crate) template: String,
    pub(crate) access: Access,
    /// Those of path and query.
    pub(crate) parameters: Vec<Parameter>,
    /// The schema of a body of JSON or of a form.
    pub(crate) body: Option<Value>,
    /// The statuses of success, and the schema of each.
    pub(crate) successes: Vec<(u16, Option<Value>)>,
    pub(crate) paged: bool,
    /// The release that brought it.
    pub(crate) since: Option<String>,
}

pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) in_path: bool,
    pub(crate) required: bool,
    pub(crate) schema: Value,
    since: Option<String>,
}

impl Operation {
    /// Leaves out the parameters of a query that a release does not know yet.
    pub(crate) fn restrict(&self, query: &mut Params, release: Option<&str>) {
        let newer = self.parameters.iter().filter(|own| !has(release, own.since.as_deref()));
        newer.for_each(|own| query.remove(&own.name));
    }
}

#[derive(Default)]
struct Node {
    fixed: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// By method: places among the operations.
    methods: HashMap<String, usize>,
}

/// What a request is for.
pub(crate) enum Found {
    Operation(usize, Vec<String>),
    /// The path is there with other methods.
    OtherMethod,
    Nothing,
}

impl Contract {
    pub(crate) fn get() -> &'static Self {
        &CONTRACT
    }

    fn new(mut document: Value) -> Self {
        let schemas = match document["components"]["schemas"].take() {
            Value::Object(schemas) => schemas,
            _ => Map::new(),
        };
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations: Vec<Operation> = paths
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().into_iter().flatten();
                methods.map(|(method, operation)| Operation::new(method, path, operation))
            })
            .collect();
        let mut routes = Node::default();
        for (at, operation) in operations.iter().enumerate() {
            routes.add(&operation.template, &operation.method, at);
        }
        Self { schemas, operations, routes }
    }

    /// Whether there is an operation of this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.operations.iter().any(|own| own.id == id)
    }

    /// A path that a release does not know by itself may be one of its paths with a parameter.
    pub(crate) fn find(&self, method: &str, path: &str, release: Option<&str>) -> Found {
        let segments: Vec<&str> = segments(path).collect();
        let is_known = |node: &Node| {
            let own = node.methods.get(method).and_then(|at| self.operations.get(*at));
            own.is_some_and(|own| has(release, own.since.as_deref()))
        };
        let has_known = |node: &Node| {
            let mut own = node.methods.values().filter_map(|at| self.operations.get(*at));
            own.any(|own| has(release, own.since.as_deref()))
        };
        let any = |node: &Node| !node.methods.is_empty();
        let mut values = Vec::new();
        let found = self.routes.find(&segments, &mut values, &is_known);
        if found.is_none() && self.routes.find(&segments, &mut Vec::new(), &has_known).is_some() {
            return Found::OtherMethod;
        }
        let found = found.or_else(|| self.routes.find(&segments, &mut values, &any));
        let at = found.and_then(|node| node.methods.get(method));
        match (found, at) {
            (_, Some(at)) => Found::Operation(*at, values),
            (Some(_), None) => Found::OtherMethod,
            (None, None) => Found::Nothing,
        }
    }

    /// The methods that a path has.
    pub(crate) fn methods(&self, path: &str) -> Option<Vec<&str>> {
        let segments: Vec<&str> = segments(path).collect();
        let node = self.routes.find(&segments, &mut Vec::new(), &|own| !own.methods.is_empty())?;
        let mut methods: Vec<&str> = node.methods.keys().map(String::as_str).collect();
        methods.sort_unstable();
        Some(methods)
    }

    /// Whether this is the tag of a language that Logto knows.
    pub(crate) fn is_language(&self, tag: &str) -> bool {
        let known = self.schemas.get("LanguageTag").and_then(|own| own["enum"].as_array());
        known.is_some_and(|known| known.iter().any(|own| own == tag))
    }

    /// The schema itself, where this one refers to it by name.
    pub(crate) fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..8 {
            let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            match name.and_then(|name| self.schemas.get(name)) {
                Some(named) => schema = named,
                None => match schema["allOf"].as_array().map(Vec::as_slice) {
                    Some([only]) => schema = only,
                    _ => break,
                },
            }
        }
        schema
    }

    /// The members of an object, in all parts of its schema, and whether each has to be there.
    pub(crate) fn members<'a>(&'a self, schema: &'a Value) -> Vec<(&'a str, &'a Value, bool)> {
        let schema = self.resolve(schema);
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let own = schema["properties"].as_object().into_iter().flatten();
        let own =
            own.map(|(name, member)| (name.as_str(), member, required.contains(&name.as_str())));
        let parts = schema["allOf"].as_array().into_iter().flatten();
        own.chain(parts.flat_map(|part| self.members(part))).collect()
    }

    pub(crate) fn member<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let mut members = self.members(schema).into_iter();
        members.find(|(own, ..)| *own == name).map(|(_, member, _)| member)
    }
}

impl Node {
    fn add(&mut self, template: &str, method: &str, at: usize) {
        let mut node = self;
        for segment in segments(template) {
            node = match segment.starts_with('{') {
                true => node.parameter.get_or_insert_default(),
                false => node.fixed.entry(segment.to_owned()).or_default(),
            };
        }
        node.methods.insert(method.to_owned(), at);
    }

    fn find(
        &self,
        path: &[&str],
        values: &mut Vec<String>,
        is_it: &dyn Fn(&Self) -> bool,
    ) -> Option<&Self> {
        let [first, rest @ ..] = path else { return is_it(self).then_some(self) };
        let fixed = self.fixed.get(*first);
        if let Some(found) = fixed.and_then(|node| node.find(rest, values, is_it)) {
            return Some(found);
        }
        let node = self.parameter.as_ref()?;
        values.push(decoded(first));
        let found = node.find(rest, values, is_it);
        if found.is_none() {
            values.pop();
        }
        found
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn decoded(segment: &str) -> String {
    // Form encoding reads a plus sign as a space; a path does not.
    let guarded = segment.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
    let mut pairs = form_urlencoded::parse(guarded.as_bytes());
    pairs.next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}

impl Operation {
    fn new(method: &str, template: &str, operation: &Value) -> Self {
        let text = |name: &str| operation[name].as_str().unwrap_or_default();
        let open = operation["security"].as_array().is_some_and(Vec::is_empty);
        let access = match text("x-logto-api") {
            _ if open => Access::Open,
            "account" => Access::Account,
            _ => Access::Management,
        };
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let body = &operation["requestBody"]["content"];
        let responses = operation["responses"].as_object().into_iter().flatten();
        Self {
            id: text("operationId").to_owned(),
            method: method.to_uppercase(),
            template: template.to_owned(),
            access,
            parameters: parameters.filter_map(Parameter::new).collect(),
            body: ["application/json", "application/x-www-form-urlencoded"]
                .iter()
                .find_map(|kind| body.get(*kind))
                .map(|body| body["schema"].clone()),
            successes: responses.filter_map(|(status, own)| success(status, own)).collect(),
            paged: operation["x-logto-paged"] == true,
            since: operation["x-logto-since"].as_str().map(str::to_owned),
        }
    }

    /// The status of a success, and its schema: the first that has a body, if any has.
    pub(crate) fn success(&self) -> (u16, Option<&Value>) {
        let with_body = self.successes.iter().find(|(_, schema)| schema.is_some());
        let (status, schema) = match with_body.or(self.successes.first()) {
            Some((status, schema)) => (*status, schema.as_ref()),
            None => (200, None),
        };
        (status, schema)
    }
}

fn success(status: &str, response: &Value) -> Option<(u16, Option<Value>)> {
    let status = status.parse().ok().filter(|status| (200..400).contains(status))?;
    let content = response["content"].as_object().and_then(|content| content.values().next());
    Some((status, content.map(|content| content["schema"].clone())))
}

impl Parameter {
    fn new(parameter: &Value) -> Option<Self> {
        let place = parameter["in"].as_str()?;
        (place != "header").then(|| Self {
            name: parameter["name"].as_str().unwrap_or_default().to_owned(),
            in_path: place == "path",
            required: parameter["required"] == true,
            schema: parameter["schema"].clone(),
            since: parameter["x-logto-since"].as_str().map(str::to_owned),
        })
    }
}
