//! What a request type does when it is sent: writes the HTTP request, and reads the response.

use std::{fmt::Write, iter};

use crate::contract::{Body, Location, Parameter, Response};
use crate::layout::indent;
use crate::models::redacted_debug;
use crate::types::Type;

use super::request::Request;

/// How long a line may be, in a macro's call.
const WIDTH: usize = 96;

impl Request<'_> {
    /// `download` for a response that may be long and is no JSON.
    pub(super) fn download(&self) -> &'static str {
        match self.operation.response {
            Response::Text => {
                "/// Sends the request, and leaves the response's body to be read as it arrives.
                pub async fn download(mut self) -> crate::Result<crate::Download> {
                    let written = self.write();
                    self.call.download(written).await
                }\n"
            }
            _ => "",
        }
    }

    /// `send` and what is like it: how the request is written and the response is read.
    pub(super) fn sends(&self) -> String {
        let (reader, result) = match &self.operation.response {
            Response::Empty => ("Nothing", "()".into()),
            Response::Text => ("Text", "String".into()),
            Response::Browser => ("Browser", "crate::BrowserResponse".into()),
            Response::Json(ty) => ("Json", ty.rust()),
            Response::Optional(ty) => ("OptionalJson", format!("Option<{}>", ty.rust())),
            Response::List(ty) => ("List", format!("Vec<{}>", ty.rust())),
            Response::Page(ty) => ("Paged", format!("crate::Page<{}>", ty.rust())),
        };
        let (name, operation) = (&self.name, self.operation());
        let path = format!("[{}]", self.path_parameters().join(", "));
        let written = lines(&[&path, "|request, raw|", &self.writes()]);
        let parts = indent(&format!("{operation}\n{written}"));
        format!("crate::call::sends! {{ {name} -> {result} as {reader};\n{parts}}}\n")
    }

    fn path_parameters(&self) -> Vec<String> {
        let parameters = self.operation.parameters.iter();
        let parameters = parameters.filter(|parameter| parameter.location == Location::Path);
        parameters.map(|p| format!("{:?} = {}", p.name, self.parameter_field(p))).collect()
    }

    /// The call of the raw client's function, with what is to be done before.
    fn writes(&self) -> String {
        let mut before = self.headers();
        if let Response::Page(_) = self.operation.response {
            before += "request.call.page(request.page, request.page_size);\n";
        }
        before += match &self.operation.body {
            Some(Body::Upload) => "let body = request.call.multipart(&request.file)?;\n",
            Some(_) if self.may_omit_body() => {
                "let body = request.call.take_body(&mut request.body);\n"
            }
            _ => "",
        };
        let function = self.operation.raw_function();
        let arguments = self.raw_arguments();
        let mut call = format!("raw.{function}({})", arguments.join(", "));
        if call.len() > WIDTH {
            call = format!("raw.{function}(\n{})", indent(&(arguments.join(",\n") + ",")));
        }
        match before.is_empty() {
            true => call,
            false => format!("{{\n{}}}", indent(&(before + &call))),
        }
    }

    /// What hands the header parameters over.
    pub(super) fn headers(&self) -> String {
        let headers = self.operation.parameters.iter().filter(|parameter| parameter.is_header());
        headers.fold(String::new(), |mut code, parameter| {
            let (name, field) = (&parameter.name, self.parameter_field(parameter));
            let _ = match parameter.required {
                true => writeln!(code, "request.call.options.parameter({name:?}, request.{field}.as_str());"),
                false => writeln!(
                    code,
                    "if let Some(value) = &request.{field} {{\n    request.call.options.parameter({name:?}, value.as_str());\n}}"
                ),
            };
            code
        })
    }

    /// A `Debug` that does not show secret parameters, nor a body that may hold anything; nothing if
    /// there are none. Models have their own.
    pub(super) fn debug(&self) -> String {
        let (hidden, shown): (Vec<&Parameter>, Vec<&Parameter>) =
            self.operation.parameters.iter().partition(|parameter| parameter.secret);
        let shown = shown.iter().map(|found| self.parameter_field(found));
        let mut shown: Vec<_> = iter::once("call".to_owned()).chain(shown).collect();
        let mut hidden: Vec<_> =
            hidden.iter().map(|found| (self.parameter_field(found), !found.required)).collect();
        match &self.operation.body {
            Some(Body::Typed { ty, .. }) if ty.is_open() => {
                hidden.push(("body".into(), self.may_omit_body()));
            }
            Some(Body::Typed { .. }) => shown.push("body".into()),
            Some(Body::Upload) => shown.push("file".into()),
            None => {}
        }
        match hidden.is_empty() {
            true => String::new(),
            false => redacted_debug(&self.name, shown, hidden.into_iter()),
        }
    }

    pub(super) fn raw_arguments(&self) -> Vec<String> {
        let mut arguments: Vec<_> = self
            .operation
            .parameters
            .iter()
            .filter(|parameter| !parameter.is_header())
            .map(|p| raw_argument(&format!("request.{}", self.parameter_field(p)), p))
            .collect();
        match self.operation.body {
            Some(Body::Upload) => arguments.push("body".into()),
            Some(Body::Typed { .. }) if self.may_omit_body() => arguments.push("&body".into()),
            Some(Body::Typed { .. }) => arguments.push("&request.body".into()),
            None => {}
        }
        arguments
    }
}

/// The parts beside one another, as far as a line is long enough.
fn lines(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        let (line, first) = (text.lines().last().unwrap_or_default(), part.lines().next());
        let length = line.len() + 1 + first.map_or(0, str::len);
        text += match text.is_empty() {
            true => "",
            false if length > WIDTH => "\n",
            false => " ",
        };
        text += part;
    }
    text
}

/// The argument as the raw client's function takes it.
fn raw_argument(field: &str, parameter: &Parameter) -> String {
    match (&parameter.ty, parameter.required) {
        (Type::Text, true) => format!("&{field}"),
        (Type::Text, false) => format!("{field}.as_deref()"),
        (Type::Timestamp, true) => format!("{field}.as_millis()"),
        (Type::Timestamp, false) => format!("{field}.map(crate::Timestamp::as_millis)"),
        (Type::Bool | Type::Integer | Type::Double, _) => field.to_owned(),
        (_, true) => format!("&{field}"),
        (_, false) => format!("{field}.as_ref()"),
    }
}
