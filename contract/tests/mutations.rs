//! Hundreds of changes of meaning are all found, named and classed right; thousands of changes of
//! spelling are none.
//!
//! The changes are drawn with a fixed seed and made to parts of what is vendored: the contract, the
//! facts of the upstream document, and these with every `$ref` inlined, as upstream writes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "mutations/changes/mod.rs"]
mod changes;
#[path = "mutations/parts.rs"]
mod parts;
#[path = "mutations/sites.rs"]
mod sites;
#[path = "mutations/spelling/mod.rs"]
mod spelling;

use std::collections::BTreeMap;

use logto_api_contract::drift::{Class, Drift, Vendored, drift};
use logto_api_contract::{Knowledge, Series, vendor};
use serde_json::{Value, json};

use changes::{CHANGES, Expected};
use parts::{Parts, SOURCES, Source, contract, newest};
use sites::Rng;
use spelling::SPELLINGS;

const SEED: u64 = 0x10_6702;

/// A part of a document, and what it is compared with.
struct Part {
    document: Value,
    contract: Value,
}

impl Part {
    fn of(parts: &Parts, document: Value) -> Self {
        let contract = if parts.source == Source::Contract {
            document.clone()
        } else {
            vendor(&Series::single(document.clone()), &Knowledge::default()).unwrap().contract
        };
        Self { document, contract }
    }

    fn drift(&self, changed: &Value) -> Drift {
        let vendored = Vendored { contract: &self.contract, facts: &self.document };
        drift(vendored, changed).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// A row of the confusion table.
#[derive(Default)]
struct Row {
    tried: usize,
    missed: usize,
    misplaced: usize,
    misclassed: usize,
    more: usize,
}

impl Row {
    fn is_clean(&self) -> bool {
        self.tried > 0 && self.missed + self.misplaced + self.misclassed + self.more == 0
    }
}

/// What is wrong with a drift that should be this one change.
fn judge(row: &mut Row, drift: &Drift, expected: &Expected, class: &[Class]) -> Option<String> {
    row.tried += 1;
    let of_kind = drift.changes.iter().filter(|change| change.kind == expected.kind);
    let placed: Vec<_> =
        of_kind.clone().filter(|change| change.pointers.contains(&expected.pointer)).collect();
    let problem = if of_kind.count() == 0 {
        row.missed += 1;
        "missed"
    } else if placed.is_empty() {
        row.misplaced += 1;
        "misplaced"
    } else if !class.contains(&placed[0].running) {
        row.misclassed += 1;
        "misclassed"
    } else if drift.changes.len() != 1 {
        row.more += 1;
        "more than one"
    } else {
        return None;
    };
    let found: Vec<String> = drift
        .changes
        .iter()
        .map(|change| format!("{} {} at {:?}", change.running, change.id, change.pointers))
        .collect();
    Some(format!("{problem}: {expected:?} {class:?}, found {found:#?}"))
}

/// The classes that are right: where the contract stays the same, users may notice nothing.
fn classes(part: &Part, changed: &Value, expected: &Expected, source: Source) -> Vec<Class> {
    let mut classes = vec![expected.class];
    if source != Source::Contract && expected.in_schema {
        let vendored = vendor(&Series::single(changed.clone()), &Knowledge::default());
        if vendored.map_or(true, |vendored| vendored.contract == part.contract) {
            classes.push(Class::Internal);
        }
    }
    classes
}

#[test]
fn every_change_of_meaning_is_found_once() {
    let mut rng = Rng(SEED);
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut problems = Vec::new();
    for source in SOURCES {
        let parts = Parts::of(source);
        for (name, change) in CHANGES {
            let row = rows.entry(name).or_default();
            let mut made = 0;
            for _ in 0..120 {
                let drawn = parts.draw(&mut rng);
                let mut changed = drawn.clone();
                let Some(expected) = change(&mut changed, &mut rng) else { continue };
                let part = Part::of(&parts, drawn);
                let classes = classes(&part, &changed, &expected, source);
                let problem = judge(row, &part.drift(&changed), &expected, &classes);
                problems.extend(problem.map(|text| format!("{source:?} {name} {text}")));
                made += 1;
                if made == 6 {
                    break;
                }
            }
        }
    }
    table(&rows);
    for problem in problems.iter().take(12) {
        println!("{problem}");
    }
    let untried = rows.iter().filter(|(_, row)| row.tried == 0).map(|(name, _)| *name);
    assert_eq!(untried.collect::<Vec<_>>(), Vec::<&str>::new(), "never tried");
    assert!(rows.values().all(Row::is_clean), "{} problems", problems.len());
}

fn table(rows: &BTreeMap<&str, Row>) {
    println!(
        "{:<34} {:>5} {:>5} {:>6} {:>9} {:>10} {:>5}",
        "change", "tried", "found", "missed", "misplaced", "misclassed", "extra"
    );
    let mut total = Row::default();
    for (name, row) in rows {
        line(name, row);
        total.tried += row.tried;
        total.missed += row.missed;
        total.misplaced += row.misplaced;
        total.misclassed += row.misclassed;
        total.more += row.more;
    }
    line("(all)", &total);
}

fn line(name: &str, row: &Row) {
    let found = row.tried - row.missed;
    println!(
        "{name:<34} {:>5} {found:>5} {:>6} {:>9} {:>10} {:>5}",
        row.tried, row.missed, row.misplaced, row.misclassed, row.more
    );
}

#[test]
fn no_change_of_spelling_is_drift() {
    let mut rng = Rng(SEED);
    let mut made: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut problems = Vec::new();
    for source in SOURCES {
        let parts = Parts::of(source);
        for _ in 0..150 {
            let part = Part::of(&parts, parts.draw(&mut rng));
            let mut changed = part.document.clone();
            let mut names = Vec::new();
            for _ in 0..10 {
                let (name, change) = rng.pick(&SPELLINGS);
                if change(&mut changed, &mut rng) {
                    names.push(*name);
                }
            }
            let drift = part.drift(&changed);
            for name in &names {
                let row = made.entry(name).or_default();
                row.0 += 1;
                row.1 += usize::from(!drift.is_none());
            }
            if !drift.is_none() {
                problems.push(format!("{source:?} {names:?}: {:#?}", drift.changes));
            }
        }
    }
    println!("{:<34} {:>6} {:>12}", "spelling", "made", "false alarms");
    for (name, (made, alarms)) in &made {
        println!("{name:<34} {made:>6} {alarms:>12}");
    }
    println!("{:<34} {:>6}", "(all)", made.values().map(|(made, _)| made).sum::<usize>());
    for problem in problems.iter().take(6) {
        println!("{problem}");
    }
    assert_eq!(made.len(), SPELLINGS.len(), "never made: {:?}", unmade(&made));
    assert!(problems.is_empty(), "{} false alarms", problems.len());
}

fn unmade(made: &BTreeMap<&str, (usize, usize)>) -> Vec<&'static str> {
    SPELLINGS.iter().map(|(name, _)| *name).filter(|name| !made.contains_key(name)).collect()
}

#[test]
fn a_change_is_found_among_changes_of_spelling() {
    let mut rng = Rng(SEED);
    let mut problems = Vec::new();
    let mut tried = 0;
    for source in SOURCES {
        let parts = Parts::of(source);
        for _ in 0..100 {
            let part = Part::of(&parts, parts.draw(&mut rng));
            let mut changed = part.document.clone();
            let (name, change) = rng.pick(&CHANGES);
            let Some(expected) = change(&mut changed, &mut rng) else { continue };
            for _ in 0..6 {
                rng.pick(&SPELLINGS).1(&mut changed, &mut rng);
            }
            tried += 1;
            let drift = part.drift(&changed);
            let kinds: Vec<_> = drift.changes.iter().map(|change| change.kind).collect();
            if kinds.is_empty() || kinds.iter().any(|kind| *kind != expected.kind) {
                problems.push(format!("{source:?} {name} {expected:?}: {:#?}", drift.changes));
            }
        }
    }
    for problem in problems.iter().take(6) {
        println!("{problem}");
    }
    assert!(tried > 100 && problems.is_empty(), "{} of {tried} wrong", problems.len());
}

/// A shared schema is one source, however many operations use it.
#[test]
fn a_change_of_a_shared_schema_is_one_change() {
    let schema = "User";
    let (contract, facts) = (contract(), newest());
    for (name, document) in [("contract", &contract), ("facts", &facts)] {
        let mut changed = document.clone();
        let members = changed.pointer_mut(&format!("/components/schemas/{schema}/properties"));
        members.unwrap()["shoeSize"] = json!({ "type": "string" });
        let found = drift(Vendored { contract: &contract, facts: &facts }, &changed).unwrap();
        assert_eq!(found.changes.len(), 1, "{name}: {:#?}", found.changes);
        let change = &found.changes[0];
        assert_eq!(change.id, "member-added User.shoeSize");
        assert_eq!(change.class, Class::Additive);
        assert!(change.operations.len() > 5, "{:?}", change.operations);
        assert_eq!(change.pointer(), format!("/components/schemas/{schema}/properties/shoeSize"));
    }
}
