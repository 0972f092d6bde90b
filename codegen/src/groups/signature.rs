//! The signature of a group's method.

use std::fmt::Write;

use crate::setters::{Argument, argument};
use crate::types::Type;

/// The arguments of a group's method, and the fields of the request that it makes.
#[derive(Default)]
pub(super) struct Signature {
    generics: Vec<String>,
    pub(super) arguments: Vec<String>,
    /// What is converted before the request is made, since that may fail.
    before: String,
    pub(super) fields: Vec<String>,
}

impl Signature {
    /// Adds an argument, and returns the expression that stores it.
    pub(super) fn argument(&mut self, ty: &Type, may_be_none: bool, name: &str) -> String {
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
    pub(super) fn function(&self, request: &str) -> String {
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
