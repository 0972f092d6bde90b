//! What an operation's request type has: its name, its arguments, its setters.

use heck::AsPascalCase;

use crate::contract::{Body, Operation, Parameter, Retry};
use crate::error::{Error, Result};
use crate::naming;
use crate::schema::{Member, Model, Models, named};
use crate::types::{SEARCH, Type};

use super::initialized;
use super::signature::Signature;

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

    pub(super) fn handle(&self) -> String {
        AsPascalCase(&self.operation.group).to_string()
    }

    /// What the runtime knows of the operation.
    pub(super) fn operation(&self) -> String {
        let Operation { id, path, api, public, retry, lifetime, .. } = self.operation;
        let release = |option: &str, release: &Option<String>| {
            release.as_ref().map_or_else(String::new, |name| format!(".{option}({name:?})"))
        };
        format!(
            "{}({id:?}, {path:?}){}{}{}{}",
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
    pub(super) fn body_place(&self) -> &'static str {
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

    pub(super) fn required_members(&self) -> impl Iterator<Item = &'a Member> {
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
        match parameter.ty {
            Type::VerificationRecord => "verification_record".into(),
            _ => self.setter_name(&naming::plain_parameter(&parameter.name)),
        }
    }

    /// The argument of a parameter that comes up front, and the field that holds it.
    pub(super) fn parameter_argument(&self, parameter: &Parameter, signature: &mut Signature) {
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
    pub(super) fn body_argument(&self, ty: &Type, signature: &mut Signature) -> String {
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

    pub(super) fn argument_name(&self, member: &Member) -> String {
        let name = naming::field(&member.wire);
        let clashes = self.operation.parameters.iter().any(|p| self.parameter_field(p) == name);
        if clashes { format!("new_{}", naming::plain_field(&member.wire)) } else { name }
    }
}

/// Two setters of one request may not have one name.
pub(super) fn check_names(request: &Request<'_>) -> Result<()> {
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
