//! `docs/compatibility.md`: what each release of Logto added and removed, as Rust code sees it.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use logto_api_codegen::{Contract, Lifetime, member_name, variant_names};
use serde_json::Value;

const HEAD: &str = "\
# Which Logto has what

Written by `cargo xtask vendor` from the documents of the releases that the contract is made from.

Everything below can be called whatever release a server is of: what an older server lacks in an
answer is `None`, and an operation that it lacks is an error that says so
(`Error::is_unsupported_operation`). What is not listed is in all of these releases. A release
between two of them has what the older one has, and may have what the newer one added.
";

/// What a release added, or was the last to have.
#[derive(Default)]
struct Release {
    added: BTreeMap<Kind, Vec<String>>,
    last: BTreeMap<Kind, Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Operations,
    Parameters,
    Statuses,
    Members,
    Values,
    Alternatives,
}

impl Kind {
    fn title(self) -> &'static str {
        match self {
            Self::Operations => "Operations",
            Self::Parameters => "Parameters",
            Self::Statuses => "Statuses of success",
            Self::Members => "Members",
            Self::Values => "Values",
            Self::Alternatives => "Forms of unions",
        }
    }
}

/// The text of the page.
pub(crate) fn page(contract: &Value) -> Result<String> {
    let operations = Contract::parse(&contract.to_string())?;
    let mut releases: BTreeMap<String, Release> = BTreeMap::new();
    let mut note = |kind: Kind, lifetime: &Lifetime, what: String| {
        if let Some(since) = &lifetime.since {
            let release = releases.entry(since.clone()).or_default();
            release.added.entry(kind).or_default().push(what.clone());
        }
        if let Some(until) = &lifetime.until {
            releases.entry(until.clone()).or_default().last.entry(kind).or_default().push(what);
        }
    };
    for operation in &operations.operations {
        let call = format!("`{}().{}()`", operation.group, operation.method);
        note(Kind::Operations, &operation.lifetime, call.clone());
        for parameter in &operation.parameters {
            let what = format!("{call}: `{}`", member_name(&parameter.name));
            note(Kind::Parameters, &parameter.lifetime, what);
        }
        let path = &contract["paths"][&operation.path][&operation.verb]["responses"];
        for (status, response) in path.as_object().into_iter().flatten() {
            if status.starts_with('2') {
                note(Kind::Statuses, &Lifetime::of(response), format!("{call}: {status}"));
            }
        }
    }
    for (model, schema) in &operations.schemas {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let what = format!("`{model}::{}`", member_name(name));
            note(Kind::Members, &Lifetime::of(member), what);
        }
        let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let values: Vec<_> =
            values.map(|value| (value, Lifetime::of_value(schema, value))).collect();
        let names = variant_names(values.iter().map(|(value, lifetime)| (*value, lifetime)));
        for ((_, lifetime), name) in values.iter().zip(names) {
            note(Kind::Values, lifetime, format!("`{model}::{name}`"));
        }
        for alternative in schema["oneOf"].as_array().into_iter().flatten() {
            let part = alternative.pointer("/allOf/0/$ref").or(alternative.get("$ref"));
            let part = part.and_then(Value::as_str).and_then(|part| part.rsplit('/').next());
            let what = format!("`{model}`: `{}`", part.unwrap_or("another form"));
            note(Kind::Alternatives, &Lifetime::of(alternative), what);
        }
    }
    Ok(print(&operations.releases, &releases))
}

fn print(names: &[String], releases: &BTreeMap<String, Release>) -> String {
    let mut page = HEAD.to_owned();
    page += "\n| release | operations added | removed after it |\n| --- | --- | --- |\n";
    let empty = Release::default();
    let of = |name: &String| releases.get(name).unwrap_or(&empty);
    let count =
        |parts: &BTreeMap<Kind, Vec<String>>| parts.get(&Kind::Operations).map_or(0, Vec::len);
    for (index, name) in names.iter().enumerate() {
        let added = match index {
            0 => "the oldest that is supported".to_owned(),
            _ => count(&of(name).added).to_string(),
        };
        let _ = writeln!(page, "| {} | {added} | {} |", title(name), count(&of(name).last));
    }
    for name in names.iter().rev() {
        let Release { added, last } = of(name);
        if added.is_empty() && last.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {}\n", title(name));
        section(&mut page, "Added", added);
        section(&mut page, "The last to have", last);
    }
    page
}

fn title(name: &str) -> String {
    match name {
        "next" => "The release to come".to_owned(),
        name => format!("Logto {name}"),
    }
}

fn section(page: &mut String, heading: &str, parts: &BTreeMap<Kind, Vec<String>>) {
    if parts.is_empty() {
        return;
    }
    let _ = write!(page, "\n### {heading}\n\n");
    for (kind, items) in parts {
        let _ = writeln!(page, "- {}:", kind.title());
        for item in items {
            let _ = writeln!(page, "  - {item}");
        }
    }
}
