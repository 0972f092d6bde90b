//! The contract, read into what the writers need.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use crate::types::Type;

/// The vendored contract: operations in a stable order, and the named schemas.
#[derive(Debug)]
pub struct Contract {
    /// The releases of Logto that the contract is of, oldest first; `next` is the one to come.
    pub releases: Vec<String>,
    /// Every operation, sorted by group and method name.
    pub operations: Vec<Operation>,
    /// Every named schema, by name.
    pub schemas: BTreeMap<String, Value>,
}

/// One operation of the contract.
#[derive(Debug)]
pub struct Operation {
    /// The `operationId` of the upstream document.
    pub id: String,
    /// Path template, such as `/api/users/{userId}`.
    pub path: String,
    /// HTTP method, in lower case.
    pub verb: String,
    /// The group that the operation belongs to, such as `users`.
    pub group: String,
    /// The method of the group that calls it, such as `create`.
    pub method: String,
    /// `experience`, `management` or `account`.
    pub api: String,
    /// No credentials are sent.
    pub public: bool,
    /// Marked as deprecated upstream.
    pub deprecated: bool,
    /// Whether it may be retried after a transient failure.
    pub retry: Retry,
    /// Parameters in the order of the raw client, path and query, and then the headers.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub body: Option<Body>,
    /// Required members of the body, in the order of the method's arguments.
    pub arguments: Vec<String>,
    /// What a successful response holds.
    pub response: Response,
    /// The releases that have it.
    pub lifetime: Lifetime,
}

impl Operation {
    /// The name of the raw client's function for the operation.
    pub fn raw_function(&self) -> String {
        self.id.to_snake_case()
    }
}

/// Whether an operation may be retried after a transient failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// As its HTTP method says.
    #[default]
    ByMethod,
    /// It may, whatever its method.
    Always,
    /// It may not, whatever its method.
    Never,
}

/// A path, query or header parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Name in the HTTP request.
    pub name: String,
    /// Where it is sent.
    pub location: Location,
    /// Whether the operation needs it.
    pub required: bool,
    /// Callers say what it is, or that there is none: it is easily forgotten, and often needed.
    pub explicit: bool,
    /// Its type.
    pub ty: Type,
    /// Its value must not be shown.
    pub secret: bool,
    /// The releases that have it.
    pub lifetime: Lifetime,
}

impl Parameter {
    /// It comes up front, as an argument of the method.
    pub fn is_argument(&self) -> bool {
        self.required || self.explicit
    }

    /// It is sent as a header.
    pub fn is_header(&self) -> bool {
        self.location == Location::Header
    }

    /// It is an argument that proves who the user is.
    pub(crate) fn is_proof_argument(&self) -> bool {
        self.is_argument() && self.ty == Type::VerificationRecord
    }
}

/// Where a parameter is sent. The raw client takes those of the path, then those of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Location {
    Path,
    Query,
    Header,
}

/// A request body.
#[derive(Debug)]
pub enum Body {
    /// `application/json`, or with `form` `application/x-www-form-urlencoded`.
    Typed {
        /// The type of the whole body.
        ty: Type,
        /// Sent as a form.
        form: bool,
        /// The server accepts the request without a body.
        optional: bool,
    },
    /// `multipart/form-data` with one file.
    Upload,
}

/// What a successful response holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Nothing that the status does not say.
    Empty,
    /// A page of a list.
    Page(Type),
    /// A JSON array that upstream does not page.
    List(Type),
    /// A JSON value.
    Json(Type),
    /// A JSON value, or nothing.
    Optional(Type),
    /// Text, such as XML.
    Text,
    /// A redirect or a page for a browser.
    Browser,
}

impl Contract {
    /// Reads a contract.
    ///
    /// # Errors
    ///
    /// When it is not JSON or not in the form that vendoring writes.
    pub fn parse(text: &str) -> Result<Self> {
        let document: Document = serde_json::from_str(text)
            .map_err(|error| Error::new("contract", error.to_string()))?;
        let mut operations = Vec::new();
        for (path, verbs) in document.paths {
            for (verb, raw) in verbs {
                let id = raw.operation_id.clone();
                let operation = operation(path.clone(), verb, raw)
                    .map_err(|error| Error::new(id, error.to_string()))?;
                operations.push(operation);
            }
        }
        operations.sort_by(|a, b| (&a.group, &a.method).cmp(&(&b.group, &b.method)));
        if let Some(pair) = operations
            .windows(2)
            .find(|pair| pair[0].group == pair[1].group && pair[0].method == pair[1].method)
        {
            let problem = format!("has the same group and method as {}", pair[1].id);
            return Err(Error::new(&pair[0].id, problem));
        }
        Ok(Self {
            releases: document.info.releases,
            operations,
            schemas: document.components.schemas,
        })
    }

    /// The names of all groups.
    pub fn groups(&self) -> BTreeSet<&str> {
        self.operations.iter().map(|o| o.group.as_str()).collect()
    }
}

#[derive(Deserialize)]
struct Document {
    info: Info,
    paths: BTreeMap<String, BTreeMap<String, RawOperation>>,
    components: Components,
}

#[derive(Deserialize)]
struct Info {
    #[serde(rename = "x-logto-releases", default)]
    releases: Vec<String>,
}

#[derive(Deserialize)]
struct Components {
    schemas: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOperation {
    operation_id: String,
    tags: Vec<String>,
    #[serde(rename = "x-logto-api")]
    api: String,
    #[serde(rename = "x-logto-method")]
    method: String,
    #[serde(rename = "x-logto-arguments", default)]
    arguments: Vec<String>,
    #[serde(rename = "x-logto-paged", default)]
    paged: bool,
    #[serde(rename = "x-logto-retry")]
    retry: Option<Value>,
    #[serde(default)]
    deprecated: bool,
    security: Option<Vec<Value>>,
    #[serde(default)]
    parameters: Vec<RawParameter>,
    request_body: Option<RawBody>,
    responses: BTreeMap<String, RawResponse>,
    #[serde(flatten)]
    lifetime: Lifetime,
}

#[derive(Deserialize)]
struct RawParameter {
    name: String,
    #[serde(rename = "in")]
    location: Location,
    #[serde(default)]
    required: bool,
    schema: Value,
    #[serde(rename = "x-logto-explicit", default)]
    explicit: bool,
    #[serde(rename = "x-logto-secret", default)]
    secret: bool,
    #[serde(flatten)]
    lifetime: Lifetime,
}

#[derive(Deserialize)]
struct RawBody {
    content: BTreeMap<String, Media>,
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize)]
struct RawResponse {
    #[serde(default)]
    content: BTreeMap<String, Media>,
    /// Some release responds without the body.
    #[serde(rename = "x-logto-optional", default)]
    optional: bool,
}

#[derive(Deserialize)]
struct Media {
    #[serde(default)]
    schema: Value,
}

fn operation(path: String, verb: String, raw: RawOperation) -> Result<Operation> {
    let group = raw
        .tags
        .first()
        .cloned()
        .ok_or_else(|| Error::new("tags", "an operation needs a tag: its group"))?;
    let mut parameters = raw.parameters.into_iter().map(parameter).collect::<Result<Vec<_>>>()?;
    let place = |parameter: &Parameter| path.find(&format!("{{{}}}", parameter.name));
    parameters
        .sort_by(|a, b| (a.location, place(a), &a.name).cmp(&(b.location, place(b), &b.name)));
    Ok(Operation {
        id: raw.operation_id,
        verb,
        group,
        method: raw.method,
        api: raw.api,
        public: raw.security.is_some_and(|security| security.is_empty()),
        deprecated: raw.deprecated,
        retry: retry(raw.retry)?,
        body: raw.request_body.map(body).transpose()?,
        arguments: raw.arguments,
        response: response(&raw.responses, raw.paged)?,
        lifetime: raw.lifetime,
        parameters,
        path,
    })
}

fn parameter(raw: RawParameter) -> Result<Parameter> {
    let ty = Type::of(&raw.schema)?;
    let is_text = matches!(ty, Type::Text | Type::VerificationRecord);
    if raw.location == Location::Header && !is_text {
        return Err(Error::new(raw.name, "a header that is no text is not supported"));
    }
    Ok(Parameter {
        explicit: raw.explicit && !raw.required,
        name: raw.name,
        location: raw.location,
        required: raw.required,
        secret: raw.secret || ty.is_open(),
        lifetime: raw.lifetime,
        ty,
    })
}

fn retry(raw: Option<Value>) -> Result<Retry> {
    let value = raw.map(serde_json::from_value).transpose();
    let value = value.map_err(|error| Error::new("x-logto-retry", error.to_string()))?;
    Ok(value.unwrap_or_default())
}

fn body(raw: RawBody) -> Result<Body> {
    let [(kind, media)] = raw.content.iter().collect::<Vec<_>>()[..] else {
        return Err(Error::new("requestBody", "exactly one media type is supported"));
    };
    let form = match kind.as_str() {
        "multipart/form-data" => return Ok(Body::Upload),
        "application/json" => false,
        "application/x-www-form-urlencoded" => true,
        other => {
            return Err(Error::new("requestBody", format!("unsupported media type {other}")));
        }
    };
    Ok(Body::Typed { ty: Type::of(&media.schema)?, form, optional: !raw.required })
}

fn response(responses: &BTreeMap<String, RawResponse>, paged: bool) -> Result<Response> {
    let successes: Vec<_> = responses
        .iter()
        .filter(|(status, _)| status.starts_with('2') || status.starts_with('3'))
        .collect();
    let media: BTreeSet<&str> = successes
        .iter()
        .flat_map(|(_, response)| response.content.keys().map(String::as_str))
        .collect();
    let redirects = successes.iter().any(|(status, _)| status.starts_with('3'));
    if redirects || media.contains("text/html") {
        return Ok(Response::Browser);
    }
    if media.contains("text/xml") {
        return Ok(Response::Text);
    }
    let mut types = Vec::new();
    // Null is nothing, too: of a list, an empty one.
    let mut sometimes_empty = false;
    for (_, response) in &successes {
        let json = response.content.get("application/json");
        let ty = json.map(|json| Type::of(&json.schema)).transpose()?;
        let ty = match ty {
            Some(Type::Nullable(inner)) => {
                sometimes_empty |= !matches!(*inner, Type::List(_));
                Some(*inner)
            }
            other => {
                sometimes_empty |= other.is_none();
                other
            }
        };
        sometimes_empty |= response.optional;
        types.extend(ty);
    }
    types.dedup();
    match (types.pop(), types.is_empty()) {
        (None, _) => Ok(Response::Empty),
        (Some(_), false) => {
            Err(Error::new("responses", "successful responses have different schemas"))
        }
        (Some(Type::List(item)), _) if paged => Ok(Response::Page(*item)),
        (Some(ty), _) if sometimes_empty => Ok(Response::Optional(ty)),
        (Some(Type::List(item)), _) => Ok(Response::List(*item)),
        (Some(ty), _) => Ok(Response::Json(ty)),
    }
}
