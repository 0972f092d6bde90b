//! Examples of the methods that people use first, which the crate's doctests compile.

use heck::AsPascalCase;

use crate::contract::Operation;
use crate::groups::{Request, is_search};
use crate::naming;
use crate::schema::{Model, Models};
use crate::types::Type;

/// They have examples in groups that have them all.
const METHODS: [&str; 5] = ["create", "delete", "get", "list", "update"];

/// The fields that an example sets: the first of them that the request has.
const CREATED: [&str; 3] = ["username", "name", "description"];
const UPDATED: [&str; 1] = ["name"];

/// Whether the methods of a group have examples.
pub(crate) fn has_examples(operations: &[&Operation]) -> bool {
    METHODS.iter().all(|method| operations.iter().any(|operation| operation.method == *method))
}

/// An example of the method, unless it takes what is no simple value.
pub(crate) fn example(request: &Request<'_>, models: &Models) -> Option<String> {
    let operation = request.operation;
    let (group, method) = (&operation.group, &operation.method);
    let one = group.strip_suffix('s')?;
    let arguments = arguments(request, one, models)?.join(", ");
    let call = format!("logto.{group}().{method}({arguments})");
    let code = match method.as_str() {
        "create" => {
            let setter = setter(request, &CREATED, one).unwrap_or_default();
            format!("let {one} = {call}{setter}.await?;")
        }
        "update" => format!("{call}{}.await?;", setter(request, &UPDATED, one)?),
        "get" => format!("let {one} = {call}.await?;"),
        "delete" => format!("{call}.await?;"),
        "list" => list(operation, &call, group),
        _ => return None,
    };
    Some(format!(
        "```no_run\n# async fn run(logto: logto_api::Client) -> logto_api::Result<()> {{\n{code}\n# Ok(()) }}\n```"
    ))
}

fn list(operation: &Operation, call: &str, group: &str) -> String {
    let has = |wanted: &str| operation.parameters.iter().any(|found| found.name == wanted);
    let search = match operation.parameters.iter().any(is_search) {
        _ if has("q") => ".search(\"acme\")",
        true => ".search(\"%acme%\")",
        false => "",
    };
    match has("page_size") {
        true => format!(
            "let {group} = {call}{search}.page_size(50).await?;\nprintln!(\"{{}} of {{:?}}\", {group}.len(), {group}.total());"
        ),
        false => format!("let {group} = {call}{search}.await?;"),
    }
}

fn arguments(request: &Request<'_>, one: &str, models: &Models) -> Option<Vec<String>> {
    let parameters = request.operation.parameters.iter().filter(|found| found.is_argument());
    let parameters = parameters.map(|found| match found.name.as_str() {
        "name" => ("id", &found.ty),
        name => (name, &found.ty),
    });
    let fields = request.arguments().into_iter().map(|found| (found.wire.as_str(), &found.ty));
    // A body that is no object is an argument as a whole.
    let is_whole = request.operation.body.is_some() && !request.is_flat();
    let value = |(name, ty): (&str, &Type)| value(name, ty, one, models);
    if is_whole { None } else { parameters.chain(fields).map(value).collect() }
}

fn value(name: &str, ty: &Type, one: &str, models: &Models) -> Option<String> {
    match ty {
        Type::Text => Some(format!("{:?}", text(name, one))),
        Type::Named(ty) => match models.by_name.get(ty)? {
            Model::Enum(values) => {
                let variant = naming::variant(&values.first()?.0);
                Some(format!("logto_api::models::{}::{variant}", AsPascalCase(ty)))
            }
            _ => None,
        },
        _ => None,
    }
}

fn setter(request: &Request<'_>, fields: &[&str], one: &str) -> Option<String> {
    let mut optional = fields.iter().filter_map(|wanted| {
        request.optional_members().find(|found| found.wire == *wanted && found.ty == Type::Text)
    });
    let field = optional.next()?;
    Some(format!(".{}({:?})", request.member_name(field), text(&field.wire, one)))
}

fn text(name: &str, one: &str) -> String {
    match name {
        "id" | "userId" => format!("{}-id", one.replace('_', "-")),
        "username" => "alice".into(),
        "name" if one == "user" => "Alice".into(),
        "name" | "connectorName" => "Acme".into(),
        "description" => "For Acme".into(),
        "indicator" => "https://api.acme.com".into(),
        "connectorId" => "google-universal".into(),
        "providerName" => "OIDC".into(),
        other => naming::plain_field(other).replace('_', "-"),
    }
}
