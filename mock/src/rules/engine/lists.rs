//! Lists: pages, filters and searches.

use serde_json::Value;

use super::show::show;
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        errors::Failure,
        plan::{Link, pair, plural},
        search::Search,
        spec::Spec,
    },
    state::{
        State,
        collection::{Members, text},
        params::Params,
    },
};

/// Which part of a list is asked for; none asks for everything.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

impl Page {
    fn skipped(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }
}

/// The page that a query asks for.
pub(crate) fn page_of(query: &Params) -> Result<Page, Failure> {
    Ok(Page {
        number: positive(query, "page", 1, usize::MAX)?,
        size: positive(query, "page_size", 20, 100)?,
    })
}

fn positive(query: &Params, key: &str, default: usize, max: usize) -> Result<usize, Failure> {
    match query.get(key).unwrap_or_default() {
        "" => Ok(default),
        text => text
            .parse()
            .ok()
            .filter(|n| (1..=max).contains(n))
            .ok_or_else(|| Failure::new(400, "guard.invalid_pagination")),
    }
}

impl Call<'_> {
    /// The page that is asked for, if this list comes in pages.
    pub(crate) fn page(&self) -> Result<Option<Page>, Failure> {
        let asked = ["page", "page_size"].iter().any(|key| self.query.get(key).is_some());
        // Pairs that have no entry of their own are named as their table is.
        let table = crate::rules::plan::plans_table(self.operation);
        let paged = self.operation.paged && (asked || !Spec::of(&table).is_whole());
        paged.then(|| page_of(self.query)).transpose()
    }

    /// Cuts a page out of these, which have to be counted, and shows it.
    pub(crate) fn reply_page<T>(
        &self,
        mut items: impl Iterator<Item = T>,
        show: impl Fn(T) -> Value,
    ) -> Outcome {
        let Some(page) = self.page()? else {
            return Ok(Reply::ok(items.map(show).collect::<Value>()));
        };
        let before = items.by_ref().take(page.skipped()).count();
        let shown: Vec<Value> = items.by_ref().take(page.size).map(show).collect();
        let total = before + shown.len() + items.count();
        Ok(Reply { total: Some(total), ..Reply::ok(Value::from(shown)) })
    }

    /// Shows a page of so many, which can be begun with any of them.
    pub(crate) fn reply_page_of<T, I: Iterator<Item = T>>(
        &self,
        total: usize,
        items_from: impl FnOnce(usize) -> I,
        show: impl Fn(T) -> Value,
    ) -> Outcome {
        let Some(page) = self.page()? else {
            return Ok(Reply::ok(items_from(0).map(show).collect::<Value>()));
        };
        let shown = items_from(page.skipped()).take(page.size).map(show).collect::<Value>();
        Ok(Reply { total: Some(total), ..Reply::ok(shown) })
    }

    /// Whether all are wanted, and the query says of which page at most.
    pub(crate) fn wants_all(&self) -> bool {
        self.query.iter().all(|(key, _)| key.starts_with("page"))
    }

    fn search(&self) -> Result<Search, Failure> {
        let fields = match self.plan_target() {
            "users" => crate::rules::users::SEARCHED,
            _ => &["id", "name", "description"],
        };
        match self.query.get("q") {
            Some(_) => Ok(Search::for_word(self.query, fields)),
            None => Search::of(self.query, fields),
        }
    }

    /// The table of what is listed.
    fn plan_target(&self) -> &str {
        match &self.plan.kind {
            crate::rules::plan::Kind::Links(link) => &link.target,
            _ => &self.plan.table,
        }
    }

    /// Whether no parameter of the query excludes what has this id.
    pub(crate) fn lets_through(&self, table: &str, id: &str) -> bool {
        let own = Members::from_iter([("id".to_owned(), id.into())]);
        self.is_wanted(table, &own)
    }

    /// Whether the query's parameters let this entity through.
    fn is_wanted(&self, table: &str, own: &Members) -> bool {
        self.query.iter().all(|(name, wanted)| match name {
            _ if name.starts_with("exclude") && name.ends_with("Id") => {
                let other = name.trim_start_matches("exclude").trim_end_matches("Id");
                let others = plural(&lower(other));
                let id = text(own, "id").unwrap_or_default();
                let (name, reversed) = pair(table, &others);
                let (left, right) = if reversed { (wanted, id) } else { (id, wanted) };
                !self.state.links.has(&name, left, right)
            }
            "types" => self.query.all("types").any(|kind| text(own, "type") == Some(kind)),
            _ => match own.get(name) {
                Some(Value::String(own)) => own == wanted,
                Some(Value::Bool(own)) => own.to_string() == wanted,
                Some(Value::Null) => false,
                _ => true,
            },
        })
    }
}

fn lower(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// The schema of a list's items.
fn items<'a>(call: &'a Call<'_>) -> &'a Value {
    let schema = call.operation.success().1.unwrap_or(&Value::Null);
    &call.contract.resolve(schema)["items"]
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let search = call.search()?;
    let table = call.plan.table.as_str();
    let Some(rows) = call.state.tables.get(table) else {
        return call.reply_page(std::iter::empty(), |value| value);
    };
    let owner = call.path.join("/");
    let schema = items(call);
    let show = |own: &Members| show(call.state, call.contract, schema, table, own);
    if call.wants_all() && owner.is_empty() {
        let from = |skipped| rows.newest_from(skipped).map(|row| &row.members);
        return call.reply_page_of(rows.len(), from, show);
    }
    let all: Box<dyn Iterator<Item = &crate::state::tables::Row>> = match owner.is_empty() {
        true => Box::new(rows.newest_first()),
        false => Box::new(rows.of(&owner)),
    };
    let found = all
        .map(|row| &row.members)
        .filter(|own| call.is_wanted(table, own) && search.finds(|field| text(own, field)));
    call.reply_page(found, show)
}

/// What is assigned to an entity, or what it is assigned to.
pub(super) fn linked(call: &mut Call<'_>, link: &Link) -> Outcome {
    let search = call.search()?;
    let left = call.path.join("/");
    let ids: Vec<&str> = match link.reversed {
        true => call.state.links.lefts(&link.name, &left).collect(),
        false => call.state.links.rights(&link.name, &left).collect(),
    };
    let schema = items(call);
    let show = |own: Members| {
        let mut shown = show(call.state, call.contract, schema, &link.target, &own);
        if call.contract.member(schema, "organizationRoles").is_some() {
            shown["organizationRoles"] = organization_roles(call, link, &left, &own);
        }
        shown
    };
    let total = ids.len();
    let mut ids = ids.into_iter();
    if call.wants_all() {
        let rows_from = |skipped: usize| {
            ids.by_ref().take(skipped).for_each(drop);
            ids.filter_map(|id| row_of(call.state, &link.target, id))
        };
        return call.reply_page_of(total, rows_from, show);
    }
    let rows = ids.filter_map(|id| row_of(call.state, &link.target, id));
    let found = rows
        .filter(|own| call.is_wanted(&link.target, own) && search.finds(|field| text(own, field)));
    call.reply_page(found, show)
}

fn row_of(state: &State, table: &str, id: &str) -> Option<Members> {
    match table {
        "users" => state.users.find(id).map(crate::state::user::User::to_members),
        _ => state.tables.find(table, id).cloned(),
    }
}

/// The roles in the organization of the pair.
fn organization_roles(call: &Call<'_>, link: &Link, left: &str, own: &Members) -> Value {
    let id = text(own, "id").unwrap_or_default();
    let (organization, member, members) = match link.target.as_str() {
        "organizations" => (id, left, call.plan.owners[0].table.as_str()),
        other => (left, id, other),
    };
    let name = format!("organizations/{members}/roles");
    let roles = call.state.links.rights(&name, &format!("{organization}/{member}"));
    super::show::named(call.state, "organization-roles", roles)
}
