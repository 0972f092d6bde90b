//! `cargo xtask vendor`: upstream document in, contract out, and what that means.

mod changelog;
mod corrections;
mod entry;
mod guard_corrections;
mod guards;
mod ordered;
mod parts;
mod public;
mod releases;
mod report;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use logto_api_codegen::feature;
use logto_api_contract::drift::Code;
use logto_api_contract::{Knowledge, Series, Vendored, Version, print, vendor};
use serde_json::Value;

use crate::compatibility;
use crate::docs::Documented;
use crate::events;
use crate::source;
use crate::writes::Writes;
use entry::Entry;
use public::Change;
use releases::Releases;

/// What to vendor.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The upstream OpenAPI document of one more release, or another one of a release that is
    /// there: a file or a URL. Without it, the contract is made again from what is kept.
    #[arg(long, requires = "logto_version")]
    upstream: Option<String>,
    /// The release that the document belongs to, such as 1.42.0, or `next` for a development head
    /// (the document itself does not tell).
    #[arg(long, requires = "upstream")]
    logto_version: Option<Version>,
    /// The day the document was taken (YYYY-MM-DD); kept from the last run when the input is the same.
    #[arg(long)]
    date: Option<String>,
    /// A release that is not supported any more.
    #[arg(long)]
    drop: Option<Version>,
    /// Settles the names that are proposed, by this run and by earlier ones: they stay from now on.
    #[arg(long)]
    settle: bool,
    /// The folder that holds the contract and its companions.
    #[arg(long, default_value_os_t = openapi_folder())]
    folder: PathBuf,
    /// The changelog to write the entry to; beside the workspace's own contract the workspace's,
    /// beside another one `CHANGELOG.md` in that folder.
    #[arg(long)]
    changelog: Option<PathBuf>,
    /// List corrections that no longer apply or are no longer needed, and go on.
    #[arg(long)]
    allow_stale_corrections: bool,
}

/// Where the contract lies in the workspace.
pub(crate) fn openapi_folder() -> PathBuf {
    workspace().join("openapi")
}

/// The workspace that the task runs in: of several that share a target directory, the program may
/// have been compiled for another one.
pub(crate) fn workspace() -> PathBuf {
    let run_by_cargo = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    run_by_cargo.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()).join("..")
}

/// Runs the task. Nothing is written before all is known to be well.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = &args.folder;
    let mut knowledge = Knowledge::read(folder)?;
    let mut releases = Releases::read(folder)?;
    let noted = releases.change(args, &knowledge.names)?;
    let mut vendored = vendor(&releases.series, &knowledge).context("nothing is vendored")?;
    if args.settle {
        // What is kept of the documents goes by the names, too.
        knowledge.names = vendored.settled.clone();
        knowledge.methods = vendored.methods.clone();
        knowledge.methods.settle();
        let proposals = vendored.proposals;
        vendored = vendor(&releases.series, &knowledge).context("nothing is vendored")?;
        vendored.proposals = proposals;
    }
    vendored.notes.splice(0..0, noted);
    if !args.allow_stale_corrections {
        corrections::refuse_stale(&vendored.corrections)?;
    }

    let old = Contract::read(folder)?;
    let new = Contract::of(print(&vendored.contract)?)?;
    let change = old.as_ref().map(|old| Change::between(&old.items, &new.items));
    let documented = Documented::read(&new.value, folder)?;
    let gaps_before = old
        .as_ref()
        .map(|old| Documented::read(&old.value, folder))
        .transpose()?
        .unwrap_or_default();

    let to_look_at = notes(&vendored, &new)?;
    let mut writes = Writes::default();
    releases.write(folder, &vendored.series, &mut writes)?;
    writes.write(folder.join("logto.json"), new.text.clone());
    writes.write(compatibility_path(folder), compatibility::page(&new.value)?);
    if is_own(folder) {
        let path = folder.join("../src/webhooks/events.rs");
        writes.write(path, events::list(&new.value, &documented.values_of("HookEvent"))?);
        let path = workspace().join("mock/guards.json");
        let taken = releases.taken.as_ref().map(|(version, text)| (version, text.as_str()));
        let text = guards::print(folder, &path, taken, args.drop.as_ref())
            .context("guards.json cannot be made")?;
        writes.write(path, text);
    }
    writes.write(folder.join("names.toml"), vendored.names.print()?);
    writes.write(folder.join("methods.toml"), vendored.methods.print()?);
    let noted = match &old {
        Some(old) => note_in_changelog(args, old, &new, &mut writes)?,
        None => None,
    };
    writes.commit()?;

    report::print("Corrections", &corrections::report(&vendored.corrections));
    report::print("To look at", &to_look_at);
    report::print(
        "New operations: rename them in methods.toml",
        &report::proposals(&vendored, &new.items),
    );
    report::print("Texts in docs.yaml about what is gone", &report::targets(&documented.stale));
    report::print("Texts that docs.yaml lacks", &documented.gaps.since(&gaps_before.gaps).lines());
    let change = change.map(|change| change.lines(env!("CARGO_PKG_VERSION")));
    report_end(change, noted, &vendored, &new);
    Ok(())
}

fn report_end(
    change: Option<Vec<String>>,
    noted: Option<String>,
    vendored: &Vendored,
    new: &Contract,
) {
    if let Some(lines) = change {
        report::print("Public API", &lines);
    }
    if let Some(noted) = noted {
        println!("{noted}\n");
    }
    println!(
        "vendored {} operations, {} schemas of {}",
        vendored.operations(),
        new.value["components"]["schemas"].as_object().map_or(0, serde_json::Map::len),
        vendored.series.versions().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    );
}

/// What it would change for code if a release had this document, and the corrections that vendoring
/// it would stumble over.
pub(crate) fn code(
    folder: &Path,
    series: &Series,
    version: &Version,
    document: &Value,
) -> Result<(Code, Vec<String>)> {
    let old = Contract::read(folder)?.context("there is no contract yet")?;
    let knowledge = Knowledge::read(folder)?;
    let mut series = series.clone();
    series.insert(version.clone(), document, &knowledge.names)?;
    let vendored = vendor(&series, &knowledge)?;
    let new = Contract::of(print(&vendored.contract)?)?;
    let code = Change::between(&old.items, &new.items).code(env!("CARGO_PKG_VERSION"));
    Ok((code, corrections::stale(&vendored.corrections)))
}

/// A contract and what is generated from it.
struct Contract {
    text: String,
    value: Value,
    items: Vec<String>,
}

impl Contract {
    /// The one in the folder; none is none.
    fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("logto.json");
        let contract = source::read_if_there(&path)?.map(Self::of).transpose();
        contract.with_context(|| {
            format!("{} is broken: restore it, or remove it to make it anew", path.display())
        })
    }

    fn of(text: String) -> Result<Self> {
        let value = serde_json::from_str(&text)?;
        let items = public::items(&text)?;
        Ok(Self { text, value, items })
    }

    fn version(&self) -> &str {
        self.value["info"]["version"].as_str().unwrap_or_default()
    }
}

/// Writes what changed since the last release of the crate.
///
/// The public items of that release are kept beside the contract from the first change on, so that
/// vendoring again, or a later document, replaces the entry by one about all changes at once.
fn note_in_changelog(
    args: &Args,
    old: &Contract,
    new: &Contract,
    writes: &mut Writes,
) -> Result<Option<String>> {
    let baseline = args.folder.join("released.txt");
    let path = changelog_path(args);
    let text = source::read_if_there(&path)?.unwrap_or_default();
    let kept = match changelog::has_entry(&text) {
        true => source::read_if_there(&baseline)?.map(|text| report::parse_baseline(&text)),
        false => None,
    };
    let is_new = kept.is_none();
    let (version, items) = kept.unwrap_or_else(|| (old.version().to_owned(), old.items.clone()));
    let change = Change::between(&items, &new.items);
    let entry = Entry::of(&change);
    if entry.is_empty() && is_new {
        return Ok(None);
    }
    match entry.is_empty() {
        true => writes.remove(baseline),
        false => writes.write(baseline, report::print_baseline(&version, &items)),
    }
    writes.write(path, changelog::with_entry(&text, new.version(), change.breaks(), &entry));
    let summary = match entry.is_empty() {
        true => "taken out, as nothing is changed any more".to_owned(),
        false => change.summary(env!("CARGO_PKG_VERSION")),
    };
    Ok(Some(format!("The CHANGELOG's entry, since Logto {version}: {summary}")))
}

fn changelog_path(args: &Args) -> PathBuf {
    match &args.changelog {
        Some(path) => path.clone(),
        None if is_own(&args.folder) => openapi_folder().join("../CHANGELOG.md"),
        None => args.folder.join("CHANGELOG.md"),
    }
}

fn compatibility_path(folder: &Path) -> PathBuf {
    match is_own(folder) {
        true => openapi_folder().join("../docs/compatibility.md"),
        false => folder.join("compatibility.md"),
    }
}

/// Whether this is the folder of the workspace's own contract.
fn is_own(folder: &Path) -> bool {
    match (folder.canonicalize(), openapi_folder().canonicalize()) {
        (Ok(folder), Ok(own)) => folder == own,
        _ => false,
    }
}

/// What a person should look at.
fn notes(vendored: &Vendored, new: &Contract) -> Result<Vec<String>> {
    let manifest = workspace().join("Cargo.toml");
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(manifest)?)?;
    let features = manifest.get("features").and_then(toml::Value::as_table);
    let groups: BTreeSet<&str> = new
        .items
        .iter()
        .filter_map(|item| item.strip_suffix("()"))
        .filter(|group| !group.contains(['.', ':']))
        .collect();
    let bare = groups
        .into_iter()
        .filter(|group| features.is_none_or(|features| !features.contains_key(&feature(group))));
    let mut notes: Vec<String> = vendored.notes.iter().map(|note| format!("- {note}")).collect();
    notes.extend(bare.map(|group| {
        format!("- group {group} needs a feature in Cargo.toml: {} = []", feature(group))
    }));
    Ok(notes)
}
