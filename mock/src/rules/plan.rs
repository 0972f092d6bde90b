//! What each operation does, as its path and the schemas around it tell.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

use crate::rules::contract::{Contract, Operation};

static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(|| Derivation::new(Contract::get()).plans());

/// The plans, in the order of the contract's operations.
pub(crate) fn plans() -> &'static [Plan] {
    &PLANS
}

/// What is done to the entities of a table.
pub(crate) fn plan_of(table: &str) -> Option<&'static Plan> {
    plans().iter().find(|plan| plan.table == table)
}

pub(crate) struct Plan {
    pub(crate) kind: Kind,
    /// The table it is about: its path without parameters.
    pub(crate) table: String,
    /// The schema of an entity of that table.
    pub(crate) entity: Value,
    /// The parts of the path before it, each up to a parameter.
    pub(crate) owners: Vec<Owner>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Collection,
    Item,
    Links(Link),
    LinkItem(Link),
    /// A member of the entity before it.
    Part(String),
    /// There is one, or one for each owner.
    Single,
    /// Nothing is told.
    Other,
}

/// Entities that others are assigned to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The name of the pairs.
    pub(crate) name: String,
    /// Whether the path names the right side of a pair first.
    pub(crate) reversed: bool,
    /// The table of what is assigned, and the member of a body that has its ids.
    pub(crate) target: String,
    pub(crate) member: String,
}

#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) table: String,
    /// The pairs that it has to be in with the owner before it.
    pub(crate) link: Option<Link>,
}

struct Derivation {
    contract: &'static Contract,
    /// By shape: the path with `{}` for parameters.
    shapes: BTreeMap<String, Vec<usize>>,
    links: BTreeMap<String, Link>,
}

impl Derivation {
    fn new(contract: &'static Contract) -> Self {
        let mut shapes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, operation) in contract.operations.iter().enumerate() {
            shapes.entry(shape(&operation.template)).or_default().push(at);
        }
        let mut this = Self { contract, shapes, links: BTreeMap::new() };
        for shape in this.shapes.keys().cloned().collect::<Vec<_>>() {
            if let Some((member, target)) = this.assigned(&shape) {
                this.links.insert(shape.clone(), link(&shape, member, target));
            }
        }
        for (shape, link) in this.links.clone() {
            let mirrored = mirror(&shape, &link);
            if let Some((shape, link)) = mirrored.filter(|(own, _)| this.shapes.contains_key(own)) {
                this.links.entry(shape).or_insert(link);
            }
        }
        this
    }

    fn operations(&self, shape: &str) -> impl Iterator<Item = &'static Operation> {
        let contract = self.contract;
        let places = self.shapes.get(shape).cloned().unwrap_or_default();
        places.into_iter().map(|at| &contract.operations[at])
    }

    fn operation(&self, shape: &str, method: &str) -> Option<&'static Operation> {
        self.operations(shape).find(|operation| operation.method == method)
    }

    /// The only member of bodies here that ends in `Ids`, and the table that it names.
    fn assigned(&self, shape: &str) -> Option<(String, String)> {
        self.operation(&format!("{shape}/{{}}"), "DELETE")?;
        let changing =
            self.operations(shape).find(|own| own.method != "GET" && own.body.is_some())?;
        let members = self.contract.members(changing.body.as_ref()?);
        let mut ids = members.into_iter().filter(|(name, ..)| name.ends_with("Ids"));
        let (member, ..) = ids.next().filter(|_| shape.contains("{}"))?;
        let target = self.target(member)?;
        ids.next().is_none().then(|| (member.to_owned(), target))
    }

    /// The table that a member like `roleIds` names.
    fn target(&self, member: &str) -> Option<String> {
        let name = plural(member.trim_end_matches("Ids"));
        if self.shapes.contains_key(&format!("/api/{name}")) {
            return Some(name);
        }
        let below = format!("/{{}}/{name}");
        let mut shapes = self.shapes.keys().filter(|shape| shape.ends_with(&below));
        let own = |shape: &&String| {
            let body = self.operation(shape, "POST").and_then(|own| own.body.as_ref());
            body.is_some_and(|body| self.contract.member(body, "name").is_some())
        };
        shapes.find(own).map(|shape| table(shape))
    }

    fn plans(&self) -> Vec<Plan> {
        self.contract.operations.iter().map(|operation| self.plan(operation)).collect()
    }

    fn plan(&self, operation: &Operation) -> Plan {
        let shape = shape(&operation.template);
        let kind = self.kind(&shape);
        let own = if matches!(kind, Kind::Part(_)) { before_last(&shape) } else { &shape };
        let collection = own.trim_end_matches("/{}");
        Plan {
            table: table(collection),
            entity: match kind {
                Kind::Single => self.single(&shape),
                _ => self.entity(collection),
            }
            .unwrap_or_default(),
            owners: self.owners(collection),
            kind,
        }
    }

    fn kind(&self, shape: &str) -> Kind {
        if let Some(link) = self.links.get(shape) {
            return Kind::Links(link.clone());
        }
        if let Some(collection) = shape.strip_suffix("/{}") {
            return match self.links.get(collection) {
                Some(link) => Kind::LinkItem(link.clone()),
                None => Kind::Item,
            };
        }
        let listed = self.operation(shape, "GET").is_some_and(|get| {
            get.success().1.is_some_and(|own| self.contract.resolve(own)["type"] == "array")
        });
        if listed || self.is_collection(shape) {
            return Kind::Collection;
        }
        if let Some(item) = before_last(shape).strip_suffix("/{}") {
            let name = camel(shape.rsplit('/').next().unwrap_or_default());
            let entity = self.entity(item).unwrap_or_default();
            if self.contract.member(&entity, &name).is_some() {
                return Kind::Part(name);
            }
        }
        match self.operation(shape, "GET").or_else(|| self.operation(shape, "PUT")) {
            Some(_) => Kind::Single,
            None => Kind::Other,
        }
    }

    fn is_collection(&self, shape: &str) -> bool {
        self.shapes.contains_key(&format!("{shape}/{{}}"))
            && self.operation(shape, "POST").is_some()
    }

    fn entity(&self, collection: &str) -> Option<Value> {
        let item = format!("{collection}/{{}}");
        let schema = |shape: &str, method| self.operation(shape, method)?.success().1.cloned();
        let found = schema(collection, "POST")
            .filter(|own| {
                self.contract.resolve(own)["type"] != "array"
                    && !self.links.contains_key(collection)
            })
            .or_else(|| schema(&item, "GET"))
            .or_else(|| schema(&item, "PUT"))
            .or_else(|| schema(collection, "GET"))?;
        let resolved = self.contract.resolve(&found);
        Some(if resolved["type"] == "array" { resolved["items"].clone() } else { found })
    }

    fn single(&self, shape: &str) -> Option<Value> {
        let get = self.operation(shape, "GET").or_else(|| self.operation(shape, "PUT"))?;
        get.success().1.cloned()
    }

    fn owners(&self, collection: &str) -> Vec<Owner> {
        let ends = collection.match_indices("/{}").map(|(at, _)| &collection[..at]);
        ends.map(|own| Owner { table: table(own), link: self.links.get(own).cloned() }).collect()
    }
}

fn shape(template: &str) -> String {
    let parts = template.trim_end_matches('/').split('/');
    let parts = parts.map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn table(shape: &str) -> String {
    let parts = shape.trim_start_matches("/api/").split('/').filter(|part| *part != "{}");
    let own = parts.collect::<Vec<_>>().join("/");
    // These are applications of one kind.
    if own == "saml-applications" { "applications".to_owned() } else { own }
}

fn before_last(shape: &str) -> &str {
    shape.rsplit_once('/').map_or("", |(before, _)| before)
}

/// Both tables of a path like `/api/roles/{}/users`.
fn sides(shape: &str) -> Option<(&str, &str)> {
    let (left, right) = shape.strip_prefix("/api/")?.split_once("/{}/")?;
    (!left.contains('/') && !right.contains('/')).then_some((left, right))
}

fn link(shape: &str, member: String, target: String) -> Link {
    let (name, reversed) = match sides(shape).filter(|(_, right)| *right == target) {
        Some((left, right)) => pair(left, right),
        None => (table(shape), false),
    };
    Link { name, reversed, target, member }
}

/// The name of the pairs of two tables, and whether the second is their left side.
pub(crate) fn pair(left: &str, right: &str) -> (String, bool) {
    match left <= right {
        true => (format!("{left}/{right}"), false),
        false => (format!("{right}/{left}"), true),
    }
}

fn mirror(shape: &str, link: &Link) -> Option<(String, Link)> {
    let (left, right) = sides(shape).filter(|(_, right)| *right == link.target)?;
    let (name, reversed) = pair(right, left);
    let mirrored = Link { name, reversed, target: left.to_owned(), member: String::new() };
    Some((format!("/api/{right}/{{}}/{left}"), mirrored))
}

/// `organizationRole` as `organization-roles`.
pub(crate) fn plural(singular: &str) -> String {
    let mut name = String::new();
    for c in singular.chars() {
        if c.is_uppercase() {
            name.push('-');
        }
        name.extend(c.to_lowercase());
    }
    name + "s"
}

/// `custom-data` as `customData`.
pub(crate) fn camel(name: &str) -> String {
    let mut upper = false;
    let mut camel = String::new();
    for c in name.chars() {
        match c {
            '-' => upper = true,
            c if upper => {
                camel.extend(c.to_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

/// The path of an operation without its parameters.
pub(crate) fn plans_table(operation: &Operation) -> String {
    table(&shape(&operation.template))
}
