//! `drift` and `vendor` say the same of the same document.
//!
//! A few changes of each kind are tried; `LOGTO_MUTATIONS` is how many of each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(dead_code, reason = "the modules are of other crates, too")]

#[path = "../../contract/tests/mutations/changes/mod.rs"]
mod changes;
#[path = "../../contract/tests/mutations/parts.rs"]
mod parts;
#[path = "../src/vendor/public.rs"]
mod public;
#[path = "../../contract/tests/mutations/sites.rs"]
mod sites;
#[path = "../../contract/tests/mutations/spelling/mod.rs"]
mod spelling;

use std::collections::BTreeMap;

use logto_api_contract::drift::{Change, Class, Drift, Vendored, drift};
use logto_api_contract::{Knowledge, Series, print, vendor};
use serde_json::Value;

use changes::CHANGES;
use parts::{Parts, SOURCES, Source};
use public::Change as Api;
use sites::Rng;
use spelling::SPELLINGS;

const SEED: u64 = 0x10_6703;

fn each() -> usize {
    std::env::var("LOGTO_MUTATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(1)
}

/// What both say of a changed document; `vendor` may refuse it.
struct Said {
    drift: Drift,
    vendor: Result<Api, String>,
}

impl Said {
    fn of(document: &Value, changed: &Value) -> Self {
        let mut before = vendor(&Series::single(document.clone()), &Knowledge::default()).unwrap();
        // What is released is settled.
        before.names = before.settled.clone();
        before.methods.settle();
        let vendored = Vendored { contract: &before.contract, facts: document };
        let drift = drift(vendored, changed).unwrap_or_else(|error| panic!("{error}"));
        let knowledge =
            Knowledge { names: before.names, methods: before.methods, ..Knowledge::default() };
        let old = public::items(&print(&before.contract).unwrap()).unwrap();
        let new = vendor(&Series::single(changed.clone()), &knowledge)
            .map_err(|error| error.to_string())
            .and_then(|after| {
                let items = public::items(&print(&after.contract).unwrap());
                items.map_err(|error| format!("{error:#}"))
            });
        Self { drift, vendor: new.map(|new| Api::between(&old, &new)) }
    }

    /// The report, with what is known of code.
    fn report(&self) -> Drift {
        let drift = self.drift.clone();
        match &self.vendor {
            Ok(change) => drift.with_code(change.code("0.1.0")),
            Err(_) => drift,
        }
    }

    /// What is wrong, where they do not say the same. What only running programs notice, such as
    /// another path, is more to `drift`.
    fn problem(&self, drift: &Drift) -> Option<&'static str> {
        let Ok(change) = &self.vendor else {
            return drift.is_none().then_some("no drift, but refused");
        };
        let running = drift.changes.iter().map(|change| change.running).max();
        let class = drift.class();
        match change.class() {
            Some(_) if drift.is_none() => Some("no drift, but a change of the API"),
            code if code > class => Some("worse to vendor"),
            code if code < class && class > running => Some("worse to drift"),
            _ => None,
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for Change { class, id, before, after, .. } in &self.drift.changes {
            writeln!(f, "  drift: {class} {id} {before:?} {after:?}")?;
        }
        match &self.vendor {
            Ok(change) => writeln!(f, "  vendor: {}", change.lines("0.1.0").join("\n    ")),
            Err(refusal) => writeln!(f, "  vendor refuses: {refusal}"),
        }
    }
}

fn word(class: Option<Class>) -> String {
    class.map_or("none".into(), |class| class.to_string())
}

/// How often each pair of classes was said.
#[derive(Default)]
struct Table(BTreeMap<(String, String), usize>);

impl Table {
    fn count(&mut self, drift: &Drift, vendor: &Result<Api, String>) {
        let vendor = vendor.as_ref().map_or("refused".into(), |change| word(change.class()));
        *self.0.entry((word(drift.class()), vendor)).or_default() += 1;
    }

    fn print(&self, title: &str) {
        println!("{title}\n{:<10} {:<10} {:>6}", "drift", "vendor", "times");
        for ((drift, vendor), times) in &self.0 {
            println!("{drift:<10} {vendor:<10} {times:>6}");
        }
    }
}

#[test]
fn a_change_means_the_same_to_both() {
    let mut rng = Rng(SEED);
    let (mut by_kind, mut reported) = (Table::default(), Table::default());
    let mut problems = Vec::new();
    for source in SOURCES {
        let parts = Parts::of(source);
        for (name, change) in CHANGES {
            let mut made = 0;
            for _ in 0..120 {
                let drawn = parts.draw(&mut rng);
                let mut changed = drawn.clone();
                if made == each() || change(&mut changed, &mut rng).is_none() {
                    continue;
                }
                made += 1;
                let said = Said::of(&drawn, &changed);
                by_kind.count(&said.drift, &said.vendor);
                // Where one of several copies of a schema changes, its model splits: only the API
                // as a whole tells that.
                let splits = source != Source::Contract;
                let alone = said.problem(&said.drift).filter(|problem| {
                    !(*problem == "worse to drift" || splits && *problem == "worse to vendor")
                });
                let drift = said.report();
                reported.count(&drift, &said.vendor);
                let problem = said.problem(&drift).or(alone);
                problems.extend(problem.map(|why| format!("{source:?} {name}: {why}: {said}")));
            }
        }
    }
    by_kind.print("By the kinds of changes alone");
    reported.print("As reported");
    problems.iter().take(12).for_each(|problem| println!("{problem}"));
    assert!(problems.is_empty(), "{} problems", problems.len());
}

/// What vendoring refuses, such as spellings of OpenAPI 3.1, is no drift all the same.
#[test]
fn a_spelling_means_nothing_to_both() {
    let mut rng = Rng(SEED);
    let mut tried = 0;
    let mut problems = Vec::new();
    for source in SOURCES {
        let parts = Parts::of(source);
        for (name, spelling) in SPELLINGS {
            for _ in 0..each() {
                let drawn = parts.draw(&mut rng);
                let mut changed = drawn.clone();
                if !spelling(&mut changed, &mut rng) {
                    continue;
                }
                let said = Said::of(&drawn, &changed);
                tried += usize::from(said.vendor.is_ok());
                let same = said.vendor.as_ref().map_or(true, Api::is_empty);
                if !(said.drift.is_none() && same) {
                    problems.push(format!("{source:?} {name}: {said}"));
                }
            }
        }
    }
    assert!(tried > 40 && problems.is_empty(), "{tried} tried: {problems:#?}");
}
