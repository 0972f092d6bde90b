//! Names for schemas that have none yet: a start for a person to improve on in `names.toml`.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;

use super::document::singular;
use super::hoist::Pool;
use super::places::{Place, Step, Uses};

/// Names every schema that has no name yet, outer schemas before inner ones.
pub(crate) fn complete(
    mut names: Vec<Option<String>>,
    mut taken: BTreeSet<String>,
    uses: &[Uses],
    pool: &Pool,
) -> Vec<String> {
    let mut order: Vec<usize> = (0..pool.schemas.len()).collect();
    order.sort_by_key(|index| uses[*index].places.first());
    let shared = shared_labels(uses);
    for index in order {
        if names[index].is_some() {
            continue;
        }
        let candidates = candidates(&uses[index], &names, &shared);
        let free = candidates.iter().find(|name| !taken.contains(*name));
        let name = free.cloned().unwrap_or_else(|| numbered(&candidates, &taken));
        taken.insert(name.clone());
        names[index] = Some(name);
    }
    names.into_iter().flatten().collect()
}

/// The longest name with a number, where all are taken: two schemas may have one place, as
/// alternatives have that nothing tells apart.
fn numbered(candidates: &[String], taken: &BTreeSet<String>) -> String {
    let base = candidates.last().map_or("Schema", String::as_str);
    let names = (2..).map(|number| format!("{base}{number}"));
    names.filter(|name| !taken.contains(name)).take(1).collect()
}

/// How many schemas each label would suit.
fn shared_labels(uses: &[Uses]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for uses in uses {
        let labels: BTreeSet<String> = uses.places.iter().filter_map(label).collect();
        for label in labels {
            *counts.entry(label).or_insert(0) += 1;
        }
    }
    counts
}

/// The best name first.
fn candidates(
    uses: &Uses,
    names: &[Option<String>],
    shared: &BTreeMap<String, usize>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut roots: Vec<(usize, String)> = uses.places.iter().filter_map(root_name).collect();
    roots.sort_by_key(|(rank, name)| (*rank, name.len(), name.clone()));
    found.extend(roots.into_iter().map(|(_, name)| name));

    let labels: BTreeSet<String> = uses.places.iter().filter_map(label).collect();
    let holders = uses.holders.iter().filter_map(|(holder, way)| {
        let holder = names.get(*holder)?.as_deref()?;
        Some(format!("{holder}{}", way_label(way)))
    });
    if let [label] = labels.iter().collect::<Vec<_>>()[..] {
        let speaks = label.len() > 7 && shared.get(label) == Some(&1);
        if speaks {
            found.push(label.clone());
        }
    }
    let mut holders: Vec<String> = holders.collect();
    holders.sort_by_key(|name| (name.len(), name.clone()));
    found.extend(holders);
    found.extend(uses.places.iter().map(|place| {
        format!(
            "{}{}{}",
            place.operation,
            place.root.to_upper_camel_case(),
            way_label(&place.steps)
        )
    }));
    found
}

/// A name for what an operation takes or gives as a whole, and how good it is.
fn root_name(place: &Place) -> Option<(usize, String)> {
    let items = match place.steps.as_slice() {
        [] => false,
        [Step::Item] => true,
        _ => return None,
    };
    let operation = &place.operation;
    if place.root == "body" {
        return Some((9, if items { format!("{operation}Item") } else { operation.clone() }));
    }
    if let Some(parameter) = place.root.strip_prefix('?') {
        return Some((8, parameter.to_upper_camel_case()));
    }
    let verbs = ["Get", "List", "Create", "Add", "Update", "Replace", "Upsert", "Generate"];
    let (rank, noun) = verbs.iter().enumerate().find_map(|(rank, verb)| {
        let noun = operation.strip_prefix(verb)?;
        noun.starts_with(|c: char| c.is_ascii_uppercase()).then_some((rank, noun))
    })?;
    Some((rank, if items { singular(noun) } else { noun.to_owned() }))
}

/// The name of the member a place ends in.
fn label(place: &Place) -> Option<String> {
    let from = place.steps.iter().rposition(|step| matches!(step, Step::Member(_)))?;
    Some(way_label(&place.steps[from..]))
}

/// A way in words: members in the singular where they hold several.
fn way_label(way: &[Step]) -> String {
    let mut words: Vec<String> = Vec::new();
    for step in way {
        match step {
            Step::Member(name) => words.push(name.to_upper_camel_case()),
            Step::Alternative(tag) => words.push(tag.to_upper_camel_case()),
            Step::Item | Step::Value => {
                let last = words.pop().unwrap_or_else(|| "Items".to_owned());
                words.push(singular(&last));
            }
        }
    }
    words.concat()
}
