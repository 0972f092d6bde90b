//! In what tables differ from each other: `entities.json`.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Value, json};

use crate::{
    rules::errors::Failure,
    state::{collection::Members, ids::Ids, now, tables::Table},
};

static SPECS: LazyLock<HashMap<String, Value>> = LazyLock::new(|| {
    let specs = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/entities.json"));
    serde_json::from_str(specs).unwrap_or_default()
});

static NOTHING: Value = Value::Null;

/// What is special about a table.
#[derive(Clone, Copy)]
pub(crate) struct Spec<'a> {
    table: &'a str,
    own: &'static Value,
}

/// What was to be done with something that is not there.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Read,
    Change,
    Delete,
    /// A change of one member.
    Part,
}

impl<'a> Spec<'a> {
    pub(crate) fn of(table: &'a str) -> Self {
        Self { table, own: SPECS.get(table).unwrap_or(&NOTHING) }
    }

    /// The member whose value paths call an entity by.
    pub(crate) fn key(self) -> &'static str {
        self.own["key"].as_str().unwrap_or("id")
    }

    /// The member that has the id of what it belongs to.
    pub(crate) fn owner(self) -> Option<&'static str> {
        self.own["owner"].as_str()
    }

    /// Whether its list comes whole unless a page is asked for.
    pub(crate) fn is_whole(self) -> bool {
        self.own["whole"] == true
    }

    /// Whether its list is empty where what it belongs to is not there.
    pub(crate) fn is_loose(self) -> bool {
        self.own["loose"] == true
    }

    /// Whether a change of nothing is refused.
    pub(crate) fn must_be_filled(self) -> bool {
        self.own["empty"] != true
    }

    /// Whether it is looked for before it is changed.
    pub(crate) fn is_found_first(self) -> bool {
        self.own["missing"].as_str().unwrap_or("iin").as_bytes().get(1) == Some(&b'i')
    }

    /// Whether there is nothing before it has been set.
    pub(crate) fn is_unset(self) -> bool {
        self.own["unset"] == true
    }

    /// Whether anybody may use it, whatever the contract says.
    pub(crate) fn is_open(self) -> bool {
        self.own["open"] == true
    }

    /// Whether a body is looked at only after what the path names.
    pub(crate) fn is_read_later(self) -> bool {
        self.own["later"] == true
    }

    pub(crate) fn defaults(self) -> Members {
        self.own["defaults"].as_object().cloned().unwrap_or_default()
    }

    pub(crate) fn id(self, ids: &mut Ids) -> String {
        if self.own["short"] == true { ids.user() } else { ids.standard() }
    }

    /// The tables whose rows go when one of this goes, with the member that names it.
    pub(crate) fn cascade(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let pairs = self.own["cascade"].as_array().into_iter().flatten();
        pairs.filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
    }

    /// The refusal for an entity that is not there.
    pub(crate) fn missing(self, act: Act, key: &str) -> Failure {
        let codes = self.own["missing"].as_str().unwrap_or("iin");
        let row = self.own["row"].as_str().map_or_else(|| self.plain_name(), str::to_owned);
        let code =
            codes.as_bytes().get(act as usize).or(codes.as_bytes().get(Act::Change as usize));
        match code {
            Some(b'i') => Failure::no_such(&plural(&row), key),
            Some(b'e') => {
                let message = format!("The {row} does not exist.");
                Failure::with_message(404, "entity.not_exists", &message)
            }
            _ => Failure::new(404, "entity.not_found"),
        }
    }

    fn plain_name(self) -> String {
        self.table.rsplit('/').next().unwrap_or_default().replace('-', "_")
    }

    /// Refuses values that another entity of the same owner has and only one may have.
    pub(crate) fn refuse_taken(
        self,
        table: &Table,
        owner: &str,
        wanted: &Members,
        own_key: Option<&str>,
    ) -> Result<(), Failure> {
        let unique = self.own["unique"].as_object().into_iter().flatten();
        for (member, refusal) in unique {
            let Some(value) = wanted.get(member).and_then(Value::as_str) else { continue };
            let mut others = table.all_by(member, value);
            if others.any(|row| row.owner == owner && Some(row.key.as_str()) != own_key) {
                let status = refusal[0].as_u64().and_then(|status| u16::try_from(status).ok());
                let text = |at: usize| refusal[at].as_str().unwrap_or_default();
                let message = text(2).replace("{}", value);
                return Err(Failure::with_message(status.unwrap_or(422), text(1), &message));
            }
        }
        Ok(())
    }

    /// The members by which the table is searched for values that are taken.
    pub(crate) fn index(self, table: &mut Table) {
        let unique = self.own["unique"].as_object().into_iter().flatten();
        let members: Vec<&str> = unique.map(|(member, _)| member.as_str()).collect();
        table.index(&members);
    }
}

/// Messages call most tables by their name, and some by what is in them.
fn plural(row: &str) -> String {
    if row.ends_with('s') || row == "logto_config" { row.to_owned() } else { format!("{row}s") }
}

/// What every new entity has, if its schema knows it.
pub(crate) fn stamped(ids: &mut Ids, spec: Spec<'_>) -> Members {
    let now = now();
    let stamps = json!({
        "tenantId": "default", "id": spec.id(ids), "createdAt": now, "updatedAt": now,
    });
    stamps.as_object().cloned().unwrap_or_default()
}
