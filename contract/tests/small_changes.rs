//! A small change upstream is a small change of the contract, on what is kept of the newest document.
#![allow(clippy::unwrap_used, clippy::panic)]

use logto_api_contract::{Knowledge, Series, print, vendor};
use serde_json::{Value, json};

const MOST: usize = 5;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi");

/// The contract of a part of the newest document, which is quick to vendor: in it a model is in one
/// place.
fn part() -> Value {
    const PATHS: [&str; 4] = ["/api/domains", "/api/hooks", "/api/organizations", "/api/users"];
    let series = Series::read(format!("{FOLDER}/releases").as_ref()).unwrap();
    let mut document = series.newest().unwrap().1.clone();
    let paths = document["paths"].as_object_mut().unwrap();
    paths.retain(|path, _| PATHS.contains(&path.trim_end_matches("/{id}")));
    contract(document)
}

fn contract(document: Value) -> Value {
    let mut knowledge = Knowledge::read(FOLDER.as_ref()).unwrap();
    (knowledge.additions, knowledge.corrections) = Default::default();
    vendor(&Series::single(document), &knowledge).unwrap().contract
}

fn vendored(document: Value) -> String {
    print(&contract(document)).unwrap()
}

/// The lines that are only in one of two texts, as a diff has them.
fn differing(one: &str, other: &str) -> Vec<String> {
    let (mut one, mut other): (Vec<&str>, Vec<&str>) =
        (one.lines().collect(), other.lines().collect());
    let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    (one, other) = (one.split_off(same), other.split_off(same));
    while one.last().is_some() && one.last() == other.last() {
        one.pop();
        other.pop();
    }
    assert!(one.len() * other.len() < 25_000_000, "the change reaches over too much to compare");
    // The longest common subsequence, from the end.
    let mut longest = vec![vec![0_usize; other.len() + 1]; one.len() + 1];
    for i in (0..one.len()).rev() {
        for j in (0..other.len()).rev() {
            longest[i][j] = match one[i] == other[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < one.len() || j < other.len() {
        if i < one.len() && j < other.len() && one[i] == other[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == other.len() || i < one.len() && longest[i + 1][j] >= longest[i][j + 1] {
            lines.push(format!("-{}", one[i]));
            i += 1;
        } else {
            lines.push(format!("+{}", other[j]));
            j += 1;
        }
    }
    lines
}

/// Changes one model wherever it occurs, as a change of the guard behind it would.
fn few_lines(model: &str, change: impl Fn(&mut Value)) {
    let before = part();
    let mut changed = before.clone();
    let schema = &mut changed["components"]["schemas"][model];
    assert!(schema.is_object(), "the contract has no {model}");
    change(schema);
    let lines = differing(&vendored(before), &vendored(changed));
    assert!(
        (1..=MOST).contains(&lines.len()),
        "{model}: {} lines\n{}",
        lines.len(),
        lines.join("\n")
    );
}

/// With a name that comes first, and one that comes last, which takes a comma before it.
#[test]
fn a_new_member() {
    for model in ["User", "Hook"] {
        few_lines(model, |schema| schema["properties"]["aura"] = json!({ "type": "string" }));
        few_lines(model, |schema| {
            let time = json!({ "type": "integer", "format": "timestamp-ms", "nullable": true });
            schema["properties"]["zodiac"] = time;
            schema["required"].as_array_mut().unwrap().push("zodiac".into());
        });
    }
    few_lines("UpdateOrganization", |schema| {
        schema["properties"]["zodiacs"] = json!({ "type": "array", "items": { "type": "string" } });
    });
}

#[test]
fn a_member_gone() {
    for (model, member) in [("Hook", "event"), ("User", "username"), ("User", "applicationId")] {
        few_lines(model, |schema| {
            schema["properties"].as_object_mut().unwrap().remove(member);
            schema["required"].as_array_mut().unwrap().retain(|name| name != member);
        });
    }
}

#[test]
fn a_member_of_another_type() {
    few_lines("Domain", |schema| schema["properties"]["domain"] = json!({ "type": "integer" }));
}

#[test]
fn a_member_that_may_be_null() {
    few_lines("Organization", |schema| schema["properties"]["name"]["nullable"] = true.into());
}

#[test]
fn a_member_that_is_no_longer_required() {
    few_lines("Organization", |schema| {
        schema["required"].as_array_mut().unwrap().retain(|name| name != "createdAt");
    });
}

#[test]
fn a_member_of_an_enum() {
    few_lines("HookEvent", |schema| {
        schema["enum"].as_array_mut().unwrap().push("Zodiac.Changed".into());
    });
}
