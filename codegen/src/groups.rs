//! Writes the fluent layer: a module a group, a request type an operation.
//!
//! The request types are plain structs over the positional functions of the raw
//! client, which are compiled once, in the crate, and not again by its users.

use std::{fmt::Write, iter};

use heck::{AsPascalCase, AsShoutySnakeCase};

use crate::contract::{Body, Location, Operation, Parameter, Response, Retry};
use crate::docs::{Docs, comment};
use crate::error::{Error, Result};
use crate::layout::LaidOut;
use crate::models::redacted_debug;
use crate::naming;
use crate::schema::{Member, Model, Models, named};
use crate::setters::{Argument, Setter, argument, setters};
use crate::types::{SEARCH, Type};

/// Names that every request type has already.
const TAKEN: &[&str] = &[
    "call",
    "body",
    "extra",
    "send",
    "send_with_response",
    "stream",
    "download",
    "header",
    "timeout",
    "attempt_timeout",
    "max_response_size",
    "token",
    "retry",
];

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
            let _ = writeln!(
                out,
                "pub fn {group}(&self) -> {group}::{handle} {{ {group}::{handle} {{ client: self.clone() }} }}"
            );
        }
        out + "}\n"
    }

    /// The module of a group, whose content is in a file of its own.
    pub(crate) fn declaration(&self, group: &str, include: &str) -> String {
        let comment = self.group_comment(group);
        format!("{comment}#[allow(missing_docs)]\npub mod {group} {{\n    {include}}}\n")
    }

    /// The content of a group's module.
    pub(crate) fn module(&self, group: &str, operations: &[&Operation]) -> Result<String> {
        let handle = AsPascalCase(group).to_string();
        let mut methods = String::new();
        let mut requests = String::new();
        let mut table = String::new();
        let mut names = Vec::new();
        let mut streams = Vec::new();
        for operation in operations {
            let request = Request::new(operation, self.models)?;
            if request.name == handle {
                return Err(Error::new(&operation.id, "its method is named like its group"));
            }
            methods += &self.method(&request);
            table += &request.constant_definition();
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
            crate::http::operation::operations! {{ {table} }}
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
    fn method(&self, request: &Request<'_>) -> String {
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
            self.operation_comment(operation),
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
        let mut methods = String::new();
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
                if request.open {
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
            impl {name} {{ {methods} {write} }}
            {laid_out}{debug}\n",
            derives = if debug.is_empty() { "Clone, Debug" } else { "Clone" },
            write = request.write(),
            name = request.name,
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

/// The arguments of a group's method, and the fields of the request that it makes.
#[derive(Default)]
struct Signature {
    generics: Vec<String>,
    arguments: Vec<String>,
    /// What is converted before the request is made, since that may fail.
    before: String,
    fields: Vec<String>,
}

impl Signature {
    /// Adds an argument, and returns the expression that stores it.
    fn argument(&mut self, ty: &Type, may_be_none: bool, name: &str) -> String {
        let Argument { mut ty, convert, is_generic } = argument(ty, may_be_none, name);
        if is_generic {
            let generic = format!("Kind{}", self.generics.len());
            ty = ty.replace('#', &generic);
            let plain = name.trim_start_matches("r#");
            let _ = writeln!(self.before, "let {name} = call.object({plain:?}, {name});");
            self.generics.push(generic);
        }
        self.arguments.push(format!("{name}: {ty}"));
        convert
    }

    /// The rest of the function after its name.
    fn function(&self, request: &str) -> String {
        let generics = match self.generics.is_empty() {
            true => String::new(),
            false => format!("<{}>", self.generics.join(", ")),
        };
        let arguments: String = self.arguments.iter().map(|one| format!(", {one}")).collect();
        let new = "Call::new(&self.client)";
        let (before, call) = match self.before.as_str() {
            "" => (String::new(), format!("call: {new}")),
            before => (format!("let mut call = {new};\n{before}"), "call".to_owned()),
        };
        let fields: String = self.fields.iter().map(|field| format!(", {field}")).collect();
        format!(
            "{generics}(&self{arguments}) -> {request} {{ {before}{request} {{ {call}{fields} }} }}\n"
        )
    }
}

/// An operation with the model of its body at hand.
pub(crate) struct Request<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) name: String,
    /// The members that the request type has setters and arguments for.
    members: Vec<&'a Member>,
    /// The body takes members that are not declared.
    open: bool,
}

impl<'a> Request<'a> {
    pub(crate) fn new(operation: &'a Operation, models: &'a Models) -> Result<Self> {
        let body = match &operation.body {
            Some(Body::Typed { ty, .. }) => named(ty).and_then(|name| models.by_name.get(name)),
            _ => None,
        };
        let (members, open) = match body {
            Some(Model::Object(object)) => (object.members.iter().collect(), object.open),
            _ => (Vec::new(), false),
        };
        let name = AsPascalCase(&operation.method).to_string();
        let request = Self { operation, name, members, open };
        let missing = request
            .required_members()
            .find(|member| member.literal.is_none() && !operation.arguments.contains(&member.wire));
        match missing {
            Some(member) => {
                let problem = format!("x-logto-arguments does not name {}", member.wire);
                Err(Error::new(&operation.id, problem))
            }
            None => Ok(request),
        }
    }

    fn handle(&self) -> String {
        AsPascalCase(&self.operation.group).to_string()
    }

    fn constant(&self) -> String {
        AsShoutySnakeCase(&self.operation.method).to_string()
    }

    /// The entry of the operation in the table of its group.
    fn constant_definition(&self) -> String {
        let Operation { id, path, api, public, retry, lifetime, .. } = self.operation;
        let release = |option: &str, release: &Option<String>| {
            release.as_ref().map_or_else(String::new, |name| format!(".{option}({name:?})"))
        };
        format!(
            "{} = {}({id:?}, {path:?}){}{}{}{};",
            self.constant(),
            AsPascalCase(api),
            if *public { ".unauthenticated()" } else { "" },
            match retry {
                Retry::ByMethod => "",
                Retry::Always => ".retry(RetryRule::Always)",
                Retry::Never => ".retry(RetryRule::Never)",
            },
            release("since", &lifetime.since),
            release("until", &lifetime.until),
        )
    }

    /// Without a member set, the request is sent without a body.
    pub(crate) fn may_omit_body(&self) -> bool {
        let optional = matches!(&self.operation.body, Some(Body::Typed { optional: true, .. }));
        optional && self.is_flat() && self.required_members().next().is_none()
    }

    /// Where the body is while it is put together.
    fn body_place(&self) -> &'static str {
        match self.may_omit_body() {
            true => "self.body.get_or_insert_default()",
            false => "self.body",
        }
    }

    /// The body takes members that are not declared.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The members of the body have arguments and setters of their own.
    pub(crate) fn is_flat(&self) -> bool {
        !self.members.is_empty()
    }

    fn required_members(&self) -> impl Iterator<Item = &'a Member> {
        self.members.iter().copied().filter(|member| member.required)
    }

    pub(crate) fn optional_members(&self) -> impl Iterator<Item = &'a Member> {
        self.members.iter().copied().filter(|member| !member.required)
    }

    /// The required members in the order of the method's arguments.
    pub(crate) fn arguments(&self) -> Vec<&'a Member> {
        let place =
            |member: &Member| self.operation.arguments.iter().position(|a| *a == member.wire);
        let mut members: Vec<_> =
            self.required_members().filter(|member| member.literal.is_none()).collect();
        members.sort_by_key(|member| place(member));
        members
    }

    pub(crate) fn parameter_field(&self, parameter: &Parameter) -> String {
        match (parameter.name.as_str(), &parameter.ty) {
            // Logto has two names for what a list is searched for.
            ("search_params" | "q", _) => "search".into(),
            (_, Type::VerificationRecord) => "verification_record".into(),
            (name, _) => self.setter_name(name),
        }
    }

    /// The argument of a parameter that comes up front, and the field that holds it.
    fn parameter_argument(&self, parameter: &Parameter, signature: &mut Signature) {
        let field = self.parameter_field(parameter);
        let value = match parameter.is_argument() {
            true => signature.argument(&parameter.ty, parameter.explicit, &field),
            false => "None".into(),
        };
        signature.fields.push(initialized(&field, &value));
    }

    /// A member named like a method that every request has gets an underscore.
    pub(crate) fn setter_name(&self, wire: &str) -> String {
        let name = naming::field(wire);
        if TAKEN.contains(&name.as_str()) { format!("{name}_") } else { name }
    }

    /// What the setter of a body's member is called; a parameter of that name comes first.
    pub(crate) fn member_name(&self, member: &Member) -> String {
        let name = self.setter_name(&member.wire);
        let clashes = self.operation.parameters.iter().any(|p| self.parameter_field(p) == name);
        if clashes { format!("new_{}", naming::plain_field(&member.wire)) } else { name }
    }

    /// Adds the arguments for the body, and returns the expression that makes it.
    fn body_argument(&self, ty: &Type, signature: &mut Signature) -> String {
        if !self.is_flat() {
            return signature.argument(ty, false, "body");
        }
        if self.required_members().next().is_none() {
            return format!("{}::default()", ty.rust());
        }
        for member in self.arguments() {
            signature.argument(&member.ty, member.nullable, &self.argument_name(member));
        }
        // The constructor takes its members in the order of the schema.
        let values: Vec<_> = self
            .required_members()
            .filter(|member| member.literal.is_none())
            .map(|member| self.argument_name(member))
            .collect();
        format!("{}::new({})", ty.rust(), values.join(", "))
    }

    fn argument_name(&self, member: &Member) -> String {
        let name = naming::field(&member.wire);
        let clashes = self.operation.parameters.iter().any(|p| self.parameter_field(p) == name);
        if clashes { format!("new_{}", naming::plain_field(&member.wire)) } else { name }
    }

    /// What writes the HTTP request, and `download` for a response that may be long and is no JSON.
    fn write(&self) -> String {
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
    fn sends(&self) -> String {
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
    fn headers(&self) -> String {
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
    fn debug(&self) -> String {
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

    fn raw_arguments(&self) -> Vec<String> {
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

/// Two setters of one request may not have one name.
fn check_names(request: &Request<'_>) -> Result<()> {
    let mut names: Vec<_> = request
        .operation
        .parameters
        .iter()
        .map(|parameter| request.parameter_field(parameter))
        .chain(request.optional_members().map(|member| request.member_name(member)))
        .collect();
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let problem = format!("two parameters or members are called {}", pair[0]);
            Err(Error::new(&request.operation.id, problem))
        }
        None => Ok(()),
    }
}

/// Whether the parameter is Logto's search.
pub(crate) fn is_search(parameter: &Parameter) -> bool {
    parameter.ty == Type::Named(SEARCH.into())
}
