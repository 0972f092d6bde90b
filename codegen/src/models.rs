//! Writes the models: a struct, enum or union for every named schema in use.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use crate::docs::{Docs, comment};
use crate::groups::initialized;
use crate::layout::indent;
use crate::lifetime::Lifetime;
use crate::naming;
use crate::schema::{Member, Model, Models, Object, Variant};
use crate::setters::{Argument, Setter, constructor_argument, setters};
use crate::types::Type;

/// What the writer of a model needs to know beside the model itself.
pub(crate) struct Writer<'a> {
    pub(crate) models: &'a Models,
    pub(crate) docs: &'a Docs,
    /// Models that requests are made of: they get constructors and setters,
    /// and their nullable members tell null from absent.
    pub(crate) sent: &'a BTreeSet<&'a str>,
    /// Models that only a request is made of: its own setters set their members.
    pub(crate) bodies: &'a BTreeSet<&'a str>,
    /// They derive `JsonSchema`, which goes by serde's attributes.
    pub(crate) schemars: bool,
}

/// Generated code: `items` still wants formatting, `macros` is laid out.
#[derive(Default)]
pub(crate) struct Code {
    pub(crate) items: String,
    pub(crate) macros: String,
}

impl Writer<'_> {
    pub(crate) fn model(&self, code: &mut Code, name: &str, model: &Model) {
        match model {
            Model::Enum(values) => code.macros += &self.open_enum(name, values),
            Model::Object(object) => self.object(code, name, object),
            Model::Tagged { property, variants } => {
                code.macros += &self.tagged_union(name, property, variants);
            }
            Model::Untagged(variants) => code.items += &self.untagged_union(name, variants),
        }
    }

    fn comment(&self, name: &str) -> String {
        let written = self.docs.schemas.get(name).and_then(|docs| docs.description.as_deref());
        let text = written.unwrap_or_default();
        let lifetime = self.models.lifetimes.get(name);
        comment(&lifetime.map_or(text.to_owned(), |lifetime| lifetime.note(text)))
    }

    fn open_enum(&self, name: &str, values: &[(String, Lifetime)]) -> String {
        let mut out = format!("\nopen_enum! {{\n{}", indent(&self.comment(name)));
        let _ = writeln!(out, "    pub enum {name} {{");
        let names =
            naming::variants(values.iter().map(|(value, lifetime)| (value.as_str(), lifetime)));
        for ((value, lifetime), variant) in values.iter().zip(names) {
            let text = self.docs.value(name, value);
            out += &indent(&indent(&comment(&lifetime.note(text))));
            let _ = writeln!(out, "        {variant} = {value:?},");
        }
        out + "    }\n}\n"
    }

    fn tagged_union(&self, name: &str, property: &str, variants: &[Variant]) -> String {
        let mut out = format!("\ntagged_union! {{\n{}", indent(&self.comment(name)));
        let _ = writeln!(out, "    pub enum {name} by {property:?} {{");
        for variant in variants {
            let tags: Vec<_> = variant.tags.iter().map(Value::to_string).collect();
            out += &indent(&indent(&comment(&variant.lifetime.note(&tag_doc(property, variant)))));
            let _ = writeln!(
                out,
                "        {}{}({}) = [{}],",
                if variant.untagged { "[missing] " } else { "" },
                variant.name,
                variant.content,
                tags.join(", "),
            );
        }
        out + "    }\n}\n"
    }

    fn untagged_union(&self, name: &str, variants: &[(String, Type)]) -> String {
        let hides = variants.iter().any(|(_, ty)| ty.is_open());
        let debug = if hides { "" } else { "Debug, " };
        let schema = if self.schemars { ", schemars::JsonSchema" } else { "" };
        let mut out = self.comment(name);
        let _ = writeln!(out, "#[derive(Clone, {debug}PartialEq, Serialize, Deserialize{schema})]");
        let _ = writeln!(out, "#[serde(untagged)]\n#[non_exhaustive]\npub enum {name} {{");
        for (variant, ty) in variants {
            let _ = writeln!(out, "{variant}({}),", ty.rust());
        }
        out += "/// A value of a form that the contract does not declare.\nUnknown(UnknownValue),\n}\n";
        for (variant, ty) in variants.iter().filter(|(_, ty)| occurs_once(ty, variants)) {
            let _ = writeln!(
                out,
                "impl From<{0}> for {name} {{ fn from(value: {0}) -> Self {{ Self::{variant}(value) }} }}",
                ty.rust()
            );
        }
        if hides {
            out += &untagged_debug(name, variants);
        }
        out
    }

    fn object(&self, code: &mut Code, name: &str, object: &Object) {
        let tag = self.models.tags.get(name);
        let members: Vec<&Member> = object
            .members
            .iter()
            .filter(|member| tag.is_none_or(|(property, _)| *property != member.wire))
            .collect();
        let shape = Shape { name, sent: self.sent.contains(name), members, open: object.open };
        let mut out = self.comment(name);
        out += &shape.attributes(tag, self.schemars);
        let _ = writeln!(out, "pub struct {name} {{");
        for member in &shape.members {
            out += &comment(&self.docs.member(name, member));
            out += &shape.field(member, self.schemars);
        }
        if shape.open {
            out += "/// Fields that the contract does not declare.\n#[serde(flatten)]\n";
            out += "pub extra: serde_json::Map<String, serde_json::Value>,\n";
        }
        out += "}\n";
        code.macros += &shape.table(tag);
        code.macros += &shape.debug();
        let only_default =
            !shape.members.iter().any(|member| member.required) && self.bodies.contains(name);
        if shape.sent && !only_default {
            out += &self.constructor(&shape);
            code.macros += &self.setters(&shape);
        }
        code.items += &out;
    }

    fn constructor(&self, shape: &Shape<'_>) -> String {
        let (fixed, optional): (Vec<&Member>, Vec<&Member>) =
            shape.members.iter().copied().partition(|member| member.required);
        match fixed.is_empty() {
            true => String::new(),
            false => {
                format!("impl {} {{ {} }}\n", shape.name, constructor(shape, &fixed, &optional))
            }
        }
    }

    /// The setters of the members that the constructor does not take.
    fn setters(&self, shape: &Shape<'_>) -> String {
        if self.bodies.contains(shape.name) {
            return String::new();
        }
        let optional = shape.members.iter().filter(|member| !member.required);
        let lines: String = optional
            .map(|member| {
                let name = &naming::field(&member.wire);
                let setter = Setter {
                    name,
                    field: name,
                    wire: &member.wire,
                    ty: &member.ty,
                    nullable: member.nullable,
                    in_request: false,
                };
                comment(&self.docs.member(shape.name, member)) + &setter.line()
            })
            .collect();
        match lines.as_str() {
            "" => lines,
            lines => format!("\n{}", setters(shape.name, "", lines)),
        }
    }
}

struct Shape<'a> {
    name: &'a str,
    sent: bool,
    members: Vec<&'a Member>,
    open: bool,
}

impl Shape<'_> {
    fn attributes(&self, tag: Option<&(String, String)>, schemars: bool) -> String {
        let mut derives = vec!["Clone"];
        if !self.hides() {
            derives.push("Debug");
        }
        if !self.members.iter().any(|member| member.required) {
            derives.push("Default");
        }
        derives.push("PartialEq");
        if self.open {
            derives.extend(["Serialize", "Deserialize"]);
        }
        if schemars {
            derives.push("schemars::JsonSchema");
        }
        let mut serde = Vec::new();
        if let Some((property, literal)) = tag {
            serde.push(format!("tag = {property:?}, rename = {literal:?}"));
        }
        if self.camel() {
            serde.push("rename_all = \"camelCase\"".into());
        }
        let mut out = format!("#[derive({})]\n", derives.join(", "));
        if !serde.is_empty() && (self.open || schemars) {
            let _ = writeln!(out, "#[serde({})]", serde.join(", "));
        }
        out + "#[non_exhaustive]\n"
    }

    fn camel(&self) -> bool {
        self.members
            .iter()
            .any(|m| naming::is_camel(&m.wire) && naming::plain_field(&m.wire) != m.wire)
    }

    fn hides(&self) -> bool {
        self.open || self.members.iter().any(|member| member.hidden)
    }

    fn field(&self, member: &Member, schemars: bool) -> String {
        let mut serde = Vec::new();
        let plain = naming::plain_field(&member.wire);
        let renamed =
            if self.camel() { naming::is_camel(&member.wire) } else { plain == member.wire };
        if !renamed {
            serde.push(format!("rename = {:?}", member.wire));
        }
        let ty = member.ty.rust();
        let ty = match (member.required, member.nullable) {
            (true, false) => ty,
            (true, true) => format!("Option<{ty}>"),
            (false, nullable) => {
                if nullable && self.sent {
                    serde.push(
                        "default, deserialize_with = \"crate::models::double_option::deserialize\""
                            .into(),
                    );
                }
                serde.push("skip_serializing_if = \"Option::is_none\"".into());
                if nullable && self.sent {
                    format!("Option<Option<{ty}>>")
                } else {
                    format!("Option<{ty}>")
                }
            }
        };
        let mut out = String::new();
        if !serde.is_empty() && (self.open || schemars) {
            let _ = writeln!(out, "#[serde({})]", serde.join(", "));
        }
        let _ = writeln!(out, "pub {}: {ty},", naming::field(&member.wire));
        out
    }

    /// How it is read and written, which serde would derive at ten times the length.
    fn table(&self, tag: Option<&(String, String)>) -> String {
        if self.open {
            return String::new();
        }
        let by = tag.map(|(member, value)| format!(" by {member:?} = {value:?}"));
        let mut out = format!("\njson_object! {{ {}{};", self.name, by.unwrap_or_default());
        let mut line = String::new();
        for (at, member) in self.members.iter().enumerate() {
            let kind = match (member.required, member.nullable) {
                (true, false) => "must",
                (true, true) => "null",
                (false, true) if self.sent => "clear",
                (false, _) => "may",
            };
            let field = naming::field(&member.wire);
            let entry = format!(" {at} {kind} {field} {:?},", member.wire);
            if line.is_empty() || line.len() + entry.len() > 98 {
                out += &std::mem::replace(&mut line, "\n   ".into());
            }
            line += &entry;
        }
        out + &line + "\n}\n"
    }

    fn debug(&self) -> String {
        if !self.hides() {
            return String::new();
        }
        let (hidden, shown): (Vec<&Member>, Vec<&Member>) =
            self.members.iter().copied().partition(|member| member.hidden);
        let shown = shown.iter().map(|member| naming::field(&member.wire)).collect();
        let fields = hidden
            .iter()
            .map(|member| (naming::field(&member.wire), member.nullable || !member.required));
        let extra = self.open.then(|| ("extra".to_owned(), false));
        format!("{}\n", redacted_debug(self.name, shown, fields.chain(extra)))
    }
}

/// A `Debug` without the values of these fields, of which some are optional.
pub(crate) fn redacted_debug(
    name: &str,
    shown: Vec<String>,
    hidden: impl Iterator<Item = (String, bool)>,
) -> String {
    let (maybe, always): (Vec<_>, Vec<_>) = hidden.partition(|(_, is_optional)| *is_optional);
    let block = |keyword: &str, fields: Vec<(String, bool)>| match fields.is_empty() {
        true => String::new(),
        false => {
            let names: Vec<_> = fields.into_iter().map(|(field, _)| field).collect();
            format!(" {keyword} {{ {} }}", names.join(", "))
        }
    };
    format!(
        "crate::models::redacted::redacted_debug!({name} {{ {} }}{}{});",
        shown.join(", "),
        block("hides", always),
        block("maybe", maybe),
    )
}

/// What tells a variant of a tagged union apart, where its name does not: `enabled`: `true`.
fn tag_doc(property: &str, variant: &Variant) -> String {
    let is_name =
        |tag: &Value| tag.as_str().is_some_and(|tag| naming::variant(tag) == variant.name);
    if variant.tags.iter().all(is_name) {
        return String::new();
    }
    let tags = variant.tags.iter().map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(" or ");
    format!("`{}` is {tags}.", naming::plain_field(property))
}

/// A `Debug` for a union of which some forms may hold anything.
fn untagged_debug(name: &str, variants: &[(String, Type)]) -> String {
    let shown = |variant: &str| {
        format!("Self::{variant}(value) => f.debug_tuple({variant:?}).field(value).finish(),")
    };
    let arms = variants.iter().map(|(variant, ty)| match ty.is_open() {
        true => format!("Self::{variant}(_) => f.write_str(\"{variant}([redacted])\"),"),
        false => shown(variant),
    });
    format!(
        "impl std::fmt::Debug for {name} {{
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{
                match self {{ {} {} }}
            }}
        }}\n",
        arms.collect::<String>(),
        shown("Unknown"),
    )
}

fn constructor(shape: &Shape<'_>, fixed: &[&Member], optional: &[&Member]) -> String {
    let mut arguments = Vec::new();
    let mut fields = Vec::new();
    for member in fixed {
        let field = naming::field(&member.wire);
        match &member.literal {
            Some(Value::String(text)) => fields.push(format!("{field}: {text:?}.into()")),
            Some(literal) => fields.push(format!("{field}: {literal}")),
            None => {
                let Argument { ty, convert, .. } =
                    constructor_argument(&member.ty, member.nullable, &field);
                arguments.push(format!("{field}: {ty}"));
                fields.push(initialized(&field, &convert));
            }
        }
    }
    fields.extend(optional.iter().map(|member| format!("{}: None", naming::field(&member.wire))));
    if shape.open {
        fields.push("extra: serde_json::Map::new()".into());
    }
    format!(
        "/// With its required fields; its methods set the others.\npub fn new({}) -> Self {{ Self {{ {} }} }}\n",
        arguments.join(", "),
        fields.join(", ")
    )
}

fn occurs_once(ty: &Type, variants: &[(String, Type)]) -> bool {
    variants.iter().filter(|(_, other)| other == ty).count() == 1
}
