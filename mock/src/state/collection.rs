//! Entities by their members.

use serde_json::{Map, Value};

/// An entity's members, in the API's own names.
pub(crate) type Members = Map<String, Value>;

/// Entities in the order they were created.
#[derive(Default)]
pub(crate) struct Collection(Vec<Members>);

impl Collection {
    pub(crate) fn add(&mut self, entity: Members) {
        self.0.push(entity);
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Members> {
        self.0.iter().rev()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Members> {
        self.find_by("id", id)
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Members> {
        self.0.iter_mut().find(|entity| text(entity, "id") == Some(id))
    }

    pub(crate) fn find_by(&self, member: &str, value: &str) -> Option<&Members> {
        self.all_by(member, value).next()
    }

    pub(crate) fn all_by(&self, member: &str, value: &str) -> impl Iterator<Item = &Members> {
        self.0.iter().filter(move |entity| text(entity, member) == Some(value))
    }

    /// Removes what fits, and says whether there was any.
    pub(crate) fn remove(&mut self, fits: impl Fn(&Members) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|entity| !fits(entity));
        self.0.len() < before
    }

    /// The value of the wanted members that an entity other than this one has already.
    pub(crate) fn taken<'a>(
        &self,
        member: &str,
        wanted: &'a Members,
        own_id: Option<&str>,
    ) -> Option<&'a str> {
        let value = text(wanted, member)?;
        let owner = self.find_by(member, value)?;
        (text(owner, "id") != own_id).then_some(value)
    }
}

pub(crate) fn text<'a>(entity: &'a Members, member: &str) -> Option<&'a str> {
    entity.get(member)?.as_str()
}

pub(crate) fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

pub(crate) fn strings(members: &Members, name: &str) -> Vec<String> {
    let items = members.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| Some(item.as_str()?.to_owned())).collect()
}
