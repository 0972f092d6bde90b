//! Writes the fluent layer: a module a group, a request type an operation.
//!
//! The request types are plain structs over the positional functions of the raw
//! client, which are compiled once, in the crate, and not again by its users.

mod request;
mod sending;
mod signature;

use std::fmt::Write;

use heck::AsPascalCase;

use crate::contract::{Body, Operation, Parameter, Response, Retry};
use crate::docs::{Docs, comment};
use crate::error::{Error, Result};
use crate::examples::{example, has_examples};
use crate::layout::LaidOut;
use crate::naming;
use crate::schema::{Member, Models, named};
use crate::setters::{Setter, setters};
use crate::types::Type;

use request::check_names;
pub(crate) use request::{Request, is_search};
use signature::Signature;

/// What the documentation of a method says of an argument that is a verification record.
const PROOF: &str = "`verification_record` proves that the user is present: a \
    [verification record](crate::VerificationRecordId), such as that of \
    `verifications().verify_password(…)`. It is valid for about ten minutes.";

pub(crate) struct Writer<'a> {
    pub(crate) models: &'a Models,
    pub(crate) docs: &'a Docs,
    pub(crate) laid_out: LaidOut,
}

impl Writer<'_> {
    /// The accessors on the client.
    pub(crate) fn accessors(&self, groups: &[&str]) -> String {
        let mut out = String::from("impl crate::Client {\n");
        for group in groups {
            let handle = AsPascalCase(group);
            out += &self.group_comment(group);
            out += &badge(group);
            let _ = writeln!(
                out,
                "pub fn {group}(&self) -> {group}::{handle} {{ {group}::{handle} {{ client: self.clone() }} }}"
            );
        }
        out + "}\n"
    }

    /// The module of a group, whose content is in a file of its own.
    pub(crate) fn declaration(&self, group: &str, include: &str) -> String {
        let handle = AsPascalCase(group);
        let start = format!(
            "The operations are methods of [`{handle}`]({group}::{handle}), which \
             [`Client::{group}`](crate::Client::{group}) returns."
        );
        let text = self.docs.groups.get(group).map_or("", |text| text.trim_end());
        let comment = comment(&format!("{text}\n\n{start}"));
        let badge = badge(group);
        format!("{comment}{badge}#[allow(missing_docs)]\npub mod {group} {{\n    {include}}}\n")
    }

    /// The content of a group's module.
    pub(crate) fn module(&self, group: &str, operations: &[&Operation]) -> Result<String> {
        let handle = AsPascalCase(group).to_string();
        let mut methods = String::new();
        let mut requests = String::new();
        let mut names = Vec::new();
        let mut streams = Vec::new();
        let has_examples = has_examples(operations);
        for operation in operations {
            let request = Request::new(operation, self.models)?;
            if request.name == handle {
                return Err(Error::new(&operation.id, "its method is named like its group"));
            }
            let example = has_examples.then(|| example(&request, self.models)).flatten();
            methods += &self.method(&request, example.as_deref());
            requests += &self.request(&request)?;
            if let Response::Page(item) = &operation.response {
                streams.push(format!("{} => {}", request.name, item.rust()));
            }
            names.push(request.name);
        }
        let streams = match streams.is_empty() {
            true => String::new(),
            false => format!("crate::lists::stream::streams!({});", streams.join(", ")),
        };
        let comment = self.group_comment(group);
        Ok(format!(
            "#[allow(unused_imports)]
            use crate::{{call::Call, http::operation::RetryRule, setters::*}};
            {comment}#[derive(Clone, Debug)]
            pub struct {handle} {{ pub(super) client: crate::Client }}
            impl {handle} {{ {methods} }}
            {requests}
            crate::call::options::call_options!({});
            {streams}\n",
            names.join(", ")
        ))
    }

    fn group_comment(&self, group: &str) -> String {
        match self.docs.groups.get(group) {
            Some(text) => comment(text),
            None => String::new(),
        }
    }

    /// The group's method, which starts a request.
    fn method(&self, request: &Request<'_>, example: Option<&str>) -> String {
        let operation = request.operation;
        let mut signature = Signature::default();
        for parameter in operation.parameters.iter().filter(|p| !p.is_header()) {
            request.parameter_argument(parameter, &mut signature);
        }
        match &operation.body {
            None => {}
            Some(Body::Upload) => {
                signature.arguments.push("file: crate::Upload".into());
                signature.fields.push("file".into());
            }
            Some(Body::Typed { ty, .. }) => {
                let body = request.body_argument(ty, &mut signature);
                signature.fields.push(match request.may_omit_body() {
                    true => "body: None".into(),
                    false => initialized("body", &body),
                });
            }
        }
        for parameter in operation.parameters.iter().filter(|p| p.is_header()) {
            request.parameter_argument(parameter, &mut signature);
        }
        let deprecated = if operation.deprecated {
            "#[deprecated = \"Logto has deprecated this operation\"]\n"
        } else {
            ""
        };
        let allow = if operation.deprecated { "#[allow(deprecated)]\n" } else { "" };
        format!(
            "{}{deprecated}{allow}pub fn {}{}",
            self.operation_comment(operation) + &example.map(in_comment).unwrap_or_default(),
            naming::field(&operation.method),
            signature.function(&request.name),
        )
    }

    fn operation_comment(&self, operation: &Operation) -> String {
        let endpoint = format!("`{} {}`", operation.verb.to_uppercase(), operation.path);
        let docs = self.docs.operations.get(&operation.id);
        let mut text = docs.map(|docs| docs.summary.clone()).unwrap_or_default();
        if let Some(description) = docs.and_then(|docs| docs.description.as_deref()) {
            text += "\n\n";
            text += description.trim();
        }
        if operation.parameters.iter().any(Parameter::is_proof_argument) {
            text += "\n\n";
            text += PROOF;
        }
        if let Response::Optional(_) = &operation.response {
            text += " Returns `None` where Logto responds without a body.";
        }
        let retried = match operation.retry {
            Retry::ByMethod => "",
            Retry::Always => " Retried automatically, whatever its method.",
            Retry::Never => " Never retried automatically.",
        };
        let _ = write!(text, "\n\nEndpoint: {endpoint} (`{}`).{retried}", operation.id);
        comment(&operation.lifetime.note(&text))
    }

    /// The request type with its setters and `send`.
    fn request(&self, request: &Request<'_>) -> Result<String> {
        let operation = request.operation;
        let group_method =
            format!("[`{}`]({}::{})", operation.method, request.handle(), operation.method);
        let mut fields = String::from("call: Call,\n");
        let mut methods = request.download().to_owned();
        let name = &request.name;
        let (mut own, mut of_body) = (String::new(), String::new());
        for parameter in &operation.parameters {
            let ty = parameter.ty.rust();
            let field = request.parameter_field(parameter);
            if parameter.required {
                let _ = writeln!(fields, "{field}: {ty},");
            } else {
                let _ = writeln!(fields, "{field}: Option<{ty}>,");
            }
            if !parameter.is_argument() {
                own += &self.parameter_setter(operation, parameter, &field);
            }
        }
        match &operation.body {
            None => {}
            Some(Body::Upload) => fields += "file: crate::Upload,\n",
            Some(Body::Typed { ty, .. }) => {
                if request.may_omit_body() {
                    let _ = writeln!(fields, "body: Option<{}>,", ty.rust());
                    own += &whole_body_setter(ty);
                } else {
                    let _ = writeln!(fields, "body: {},", ty.rust());
                }
                for member in request.optional_members() {
                    of_body += &self.member_setter(request, ty, member);
                }
                if request.is_open() {
                    methods += &extra_setter(request.body_place());
                }
            }
        }
        check_names(request)?;
        let debug = request.debug();
        let place = request.body_place().replacen("self.", "", 1) + ".";
        let laid_out = self.laid_out.put(
            setters(&request.name, "", &own)
                + &setters(&request.name, &place, &of_body)
                + &request.sends(),
        );
        Ok(format!(
            "/// The request of {group_method}.
            #[must_use = \"a request does nothing until it is sent\"]
            #[derive({derives})]
            pub struct {name} {{ {fields} }}
            {own}{laid_out}{debug}\n",
            derives = if debug.is_empty() { "Clone, Debug" } else { "Clone" },
            own =
                if methods.is_empty() { methods } else { format!("impl {name} {{ {methods} }}\n") },
        ))
    }

    fn parameter_setter(
        &self,
        operation: &Operation,
        parameter: &Parameter,
        field: &str,
    ) -> String {
        let setter = Setter {
            name: field,
            field,
            wire: &parameter.name,
            ty: &parameter.ty,
            nullable: false,
            in_request: true,
        };
        comment(&self.docs.parameter(&operation.id, parameter)) + &setter.line()
    }

    fn member_setter(&self, request: &Request<'_>, body: &Type, member: &Member) -> String {
        let mut text = match named(body) {
            Some(model) => self.docs.member(model, member),
            None => String::new(),
        };
        if member.nullable {
            text += " `Null` clears it.";
        }
        let setter = Setter {
            name: &request.member_name(member),
            field: &naming::field(&member.wire),
            wire: &member.wire,
            ty: &member.ty,
            nullable: member.nullable,
            in_request: true,
        };
        comment(&text) + &setter.line()
    }
}

/// What rustdoc shows as the feature that the group needs.
fn badge(group: &str) -> String {
    format!("#[cfg(feature = {:?})]\n", crate::feature(group))
}

fn in_comment(example: &str) -> String {
    format!("///\n{}", comment(example))
}

/// A field and its value, in short where both have one name.
pub(crate) fn initialized(field: &str, value: &str) -> String {
    if field == value { field.to_owned() } else { format!("{field}: {value}") }
}

/// The setter of a body that takes any member.
fn extra_setter(body: &str) -> String {
    format!(
        "/// Sets a field that the contract does not declare.
        pub fn extra(mut self, name: impl IntoText, value: impl IntoValue<serde_json::Value>) -> Self {{
            {body}.extra.insert(name.into_text(), value.into_value());
            self
        }}\n"
    )
}

fn whole_body_setter(ty: &Type) -> String {
    let (name, wire) = ("body", "body");
    let setter = Setter { name, field: name, wire, ty, nullable: false, in_request: true };
    comment("Sends this body, even if it is empty. Without it or any field, no body is sent.")
        + &setter.line()
}
