//! A named schema, read into the shape of the Rust type that it becomes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use crate::naming;
use crate::types::{SEARCH, Type, reference};

/// What a named schema becomes.
#[derive(Debug)]
pub(crate) enum Model {
    /// An enum of strings that keeps what it does not know.
    Enum(Vec<(String, Lifetime)>),
    /// A struct.
    Object(Object),
    /// An enum of structs, told apart by a literal member.
    Tagged { property: String, variants: Vec<Variant> },
    /// An enum of values, told apart by their form.
    Untagged(Vec<(String, Type)>),
}

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) members: Vec<Member>,
    /// Members that are not declared are kept.
    pub(crate) open: bool,
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) wire: String,
    pub(crate) ty: Type,
    pub(crate) nullable: bool,
    pub(crate) required: bool,
    /// `Debug` does not show its value: it is marked as a secret, or may hold anything.
    pub(crate) hidden: bool,
    /// The one value that the member can have.
    pub(crate) literal: Option<Value>,
    /// The releases that have it.
    pub(crate) lifetime: Lifetime,
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) content: String,
    pub(crate) tags: Vec<Value>,
    /// Chosen when the tag is absent.
    pub(crate) untagged: bool,
    /// The releases that have it.
    pub(crate) lifetime: Lifetime,
}

/// All models of the contract, with what only their uses tell.
#[derive(Debug)]
pub(crate) struct Models {
    pub(crate) by_name: BTreeMap<String, Model>,
    /// Structs that write their own tag: member and literal.
    pub(crate) tags: BTreeMap<String, (String, String)>,
    /// The releases that have a model.
    pub(crate) lifetimes: BTreeMap<String, Lifetime>,
}

impl Models {
    pub(crate) fn read(schemas: &BTreeMap<String, Value>) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        for (name, schema) in schemas.iter().filter(|(name, _)| *name != SEARCH) {
            let model = model(name, schema, schemas)
                .map_err(|error| Error::new(format!("schema {name}"), error.to_string()))?;
            by_name.insert(name.clone(), model);
        }
        let tags = own_tags(&by_name);
        let lifetimes = schemas.iter().map(|(name, schema)| (name.clone(), Lifetime::of(schema)));
        Ok(Self { by_name, tags, lifetimes: lifetimes.collect() })
    }

    /// The models that can be reached from the given ones.
    pub(crate) fn reach<'a>(&'a self, roots: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = roots.filter(|name| *name != SEARCH).collect();
        while let Some(name) = open.pop() {
            if let (true, Some(model)) = (reached.insert(name), self.by_name.get(name)) {
                open.extend(model.uses());
            }
        }
        reached
    }
}

impl Model {
    pub(crate) fn uses(&self) -> Vec<&str> {
        match self {
            Self::Enum(_) => Vec::new(),
            Self::Object(object) => object.members.iter().filter_map(|m| m.ty.names()).collect(),
            Self::Tagged { variants, .. } => variants.iter().map(|v| v.content.as_str()).collect(),
            Self::Untagged(variants) => variants.iter().filter_map(|(_, ty)| ty.names()).collect(),
        }
    }
}

/// A struct whose discriminator has one literal writes it itself, so that the
/// value cannot be wrong.
fn own_tags(models: &BTreeMap<String, Model>) -> BTreeMap<String, (String, String)> {
    let mut tags = BTreeMap::new();
    for model in models.values() {
        let Model::Tagged { property, variants } = model else {
            continue;
        };
        for variant in variants {
            if let ([Value::String(tag)], false) = (&variant.tags[..], variant.untagged) {
                tags.insert(variant.content.clone(), (property.clone(), tag.clone()));
            }
        }
    }
    tags
}

fn model(name: &str, schema: &Value, schemas: &BTreeMap<String, Value>) -> Result<Model> {
    if let Some(values) = schema["enum"].as_array() {
        let values = strings(values)?.into_iter().map(|value| {
            let lifetime = Lifetime::of_value(schema, &value);
            (value, lifetime)
        });
        return Ok(Model::Enum(values.collect()));
    }
    if let Some(alternatives) = schema["oneOf"].as_array() {
        return match schema["discriminator"]["propertyName"].as_str() {
            Some(property) => tagged(name, schema, property, schemas),
            None => untagged(name, alternatives),
        };
    }
    object(schema).map(Model::Object)
}

fn strings(values: &[Value]) -> Result<Vec<String>> {
    let texts: Option<Vec<_>> = values.iter().map(|v| v.as_str().map(str::to_owned)).collect();
    texts.ok_or_else(|| Error::new("enum", "only strings are supported"))
}

fn object(schema: &Value) -> Result<Object> {
    let required: BTreeSet<&str> = schema["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let declared = schema["properties"]
        .as_object()
        .ok_or_else(|| Error::new("properties", "a named schema is an object, enum or union"))?;
    let mut members = Vec::new();
    for (wire, schema) in declared {
        let ty = Type::of(schema).map_err(|error| Error::new(wire, error.to_string()))?;
        let (ty, nullable) = match ty {
            Type::Nullable(inner) => (*inner, true),
            other => (other, false),
        };
        members.push(Member {
            required: required.contains(wire.as_str()),
            hidden: schema["x-logto-secret"] == true || ty.is_open(),
            literal: literal(schema).cloned(),
            lifetime: Lifetime::of(schema),
            wire: wire.clone(),
            ty,
            nullable,
        });
    }
    distinct(members.iter().map(|member| naming::plain_field(&member.wire)))?;
    Ok(Object { members, open: schema["additionalProperties"] == true })
}

/// Two members, or two variants, may not have one name.
fn distinct(names: impl Iterator<Item = String>) -> Result<()> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let problem = format!("two would be called {} in Rust: correct the document", pair[0]);
            Err(Error::new("properties and alternatives", problem))
        }
        None => Ok(()),
    }
}

fn literal(schema: &Value) -> Option<&Value> {
    match schema["enum"].as_array().map(Vec::as_slice) {
        Some([only]) => Some(only),
        _ => None,
    }
}

fn tagged(
    name: &str,
    schema: &Value,
    property: &str,
    schemas: &BTreeMap<String, Value>,
) -> Result<Model> {
    let mapping = schema["discriminator"]["mapping"]
        .as_object()
        .ok_or_else(|| Error::new("discriminator", "has no mapping"))?;
    let mut tags: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (tag, target) in mapping {
        let content = target
            .as_str()
            .and_then(|target| target.strip_prefix("#/components/schemas/"))
            .ok_or_else(|| Error::new("discriminator", "maps to something else than a schema"))?;
        let declared = schemas
            .get(content)
            .map(|schema| &schema["properties"][property])
            .ok_or_else(|| Error::new("discriminator", format!("{content} is not a schema")))?;
        let tag = match declared["type"].as_str() {
            Some("boolean") => Value::Bool(tag == "true"),
            _ => Value::String(tag.clone()),
        };
        tags.entry(content).or_default().push(tag);
    }
    let alternatives = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let variants = tags.into_iter().map(|(content, tags)| {
        let alternative = alternatives.iter().find(|one| reference(one) == Some(content));
        let required = schemas.get(content).and_then(|schema| schema["required"].as_array());
        Variant {
            name: tagged_name(name, content, &tags),
            content: content.to_owned(),
            untagged: !required.is_some_and(|names| names.iter().any(|n| n == property)),
            lifetime: alternative.map(Lifetime::of).unwrap_or_default(),
            tags,
        }
    });
    let variants: Vec<Variant> = variants.collect();
    distinct(variants.iter().map(|variant| variant.name.clone()))?;
    Ok(Model::Tagged { property: property.to_owned(), variants })
}

fn tagged_name(union: &str, content: &str, tags: &[Value]) -> String {
    match tags {
        [Value::String(tag)] => naming::variant(tag),
        _ => own_part(union, content),
    }
}

fn untagged(name: &str, alternatives: &[Value]) -> Result<Model> {
    let mut variants = Vec::new();
    for alternative in alternatives {
        let ty = Type::of(alternative)?;
        let variant = match &ty {
            Type::Named(content) => own_part(name, content),
            Type::Bool => "Flag".into(),
            Type::Integer | Type::Double | Type::Timestamp => "Number".into(),
            Type::Text | Type::VerificationRecord => "Text".into(),
            Type::List(_) => "List".into(),
            Type::FreeForm | Type::Map(_) => "Object".into(),
            Type::Json | Type::Nullable(_) => {
                return Err(Error::new("oneOf", "an alternative takes any value"));
            }
        };
        variants.push((variant, ty));
    }
    distinct(variants.iter().map(|(variant, _)| variant.clone()))?;
    Ok(Model::Untagged(variants))
}

/// What a content's name says beyond its union's.
fn own_part(union: &str, content: &str) -> String {
    let rest = content
        .strip_prefix(union)
        .or_else(|| content.strip_suffix(union))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(content);
    naming::variant(rest)
}

/// The one name that the whole schema refers to.
pub(crate) fn named(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(name) if name != SEARCH => Some(name),
        _ => None,
    }
}
