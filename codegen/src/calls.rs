//! Writes what calls any operation by its `operationId` with JSON arguments,
//! for tests: through the methods and setters that users call. Members that may
//! be null are set by `set!`, the others by the setter for an `Option`.

use std::fmt::Write;

use crate::contract::{Body, Location, Operation, Parameter, Response};
use crate::error::Result;
use crate::groups::{Request, is_search};
use crate::naming;
use crate::schema::Models;
use crate::setters::maybe;
use crate::types::Type;

pub(crate) fn write(operations: &[&Operation], models: &Models) -> Result<String> {
    let mut arms = String::new();
    let mut functions = String::new();
    for operation in operations {
        let function = naming::plain_field(&operation.id);
        let _ = writeln!(arms, "{:?} => call!({function}),", operation.id);
        functions += &call(&function, operation, models)?;
    }
    Ok(format!(
        "/// Calls a setter where there is a value or null for it.
        macro_rules! set {{
            ($request:ident.$setter:ident($value:expr)) => {{
                $request = match $value {{
                    Some(Some(value)) => $request.$setter(value),
                    Some(None) => $request.$setter(logto_api::Null),
                    None => $request,
                }};
            }};
        }}
        /// Calls the operation with this `operationId`; `None` when it is not in the contract.
        #[allow(clippy::too_many_lines)]
        pub fn call<'a>(
            client: &'a logto_api::Client,
            operation: &str,
            input: &'a Input,
        ) -> Option<std::pin::Pin<Box<dyn std::future::Future<Output = Called> + Send + 'a>>> {{
            macro_rules! call {{ ($function:ident) => {{ Box::pin($function(client, input)) }} }}
            Some(match operation {{ {arms} _ => return None }})
        }}
        {functions}"
    ))
}

fn call(function: &str, operation: &Operation, models: &Models) -> Result<String> {
    let request = Request::new(operation, models)?;
    let mut arguments = Vec::new();
    let mut optional = String::new();
    for parameter in operation.parameters.iter().filter(|parameter| !parameter.is_header()) {
        read_into(parameter, &request, &mut arguments, &mut optional);
    }
    let mut body = String::new();
    match &operation.body {
        None => body += "input.no_body()?;\n",
        Some(Body::Upload) => arguments.push("input.upload()?".into()),
        Some(Body::Typed { ty, .. }) if request.may_omit_body() => {
            let ty = outside(ty);
            let _ = writeln!(optional, "request = request.maybe_body(input.any_body::<{ty}>()?);");
        }
        Some(Body::Typed { ty, .. }) => {
            body += &read_body(ty, &request, &mut arguments, &mut optional);
        }
    }
    for parameter in operation.parameters.iter().filter(|parameter| parameter.is_header()) {
        read_into(parameter, &request, &mut arguments, &mut optional);
    }
    let mutable = if optional.is_empty() { "" } else { "mut " };
    Ok(format!(
        "async fn {function}(client: &logto_api::Client, input: &Input) -> Called {{
            {body}let {mutable}request = client.{}().{}({});
            {optional}input.ready(&request)?;
            input.outcome(request.send().await{text})
        }}\n",
        operation.group,
        naming::field(&operation.method),
        arguments.join(", "),
        text = match operation.response {
            Response::Browser => ".map(|response| response.body().to_owned())",
            _ => "",
        },
    ))
}

/// The line that reads a body of its own type, with its members as arguments or setters.
fn read_body(
    ty: &Type,
    request: &Request<'_>,
    arguments: &mut Vec<String>,
    optional: &mut String,
) -> String {
    let is_read = !request.is_flat()
        || request.is_open()
        || !request.arguments().is_empty()
        || request.optional_members().next().is_some();
    let name = if is_read { "body" } else { "_" };
    if !request.is_flat() {
        arguments.push("body".into());
    }
    for member in request.arguments() {
        arguments.push(format!("body.{}", naming::field(&member.wire)));
    }
    for member in request.optional_members() {
        let (name, field) = (request.member_name(member), naming::field(&member.wire));
        let _ = match member.nullable {
            true => writeln!(optional, "set!(request.{name}(body.{field}));"),
            false => writeln!(optional, "request = request.{}(body.{field});", maybe(&name)),
        };
    }
    if request.is_flat() && request.is_open() {
        *optional += "for (name, value) in body.extra { request = request.extra(name, value); }";
    }
    format!("let {name}: {} = input.body()?;\n", outside(ty))
}

/// A parameter as an argument of the method, or as a setter.
fn read_into(
    parameter: &Parameter,
    request: &Request<'_>,
    arguments: &mut Vec<String>,
    setters: &mut String,
) {
    let read = read_parameter(parameter);
    if parameter.required {
        arguments.push(format!("input.required({read})?"));
    } else if parameter.explicit {
        arguments.push(read);
    } else {
        let setter = maybe(&request.parameter_field(parameter));
        let _ = writeln!(setters, "request = request.{setter}({read});");
    }
}

fn read_parameter(parameter: &Parameter) -> String {
    let name = &parameter.name;
    let ty = outside(&parameter.ty);
    match parameter.location {
        Location::Path => format!("input.path::<{ty}>({name:?})?"),
        Location::Query if is_search(parameter) => "input.search()?".into(),
        Location::Query => format!("input.query::<{ty}>({name:?})?"),
        Location::Header => format!("input.header::<{ty}>({name:?})"),
    }
}

/// The type as it is written outside the crate.
fn outside(ty: &Type) -> String {
    ty.rust().replace("crate::", "logto_api::")
}
