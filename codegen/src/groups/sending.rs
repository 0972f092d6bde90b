//! What a request type does when it is sent: writes the HTTP request, and reads the response.

use std::{fmt::Write, iter};

use crate::contract::{Body, Location, Parameter, Response};
use crate::models::redacted_debug;
use crate::types::Type;

use super::request::Request;

impl Request<'_> {
    /// What writes the HTTP request, and `download` for a response that may be long and is no JSON.
    pub(super) fn write(&self) -> String {
        let operation = self.operation;
        let checks: Vec<_> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.location == Location::Path)
            .map(|p| format!("({:?}, self.{}.as_str())", p.name, self.parameter_field(p)))
            .collect();
        let before = match &operation.body {
            Some(Body::Upload) => "let body = self.call.multipart(&self.file)?;\n",
            Some(_) if self.may_omit_body() => {
                "if self.body.is_none() { self.call.omit_body(); }\nlet body = self.body.take().unwrap_or_default();\n"
            }
            _ => "",
        };
        let paging = match operation.response {
            Response::Page(_) => "self.call.page(self.page, self.page_size);\n",
            _ => "",
        };
        let download = match operation.response {
            Response::Text => {
                "/// Sends the request, and leaves the response's body to be read as it arrives.
                pub async fn download(mut self) -> crate::Result<crate::Download> {
                    let written = self.write();
                    self.call.download(written).await
                }\n"
            }
            _ => "",
        };
        format!(
            "{download}fn write(&mut self) -> crate::call::EncodedRequest {{
                let raw = self.call.start(&{constant}, &[{checks}])?;
                {headers}{paging}{before}crate::call::encoded(raw.{function}({arguments}))
            }}\n",
            constant = self.constant(),
            checks = checks.join(", "),
            headers = self.headers(),
            function = operation.raw_function(),
            arguments = self.raw_arguments().join(", "),
        )
    }

    /// `send` and what is like it: how the response is read, and what comes of it.
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
        format!("crate::call::sends! {{ {} -> {result} as {reader} }}\n", self.name)
    }

    /// What hands the header parameters over.
    pub(super) fn headers(&self) -> String {
        let headers = self.operation.parameters.iter().filter(|parameter| parameter.is_header());
        headers.fold(String::new(), |mut code, parameter| {
            let (name, field) = (&parameter.name, self.parameter_field(parameter));
            let _ = match parameter.required {
                true => writeln!(code, "self.call.options.parameter({name:?}, self.{field}.as_str());"),
                false => writeln!(
                    code,
                    "if let Some(value) = &self.{field} {{ self.call.options.parameter({name:?}, value.as_str()); }}"
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
            .map(|p| raw_argument(&format!("self.{}", self.parameter_field(p)), p))
            .collect();
        match self.operation.body {
            Some(Body::Upload) => arguments.push("body".into()),
            Some(Body::Typed { .. }) if self.may_omit_body() => arguments.push("&body".into()),
            Some(Body::Typed { .. }) => arguments.push("&self.body".into()),
            None => {}
        }
        arguments
    }
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
