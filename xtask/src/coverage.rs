//! `cargo xtask coverage`: every operation of the contract can be called.
//!
//! It looks at the code that is generated with the default features: an
//! operation counts when its group has an accessor on the client, the group has
//! its method, and the request that the method returns is sent by the raw
//! client's function for that operation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use logto_api_codegen::{Contract, Docs, Lifetime, Operation, feature, generate};

use crate::vendor::workspace;

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let root = workspace();
    let contract = Contract::parse(&fs::read_to_string(root.join("openapi/logto.json"))?)?;
    let features = Features::read(&root.join("Cargo.toml"))?;
    let code = generate(&contract, &Docs::default(), |group| features.enables(group))?;
    let reachable = Reachable::read(&code.groups.whole(), &code.raw)?;

    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    let mut missing = Vec::new();
    for operation in &contract.operations {
        let is_reachable = reachable.has(operation);
        rows.entry((&operation.api, &operation.group)).or_default().count(operation, is_reachable);
        if !is_reachable {
            missing.push(operation);
        }
    }
    print(&rows);
    for operation in &missing {
        println!("not reachable: {} ({}.{})", operation.id, operation.group, operation.method);
    }
    match missing.len() {
        0 => Ok(()),
        count => bail!("{count} operations of the contract cannot be called"),
    }
}

/// The operations of a group.
#[derive(Default)]
struct Row {
    contract: usize,
    reachable: usize,
    /// How many there are that not all releases have, by what is said of them.
    releases: BTreeMap<String, usize>,
}

impl Row {
    fn count(&mut self, operation: &Operation, is_reachable: bool) {
        self.contract += 1;
        self.reachable += usize::from(is_reachable);
        let Lifetime { since, until } = &operation.lifetime;
        let since = since.iter().map(|release| format!("since {release}"));
        for said in since.chain(until.iter().map(|release| format!("until {release}"))) {
            *self.releases.entry(said).or_default() += 1;
        }
    }
}

fn print(rows: &BTreeMap<(&str, &str), Row>) {
    line("api", "group", "contract", "reachable", "not in all releases");
    for ((api, group), row) in rows {
        let said = row.releases.iter().map(|(said, count)| format!("{count} {said}"));
        let said = said.collect::<Vec<_>>().join(", ");
        line(api, group, &row.contract.to_string(), &row.reachable.to_string(), &said);
    }
    let sum = |of: &dyn Fn(&str) -> bool| {
        let rows = rows.iter().filter(|((api, _), _)| of(api)).map(|(_, row)| row);
        rows.fold((0, 0), |sum, row| (sum.0 + row.contract, sum.1 + row.reachable))
    };
    for api in ["experience", "account", "management"] {
        let (contract, reachable) = sum(&|of| of == api);
        line(api, "(all)", &contract.to_string(), &reachable.to_string(), "");
    }
    let (contract, reachable) = sum(&|_| true);
    line("total", "", &contract.to_string(), &reachable.to_string(), "");
}

fn line(api: &str, group: &str, contract: &str, reachable: &str, releases: &str) {
    let line = format!("{api:<12} {group:<26} {contract:>8} {reachable:>9}  {releases}");
    println!("{}", line.trim_end());
}

/// The Cargo features that a default build enables.
pub(crate) struct Features(BTreeSet<String>);

impl Features {
    pub(crate) fn read(manifest: &Path) -> Result<Self> {
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(manifest)?)?;
        let declared = manifest
            .get("features")
            .and_then(toml::Value::as_table)
            .context("Cargo.toml has no [features]")?;
        let mut enabled = BTreeSet::new();
        let mut open = vec!["default".to_owned()];
        while let Some(name) = open.pop() {
            let implied = declared.get(&name).and_then(toml::Value::as_array);
            if implied.is_some() && enabled.insert(name) {
                let names = implied.into_iter().flatten().filter_map(toml::Value::as_str);
                open.extend(names.map(str::to_owned));
            }
        }
        Ok(Self(enabled))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(crate) fn enables(&self, group: &str) -> bool {
        self.0.contains(&feature(group))
    }
}

/// What the generated code offers.
struct Reachable {
    accessors: BTreeSet<String>,
    /// (group, method) → request type.
    methods: BTreeMap<(String, String), String>,
    /// (group, request type) → functions of the raw client that write it.
    sent: BTreeMap<(String, String), BTreeSet<String>>,
    /// Functions of the raw client, with the `operationId` form that they report.
    raw: BTreeSet<String>,
}

impl Reachable {
    fn read(groups: &str, raw: &str) -> Result<Self> {
        let mut reachable = Self {
            accessors: BTreeSet::new(),
            methods: BTreeMap::new(),
            sent: BTreeMap::new(),
            raw: BTreeSet::new(),
        };
        for item in syn::parse_file(groups)?.items {
            match item {
                syn::Item::Impl(client) => {
                    reachable.accessors.extend(functions(&client).map(|f| f.sig.ident.to_string()));
                }
                syn::Item::Mod(module) => reachable.read_group(&module),
                _ => {}
            }
        }
        for item in syn::parse_file(raw)?.items {
            if let syn::Item::Impl(client) = item {
                reachable.raw.extend(functions(&client).map(|f| f.sig.ident.to_string()));
            }
        }
        Ok(reachable)
    }

    fn read_group(&mut self, module: &syn::ItemMod) {
        let group = module.ident.to_string();
        let items = module.content.iter().flat_map(|(_, items)| items);
        for item in items {
            match item {
                syn::Item::Impl(block) => {
                    for function in functions(block) {
                        if let syn::ReturnType::Type(_, ty) = &function.sig.output {
                            let name = function.sig.ident.to_string();
                            self.methods.insert((group.clone(), name), type_name(ty));
                        }
                    }
                }
                syn::Item::Macro(item) if is_sending(&item.mac) => {
                    let (request, functions) = sent(&item.mac.tokens.to_string());
                    self.sent.insert((group.clone(), request), functions);
                }
                _ => {}
            }
        }
    }

    fn has(&self, operation: &Operation) -> bool {
        let group = operation.group.clone();
        let Some(request) = self.methods.get(&(group.clone(), operation.method.clone())) else {
            return false;
        };
        let raw = operation.raw_function();
        let sent = self.sent.get(&(group.clone(), request.clone()));
        self.accessors.contains(&group)
            && sent.is_some_and(|functions| functions.contains(&raw))
            && self.raw.contains(&raw)
    }
}

fn functions(block: &syn::ItemImpl) -> impl Iterator<Item = &syn::ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(function) => Some(function),
        _ => None,
    })
}

fn type_name(ty: &syn::Type) -> String {
    match ty {
        syn::Type::Path(path) => {
            path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// Whether the macro gives a request what sends it.
fn is_sending(call: &syn::Macro) -> bool {
    call.path.segments.last().is_some_and(|last| last.ident == "sends")
}

/// The request, and the functions that are called on `raw`.
fn sent(tokens: &str) -> (String, BTreeSet<String>) {
    let words: Vec<_> = tokens.split_whitespace().collect();
    let called = words.windows(3).filter(|words| words[..2] == ["raw", "."]);
    let name = |word: &str| word.split('(').next().unwrap_or_default().to_owned();
    (
        words.first().copied().unwrap_or_default().to_owned(),
        called.map(|own| name(own[2])).collect(),
    )
}
